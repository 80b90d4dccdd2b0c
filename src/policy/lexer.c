/* lexer.c - see lexer.h. */
#include "policy/lexer.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "policy/keywords.h"
#include "policy/parse.h"

void lexer_init(struct lexer *lexer, const struct source *source, struct arena *arena, struct diags *diags)
{
	*lexer = (struct lexer){ .source = source, .arena = arena, .diags = diags, .word_end = (size_t)-1 };
}

/* The byte @ahead of here; NUL behind the end (NUL bytes in a text were refused by source_check). */
static char peek(const struct lexer *lexer, size_t ahead)
{
	return ahead < lexer->source->size - lexer->at ? lexer->source->text[lexer->at + ahead] : '\0';
}

static bool at_end(const struct lexer *lexer)
{
	return lexer->at >= lexer->source->size;
}

static struct span span_here(const struct lexer *lexer, size_t start)
{
	return (struct span){ lexer->source, (uint32_t)start, (uint32_t)(lexer->at - start) };
}

/* CR, the byte order mark and such were reported by source_check; here they are blanks. */
static size_t blank_length(const struct lexer *lexer)
{
	char c = peek(lexer, 0);
	uint32_t character;
	size_t length;

	if (c == ' ' || c == '\t' || c == '\r')
		return 1;
	if (isascii(c))
		return 0;
	length = utf8_decode(lexer->source->text + lexer->at, lexer->source->size - lexer->at, &character);
	return length > 1 && character_hidden(character) ? length : 0;
}

static void stray_backslash(struct lexer *lexer, size_t start, const char *message)
{
	struct diag *diag = diag_error(lexer->diags, "C0119", (struct span){ lexer->source, (uint32_t)start, 1 }, "%s",
				       message);

	diag_help(lexer->diags, diag,
		  "end the line with `\\` to go on in the next one; write a backslash in quotes, doubled: \"a\\\\b\"");
}

/* Blanks, and line ends behind a backslash. */
static void skip_blanks(struct lexer *lexer)
{
	for (;;) {
		size_t length = blank_length(lexer), start = lexer->at;

		if (length) {
			lexer->at += length;
			continue;
		}
		if (peek(lexer, 0) != '\\')
			return;
		lexer->at++;
		while (blank_length(lexer))
			lexer->at += blank_length(lexer);
		if (peek(lexer, 0) != '\n') {
			lexer->at = start;
			return;
		}
		if (lexer->at != start + 1 && lexer->source->text[lexer->at - 1] != '\r')
			stray_backslash(lexer, start, "a blank follows `\\`, so it does not end the line");
		lexer->at++;
	}
}

static struct token token_of(const struct lexer *lexer, enum token_kind kind, size_t start)
{
	return (struct token){ .kind = kind, .span = span_here(lexer, start) };
}

static struct token comment(struct lexer *lexer)
{
	size_t start = lexer->at, size;
	const char *text = lexer->source->text + start, *end;
	struct token token;

	end = memchr(text, '\n', lexer->source->size - start);
	lexer->at = end ? start + (size_t)(end - text) : lexer->source->size;
	token = token_of(lexer, TOKEN_COMMENT, start);
	size = token.span.length;
	while (strchr(" \t\r", text[size - 1]))
		size--;
	if (size > POLICY_WORD_MAX) {
		diag_help(lexer->diags,
			  diag_error(lexer->diags, "C0121", token.span, "a comment of %zu bytes; %d are possible", size,
				     POLICY_WORD_MAX),
			  "break it into several lines");
		size = POLICY_WORD_MAX;
	}
	token.text = arena_strndup(lexer->arena, text, size);
	return token;
}

static struct token word_token(struct lexer *lexer, enum token_kind kind, size_t start, const char *text, size_t size)
{
	struct token token = token_of(lexer, kind, start);

	if (size > POLICY_WORD_MAX) {
		diag_help(lexer->diags,
			  diag_error(lexer->diags, "C0121", token.span, "a word of %zu bytes; %d are possible", size,
				     POLICY_WORD_MAX),
			  "a path that long can't exist; is a quote or a blank missing?");
		size = POLICY_WORD_MAX;
	}
	token.text = arena_strndup(lexer->arena, text, size);
	return token;
}

/* ---- words in quotes ---- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* At a backslash: one byte into @out. */
static void escape(struct lexer *lexer, struct str *out)
{
	static const char names[] = "\\\"nt", values[] = "\\\"\n\t";
	size_t start = lexer->at;
	char name = peek(lexer, 1);
	const char *found = name ? strchr(names, name) : NULL;
	int high = hex_digit(peek(lexer, 2)), low = hex_digit(peek(lexer, 3));
	struct diag *diag;

	if (found) {
		str_addc(out, values[found - names]);
		lexer->at += 2;
		return;
	}
	if (name == 'x' && high >= 0 && low >= 0) {
		lexer->at += 4;
		if (high || low) {
			str_addc(out, (char)(high << 4 | low));
			return;
		}
		diag = diag_error(lexer->diags, "C0113", span_here(lexer, start), "a NUL byte in a word");
		diag_help(lexer->diags, diag, "leave it out: no path, name or address can hold one");
		return;
	}
	lexer->at++;
	if (name && name != '\n')
		do
			lexer->at++;
		while (((unsigned char)peek(lexer, 0) & 0xc0) == 0x80);
	diag = diag_error(lexer->diags, "C0112", span_here(lexer, start), "unknown escape in a quoted word");
	diag_help(lexer->diags, diag,
		  "there are \\\\ \\\" \\n \\t and \\xNN (two hexadecimal digits); write a backslash as \\\\");
}

static struct token string(struct lexer *lexer)
{
	size_t start = lexer->at++;
	struct str out;
	struct diag *diag;

	str_init(&out, lexer->arena);
	while (!at_end(lexer) && peek(lexer, 0) != '\n' && peek(lexer, 0) != '"') {
		if (peek(lexer, 0) == '\\')
			escape(lexer, &out);
		else
			str_addc(&out, lexer->source->text[lexer->at++]);
	}
	if (peek(lexer, 0) == '"') {
		lexer->at++;
	} else {
		diag = diag_error(lexer->diags, "C0111", span_here(lexer, start),
				  "the quote is not closed on its line");
		diag_help(lexer->diags, diag, "end the word with \"; a quote inside a word is written \\\"");
	}
	return word_token(lexer, TOKEN_STRING, start, out.text, out.size);
}

/* Length of what stands between the single quotes, or 0 when they enclose nothing on this line. */
static size_t single_quoted_length(const struct lexer *lexer)
{
	size_t length = 0;

	while (!strchr("'\n", peek(lexer, length + 1)))
		length++;
	return peek(lexer, length + 1) == '\'' ? length : 0;
}

static void single_quote(struct lexer *lexer, struct span span, const char *text, size_t size)
{
	struct diag *diag = diag_error(lexer->diags, "C0135", span, "a single quote");

	diag_help(lexer->diags, diag, "write the whole word in double quotes: \"%.*s\"", (int)(size < 60 ? size : 60),
		  text);
}

/* People write 'a b' by habit. Said once, and read as if the quotes were double. */
static struct token single_quoted(struct lexer *lexer)
{
	size_t start = lexer->at, length = single_quoted_length(lexer);
	const char *text = lexer->source->text + start + 1;

	lexer->at += length + 2;
	single_quote(lexer, span_here(lexer, start), text, length);
	return word_token(lexer, TOKEN_STRING, start, text, length);
}

/* ---- bare words ---- */

/* What most words are made of: it ends no word and begins nothing else. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '-' && c <= '9') || c == '_' || c == '*';
}

static struct token bare(struct lexer *lexer)
{
	const char *text = lexer->source->text + lexer->at;
	const char *quote = NULL, *backslash = NULL;
	size_t start = lexer->at, size;

	while (is_plain(peek(lexer, 0)) || (!at_end(lexer) && !blank_length(lexer))) {
		char c = peek(lexer, 0);
		size_t variable;

		if (is_plain(c)) {
			lexer->at++;
			continue;
		}
		variable = variable_length(lexer->source->text + lexer->at, lexer->source->size - lexer->at);
		if (variable) {
			lexer->at += variable;
			continue;
		}
		if (strchr("\n\"{}(),;", c) || (c == '\\' && peek(lexer, 1) == '\n'))
			break;
		if (c == '\'')
			quote = lexer->source->text + lexer->at;
		if (c == '\\')
			backslash = lexer->source->text + lexer->at;
		lexer->at++;
	}
	size = lexer->at - start;
	if (quote)
		single_quote(lexer, (struct span){ lexer->source, (uint32_t)(quote - lexer->source->text), 1 }, text,
			     size);
	if (backslash)
		stray_backslash(lexer, (size_t)(backslash - lexer->source->text),
				"a backslash in a word without quotes");
	return word_token(lexer, TOKEN_WORD, start, text, size);
}

/* ---- */

static struct token word(struct lexer *lexer)
{
	size_t start = lexer->at;
	bool glued = start == lexer->word_end, after_word = lexer->after_word;
	char c = peek(lexer, 0);
	struct token token = c == '"'                                   ? string(lexer)
			     : c == '\'' && single_quoted_length(lexer) ? single_quoted(lexer)
									: bare(lexer);
	struct diag *diag;

	token.glued = glued && after_word && token.kind == TOKEN_STRING;
	if (glued && !token.glued) {
		diag = diag_error(lexer->diags, "C0124", token.span, "no blank between two words");
		diag_help(lexer->diags, diag, "put a blank before it, or write both as one word in quotes");
	}
	lexer->word_end = lexer->at;
	return token;
}

/* `;` separates nothing, but what follows it was meant as a statement of its own. */
static struct token semicolon(struct lexer *lexer)
{
	struct token token;

	lexer->at++;
	token = token_of(lexer, TOKEN_LINE_END, lexer->at - 1);
	diag_help(lexer->diags, diag_error(lexer->diags, "C0120", token.span, "`;` does not separate statements"),
		  "begin a new line, or write the `;` in quotes if it belongs to a word");
	return token;
}

struct token lexer_next(struct lexer *lexer)
{
	static const char marks[] = "{}(),";
	static const enum token_kind kinds[] = { TOKEN_OPEN_BRACE, TOKEN_CLOSE_BRACE, TOKEN_OPEN_PAREN,
						 TOKEN_CLOSE_PAREN, TOKEN_COMMA };
	struct token token;
	const char *mark;
	char c;

	skip_blanks(lexer);
	c = peek(lexer, 0);
	if (at_end(lexer))
		return token_of(lexer, TOKEN_FILE_END, lexer->source->size);
	mark = c ? strchr(marks, c) : NULL;
	if (c == ';')
		token = semicolon(lexer);
	else if (c == '#' && lexer->at != lexer->word_end)
		token = comment(lexer);
	else if (c != '\n' && !mark)
		token = word(lexer);
	else {
		lexer->at++;
		token = token_of(lexer, mark ? kinds[mark - marks] : TOKEN_LINE_END, lexer->at - 1);
	}
	lexer->after_word = token.kind == TOKEN_WORD;
	return token;
}
