/* parser.c - tokens, words and reports: what every part of the parser uses; see parser.h. */
#include "policy/parser.h"

#include <ctype.h>
#include <string.h>

#include "base/suggest.h"

void parser_init(struct parser *p, const struct source *source, struct arena *arena, struct diags *diags)
{
	*p = (struct parser){ .arena = arena, .diags = diags, .last = { source, 0, 0 } };
	lexer_init(&p->lexer, source, arena, diags);
	str_init(&p->comments, arena);
	p->token = lexer_next(&p->lexer);
}

/* ---- tokens ---- */

void parser_advance(struct parser *p)
{
	size_t errors = p->diags->errors;

	if (p->token.kind == TOKEN_LINE_END)
		p->reported = false;
	p->last = p->token.span;
	p->token = lexer_next(&p->lexer);
	/* what the lexer says of this line explains what the parser would say */
	if (p->diags->errors > errors && p->token.kind != TOKEN_LINE_END && p->token.kind != TOKEN_FILE_END)
		p->reported = true;
}

bool parser_at_word(const struct parser *p, const char *text)
{
	return p->token.kind == TOKEN_WORD && (!text || !strcmp(p->token.text, text));
}

bool parser_at_operand(const struct parser *p)
{
	return p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_STRING;
}

bool parser_at_line_end(const struct parser *p)
{
	return p->token.kind == TOKEN_LINE_END || p->token.kind == TOKEN_FILE_END || p->token.kind == TOKEN_COMMENT;
}

bool parser_skip_word(struct parser *p, const char *text)
{
	if (!parser_at_word(p, text))
		return false;
	parser_advance(p);
	return true;
}

struct word parser_take(struct parser *p)
{
	struct token token = p->token;
	struct word word = { .text = token.text, .span = token.span, .quoted = token.kind == TOKEN_STRING };

	if (token.glued)
		diag_help(p->diags, parser_error(p, "C0124", "no blank between two words"),
			  "put a blank before it, or write both as one word in quotes");
	parser_advance(p);
	return word;
}

const char *parser_show(struct parser *p)
{
	static const char *const names[] = {
		[TOKEN_OPEN_BRACE] = "`{`",
		[TOKEN_CLOSE_BRACE] = "`}`",
		[TOKEN_OPEN_PAREN] = "`(`",
		[TOKEN_CLOSE_PAREN] = "`)`",
		[TOKEN_COMMA] = "`,`",
		[TOKEN_COMMENT] = "the end of the line",
		[TOKEN_LINE_END] = "the end of the line",
		[TOKEN_FILE_END] = "the end of the text",
	};
	struct word word = { .text = p->token.text, .quoted = p->token.kind == TOKEN_STRING };

	if (!parser_at_operand(p))
		return names[p->token.kind];
	if (word.quoted && word_is_bare(word.text))
		return arena_printf(p->arena, "`\"%s\"`", word_show(p->arena, &word));
	return arena_printf(p->arena, "`%s`", word_show(p->arena, &word));
}

struct span parser_place(const struct parser *p)
{
	if (!parser_at_line_end(p))
		return p->token.span;
	return (struct span){ p->last.source, p->last.offset + p->last.length, 0 };
}

/* ---- errors ---- */

__attribute__((format(printf, 4, 0))) static struct diag *report(struct parser *p, struct span span, const char *code,
								 const char *format, va_list args)
{
	if (p->reported)
		return &p->diags->spare;
	p->reported = true;
	return diag_error(p->diags, code, span, "%s", arena_vprintf(p->arena, format, args));
}

struct diag *parser_error(struct parser *p, const char *code, const char *format, ...)
{
	struct diag *diag;
	va_list args;

	va_start(args, format);
	diag = report(p, parser_place(p), code, format, args);
	va_end(args);
	return diag;
}

struct diag *parser_error_at(struct parser *p, struct span span, const char *code, const char *format, ...)
{
	struct diag *diag;
	va_list args;

	va_start(args, format);
	diag = report(p, span, code, format, args);
	va_end(args);
	return diag;
}

/* ---- words ---- */

bool parse_word(struct parser *p, const char *what, const char *example, struct word *ret)
{
	if (!parser_at_operand(p)) {
		diag_help(p->diags, parser_error(p, "C0126", "expected %s, found %s", what, parser_show(p)),
			  "write for example `%s`", example);
		return false;
	}
	*ret = parser_take(p);
	return true;
}

bool parse_words(struct parser *p, const char *what, const char *example, struct words *ret)
{
	struct word word;

	do {
		if (parser_at(p, TOKEN_COMMA)) {
			diag_help(p->diags, parser_error(p, "C0128", "a `,` between words"),
				  "separate them by blanks: `%s`", example);
			return false;
		}
		if (!parse_word(p, what, example, &word))
			return false;
		*arena_push(p->arena, ret) = word;
	} while (!parser_at_line_end(p) && !parser_at(p, TOKEN_CLOSE_BRACE));
	return true;
}

/* A part of a word, with its place. Exact where the word was written without escapes. */
static struct word part_of(struct parser *p, const struct word *word, size_t start, size_t size)
{
	struct word part = { .text = arena_strndup(p->arena, word->text + start, size), .span = word->span };

	if (!word->quoted) {
		part.span.offset += (uint32_t)start;
		part.span.length = (uint32_t)size;
	}
	return part;
}

bool parse_pair(struct parser *p, const char *what, const char *example, bool need_value, struct ast_pair *ret)
{
	struct ast_pair pair = { 0 };
	struct word word;
	const char *equals;

	if (!parse_word(p, what, example, &word))
		return false;
	equals = strchr(word.text, '=');
	if (equals == word.text || (!equals && need_value)) {
		diag_help(p->diags,
			  parser_error_at(p, word.span, "C0147", "expected %s, found `%s`", what,
					  word_show(p->arena, &word)),
			  "write for example `%s`", example);
		return false;
	}
	pair.key = part_of(p, &word, 0, equals ? (size_t)(equals - word.text) : strlen(word.text));
	if (equals)
		pair.value = part_of(p, &word, (size_t)(equals + 1 - word.text), strlen(equals + 1));
	if (parser_at(p, TOKEN_STRING) && p->token.glued && equals && !equals[1]) {
		p->token.glued = false;
		pair.value = parser_take(p);
	}
	*ret = pair;
	return true;
}

bool parse_name_check(struct parser *p, const struct word *word, const char *what, const char *example)
{
	struct diag *diag;

	if (word_is_name(word->text))
		return true;
	diag = parser_error_at(p, word->span, "C0148", "`%s` is not a name of %s", word_show(p->arena, word), what);
	diag_note(p->diags, diag, "a name holds letters, digits and . _ + - and, between parts, /");
	diag_help(p->diags, diag, "write for example `%s`", example);
	return false;
}

bool parse_choice(struct parser *p, const char *what, const char *const *choices, size_t *ret_index)
{
	struct suggestion suggestion = { .word = parser_at_operand(p) ? p->token.text : "" };
	struct str list;
	struct diag *diag;

	str_init(&list, p->arena);
	for (size_t i = 0; choices[i]; i++) {
		if (parser_at_operand(p) && !strcmp(p->token.text, choices[i])) {
			parser_take(p);
			*ret_index = i;
			return true;
		}
		suggestion_offer(&suggestion, choices[i]);
		str_addf(&list, "%s`%s`", !i ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
	}
	diag = parser_error(p, "C0154", "expected %s, found %s", what, parser_show(p));
	if (suggestion.best)
		diag_help(p->diags, diag, "did you mean `%s`? Possible are %s", suggestion.best, list.text);
	else
		diag_help(p->diags, diag, "write %s", list.text);
	return false;
}

bool parse_versioned(struct parser *p, const char *what, const char *example, struct word *ret_name,
		     struct word *ret_version)
{
	struct word word, name, version;
	const char *at;
	struct diag *diag;

	if (!parse_word(p, what, example, &word))
		return false;
	at = strrchr(word.text, '@');
	if (!at || !at[1] || strlen(at + 1) > 6 || strspn(at + 1, "0123456789") != strlen(at + 1)) {
		diag = parser_error_at(p, word.span, "C0146", "`%s` has no version", word_show(p->arena, &word));
		diag_note(p->diags, diag,
			  "a template's meaning never changes under one version, so that a policy keeps its own");
		diag_help(p->diags, diag, "write %s as NAME@NUMBER: `%s`", what, example);
		return false;
	}
	name = part_of(p, &word, 0, (size_t)(at - word.text));
	version = part_of(p, &word, (size_t)(at + 1 - word.text), strlen(at + 1));
	if (!parse_name_check(p, &name, what, example))
		return false;
	*ret_name = name;
	*ret_version = version;
	return true;
}
