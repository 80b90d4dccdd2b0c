/* resolve_rule.c - one written rule -> one typed rule: a handler per request class. */
#include "policy/resolver.h"

#include <string.h>

static bool add_patterns(struct resolver *r, const struct scope *scope, const struct words *words,
			 struct patterns *list, bool writable)
{
	bool good = true;

	for (size_t i = 0; i < words->count; i++) {
		struct pattern pattern;

		if (!resolve_pattern(r, scope, &words->items[i], &pattern)) {
			good = false;
			continue;
		}
		if (writable)
			resolve_refuse_own(r, &words->items[i], &pattern);
		*arena_push(r->arena, list) = pattern;
	}
	return good;
}

static bool resolve_file(struct resolver *r, const struct scope *scope, const struct ast_rule *ast, struct rule *rule)
{
	uint32_t changing = FILE_ALL & ~(uint32_t)(FILE_READ | FILE_STAT | FILE_EXEC_MAP);
	bool good = resolve_operations(r, REQUEST_FILE, &ast->operations, &rule->operations);

	if (!ast->operations.count && rule->verdict.kind != VERDICT_ALLOW)
		rule->operations = FILE_ALL;
	good &= add_patterns(r, scope, &ast->objects, &rule->objects,
			     rule->verdict.kind == VERDICT_ALLOW && (rule->operations & changing));
	good &= add_patterns(r, scope, &ast->excepts, &rule->excepts, false);
	return good;
}

static bool add_addresses(struct resolver *r, const struct scope *scope, const struct rule *rule,
			  const struct words *words, struct net_addresses *list)
{
	bool good = true;

	for (size_t i = 0; i < words->count; i++) {
		struct net_address address;

		if (resolve_address(r, scope, rule->protocol, &words->items[i], &address))
			*arena_push(r->arena, list) = address;
		else
			good = false;
	}
	return good;
}

static bool resolve_net(struct resolver *r, const struct scope *scope, const struct ast_rule *ast, struct rule *rule)
{
	bool good = resolve_operations(r, REQUEST_NET, &ast->operations, &rule->operations);

	if (!ast->operations.count && rule->verdict.kind != VERDICT_ALLOW)
		rule->operations = NET_ALL;
	/* an accept grant implies bind; a restriction of accept doesn't close bind */
	if (rule->verdict.kind != VERDICT_ALLOW && (rule->operations & NET_ACCEPT)) {
		bool bind_written = !ast->operations.count;

		for (size_t i = 0; i < ast->operations.count; i++)
			bind_written |= !strcmp(ast->operations.items[i].text, "bind");
		if (!bind_written)
			rule->operations &= ~(uint32_t)NET_BIND;
	}
	rule->all_protocols = !ast->protocol.text;
	if (ast->protocol.text) {
		if (!resolve_net_protocol(r, &ast->protocol, &rule->protocol))
			return false;
		good &= add_addresses(r, scope, rule, &ast->objects, &rule->addresses);
		good &= add_addresses(r, scope, rule, &ast->excepts, &rule->except_addresses);
	}
	return good;
}

static bool resolve_exec(struct resolver *r, const struct scope *scope, const struct ast_rule *ast, struct rule *rule)
{
	bool good = add_patterns(r, scope, &ast->objects, &rule->objects, false);

	good &= add_patterns(r, scope, &ast->excepts, &rule->excepts, false);
	rule->exec_profile = ast->profile.text;
	return good;
}

static bool no_excepts(struct resolver *r, const struct ast_rule *ast)
{
	if (!ast->excepts.count)
		return true;
	diag_help(r->diags,
		  diag_error(r->diags, "C0239", ast->excepts.items[0].span, "`except` has no meaning in a `%s` rule",
			     request_class_name(ast->class)),
		  "leave it out, and name what is meant");
	return false;
}

static bool resolve_signal(struct resolver *r, const struct scope *scope, const struct ast_rule *ast, struct rule *rule)
{
	bool good = no_excepts(r, ast);

	(void)scope;
	for (size_t i = 0; i < ast->objects.count; i++) {
		uint32_t bits;

		if (resolve_signal_target(r, &ast->objects.items[i], &bits))
			rule->operations |= bits;
		else
			good = false;
	}
	if (!ast->objects.count && rule->verdict.kind != VERDICT_ALLOW)
		rule->operations = SIGNAL_SELF | SIGNAL_DOMAIN | SIGNAL_OTHER;
	return good;
}

static bool resolve_bare(struct resolver *r, const struct scope *scope, const struct ast_rule *ast, struct rule *rule)
{
	(void)scope;
	if (!no_excepts(r, ast))
		return false;
	if (rule->verdict.kind != VERDICT_ALLOW || (rule->because && !rule->template_name))
		return true;
	diag_help(r->diags,
		  diag_error(r->diags, "C0221", rule->span,
			     "`%s` is dangerous: it needs a reason, on a line of its own",
			     request_class_name(ast->class)),
		  "write `%s because \"...\"` in the profile itself", request_class_name(ast->class));
	return false;
}

/* Commands that type into a terminal in somebody's name. data/grants.cordon denies them in every filter too. */
static bool may_grant_command(struct resolver *r, const struct word *word, uint64_t command)
{
	static const char *const forbidden[] = { "TIOCSTI", "TIOCLINUX" };

	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++) {
		uint64_t value;

		if (!named_find(&ioctl_table, forbidden[i], &value) || value != command)
			continue;
		diag_help(r->diags, diag_error(r->diags, "C0244", word->span, "no policy can open %s", forbidden[i]),
			  "leave it out");
		return false;
	}
	return true;
}

static bool resolve_ioctl(struct resolver *r, const struct scope *scope, const struct ast_rule *ast, struct rule *rule)
{
	static const char *const kinds[] = { "any", "tty", "socket", "file", "directory", "device", "pipe" };
	bool good = no_excepts(r, ast), known = false;

	(void)scope;
	rule->ioctl_kind = ast->protocol.text ? ast->protocol.text : "any";
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		known |= !strcmp(kinds[i], rule->ioctl_kind);
	if (!known) {
		diag_help(r->diags,
			  diag_error(r->diags, "C0241", ast->protocol.span, "unknown kind of descriptor `%s`",
				     rule->ioctl_kind),
			  "write `any`, tty, socket, file, directory, device or pipe");
		good = false;
	}
	for (size_t i = 0; i < ast->objects.count; i++) {
		uint64_t command;

		if (resolve_ioctl_command(r, &ast->objects.items[i], &command) &&
		    (rule->verdict.kind != VERDICT_ALLOW || may_grant_command(r, &ast->objects.items[i], command)))
			*arena_push(r->arena, &rule->commands) = command;
		else
			good = false;
	}
	return good;
}

static bool resolve_syscall(struct resolver *r, const struct scope *scope, const struct ast_rule *ast,
			    struct rule *rule)
{
	(void)scope;
	(void)rule;
	/* names and conditions are looked up per call by resolve_rule_calls() */
	return no_excepts(r, ast);
}

typedef bool class_resolver(struct resolver *r, const struct scope *scope, const struct ast_rule *ast,
			    struct rule *rule);

static class_resolver *const class_resolvers[REQUEST_CLASS_COUNT] = {
	[REQUEST_FILE] = resolve_file,     [REQUEST_NET] = resolve_net,         [REQUEST_EXEC] = resolve_exec,
	[REQUEST_SIGNAL] = resolve_signal, [REQUEST_PTRACE] = resolve_bare,     [REQUEST_IOCTL] = resolve_ioctl,
	[REQUEST_MOUNT] = resolve_bare,    [REQUEST_SYSCALL] = resolve_syscall,
};

/* ---- modifiers ---- */

/* `as` only on bind, connect and opens; literal objects only when it is root's authority that is lent. */
static bool check_as(struct resolver *r, const struct ast_rule *ast, const struct rule *rule)
{
	bool opens = rule->class == REQUEST_FILE &&
		     !(rule->operations & ~(uint32_t)(FILE_READ | FILE_WRITE | FILE_APPEND | FILE_CREATE | FILE_DELETE |
						      FILE_RENAME | FILE_ATTR));
	bool calls = rule->class == REQUEST_NET && !(rule->operations & NET_ACCEPT);
	bool root = !strcmp(ast->as_user.text, "root") || !strcmp(ast->as_user.text, "0");
	struct diag *d;

	if (rule->verdict.kind != VERDICT_ALLOW || !(opens || calls)) {
		d = diag_error(r->diags, "C0234", ast->as_user.span,
			       "`as` is possible for bind, connect and open only");
		diag_help(r->diags, d, "write it on a `net bind`, `net connect` or `file` grant");
		return false;
	}
	for (size_t i = 0; i < rule->objects.count && root && rule->operations != FILE_READ; i++) {
		if (!rule->objects.items[i].subtree && rule->objects.items[i].literal_root)
			continue;
		d = diag_error(r->diags, "C0234", ast->objects.items[i].span, "a write `as root` needs a literal path");
		diag_help(r->diags, d, "name the one file, without wildcards");
		return false;
	}
	return true;
}

static bool resolve_modifiers(struct resolver *r, const struct scope *scope, const struct ast_rule *ast,
			      struct rule *rule)
{
	bool good = true;
	uint32_t id;

	if (ast->errno_name.text) {
		if (rule->verdict.kind != VERDICT_DENY) {
			diag_help(r->diags,
				  diag_error(r->diags, "C0237", ast->errno_name.span,
					     "`errno` belongs to a deny, this is an %s rule",
					     verdict_name(rule->verdict.kind)),
				  "write `deny ... errno %s`", ast->errno_name.text);
			good = false;
		} else {
			good = resolve_errno(r, &ast->errno_name, &rule->verdict.error);
		}
	}
	if (ast->uid.present) {
		good &= resolve_user(r, scope, &ast->uid.user, &id);
		rule->has_uid = true;
		rule->uid = good ? id : 0;
		rule->uid_not = ast->uid.compare == COMPARE_NE;
	}
	if (ast->as_user.text) {
		good &= resolve_user(r, scope, &ast->as_user, &id);
		rule->as_user = ast->as_user.text;
		rule->as_group = ast->as_group.text;
		good &= check_as(r, ast, rule);
	}
	return good;
}

/* Messages show what a rule means here: variables and parameters as their values. */
static void show_words(struct resolver *r, const struct scope *scope, struct words *words)
{
	struct word *copy = arena_alloc(r->arena, (words->count + 1) * sizeof(*copy));

	for (size_t i = 0; i < words->count; i++) {
		copy[i] = words->items[i];
		copy[i].text = resolve_word(r, scope, &words->items[i]);
	}
	words->items = copy;
}

static const struct ast_rule *shown_rule(struct resolver *r, const struct scope *scope, const struct ast_rule *ast)
{
	struct ast_rule *shown = arena_new_of(r->arena, struct ast_rule);

	*shown = *ast;
	show_words(r, scope, &shown->objects);
	show_words(r, scope, &shown->excepts);
	return shown;
}

bool resolve_rule(struct resolver *r, const struct scope *scope, const struct ast_rule *ast, struct span span,
		  struct rule *ret)
{
	struct rule rule = { .verdict.kind = ast->verdict_written ? ast->verdict : VERDICT_ALLOW,
			     .class = ast->class,
			     .span = span,
			     .ast = ast,
			     .template_name = scope ? scope->template_name : NULL,
			     .phase = scope ? scope->phase : PHASE_NONE,
			     .log = ast->log,
			     .because = ast->because.text };
	bool good = class_resolvers[ast->class](r, scope, ast, &rule);

	good &= resolve_modifiers(r, scope, ast, &rule);
	if (good) {
		rule.ast = shown_rule(r, scope, ast);
		*ret = rule;
	}
	return good;
}
