/* parse_request.c - literal requests: CLASS [OPERATION] [PROTOCOL] [OBJECT], syscall NAME(ARGUMENT, ...) on ARCH. */
#include "policy/parser.h"

#include <errno.h>
#include <string.h>

#define CALL_ARGUMENTS_MAX 6

static bool incomplete(struct parser *p, const char *what, const struct class_shape *shape)
{
	struct diag *diag = parser_error(p, "C0158", "expected %s, found %s", what, parser_show(p));

	diag_note(p->diags, diag, "a request is one act on one object");
	diag_help(p->diags, diag, "write for example `%s`", shape->request);
	return false;
}

static bool parse_class(struct parser *p, struct ast_request *request)
{
	struct suggestion suggestion = { .word = parser_at_operand(p) ? p->token.text : "" };
	struct diag *diag;

	request->span = p->token.span;
	if (parser_at_word(p, NULL) && class_find(p->token.text, &request->class)) {
		parser_advance(p);
		return true;
	}
	for (size_t i = 0; i < REQUEST_CLASS_COUNT; i++)
		suggestion_offer(&suggestion, class_shapes[i].name);
	diag = parser_error(p, "C0158", "expected a request, found %s", parser_show(p));
	if (suggestion.best)
		diag_help(p->diags, diag, "did you mean `%s`?", suggestion.best);
	else
		diag_help(p->diags, diag,
			  "a request begins with file, net, exec, signal, ptrace, mount, ioctl or syscall: `%s`",
			  class_shapes[REQUEST_FILE].request);
	return false;
}

/* Operations and protocols begin with a small letter. */
static bool parse_bare(struct parser *p, const char *what, const struct class_shape *shape, struct word *ret)
{
	if (!parser_at(p, TOKEN_WORD) || p->token.text[0] < 'a' || p->token.text[0] > 'z')
		return incomplete(p, what, shape);
	*ret = parser_take(p);
	return true;
}

static bool parse_part(struct parser *p, const char *what, const struct class_shape *shape, struct word *ret)
{
	if (!parser_at_operand(p))
		return incomplete(p, what, shape);
	*ret = parser_take(p);
	return true;
}

/* One value; a name or number, as in conditions. */
static bool parse_argument(struct parser *p, struct words *arguments)
{
	if (!parser_at(p, TOKEN_WORD)) {
		diag_help(p->diags, parser_error(p, "C0138", "expected a value, found %s", parser_show(p)),
			  "write numbers or names, separated by `,`: `socket(AF_VSOCK, SOCK_STREAM, 0)`");
		return false;
	}
	if (arguments->count == CALL_ARGUMENTS_MAX) {
		diag_help(p->diags, parser_error(p, "C0159", "more than %d arguments", CALL_ARGUMENTS_MAX),
			  "a call has at most %d; those that are left out are 0", CALL_ARGUMENTS_MAX);
		return false;
	}
	*arena_push(p->arena, arguments) = parser_take(p);
	return true;
}

/* (ARGUMENT, ...) */
static bool parse_arguments(struct parser *p, struct words *arguments)
{
	struct span open = p->token.span;
	struct diag *diag;

	parser_advance(p);
	while (!parser_at(p, TOKEN_CLOSE_PAREN)) {
		if (parser_at_line_end(p) || (arguments->count && !parser_at(p, TOKEN_COMMA))) {
			diag = parser_error(p, "C0139", "expected `)`, found %s", parser_show(p));
			diag->related = open;
			diag->related_label = "opened here";
			diag_help(p->diags, diag, "separate arguments by `,` and close the parenthesis");
			return false;
		}
		if (arguments->count)
			parser_advance(p);
		if (!parse_argument(p, arguments))
			return false;
	}
	parser_advance(p);
	return true;
}

static bool parse_call(struct parser *p, struct ast_request *request)
{
	static const char example[] = "syscall socket(AF_VSOCK, SOCK_STREAM, 0) on x86_64";

	if (parser_at(p, TOKEN_OPEN_PAREN) && !parse_arguments(p, &request->arguments))
		return false;
	return !parser_skip_word(p, "on") || parse_word(p, "an architecture", example, &request->arch);
}

bool parse_request_part(struct parser *p, struct ast_request *request)
{
	const struct class_shape *shape;

	if (!parse_class(p, request))
		return false;
	shape = &class_shapes[request->class];
	if ((shape->operations && !parse_bare(p, "an operation", shape, &request->operation)) ||
	    (shape->protocol && !parse_bare(p, shape->protocol, shape, &request->protocol)) ||
	    (shape->object && !parse_part(p, shape->object, shape, &request->object)) ||
	    (request->class == REQUEST_SYSCALL && !parse_call(p, request)))
		return false;
	request->span = span_join(request->span, p->last);
	return parser_at_line_end(p) ? true : incomplete(p, "the end of the request", shape);
}
