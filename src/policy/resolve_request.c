/* resolve_request.c - a literal request (`test` lines, `cordon explain`) with its names looked up. */
#include "policy/printer.h"
#include "policy/resolver.h"

#include <errno.h>
#include <string.h>

static bool request_file(struct resolver *r, const struct ast_request *ast, struct request *ret)
{
	struct words one = { .items = (struct word *)&ast->operation, .count = 1 };
	struct pattern path;

	if (ast->class == REQUEST_FILE && !resolve_operations(r, REQUEST_FILE, &one, &ret->operation))
		return false;
	if (ret->operation & (ret->operation - 1)) {
		diag_help(r->diags,
			  diag_error(r->diags, "C0206", ast->operation.span,
				     "a request has one operation, `%s` is several", ast->operation.text),
			  "write one of read write append create delete rename link attr exec-map stat");
		return false;
	}
	if (!resolve_pattern(r, NULL, &ast->object, &path))
		return false;
	ret->path = path.text;
	return true;
}

static bool request_net(struct resolver *r, const struct ast_request *ast, struct request *ret)
{
	struct words one = { .items = (struct word *)&ast->operation, .count = 1 };

	if (!resolve_operations(r, REQUEST_NET, &one, &ret->operation) ||
	    !resolve_net_protocol(r, &ast->protocol, &ret->protocol))
		return false;
	if (ret->operation & NET_ACCEPT)
		ret->operation = NET_ACCEPT;
	return resolve_address(r, NULL, ret->protocol, &ast->object, &ret->address);
}

static bool request_ioctl(struct resolver *r, const struct ast_request *ast, struct request *ret)
{
	ret->ioctl_kind = ast->protocol.text;
	return resolve_ioctl_command(r, &ast->object, &ret->number);
}

static bool request_signal(struct resolver *r, const struct ast_request *ast, struct request *ret)
{
	uint32_t bits;

	if (!resolve_signal_target(r, &ast->object, &bits))
		return false;
	ret->operation = bits;
	ret->number = bits;
	return true;
}

static bool request_arch(struct resolver *r, const struct word *word, enum arch *ret)
{
	*ret = arch_native();
	for (unsigned arch = 0; word->text && arch < ARCH_COUNT; arch++)
		if (!strcmp(arch_table[arch].name, word->text)) {
			*ret = (enum arch)arch;
			return true;
		}
	if (word->text)
		diag_help(r->diags, diag_error(r->diags, "C0224", word->span, "unknown architecture `%s`", word->text),
			  "known are x86_64 i386 x32 aarch64");
	return !word->text;
}

static bool request_syscall(struct resolver *r, const struct ast_request *ast, struct request *ret)
{
	const struct call_row *row = NULL;
	int call = call_find(ast->object.text);
	uint64_t number;
	bool negative;

	if (!request_arch(r, &ast->arch, &ret->arch))
		return false;
	if (call >= 0 && call_table[call].nr[ret->arch] != CALL_NR_NONE) {
		row = &call_table[call];
		ret->nr = (uint32_t)row->nr[ret->arch] | arch_table[ret->arch].nr_base;
	} else if (parse_number(ast->object.text, &number, &negative) && !negative && number <= UINT32_MAX) {
		ret->nr = (uint32_t)number;
	} else {
		const char *near = call_suggest(ast->object.text);
		struct diag *d = diag_error(r->diags, "C0212", ast->object.span, "%s has no system call `%s`",
					    arch_table[ret->arch].name, ast->object.text);

		if (near && call < 0)
			diag_help(r->diags, d, "did you mean `%s`?", near);
		else
			diag_help(r->diags, d, "write a name that it has, or a number");
		return false;
	}
	if (ast->arguments.count > 6) {
		diag_error(r->diags, "C0214", ast->arguments.items[6].span, "a system call has at most six arguments");
		return false;
	}
	for (size_t i = 0; i < ast->arguments.count; i++)
		if (!strcmp(ast->arguments.items[i].text, "_"))
			ret->args[i] = 1; /* some address */
		else if (!resolve_value(r, NULL, &ast->arguments.items[i], NULL, (unsigned)i, ret->arch, &ret->args[i]))
			return false;
	return true;
}

bool resolve_one_request(struct resolver *r, const struct ast_request *ast, struct request *ret)
{
	typedef bool request_resolver(struct resolver *, const struct ast_request *, struct request *);
	static request_resolver *const resolvers[REQUEST_CLASS_COUNT] = {
		[REQUEST_FILE] = request_file,     [REQUEST_EXEC] = request_file,   [REQUEST_NET] = request_net,
		[REQUEST_SIGNAL] = request_signal, [REQUEST_IOCTL] = request_ioctl, [REQUEST_SYSCALL] = request_syscall,
	};
	struct request request = {
		.class = ast->class, .phase = PHASE_NONE, .uid = r->surroundings->uid, .arch = arch_native()
	};

	if (resolvers[ast->class] && !resolvers[ast->class](r, ast, &request))
		return false;
	*ret = request;
	return true;
}

int resolve_request(const struct ast_request *ast, const struct surroundings *surroundings, struct arena *arena,
		    struct diags *diags, struct request *ret)
{
	struct layer *layer = arena_new_of(arena, struct layer);
	struct resolver r = { .arena = arena, .diags = diags, .surroundings = surroundings, .layer = layer };

	return resolve_one_request(&r, ast, ret) ? 0 : -EINVAL;
}

void request_print(const struct request *request, struct str *out)
{
	const struct call_row *row;
	int call;

	str_add(out, request_class_name(request->class));
	switch (request->class) {
	case REQUEST_FILE:
		str_addc(out, ' ');
		operations_print(REQUEST_FILE, request->operation, out);
		str_addc(out, ' ');
		add_text(out, request->path, true);
		break;
	case REQUEST_EXEC:
		str_addc(out, ' ');
		add_text(out, request->path, true);
		break;
	case REQUEST_NET:
		str_addc(out, ' ');
		operations_print(REQUEST_NET, request->operation | (request->operation == NET_ACCEPT ? NET_BIND : 0u),
				 out);
		str_addf(out, " %s ", named_name(&net_protocol_table, request->protocol));
		add_text(out, request->address.text, false);
		break;
	case REQUEST_SIGNAL:
		str_addc(out, ' ');
		operations_print(REQUEST_SIGNAL, request->operation, out);
		break;
	case REQUEST_IOCTL:
		str_addf(out, " %s 0x%llx", request->ioctl_kind, (unsigned long long)request->number);
		break;
	case REQUEST_SYSCALL:
		call = call_find_nr(request->arch, request->nr & ~arch_table[request->arch].nr_base);
		row = call >= 0 ? &call_table[call] : NULL;
		if (row)
			str_addf(out, " %s(", row->name);
		else
			str_addf(out, " %u(", request->nr & ~arch_table[request->arch].nr_base);
		for (unsigned i = 0; i < 6 && (!row || i < row->arg_count); i++)
			str_addf(out, "%s0x%llx", i ? ", " : "", (unsigned long long)request->args[i]);
		str_addf(out, ") on %s", arch_table[request->arch].name);
		break;
	case REQUEST_PTRACE:
	case REQUEST_MOUNT:
	case REQUEST_CLASS_COUNT: break;
	}
}
