/* decision.c - ask, and say what would have to change. */
#include "policy/decision.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/parse.h"

/* The words of a request's object that can stand after `except`, or NULL. */
static const char *excepted_object(const struct request *request, struct arena *arena)
{
	if (request->class == REQUEST_FILE || request->class == REQUEST_EXEC)
		return request->path;
	if (request->class == REQUEST_NET && request->address.text)
		return arena_strdup(arena, request->address.text);
	return NULL;
}

static struct word new_word(const char *text)
{
	return (struct word){ .text = text };
}

/* A restriction decided: the same line with the object excepted. */
static void fix_restriction(const struct request *request, struct arena *arena, struct layer_decision *d)
{
	const char *object = excepted_object(request, arena);
	struct ast_rule edited;
	struct words excepts = { 0 };
	struct str out;

	if (d->rule->builtin) {
		d->note = "this is built in: no policy can allow it";
		return;
	}
	if (!object || !d->rule->ast) {
		d->note = "drop or narrow the line that decides";
		return;
	}
	edited = *d->rule->ast;
	for (size_t i = 0; i < edited.excepts.count; i++)
		*arena_push(arena, &excepts) = edited.excepts.items[i];
	*arena_push(arena, &excepts) = new_word(object);
	edited.excepts = excepts;
	str_init(&out, arena);
	print_rule(&edited, &out);
	d->fix = out.text;
	d->fix_replaces = true;
	if (d->rule->template_name)
		d->note = arena_printf(arena, "the line stands in template %s", d->rule->template_name);
	else
		d->note = "besides, a line has to grant it if none does";
}

/* ---- calls that typed rules open ---- */

/* Sockets by what socket() says of them. -1: any. */
static const struct {
	uint32_t family;
	int type;
	const char *fix;
} socket_fixes[] = {
	{ AF_INET, SOCK_STREAM, "net connect tcp *:*" }, { AF_INET6, SOCK_STREAM, "net connect tcp *:*" },
	{ AF_INET, SOCK_DGRAM, "net connect udp *:*" },  { AF_INET6, SOCK_DGRAM, "net connect udp *:*" },
	{ AF_UNIX, -1, "net connect unix *" },           { AF_NETLINK, -1, "net connect netlink *" },
	{ AF_PACKET, -1, "net connect packet *" },       { AF_VSOCK, -1, "net connect vsock *" },
};

#define SOCKET_TYPE_MASK 0xf

static const char *socket_fix(const struct request *request)
{
	for (size_t i = 0; i < ARRAY_SIZE(socket_fixes); i++)
		if ((uint32_t)request->args[0] == socket_fixes[i].family &&
		    (socket_fixes[i].type < 0 || (int)(request->args[1] & SOCKET_TYPE_MASK) == socket_fixes[i].type))
			return socket_fixes[i].fix;
	return NULL;
}

static const char *ioctl_fix(const struct request *request, struct arena *arena)
{
	const char *name = named_name(&ioctl_table, (uint32_t)request->args[1]);

	return name ? arena_printf(arena, "ioctl any %s", name)
		    : arena_printf(arena, "ioctl any 0x%x", (uint32_t)request->args[1]);
}

/* Which line opens it, as far as the arguments tell; what they don't tell stands in the note. */
static void fix_typed(const struct request *request, const struct call_row *row, enum request_class class,
		      struct arena *arena, struct layer_decision *d)
{
	switch (class) {
	case REQUEST_NET:
		if (!strcmp(row->name, "socket"))
			d->fix = socket_fix(request);
		if (d->fix)
			d->note = "say which address in the place of `*`, and `accept` or `bind` where it serves";
		break;
	case REQUEST_SIGNAL: d->fix = "signal domain"; break;
	case REQUEST_IOCTL: d->fix = ioctl_fix(request, arena); break;
	case REQUEST_PTRACE: d->fix = "ptrace because \"...\""; break;
	case REQUEST_FILE:
	case REQUEST_EXEC:
	case REQUEST_MOUNT:
	case REQUEST_SYSCALL:
	case REQUEST_CLASS_COUNT: break;
	}
	if (!d->note)
		d->note = arena_printf(arena, "%s is opened by `%s` rules, which say what it may be used on", row->name,
				       request_class_name(class));
}

/* Nothing grants a call: its own line, or the typed rules that bring it. */
static void fix_call(const struct request *request, struct arena *arena, struct layer_decision *d)
{
	uint32_t base = arch_table[request->arch].nr_base;
	int call = call_find_nr(request->arch, request->arch == ARCH_X32 ? request->nr & ~base : request->nr);
	const struct call_row *row = call >= 0 ? &call_table[call] : NULL;

	if (!row) {
		d->note = "the tables do not know this call, so no policy can allow it";
		return;
	}
	if (!(d->layer->arches & 1u << request->arch)) {
		d->fix = arena_printf(arena, "arch %s %s", arch_table[arch_native()].name,
				      arch_table[request->arch].name);
		return;
	}
	if (row->class == CLASS_TYPED) {
		fix_typed(request, row, call_request_class((uint16_t)call), arena, d);
		return;
	}
	if (row->class == CLASS_BASIC && row->pin)
		d->note = arena_printf(arena, "basic calls are open under their pin: %s", call_pin(row));
	d->fix = arena_printf(arena, "syscall %s%s", row->name,
			      row->class == CLASS_DANGEROUS ? " because \"...\"" : "");
}

/* The request as a rule: the parser knows both by the same words. */
static const char *request_as_rule(const char *text, bool dangerous, struct arena *arena)
{
	struct source source = { .name = "fix", .text = text, .size = strlen(text) };
	struct ast_block block = { 0 };
	struct diags quiet;
	struct str out;

	diags_init(&quiet, arena);
	if (parse_statements(&source, arena, &quiet, &block) < 0 || block.count != 1 ||
	    block.items[0]->kind != STATEMENT_RULE)
		return NULL;
	str_init(&out, arena);
	print_rule(&block.items[0]->u.rule, &out);
	if (dangerous)
		str_add(&out, " because \"...\"");
	return out.text;
}

/* A rule with this name would be about others, too: whoever chooses names must not choose what a person pastes. */
static bool means_more(const struct request *request)
{
	const bool has_path = request->class == REQUEST_FILE || request->class == REQUEST_EXEC;

	return has_path && request->path && strpbrk(request->path, "*?$");
}

static void explain_layer(const struct decision *decision, struct arena *arena, struct layer_decision *d)
{
	const struct request *request = &decision->request;
	struct str out;

	if (d->rule && d->rule->ast) {
		str_init(&out, arena);
		print_rule(d->rule->ast, &out);
		d->line = out.text;
	}
	if (d->verdict.kind == VERDICT_ALLOW)
		return;
	if (means_more(request))
		d->note = "no line can name it alone, because of `*`, `?` or `$` in its name";
	else if (d->rule && d->rule->verdict.kind != VERDICT_ALLOW)
		fix_restriction(request, arena, d);
	else if (request->class == REQUEST_SYSCALL)
		fix_call(request, arena, d);
	else
		d->fix = request_as_rule(decision->request_text,
					 request->class == REQUEST_PTRACE || request->class == REQUEST_MOUNT, arena);
}

int decision_make(const struct model *model, const char *text, const struct surroundings *surroundings,
		  struct arena *arena, struct diags *diags, struct decision *ret)
{
	struct source *source = arena_new_of(arena, struct source);
	struct ast_request ast;
	struct request request;
	struct str out;
	int error;

	*source = (struct source){ .name = "request", .text = arena_strdup(arena, text), .size = strlen(text) };
	error = parse_request(source, arena, diags, &ast);
	if (error == 0)
		error = resolve_request(&ast, surroundings, arena, diags, &request);
	if (error)
		return error;
	str_init(&out, arena);
	request_print(&request, &out);
	decision_take(model, &request, out.text, arena, ret);
	return 0;
}

void decision_take(const struct model *model, const struct request *request, const char *text, struct arena *arena,
		   struct decision *ret)
{
	struct decision decision = { .request = *request, .request_text = text };
	long rule;

	decision.verdict = model_decide(model, request, &decision.deciding, &rule);
	for (size_t i = 0; i < model->count; i++) {
		struct layer_decision d = { .layer = model->items[i] };

		d.verdict = layer_decide(d.layer, request, &rule);
		d.rule = rule >= 0 ? &d.layer->rules.items[rule] : NULL;
		explain_layer(&decision, arena, &d);
		*arena_push(arena, &decision.layers) = d;
	}
	*ret = decision;
}
