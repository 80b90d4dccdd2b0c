/* parse_cond.c - conditions on the arguments of a call: or < and < not < parentheses < one test.
 *
 *   test: ARGUMENT [& MASK] COMPARISON VALUE | ARGUMENT [& MASK] [not] in { VALUE... } | ARGUMENT within VALUE */
#include "policy/parser.h"

#include <string.h>

struct depth {
	unsigned nesting;
	unsigned tests;
};

static struct ast_cond *parse_or(struct parser *p, struct depth *depth);

static struct ast_cond *new_cond(struct parser *p, struct ast_cond cond)
{
	struct ast_cond *copy = arena_new_of(p->arena, struct ast_cond);

	*copy = cond;
	return copy;
}

static bool at_value(const struct parser *p)
{
	return parser_at(p, TOKEN_WORD) && !word_is_operator(p->token.text);
}

static struct ast_cond *no_argument(struct parser *p)
{
	struct diag *diag = parser_error(p, "C0136", "expected the name of an argument, found %s", parser_show(p));

	diag_help(p->diags, diag,
		  "write `ARGUMENT COMPARISON VALUE` with blanks between them: `prot & PROT_EXEC == 0`, `arg0 == 1`, "
		  "`fd in {0 1 2}`");
	return NULL;
}

/* ---- values ---- */

static bool bad_value(struct parser *p, struct span span, const char *shown)
{
	struct diag *diag = parser_error_at(p, span, "C0138", "expected a value, found %s", shown);

	diag_help(p->diags, diag,
		  "write a number or a name, or names joined by `|`, without quotes: `O_RDONLY`, `0x10`, "
		  "`PROT_READ|PROT_WRITE`");
	return false;
}

/* A|B: no part may be empty, and no operator may be hidden in it. */
static bool check_value(struct parser *p, const struct word *word)
{
	size_t size = strlen(word->text);

	if (size && !strpbrk(word->text, "=<>!&") && word->text[0] != '|' && word->text[size - 1] != '|' &&
	    !strstr(word->text, "||"))
		return true;
	return bad_value(p, word->span, arena_printf(p->arena, "`%s`", word_show(p->arena, word)));
}

/* One value. `A | B` is the same as `A|B`. */
static bool parse_value(struct parser *p, struct word *ret)
{
	struct word word = { .span = p->token.span };
	struct str text;

	str_init(&text, p->arena);
	for (;;) {
		if (!at_value(p))
			return bad_value(p, parser_place(p), parser_show(p));
		str_add(&text, p->token.text);
		word.span = span_join(word.span, p->token.span);
		parser_advance(p);
		if (!parser_skip_word(p, "|"))
			break;
		str_addc(&text, '|');
	}
	word.text = text.text;
	if (text.size > POLICY_WORD_MAX || !check_value(p, &word))
		return bad_value(p, word.span, "a word that is too long");
	*ret = word;
	return true;
}

/* The names of A|B one by one. */
static void split_value(struct parser *p, const struct word *word, struct words *ret)
{
	for (const char *start = word->text;; start++) {
		size_t size = strcspn(start, "|");
		struct word part = { .text = arena_strndup(p->arena, start, size), .span = word->span };

		*arena_push(p->arena, ret) = part;
		start += size;
		if (!*start)
			return;
	}
}

/* { V V ... } */
static bool parse_list(struct parser *p, struct words *ret)
{
	struct diag *diag;
	struct word word;

	if (parser_at(p, TOKEN_OPEN_BRACE)) {
		parser_advance(p);
		while (at_value(p)) {
			if (!parse_value(p, &word))
				return false;
			*arena_push(p->arena, ret) = word;
		}
		if (parser_at(p, TOKEN_CLOSE_BRACE) && ret->count) {
			parser_advance(p);
			return true;
		}
	}
	diag = parser_error(p, "C0142",
			    ret->count ? "the list is not closed: found %s" : "expected a list of values, found %s",
			    parser_show(p));
	diag_help(p->diags, diag,
		  "write the values between braces on one line, with blanks between them: `in {0 1 2}`");
	/* a brace of the list must not be taken for the end of the block */
	while (!parser_at_line_end(p) && !parser_at(p, TOKEN_CLOSE_BRACE))
		parser_advance(p);
	if (parser_at(p, TOKEN_CLOSE_BRACE))
		parser_advance(p);
	return false;
}

/* ---- one test ---- */

static bool parse_mask(struct parser *p, struct ast_cond *cond)
{
	struct word mask;
	struct diag *diag;

	if (!parser_skip_word(p, "&"))
		return true;
	if (at_value(p) && parse_value(p, &mask)) {
		split_value(p, &mask, &cond->mask);
		if (!parser_at_word(p, "within"))
			return true;
	}
	diag = parser_error(p, "C0143",
			    cond->mask.count ? "`within` takes no mask" : "expected the bits to look at, found %s",
			    parser_show(p));
	diag_help(p->diags, diag,
		  cond->mask.count ? "write `flags within A|B` (no other bit is set), or `flags & A|B == A`"
				   : "write for example `prot & PROT_WRITE|PROT_EXEC == PROT_WRITE`");
	return false;
}

/* What is compared how: sets compare, negated_in, values. */
static bool parse_comparison(struct parser *p, struct ast_cond *cond)
{
	struct word value;
	struct diag *diag;

	cond->negated_in = parser_skip_word(p, "not");
	cond->values_alternatives = parser_skip_word(p, "in");
	if (cond->values_alternatives) {
		cond->compare = COMPARE_EQ;
		return parse_list(p, &cond->values);
	}
	if (cond->negated_in || !parser_at(p, TOKEN_WORD) || !compare_find(p->token.text, &cond->compare)) {
		diag = parser_error(p, "C0137", "expected %s, found %s", cond->negated_in ? "`in`" : "a comparison",
				    parser_show(p));
		if (parser_at_word(p, "="))
			diag_help(p->diags, diag, "write `==`");
		else
			diag_help(p->diags, diag,
				  "comparisons are == != < <= > >= in, not in, within, with a blank on both sides: `%s "
				  "== 0`",
				  cond->argument.text);
		return false;
	}
	parser_advance(p);
	if (!parse_value(p, &value))
		return false;
	if (cond->compare == COMPARE_EQ)
		*arena_push(p->arena, &cond->values) = value;
	else
		split_value(p, &value, &cond->values);
	return true;
}

static struct ast_cond *parse_test(struct parser *p, struct depth *depth)
{
	struct ast_cond cond = { .kind = COND_ATOM };

	if (!at_value(p) || strpbrk(p->token.text, "=<>!&|") || word_starts_clause(p->token.text))
		return no_argument(p);
	if (++depth->tests > POLICY_TESTS_MAX) {
		diag_help(p->diags, parser_error(p, "C0141", "more than %d tests in one condition", POLICY_TESTS_MAX),
			  "write one test with a list of values: `arg0 in {1 2 3}`");
		return NULL;
	}
	cond.argument = parser_take(p);
	if (!parse_mask(p, &cond) || !parse_comparison(p, &cond))
		return NULL;
	cond.span = span_join(cond.argument.span, p->last);
	return new_cond(p, cond);
}

/* ---- trees ---- */

static struct ast_cond *parse_parens(struct parser *p, struct depth *depth)
{
	struct span open = p->token.span;
	struct ast_cond *cond;
	struct diag *diag;

	parser_advance(p);
	cond = parse_or(p, depth);
	if (!cond)
		return NULL;
	if (parser_at(p, TOKEN_CLOSE_PAREN)) {
		parser_advance(p);
		return cond;
	}
	diag = parser_error(p, "C0139", "expected `)`, found %s", parser_show(p));
	diag->related = open;
	diag->related_label = "opened here";
	diag_help(p->diags, diag, "close the parenthesis; tests are joined by `and` or `or`");
	return NULL;
}

static struct ast_cond *parse_not(struct parser *p, struct depth *depth)
{
	struct span start = p->token.span;
	struct ast_cond *cond;

	if (!parser_at(p, TOKEN_OPEN_PAREN) && !parser_at_word(p, "not"))
		return parse_test(p, depth);
	if (++depth->nesting > POLICY_NESTING_MAX) {
		diag_help(p->diags,
			  parser_error(p, "C0140", "the condition is nested more than %d deep", POLICY_NESTING_MAX),
			  "write several rules: each line is an `or` of its own");
		return NULL;
	}
	if (parser_skip_word(p, "not")) {
		cond = parse_not(p, depth);
		if (cond)
			cond = new_cond(p, (struct ast_cond){
						   .kind = COND_NOT, .left = cond, .span = span_join(start, p->last) });
	} else {
		cond = parse_parens(p, depth);
	}
	depth->nesting--;
	return cond;
}

/* OR of ANDs of the rest, each a chain to the left. */
static struct ast_cond *parse_chain(struct parser *p, struct depth *depth, enum cond_kind kind)
{
	const char *word = kind == COND_OR ? "or" : "and";
	struct ast_cond *left = kind == COND_OR ? parse_chain(p, depth, COND_AND) : parse_not(p, depth);

	while (left && parser_skip_word(p, word)) {
		struct ast_cond *right = kind == COND_OR ? parse_chain(p, depth, COND_AND) : parse_not(p, depth);

		if (!right)
			return NULL;
		left = new_cond(p, (struct ast_cond){ .kind = kind,
						      .left = left,
						      .right = right,
						      .span = span_join(left->span, right->span) });
	}
	return left;
}

static struct ast_cond *parse_or(struct parser *p, struct depth *depth)
{
	return parse_chain(p, depth, COND_OR);
}

struct ast_cond *parse_cond(struct parser *p)
{
	struct depth depth = { 0 };

	return parse_or(p, &depth);
}
