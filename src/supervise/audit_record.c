/* audit_record.c - see audit_record.h. Formats: security/landlock/audit.c and kernel/audit.c of Linux 6.15. A text of the
 * program's choice stands in quotes only when it has no quote, blank or control character; else as hexadecimal digits. */
#include "supervise/audit_record.h"

#include <linux/audit.h>
#include <string.h>

#include "policy/parse.h"
#include "policy/printer.h"
#include "policy/resolve.h"

/* ---- fields ---- */

/* The value of @key, up to the blank; NULL: there is none. Values in quotes have no blank. */
static const char *find_value(const char *text, const char *key, size_t *ret_size)
{
	const size_t size = strlen(key);

	for (const char *at = text; (at = strstr(at, key)); at += size)
		if ((at == text || at[-1] == ' ') && at[size] == '=') {
			*ret_size = strcspn(at + size + 1, " \n");
			return at + size + 1;
		}
	return NULL;
}

static int digit(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Untrusted: "quoted" or hexadecimal. */
static const char *take_text(const char *text, const char *key, struct arena *arena)
{
	size_t size;
	const char *value = find_value(text, key, &size);
	char *decoded;

	if (!value || !size)
		return NULL;
	if (*value == '"')
		return size > 2 && value[size - 1] == '"' ? arena_strndup(arena, value + 1, size - 2) : NULL;
	decoded = arena_alloc(arena, size / 2 + 1);
	for (size_t i = 0; i + 1 < size; i += 2) {
		const int high = digit(value[i]), low = digit(value[i + 1]);

		if (high < 0 || low < 0)
			return NULL;
		decoded[i / 2] = (char)(high << 4 | low);
	}
	return size % 2 ? NULL : decoded;
}

static const char *take_word(const char *text, const char *key, const char *end, struct arena *arena)
{
	size_t size;
	const char *value = find_value(text, key, &size);

	return value ? arena_strndup(arena, value, strcspn(value, end) < size ? strcspn(value, end) : size) : NULL;
}

static uint64_t take_number(const char *text, const char *key, int base)
{
	size_t size;
	const char *value = find_value(text, key, &size);

	return value ? strtoull(value, NULL, base) : 0;
}

/* ---- records ---- */

/* "audit(1795631269.454:3748): " */
uint64_t audit_serial(const char *text)
{
	const char *colon = !strncmp(text, "audit(", 6) ? strchr(text, ':') : NULL;

	return colon ? strtoull(colon + 1, NULL, 10) : 0;
}

void audit_event_add(struct audit_event *event, unsigned type, const char *text, struct arena *arena)
{
	const char *fields = strstr(text, "): ");

	if (!fields)
		return;
	fields += 3;
	switch (type) {
	case AUDIT_TYPE_LANDLOCK_ACCESS:
		event->is_access = true;
		event->domain = take_number(fields, "domain", 16);
		event->blocker = take_word(fields, "blockers", ", \n", arena);
		event->path = take_text(fields, "path", arena);
		event->source_port = take_word(fields, "src", " \n", arena);
		event->target_port = take_word(fields, "dest", " \n", arena);
		break;
	case AUDIT_TYPE_LANDLOCK_DOMAIN:
		event->makes_domain = strstr(fields, "status=allocated") != NULL;
		event->domain = take_number(fields, "domain", 16);
		event->maker = (pid_t)take_number(fields, "pid", 10);
		event->maker_program = take_text(fields, "exe", arena);
		break;
	case AUDIT_SECCOMP:
		event->is_kill = take_number(fields, "sig", 10) == 31;
		event->arch = (uint32_t)take_number(fields, "arch", 16);
		event->nr = (uint32_t)take_number(fields, "syscall", 10);
		event->process = (pid_t)take_number(fields, "pid", 10);
		event->program = take_text(fields, "exe", arena);
		break;
	case AUDIT_SYSCALL:
		event->process = (pid_t)take_number(fields, "pid", 10);
		event->program = take_text(fields, "exe", arena);
		break;
	default: break;
	}
}

/* ---- denials ---- */

enum object_kind { OBJECT_NONE, OBJECT_PATH, OBJECT_ENTRY, OBJECT_SOURCE, OBJECT_TARGET };

static const struct {
	const char *blocker, *request;
	enum object_kind kind;
} blockers[] = {
	{ "fs.execute", "exec", OBJECT_PATH },
	{ "fs.write_file", "file write", OBJECT_PATH },
	{ "fs.truncate", "file write", OBJECT_PATH },
	{ "fs.read_file", "file read", OBJECT_PATH },
	{ "fs.read_dir", "file read", OBJECT_PATH },
	{ "fs.remove_dir", "file delete", OBJECT_ENTRY },
	{ "fs.remove_file", "file delete", OBJECT_ENTRY },
	{ "fs.make_char", "file create", OBJECT_ENTRY },
	{ "fs.make_dir", "file create", OBJECT_ENTRY },
	{ "fs.make_reg", "file create", OBJECT_ENTRY },
	{ "fs.make_sock", "file create", OBJECT_ENTRY },
	{ "fs.make_fifo", "file create", OBJECT_ENTRY },
	{ "fs.make_block", "file create", OBJECT_ENTRY },
	{ "fs.make_sym", "file create", OBJECT_ENTRY },
	{ "fs.refer", "file rename", OBJECT_ENTRY },
	{ "fs.change_topology", "mount", OBJECT_NONE },
	{ "net.bind_tcp", "net bind tcp", OBJECT_SOURCE },
	{ "net.connect_tcp", "net connect tcp", OBJECT_TARGET },
	{ "scope.signal", "signal other", OBJECT_NONE },
	{ "ptrace", "ptrace", OBJECT_NONE },
};

static const char *path_request(const char *request, const char *path, struct arena *arena)
{
	struct str text;

	str_init(&text, arena);
	str_addf(&text, "%s ", request);
	add_text(&text, path, true);
	return text.text;
}

/* The event as a request; NULL: no words are known for it. */
static const char *request_of(const struct audit_event *event, size_t row, struct arena *arena)
{
	const char *request = blockers[row].request;

	switch (blockers[row].kind) {
	case OBJECT_NONE: return request;
	case OBJECT_PATH:
	case OBJECT_ENTRY: return event->path ? path_request(request, event->path, arena) : NULL;
	case OBJECT_SOURCE:
		return event->source_port ? arena_printf(arena, "%s *:%s", request, event->source_port) : NULL;
	case OBJECT_TARGET:
		return event->target_port ? arena_printf(arena, "%s *:%s", request, event->target_port) : NULL;
	}
	return NULL;
}

static size_t find_blocker(const char *name)
{
	size_t row = 0;

	while (row < ARRAY_SIZE(blockers) && strcmp(blockers[row].blocker, name) != 0)
		row++;
	return row;
}

/* The record names the directory in which an entry was to be made or removed. */
static void name_entries(const struct audit_event *event, const char *request, struct arena *arena,
			 struct denial *denial)
{
	const bool plain = !strpbrk(event->path, "*?$\"\\") && event->path[strspn(event->path, " ")];
	struct str text;

	denial->note = "the kernel tells the directory, not the entry in it";
	denial->fix = NULL;
	denial->fix_replaces = false;
	if (denial->rule || !plain)
		return;
	str_init(&text, arena);
	str_addf(&text, "%s ", request);
	add_text(&text, arena_printf(arena, "%s/**", strcmp(event->path, "/") ? event->path : ""), false);
	denial->fix = text.text;
}

struct denial audit_denial(const struct audit_event *event, const struct model *model, uint32_t uid,
			   struct arena *arena)
{
	const struct caller caller = { .process = event->process, .program = event->program };
	const struct surroundings surroundings = { .uid = uid };
	const size_t row = find_blocker(event->blocker ? event->blocker : "");
	const char *request = row < ARRAY_SIZE(blockers) ? request_of(event, row, arena) : NULL;
	struct denial denial = {
		.caller = caller,
		.request = request          ? request
			   : event->blocker ? event->blocker
					    : "?",
		.verdict = { .kind = VERDICT_DENY },
		.mechanism = "landlock",
		.note = "the kernel's audit record doesn't tell more",
	};
	struct decision decision;
	struct diags diags;

	if (!request)
		return denial;
	diags_init(&diags, arena);
	if (decision_make(model, request, &surroundings, arena, &diags, &decision) < 0)
		return denial;
	denial = denial_of_decision(&decision, &caller, "landlock", arena);
	denial.request = request;
	if (blockers[row].kind == OBJECT_ENTRY)
		name_entries(event, blockers[row].request, arena, &denial);
	/* Granted for other objects under that name, or for no object: Landlock's no is what counts. */
	if (decision.verdict.kind == VERDICT_ALLOW) {
		denial.verdict = (struct verdict){ .kind = VERDICT_DENY };
		denial.rule = denial.file = NULL;
		denial.missing = request_class_name(decision.request.class);
	}
	return denial;
}
