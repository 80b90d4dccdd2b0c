/* diag.c - see diag.h. Collecting; diag_print.c shows. */
#include "base/diag.h"

#include <stdarg.h>
#include <string.h>

#include "base/utf8.h"

void diags_init(struct diags *diags, struct arena *arena)
{
	*diags = (struct diags){ .arena = arena };
}

struct position span_position(struct span span)
{
	struct position position = { .line = 1, .column = 1 };
	const char *at = span.source->text, *line;
	const char *end = at + (span.offset < span.source->size ? span.offset : span.source->size);

	while ((line = memchr(at, '\n', (size_t)(end - at)))) {
		at = line + 1;
		position.line++;
	}
	for (size_t length; at < end; at += length) {
		uint32_t character;

		length = utf8_decode(at, (size_t)(end - at), &character);
		length += !length;
		position.column++;
	}
	return position;
}

struct span span_join(struct span first, struct span last)
{
	if (!first.source)
		return last;
	if (last.source == first.source && last.offset + last.length > first.offset)
		first.length = last.offset + last.length - first.offset;
	return first;
}

__attribute__((format(printf, 5, 0))) static struct diag *add(struct diags *diags, enum severity severity,
							      const char *code, struct span span, const char *format,
							      va_list args)
{
	struct diag *diag;

	if (severity == SEVERITY_ERROR)
		diags->errors++;
	if (diags->count == DIAGS_MAX) {
		diags->overflow = true;
		return &diags->spare;
	}
	diag = arena_push(diags->arena, diags);
	*diag = (struct diag){
		.severity = severity,
		.code = code,
		.span = span,
		.message = arena_vprintf(diags->arena, format, args),
	};
	return diag;
}

struct diag *diag_error(struct diags *diags, const char *code, struct span span, const char *format, ...)
{
	struct diag *diag;
	va_list args;

	va_start(args, format);
	diag = add(diags, SEVERITY_ERROR, code, span, format, args);
	va_end(args);
	return diag;
}

struct diag *diag_warning(struct diags *diags, const char *code, struct span span, const char *format, ...)
{
	struct diag *diag;
	va_list args;

	va_start(args, format);
	diag = add(diags, SEVERITY_WARNING, code, span, format, args);
	va_end(args);
	return diag;
}

/* What is dropped costs no memory: hostile input may bring millions. */
__attribute__((format(printf, 3, 0))) static void set_text(struct diags *diags, const struct diag *diag,
							   const char *format, va_list args, const char **ret)
{
	if (diag != &diags->spare)
		*ret = arena_vprintf(diags->arena, format, args);
}

void diag_note(struct diags *diags, struct diag *diag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_text(diags, diag, format, args, &diag->note);
	va_end(args);
}

void diag_help(struct diags *diags, struct diag *diag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_text(diags, diag, format, args, &diag->help);
	va_end(args);
}
