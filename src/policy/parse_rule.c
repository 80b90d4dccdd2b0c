/* parse_rule.c - rules: [VERDICT] CLASS [OPERATION,...] [PROTOCOL] [OBJECT...] [CLAUSE...], by the shapes of keywords.h. */
#include "policy/parser.h"

#include <string.h>

/* ---- class and verdict ---- */

/* allow | deny | ask | kill, if one is written, and the class. */
static bool parse_head(struct parser *p, bool may_have_verdict, struct ast_rule *rule)
{
	struct suggestion suggestion = { .word = parser_at_operand(p) ? p->token.text : "" };
	struct diag *diag;

	if (parser_at_word(p, NULL) && verdict_find(p->token.text, &rule->verdict)) {
		if (!may_have_verdict) {
			diag = parser_error(p, "C0133", "no verdict can stand here");
			diag_note(p->diags, diag, "`never` names what no rule may allow; it is not a rule");
			diag_help(p->diags, diag, "leave `%s` out: `never net connect tcp *:25`", p->token.text);
			return false;
		}
		rule->verdict_written = true;
		rule->verdict_span = p->token.span;
		parser_advance(p);
		suggestion.word = parser_at_operand(p) ? p->token.text : "";
	}
	if (parser_at_word(p, NULL) && class_find(p->token.text, &rule->class)) {
		rule->class_span = p->token.span;
		parser_advance(p);
		return true;
	}
	for (size_t i = 0; i < REQUEST_CLASS_COUNT; i++)
		suggestion_offer(&suggestion, class_shapes[i].name);
	diag = parser_error(p, "C0134", "expected what the rule is about, found %s", parser_show(p));
	if (suggestion.best)
		diag_help(p->diags, diag, "did you mean `%s`?", suggestion.best);
	else
		diag_help(p->diags, diag,
			  "write file, net, exec, signal, ptrace, mount, ioctl or syscall: `%s file write /srv/**`",
			  rule->verdict_written ? verdict_name(rule->verdict) : "never");
	return false;
}

/* ---- operands ---- */

static bool is_restriction(const struct ast_rule *rule, bool may_have_verdict)
{
	return !may_have_verdict || (rule->verdict_written && rule->verdict != VERDICT_ALLOW);
}

static bool missing(struct parser *p, const char *what, bool restriction, const struct class_shape *shape)
{
	struct diag *diag = parser_error(p, "C0126", "expected %s, found %s", what, parser_show(p));

	if (!restriction)
		diag_note(p->diags, diag,
			  "a rule that allows names what it allows; only deny, ask and kill may speak of everything");
	diag_help(p->diags, diag, "write for example `%s`", shape->example);
	return false;
}

static bool stray_comma(struct parser *p, const char *help)
{
	diag_help(p->diags, parser_error(p, "C0128", "a `,` that joins nothing"), "%s", help);
	return false;
}

/* At an operand of the rule: a word, but not one that begins a clause. */
static bool at_object(const struct parser *p)
{
	return parser_at(p, TOKEN_STRING) || (parser_at(p, TOKEN_WORD) && !word_starts_clause(p->token.text));
}

static bool no_operations(struct parser *p, const struct ast_rule *rule, const struct class_shape *shape)
{
	struct diag *diag = parser_error(p, "C0127", "expected an operation, found %s", parser_show(p));
	struct word word = { .text = p->token.text };

	diag_note(p->diags, diag, "operations of %s are: %s", shape->name, shape->operation_names);
	diag_help(p->diags, diag, "write for example `%s%s%s %s %s`",
		  rule->verdict_written ? verdict_name(rule->verdict) : "", rule->verdict_written ? " " : "",
		  shape->name, shape->paths ? "read" : "connect tcp", word_show(p->arena, &word));
	return false;
}

/* Far more than there are: beyond, some are unknown, and looking for repetitions would cost hostile input's square. */
#define OPERATIONS_COMPARED 64

static bool add_operation(struct parser *p, struct words *operations)
{
	struct word word = parser_take(p);

	for (size_t i = 0; i < operations->count && i < OPERATIONS_COMPARED; i++)
		if (!strcmp(operations->items[i].text, word.text)) {
			struct diag *diag = parser_error_at(p, word.span, "C0129", "`%s` is given twice", word.text);

			diag->related = operations->items[i].span;
			diag->related_label = "first here";
			diag_help(p->diags, diag, "leave one of them out");
			return false;
		}
	*arena_push(p->arena, operations) = word;
	return true;
}

/* Operations and protocols begin with a small letter; anything else is what the rule is about. */
static bool at_operation(const struct parser *p)
{
	return parser_at(p, TOKEN_WORD) && p->token.text[0] >= 'a' && p->token.text[0] <= 'z';
}

/* OPERATION[,OPERATION...] */
static bool parse_operations(struct parser *p, const struct class_shape *shape, struct ast_rule *rule)
{
	static const char help[] =
		"operations are joined by `,`: `file read,write /a`; a path that holds `,` stands in quotes";

	if (parser_at(p, TOKEN_COMMA))
		return stray_comma(p, help);
	if (!at_object(p))
		return true;
	if (!at_operation(p))
		return no_operations(p, rule, shape);
	do {
		if (!add_operation(p, &rule->operations))
			return false;
		if (!parser_at(p, TOKEN_COMMA))
			return true;
		parser_advance(p);
	} while (at_operation(p) && at_object(p));
	return stray_comma(p, help);
}

/* A bare word among paths is rather a misspelt clause than a relative path. */
static bool check_path(struct parser *p)
{
	static const char *const clauses[] = { "except", "profile", "errno", "because" };
	struct suggestion suggestion = { .word = p->token.text };
	struct diag *diag;

	if (parser_at(p, TOKEN_STRING) || word_looks_like_path(p->token.text))
		return true;
	diag = parser_error(p, "C0132", "`%s` is not a path", p->token.text);
	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
		suggestion_offer(&suggestion, clauses[i]);
	diag_note(p->diags, diag, "a path begins with `/`, `./` or a variable such as `$HOME`");
	if (suggestion.best)
		diag_help(p->diags, diag, "did you mean `%s`?", suggestion.best);
	else
		diag_help(p->diags, diag, "write `./%s` for a file in the current directory, or the whole path",
			  p->token.text);
	return false;
}

/* `@word` is an abstract socket or a group of calls; among paths it can only be a mark of origin. */
static bool unknown_origin(struct parser *p)
{
	struct suggestion suggestion = { .word = p->token.text };
	struct diag *diag = parser_error(p, "C0161", "unknown origin mark `%s`", p->token.text);

	suggestion_offer(&suggestion, "@learned");
	suggestion_offer(&suggestion, "@derived");
	suggestion_offer(&suggestion, "@unresolved");
	if (suggestion.best)
		diag_help(p->diags, diag, "did you mean `%s`?", suggestion.best);
	else
		diag_help(p->diags, diag, "origins are @learned, @derived and @unresolved; write a path as `./%s`",
			  p->token.text);
	return false;
}

static bool parse_objects(struct parser *p, const struct class_shape *shape, struct words *objects)
{
	while (at_object(p)) {
		if (parser_at(p, TOKEN_WORD) && p->token.text[0] == '@' && shape->paths)
			return unknown_origin(p);
		if (shape->paths && !check_path(p))
			return false;
		*arena_push(p->arena, objects) = parser_take(p);
	}
	if (parser_at(p, TOKEN_COMMA))
		return stray_comma(p, "separate words by blanks; write one that holds `,` in quotes");
	return true;
}

/* The word between operations and objects, when there must be one or is one. */
static bool parse_protocol(struct parser *p, bool restriction, const struct class_shape *shape, struct ast_rule *rule)
{
	struct diag *diag;

	if (!at_object(p))
		return restriction || missing(p, shape->protocol, restriction, shape);
	if (at_operation(p)) {
		rule->protocol = parser_take(p);
		return true;
	}
	diag = parser_error(p, "C0126", "expected %s, found %s", shape->protocol, parser_show(p));
	diag_help(p->diags, diag, "write it before %s: `%s`", shape->object, shape->example);
	return false;
}

static bool parse_operands(struct parser *p, bool restriction, const struct class_shape *shape, struct ast_rule *rule)
{
	if (shape->operations && !parse_operations(p, shape, rule))
		return false;
	if (shape->operations && !rule->operations.count && !restriction)
		return missing(p, "an operation", restriction, shape);
	if (shape->protocol && !parse_protocol(p, restriction, shape, rule))
		return false;
	if (shape->object && !parse_objects(p, shape, &rule->objects))
		return false;
	if (shape->object && !rule->objects.count && (!restriction || shape->always_objects))
		return missing(p, shape->object, restriction, shape);
	return true;
}

/* ---- clauses ---- */

static bool parse_except(struct parser *p, struct ast_rule *rule)
{
	const struct class_shape *shape = &class_shapes[rule->class];
	struct diag *diag;

	if (rule->class == REQUEST_NET && !rule->protocol.text) {
		diag = parser_error_at(p, p->last, "C0131", "`except` needs a protocol here");
		diag_note(p->diags, diag, "an address means something only with its protocol");
		diag_help(p->diags, diag, "write for example `deny net connect tcp *:* except 127.0.0.1:*`");
		return false;
	}
	if (!parse_objects(p, shape, &rule->excepts))
		return false;
	if (rule->excepts.count)
		return true;
	diag = parser_error(p, "C0130", "`except` excepts nothing");
	diag_help(p->diags, diag, "name what the rule does not cover: `file read /srv/** except /srv/private/**`");
	return false;
}

static bool parse_profile_clause(struct parser *p, struct ast_rule *rule)
{
	static const char example[] = "exec /usr/bin/git profile git";

	return parse_word(p, "the name of a profile", example, &rule->profile) &&
	       parse_name_check(p, &rule->profile, "a profile", example);
}

/* uid == USER, uid != USER */
static bool parse_uid(struct parser *p, struct ast_rule *rule)
{
	struct diag *diag;

	if (parser_skip_word(p, "uid") && parser_at_word(p, NULL) && compare_find(p->token.text, &rule->uid.compare) &&
	    (rule->uid.compare == COMPARE_EQ || rule->uid.compare == COMPARE_NE)) {
		parser_advance(p);
		if (parser_at_operand(p)) {
			rule->uid.present = true;
			rule->uid.user = parser_take(p);
			return true;
		}
	}
	diag = parser_error(p, "C0144", "expected `uid == USER` or `uid != USER`, found %s", parser_show(p));
	if (rule->class == REQUEST_SYSCALL)
		diag_help(p->diags, diag, "write `for uid == 0`, or `if` before a condition on arguments");
	else
		diag_help(p->diags, diag, "write `for uid == 0`; conditions on arguments belong to `syscall` rules");
	return false;
}

static bool parse_if(struct parser *p, struct ast_rule *rule)
{
	if (rule->class != REQUEST_SYSCALL)
		return parse_uid(p, rule);
	rule->cond = parse_cond(p);
	return rule->cond;
}

static bool parse_as(struct parser *p, struct ast_rule *rule)
{
	static const char example[] = "net bind tcp *:80 as root";
	struct word word;
	const char *colon;
	struct diag *diag;

	if (!parse_word(p, "a user", example, &word))
		return false;
	colon = strchr(word.text, ':');
	rule->as_user = word;
	if (!colon)
		return true;
	rule->as_user.text = arena_strndup(p->arena, word.text, (size_t)(colon - word.text));
	rule->as_group = word;
	rule->as_group.text = arena_strdup(p->arena, colon + 1);
	if (*rule->as_user.text && *rule->as_group.text && !strchr(rule->as_group.text, ':'))
		return true;
	diag = parser_error_at(p, word.span, "C0145", "`%s` is not USER or USER:GROUP", word_show(p->arena, &word));
	diag_help(p->diags, diag, "write for example `as root` or `as www-data:adm`");
	return false;
}

static bool parse_errno(struct parser *p, struct ast_rule *rule)
{
	return parse_word(p, "the name of an error", "deny file write /srv/** errno EROFS", &rule->errno_name);
}

static bool parse_log(struct parser *p, struct ast_rule *rule)
{
	(void)p;
	rule->log = true;
	return true;
}

static bool parse_because(struct parser *p, struct ast_rule *rule)
{
	struct diag *diag;

	if (parser_at(p, TOKEN_STRING)) {
		rule->because = parser_take(p);
		return true;
	}
	diag = parser_error(p, "C0130", "expected a reason in quotes, found %s", parser_show(p));
	diag_help(p->diags, diag, "write for example `because \"deploy only\"`");
	return false;
}

enum clause {
	CLAUSE_EXCEPT,
	CLAUSE_PROFILE,
	CLAUSE_IF,
	CLAUSE_FOR,
	CLAUSE_AS,
	CLAUSE_ERRNO,
	CLAUSE_LOG,
	CLAUSE_BECAUSE,
	CLAUSE_COUNT
};

static const struct {
	const char *name;
	bool (*parse)(struct parser *p, struct ast_rule *rule);
} clauses[CLAUSE_COUNT] = {
	[CLAUSE_EXCEPT] = { "except", parse_except },
	[CLAUSE_PROFILE] = { "profile", parse_profile_clause },
	[CLAUSE_IF] = { "if", parse_if },
	[CLAUSE_FOR] = { "for", parse_uid },
	[CLAUSE_AS] = { "as", parse_as },
	[CLAUSE_ERRNO] = { "errno", parse_errno },
	[CLAUSE_LOG] = { "log", parse_log },
	[CLAUSE_BECAUSE] = { "because", parse_because },
};

static bool twice(struct parser *p, struct span first, const char *name)
{
	struct diag *diag = parser_error(p, "C0129", "`%s` is given twice", name);

	diag->related = first;
	diag->related_label = "first here";
	diag_help(p->diags, diag, "leave one of them out, or write two rules");
	return false;
}

static bool parse_origin(struct parser *p, struct ast_rule *rule)
{
	for (size_t i = 0; i < rule->origins.count; i++)
		if (!strcmp(rule->origins.items[i].text, p->token.text))
			return twice(p, rule->origins.items[i].span, p->token.text);
	*arena_push(p->arena, &rule->origins) = parser_take(p);
	return true;
}

static bool parse_clause(struct parser *p, struct ast_rule *rule, struct span seen[CLAUSE_COUNT])
{
	size_t i = 0;

	while (i < CLAUSE_COUNT && strcmp(clauses[i].name, p->token.text) != 0)
		i++;
	if (i == CLAUSE_COUNT)
		return parse_origin(p, rule);
	/* `if uid` and `for uid` are the same clause, but for syscall rules */
	if (i == CLAUSE_IF && rule->class != REQUEST_SYSCALL)
		i = CLAUSE_FOR;
	if (seen[i].source)
		return twice(p, seen[i], p->token.text);
	if (i == CLAUSE_PROFILE && rule->class != REQUEST_EXEC) {
		struct diag *diag = parser_error(p, "C0131", "`profile` belongs to an exec rule, this is a %s rule",
						 class_shapes[rule->class].name);

		diag_help(p->diags, diag, "write for example `exec /usr/bin/git profile git`");
		return false;
	}
	seen[i] = p->token.span;
	parser_advance(p);
	return clauses[i].parse(p, rule);
}

/* What follows a complete rule and is no clause. */
static bool left_over(struct parser *p, const struct ast_rule *rule)
{
	const struct class_shape *shape = &class_shapes[rule->class];
	struct diag *diag = parser_error(p, "C0125", "unexpected %s", parser_show(p));

	if (rule->cond)
		diag_help(p->diags, diag, "join tests by `and` or `or`: `if arg0 == 1 and arg1 == 2`");
	else if (!shape->object)
		diag_help(p->diags, diag, "%s takes no operands; write `deny %s` or `%s`", shape->name, shape->name,
			  shape->example);
	else
		diag_help(p->diags, diag,
			  "the rule was complete; operands stand before except, if, profile, as, errno, log, because, "
			  "for");
	return false;
}

bool parse_rule(struct parser *p, bool may_have_verdict, struct ast_rule *rule)
{
	struct span seen[CLAUSE_COUNT] = { { 0 } };

	if (!parse_head(p, may_have_verdict, rule) ||
	    !parse_operands(p, is_restriction(rule, may_have_verdict), &class_shapes[rule->class], rule))
		return false;
	while (parser_at(p, TOKEN_WORD) && word_starts_clause(p->token.text))
		if (!parse_clause(p, rule, seen))
			return false;
	return parser_at_operand(p) || parser_at(p, TOKEN_COMMA) ? left_over(p, rule) : true;
}
