/* resolve_words.c - single words: variables, numbers, paths, addresses, names of errors and users. */
#include "policy/resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- variables ---- */

/* What the user data base says of the caller, or NULL. It costs system calls, so only who needs it asks. */
static const struct user *find_self(struct resolver *r)
{
	const struct surroundings *s = r->surroundings;

	if (!r->self_known && s->find_self && s->find_self(s->uid, r->arena, &r->self) < 0)
		r->self = (struct user){ 0 };
	r->self_known = true;
	return &r->self;
}

static const char *variable_value(struct resolver *r, const struct scope *scope, const char *name, size_t size)
{
	const struct surroundings *s = r->surroundings;
	const struct {
		const char *name, *value;
		size_t in_entry; /* where struct user has it; 0: not */
	} variables[] = {
		{ "HOME", s->home, offsetof(struct user, home) },
		{ "USER", s->user, offsetof(struct user, name) },
		{ "CWD", s->cwd, 0 },
		{ "TMPDIR", s->tmpdir, 0 },
	};

	for (const struct scope *at = scope; at; at = at->template_name ? NULL : at->parent)
		for (size_t i = 0; i < at->parameters.count; i++) {
			const struct ast_pair *pair = &at->parameters.items[i];

			if (strlen(pair->key.text) == size && !memcmp(pair->key.text, name, size))
				return pair->value.text;
		}
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		if (strlen(variables[i].name) != size || memcmp(variables[i].name, name, size) != 0)
			continue;
		if (!variables[i].value && variables[i].in_entry)
			return *(const char *const *)((const char *)find_self(r) + variables[i].in_entry);
		return variables[i].value;
	}
	return NULL;
}

static bool is_name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

const char *resolve_word(struct resolver *r, const struct scope *scope, const struct word *word)
{
	struct str out;
	const char *at = word->text;

	/* NULL: it had a variable that is not there, and that has been told */
	if (!at || !strchr(at, '$'))
		return at;
	str_init(&out, r->arena);
	while (*at) {
		const char *name;
		size_t size = 0;
		bool braces;
		const char *value;

		if (*at != '$') {
			str_addc(&out, *at++);
			continue;
		}
		braces = at[1] == '{';
		name = at + 1 + braces;
		while (is_name_byte(name[size]))
			size++;
		value = size && (!braces || name[size] == '}') ? variable_value(r, scope, name, size) : NULL;
		if (!value) {
			struct diag *d = diag_error(r->diags, "C0204", word->span, "unknown variable `$%.*s`",
						    (int)size, name);

			diag_help(r->diags, d, "known here are $HOME $USER $CWD $TMPDIR%s",
				  scope && scope->template_name ? " and the template's parameters" : "");
			return NULL;
		}
		str_add(&out, value);
		at = name + size + braces;
	}
	return out.text ? out.text : "";
}

bool parse_number(const char *text, uint64_t *ret, bool *ret_negative)
{
	static const char suffixes[] = "KMGT";
	const char *digits = text + (*text == '-');
	char *end;
	uint64_t value;

	if (*digits < '0' || *digits > '9')
		return false;
	errno = 0;
	value = strtoull(digits, &end, 0);
	if (errno || end == digits)
		return false;
	if (*end) {
		const char *suffix = strchr(suffixes, *end);
		unsigned shift = suffix ? 10 * (unsigned)(suffix - suffixes + 1) : 0;

		if (!suffix || end[1] || value > UINT64_MAX >> shift)
			return false;
		value <<= shift;
	}
	if (*text == '-' && value > (uint64_t)1 << 63)
		return false;
	*ret_negative = *text == '-';
	*ret = *text == '-' ? -value : value;
	return true;
}

/* ---- paths ---- */

static const char *const own_paths[] = { "/etc/cordon", "/var/lib/cordon", "/var/cache/cordon", "/run/cordon" };
const struct own_directories own_directories = { own_paths, ARRAY_SIZE(own_paths) };

void resolve_refuse_own(struct resolver *r, const struct word *word, const struct pattern *pattern)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_paths); i++) {
		const size_t size = strlen(own_paths[i]);
		struct diag *d;

		/* a pattern matches at or below its root; with a root above, its first wildcard matches other names too */
		if (strncmp(pattern->root, own_paths[i], size) != 0 ||
		    (pattern->root[size] && pattern->root[size] != '/'))
			continue;
		d = diag_error(r->diags, "C0238", word->span, "`%s` belongs to Cordon", pattern->text);
		diag_note(r->diags, d,
			  "a program that can write policies, registry, logs or sockets of Cordon is not confined");
		diag_help(r->diags, d, "leave this path out");
	}
}

bool resolve_pattern(struct resolver *r, const struct scope *scope, const struct word *word, struct pattern *ret)
{
	const char *text = resolve_word(r, scope, word);
	const char *why = NULL;
	struct diag *d;

	if (!text)
		return false;
	if (!strcmp(text, ".") || !strncmp(text, "./", 2)) {
		if (!r->surroundings->cwd) {
			diag_error(r->diags, "C0204", word->span,
				   "`%s` needs the current directory, which is unknown here", word->text);
			return false;
		}
		text = arena_printf(r->arena, "%s/%s", r->surroundings->cwd, text + (text[1] ? 2 : 1));
	}
	if (pattern_parse(r->arena, text, ret, &why) == 0)
		return true;
	d = diag_error(r->diags, "C0205", word->span, "`%s` is not a path pattern: %s", word->text, why);
	if (text[0] == '~')
		diag_help(r->diags, d, "write `$HOME%s`", text + 1);
	else if (text[0] != '/')
		diag_help(r->diags, d, "write an absolute path, or `./%s` for one below the current directory", text);
	return false;
}

/* ---- names ---- */

static void unknown_name(struct resolver *r, const char *code, const struct named_table *table, const struct word *word)
{
	struct diag *d = diag_error(r->diags, code, word->span, "unknown %s `%s`", table->title, word->text);
	const char *near = named_suggest(table, word->text);

	if (near)
		diag_help(r->diags, d, "did you mean `%s`?", near);
	else if (table->count <= 12) {
		struct str names;

		str_init(&names, r->arena);
		for (size_t i = 0; i < table->count; i++)
			str_addf(&names, "%s%s", i ? " " : "", table->rows[i].name);
		diag_help(r->diags, d, "known are: %s", names.text);
	}
}

bool resolve_errno(struct resolver *r, const struct word *word, uint16_t *ret)
{
	uint64_t value;

	if (!named_find(&errno_table, word->text, &value)) {
		unknown_name(r, "C0210", &errno_table, word);
		return false;
	}
	*ret = (uint16_t)value;
	return true;
}

bool resolve_user(struct resolver *r, const struct scope *scope, const struct word *word, uint32_t *ret)
{
	const char *text = resolve_word(r, scope, word);
	uint64_t number;
	bool negative;
	struct user user;
	struct diag *d;
	int error;

	if (!text)
		return false;
	if (parse_number(text, &number, &negative) && !negative && number < UINT32_MAX) {
		*ret = (uint32_t)number;
		return true;
	}
	error = r->surroundings->find_user ? r->surroundings->find_user(text, r->arena, &user) : -ENOENT;
	if (error == 0) {
		*ret = user.uid;
		return true;
	}
	d = diag_error(r->diags, "C0211", word->span, "unknown user `%s`", text);
	if (error != -ENOENT)
		diag_note(r->diags, d, "the data base of users cannot be asked: %s", strerror(-error));
	diag_help(r->diags, d, "name a user of this host, or a number");
	return false;
}

bool resolve_net_protocol(struct resolver *r, const struct word *word, enum net_protocol *ret)
{
	uint64_t value;

	if (!named_find(&net_protocol_table, word->text, &value)) {
		unknown_name(r, "C0207", &net_protocol_table, word);
		return false;
	}
	*ret = (enum net_protocol)value;
	return true;
}

bool resolve_operations(struct resolver *r, enum request_class class, const struct words *words, uint32_t *ret)
{
	const struct named_table *table = class == REQUEST_NET ? &net_operation_table : &file_operation_table;
	bool good = true;

	*ret = 0;
	for (size_t i = 0; i < words->count; i++) {
		uint64_t bits;

		if (named_find(table, words->items[i].text, &bits)) {
			*ret |= (uint32_t)bits;
		} else {
			unknown_name(r, "C0206", table, &words->items[i]);
			good = false;
		}
	}
	return good;
}

bool resolve_signal_target(struct resolver *r, const struct word *word, uint32_t *ret)
{
	uint64_t bits;

	if (!named_find(&signal_target_table, word->text, &bits)) {
		unknown_name(r, "C0231", &signal_target_table, word);
		return false;
	}
	*ret = (uint32_t)bits;
	return true;
}

bool resolve_ioctl_command(struct resolver *r, const struct word *word, uint64_t *ret)
{
	bool negative;

	if (named_find(&ioctl_table, word->text, ret))
		return true;
	if (parse_number(word->text, ret, &negative) && !negative && *ret <= UINT32_MAX)
		return true;
	unknown_name(r, "C0232", &ioctl_table, word);
	return false;
}

/* ---- addresses ---- */

static bool bad_address(struct resolver *r, const struct word *word, const char *why, const char *help)
{
	struct diag *d = diag_error(r->diags, "C0208", word->span, "`%s` is not an address: %s", word->text, why);

	diag_help(r->diags, d, "%s", help);
	return false;
}

static const char address_help[] =
	"write `*:443`, `10.0.0.0/8:5432`, `[2001:db8::/32]:443` or a range of ports `*:8000-8010`";

/* "443", "8000-8010", "*" */
static bool parse_ports(const char *text, struct net_address *address)
{
	char *end;
	unsigned long first, last;

	if (!strcmp(text, "*")) {
		address->port_first = 0;
		address->port_last = UINT16_MAX;
		return true;
	}
	if (*text < '0' || *text > '9')
		return false;
	first = last = strtoul(text, &end, 10);
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		last = strtoul(end + 1, &end, 10);
	if (*end || first > UINT16_MAX || last > UINT16_MAX || first > last)
		return false;
	address->port_first = (uint16_t)first;
	address->port_last = (uint16_t)last;
	return true;
}

static bool parse_host(struct resolver *r, char *host, struct net_address *address)
{
	char *slash = strchr(host, '/');
	int family = strchr(host, ':') ? AF_INET6 : AF_INET;
	unsigned most = family == AF_INET6 ? 128 : 32;
	unsigned long prefix = most;

	(void)r;
	if (!strcmp(host, "*")) {
		address->any_address = true;
		return true;
	}
	if (slash) {
		char *end;

		*slash = '\0';
		prefix = strtoul(slash + 1, &end, 10);
		if (end == slash + 1 || *end || prefix > most)
			return false;
	}
	address->ipv6 = family == AF_INET6;
	address->prefix = (uint8_t)prefix;
	return inet_pton(family, host, address->bytes) == 1;
}

static bool resolve_inet(struct resolver *r, const struct word *word, const char *text, struct net_address *ret)
{
	char *copy = arena_strdup(r->arena, text);
	char *host = copy, *port;

	if (*copy == '[') {
		char *close = strchr(copy, ']');

		host = copy + 1;
		if (!close || close[1] != ':')
			return bad_address(r, word, "`]:` is missing", address_help);
		*close = '\0';
		port = close + 2;
	} else {
		port = strrchr(copy, ':');
		if (!port || strchr(copy, ':') != port)
			return bad_address(r, word, port ? "an IPv6 address stands in brackets" : "the port is missing",
					   address_help);
		*port++ = '\0';
	}
	if (!parse_ports(port, ret))
		return bad_address(r, word, "the port is no number below 65536", address_help);
	if (!parse_host(r, host, ret))
		return bad_address(r, word, "names are looked up by the program, not by the policy", address_help);
	return true;
}

static bool resolve_unix(struct resolver *r, const struct scope *scope, const struct word *word, const char *text,
			 struct net_address *ret)
{
	if (!strcmp(text, "*")) {
		ret->any_address = true;
		return true;
	}
	if (*text == '@') {
		ret->abstract = text + 1;
		return true;
	}
	return resolve_pattern(r, scope, word, &ret->path);
}

bool resolve_address(struct resolver *r, const struct scope *scope, enum net_protocol protocol, const struct word *word,
		     struct net_address *ret)
{
	static const struct named_number netlink_rows[] = {
		{ "route", 0, NULL },    { "usersock", 2, NULL },   { "sock-diag", 4, NULL },
		{ "audit", 9, NULL },    { "netfilter", 12, NULL }, { "kobject-uevent", 15, NULL },
		{ "generic", 16, NULL },
	};
	static const struct named_table netlink_table = { "netlink protocol", ARRAY_SIZE(netlink_rows), netlink_rows };
	struct net_address address = { .port_last = UINT16_MAX };
	const char *text = resolve_word(r, scope, word);
	uint64_t number = 0;
	bool negative = false, good;

	if (!text)
		return false;
	address.text = text;
	switch (protocol) {
	case NET_TCP:
	case NET_UDP: good = resolve_inet(r, word, text, &address); break;
	case NET_UNIX: good = resolve_unix(r, scope, word, text, &address); break;
	case NET_NETLINK:
	case NET_PACKET:
	case NET_VSOCK:
		address.any_address = !strcmp(text, "*");
		good = address.any_address || (protocol == NET_NETLINK && named_find(&netlink_table, text, &number)) ||
		       (parse_number(text, &number, &negative) && !negative && number <= UINT32_MAX) ||
		       bad_address(r, word, "neither a known name nor a number",
				   "write `*`, a number, or for netlink `route`");
		address.number = (uint32_t)number;
		break;
	case NET_PROTOCOL_COUNT:
	default: good = false;
	}
	if (good)
		*ret = address;
	return good;
}
