/* printer.c - see printer.h. */
#include "policy/printer.h"

#include <string.h>

#include "base/utf8.h"
#include "policy/keywords.h"
#include "policy/parse.h"

#define LINE_WIDTH 118  /* and ` \` */
#define INDENT_BROKEN 4 /* more, for the rest of a broken line */

/* ---- words ---- */

static void add_quoted(struct str *out, const char *text)
{
	size_t size = strlen(text);

	str_addc(out, '"');
	for (size_t i = 0, length; i < size; i += length) {
		uint32_t character;

		length = utf8_decode(text + i, size - i, &character);
		if (text[i] == '"' || text[i] == '\\')
			str_addf(out, "\\%c", text[i]);
		else if (text[i] == '\n' || text[i] == '\t')
			str_add(out, text[i] == '\n' ? "\\n" : "\\t");
		else if (!length || character_hidden(character))
			for (size_t k = 0; k < (length ? length : 1); k++)
				str_addf(out, "\\x%02x", (unsigned char)text[i + k]);
		else
			str_addn(out, text + i, length);
		length += !length;
	}
	str_addc(out, '"');
}

void add_text(struct str *out, const char *text, bool quoted)
{
	if (quoted || !word_is_bare(text))
		add_quoted(out, text);
	else
		str_add(out, text);
}

void print_word(const struct word *word, struct str *out)
{
	add_text(out, word->text, false);
}

/* ---- pieces ---- */

static size_t width_of(const char *text, size_t size)
{
	size_t width = 0;

	for (size_t i = 0; i < size; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

static void fill(struct line *line, size_t blanks)
{
	line->column += blanks;
	while (blanks--)
		str_addc(line->out, ' ');
}

void line_begin_message(struct line *line, struct str *out)
{
	*line = (struct line){ .out = out, .empty = true };
	str_init(&line->scratch, out->arena);
}

void line_begin(struct line *line, struct str *out, unsigned indent)
{
	line_begin_message(line, out);
	line->indent = (size_t)indent * PRINT_INDENT;
	line->breaks = true;
	fill(line, line->indent);
}

struct str *piece_begin(struct line *line)
{
	line->scratch.size = 0;
	return &line->scratch;
}

/* Give the piece its blank, or a line of its own. */
void piece_end(struct line *line, bool glued)
{
	const struct str *text = &line->scratch;
	size_t width = width_of(text->text, text->size);

	if (line->breaks && !line->empty && line->column + 1 + width > LINE_WIDTH) {
		str_add(line->out, " \\\n");
		line->column = 0;
		fill(line, line->indent + INDENT_BROKEN);
	} else if (!line->empty && !glued && !line->glue) {
		fill(line, 1);
	}
	line->glue = false;
	str_addn(line->out, text->text, text->size);
	line->column += width;
	line->empty = false;
}

void piece(struct line *line, const char *text)
{
	str_add(piece_begin(line), text);
	piece_end(line, false);
}

void piece_open(struct line *line, const char *text)
{
	piece(line, text);
	line->glue = true;
}

void piece_close(struct line *line, const char *text)
{
	line->glue = true;
	piece(line, text);
}

void piece_word(struct line *line, const struct word *word, bool quoted)
{
	add_text(piece_begin(line), word->text, quoted);
	piece_end(line, false);
}

void piece_words(struct line *line, const struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		piece_word(line, &words->items[i], false);
}

/* Quotes stand where a reader of KEY=VALUE expects them: around the value. Bare, both are one word, which may be too long. */
void piece_pair(struct line *line, const char *sigil, const struct ast_pair *pair)
{
	struct str *text = piece_begin(line);
	const char *key = *sigil ? arena_printf(line->out->arena, "%s%s", sigil, pair->key.text) : pair->key.text;

	if (!pair->value.text) {
		add_text(text, key, false);
	} else if (word_is_bare(key)) {
		str_addf(text, "%s=", key);
		if (*pair->value.text)
			add_text(text, pair->value.text, text->size + strlen(pair->value.text) > POLICY_WORD_MAX);
	} else {
		add_quoted(text, arena_printf(line->out->arena, "%s=%s", key, pair->value.text));
	}
	piece_end(line, false);
}

void piece_clause(struct line *line, const char *name, const struct word *word, bool quoted)
{
	if (!word->text)
		return;
	piece(line, name);
	piece_word(line, word, quoted);
}
