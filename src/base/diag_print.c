/* diag_print.c - diagnostics for people (diags_print) and for programs (diags_json); see diag.h. */
#include "base/diag.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"

#define TAB_WIDTH 4
#define LINE_SHOWN_MAX 160 /* bytes of a source line; of a longer one the part around the mark is shown */
#define LINE_SHOWN_BEFORE 60

enum paint { PAINT_NONE, PAINT_ERROR, PAINT_WARNING, PAINT_FRAME, PAINT_HELP, PAINT_BOLD, PAINT_COUNT };

struct printer {
	struct str *out;
	bool colour;
	unsigned gutter; /* digits of the greatest line number */
};

static void paint(const struct printer *p, enum paint which)
{
	static const char *const escapes[PAINT_COUNT] = { "\033[0m",    "\033[1;31m", "\033[1;33m",
							  "\033[1;34m", "\033[1;32m", "\033[1m" };

	if (p->colour)
		str_add(p->out, escapes[which]);
}

static void painted(const struct printer *p, enum paint which, const char *text)
{
	paint(p, which);
	str_add(p->out, text);
	paint(p, PAINT_NONE);
}

static void repeat(struct str *out, char c, size_t times)
{
	while (times--)
		str_addc(out, c);
}

static const char *severity_name(enum severity severity)
{
	return severity == SEVERITY_ERROR ? "error" : "warning";
}

static size_t count_characters(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0, length; i < size; i += length, count++) {
		uint32_t character;

		length = utf8_decode(text + i, size - i, &character);
		length += !length;
	}
	return count;
}

/* A piece of source as it is shown: tabs are blanks, what can't be seen is escaped. Returns how many columns it takes. */
static size_t add_source(struct str *out, const char *text, size_t size)
{
	size_t start = out->size;

	for (size_t i = 0; i < size;) {
		const char *tab = memchr(text + i, '\t', size - i);
		size_t run = tab ? (size_t)(tab - text) - i : size - i;

		str_add_visible(out, text + i, run);
		if (tab)
			repeat(out, ' ', TAB_WIDTH);
		i += run + (tab != NULL);
	}
	return count_characters(out->text + start, out->size - start);
}

/* Move @offset down to where a character starts; bytes that belong to none stay where they are. */
static size_t character_start(const char *text, size_t offset, size_t least)
{
	for (unsigned i = 0; i < 3 && offset > least && ((unsigned char)text[offset] & 0xc0) == 0x80; i++)
		offset--;
	return offset;
}

/* The part of a source line that is shown, and of that what is marked. */
struct excerpt {
	size_t start, end;           /* shown */
	size_t mark_start, mark_end; /* within it; equal: one column */
	bool cut_start, cut_end;
};

static struct excerpt excerpt_of(struct span span)
{
	const char *text = span.source->text;
	size_t size = span.source->size, offset = span.offset < size ? span.offset : size;
	struct excerpt e = { .start = offset, .end = offset };

	while (e.start > 0 && text[e.start - 1] != '\n')
		e.start--;
	while (e.end < size && text[e.end] != '\n')
		e.end++;
	e.mark_start = offset;
	e.mark_end = e.end - offset < span.length ? e.end : offset + span.length;
	if (e.end - e.start > LINE_SHOWN_MAX) {
		if (offset - e.start > LINE_SHOWN_BEFORE) {
			e.start = character_start(text, offset - LINE_SHOWN_BEFORE, e.start);
			e.cut_start = true;
		}
		if (e.end - e.start > LINE_SHOWN_MAX) {
			e.end = character_start(text, e.start + LINE_SHOWN_MAX, offset);
			e.cut_end = true;
		}
		if (e.mark_end > e.end)
			e.mark_end = e.end;
	}
	return e;
}

static void add_frame(const struct printer *p, const char *number, const char *bar)
{
	paint(p, PAINT_FRAME);
	str_addf(p->out, " %*s %s", (int)p->gutter, number, bar);
	paint(p, PAINT_NONE);
}

/* One source line with its mark below. */
static void add_snippet(const struct printer *p, struct span span, char mark, enum paint mark_paint, const char *label)
{
	struct excerpt e = excerpt_of(span);
	const char *text = span.source->text;
	char number[16];
	size_t indent, width;

	snprintf(number, sizeof(number), "%u", span_position(span).line);
	add_frame(p, number, "| ");
	if (e.cut_start)
		str_add(p->out, "...");
	indent = add_source(p->out, text + e.start, e.mark_start - e.start) + (e.cut_start ? 3 : 0);
	width = add_source(p->out, text + e.mark_start, e.mark_end - e.mark_start);
	add_source(p->out, text + e.mark_end, e.end - e.mark_end);
	str_add(p->out, e.cut_end ? "...\n" : "\n");
	add_frame(p, "", "| ");
	repeat(p->out, ' ', indent);
	paint(p, mark_paint);
	repeat(p->out, mark, width ? width : 1);
	if (label)
		str_addf(p->out, " %s", label);
	paint(p, PAINT_NONE);
	str_addc(p->out, '\n');
}

static void add_place(const struct printer *p, const char *arrow, struct span span)
{
	struct position position = span_position(span);

	repeat(p->out, ' ', p->gutter + 1);
	painted(p, PAINT_FRAME, arrow);
	str_addc(p->out, ' ');
	str_add_visible(p->out, span.source->name, strlen(span.source->name));
	str_addf(p->out, ":%u:%u\n", position.line, position.column);
}

/* Lines after the first stand below the first. */
static void add_remark(const struct printer *p, const char *title, enum paint which, const char *text)
{
	for (bool first = true; text; first = false) {
		const char *end = strchrnul(text, '\n');

		repeat(p->out, ' ', p->gutter + 2);
		if (first) {
			painted(p, PAINT_FRAME, "= ");
			painted(p, which, title);
			str_add(p->out, ": ");
		} else {
			repeat(p->out, ' ', strlen(title) + 4);
		}
		str_add_visible(p->out, text, (size_t)(end - text));
		str_addc(p->out, '\n');
		text = *end ? end + 1 : NULL;
	}
}

static unsigned digits_of(struct span span)
{
	unsigned digits = 1;

	if (span.source)
		for (unsigned line = span_position(span).line; line >= 10; line /= 10)
			digits++;
	return digits;
}

static void print_one(const struct diag *diag, struct str *out, bool colour)
{
	enum paint main_paint = diag->severity == SEVERITY_ERROR ? PAINT_ERROR : PAINT_WARNING;
	unsigned related_digits = digits_of(diag->related);
	struct printer printer = { .out = out, .colour = colour, .gutter = digits_of(diag->span) };
	const struct printer *p = &printer;

	if (related_digits > printer.gutter)
		printer.gutter = related_digits;
	paint(p, main_paint);
	str_addf(out, "%s[%s]", severity_name(diag->severity), diag->code);
	paint(p, PAINT_BOLD);
	str_add(out, ": ");
	str_add_visible(out, diag->message, strlen(diag->message));
	paint(p, PAINT_NONE);
	str_addc(out, '\n');
	if (diag->span.source) {
		add_place(p, "-->", diag->span);
		add_frame(p, "", "|\n");
		add_snippet(p, diag->span, '^', main_paint, NULL);
	}
	if (diag->related.source) {
		add_place(p, ":::", diag->related);
		add_snippet(p, diag->related, '-', PAINT_FRAME, diag->related_label);
	}
	add_remark(p, "note", PAINT_BOLD, diag->note);
	add_remark(p, "help", PAINT_HELP, diag->help);
}

/* Sources in the order in which they first occur, and what has no place first. */
static size_t source_rank(const struct diags *diags, const struct source *source)
{
	size_t i = 0;

	if (!source)
		return 0;
	while (diags->items[i].span.source != source)
		i++;
	return i + 1;
}

static bool comes_before(const struct diags *diags, const struct diag *a, const struct diag *b)
{
	size_t a_rank = source_rank(diags, a->span.source), b_rank = source_rank(diags, b->span.source);

	return a_rank != b_rank ? a_rank < b_rank : a->span.offset < b->span.offset;
}

/* Fills @order (DIAGS_MAX wide). Insertion: at most DIAGS_MAX, and mostly in order already; equal places keep theirs. */
static void sort(const struct diags *diags, const struct diag **order)
{
	for (size_t i = 0; i < diags->count; i++) {
		size_t at = i;

		for (; at > 0 && comes_before(diags, &diags->items[i], order[at - 1]); at--)
			order[at] = order[at - 1];
		order[at] = &diags->items[i];
	}
}

void diags_print(const struct diags *diags, struct str *out, bool colour)
{
	const struct diag *order[DIAGS_MAX];

	sort(diags, order);
	for (size_t i = 0; i < diags->count; i++) {
		if (i)
			str_addc(out, '\n');
		print_one(order[i], out, colour);
	}
	if (diags->overflow)
		str_addf(out, "\nMore than %d; the rest is not shown.\n", DIAGS_MAX);
}

static void json_place(struct json *json, struct span span)
{
	struct position position = span_position(span);

	json_kv_string(json, "file", span.source->name);
	json_kv_int(json, "line", position.line);
	json_kv_int(json, "column", position.column);
	json_kv_int(json, "offset", span.offset);
	json_kv_int(json, "length", span.length);
}

void diags_json(const struct diags *diags, struct json *json)
{
	const struct diag *order[DIAGS_MAX];

	sort(diags, order);
	json_array(json);
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *diag = order[i];

		json_object(json);
		json_kv_string(json, "schema", "cordon.diagnostic/1");
		json_kv_string(json, "severity", severity_name(diag->severity));
		json_kv_string(json, "code", diag->code);
		if (diag->span.source)
			json_place(json, diag->span);
		json_kv_string(json, "message", diag->message);
		if (diag->note)
			json_kv_string(json, "note", diag->note);
		if (diag->help)
			json_kv_string(json, "help", diag->help);
		if (diag->related.source) {
			json_key(json, "related");
			json_object(json);
			json_place(json, diag->related);
			json_kv_string(json, "label", diag->related_label);
			json_end_object(json);
		}
		json_end_object(json);
	}
	json_end_array(json);
}
