/* fuzz_log.c - any bytes as a log of denials: nothing of them reaches a terminal as it is, what is printed as JSON is read as
 * the same denial, and each line is a denial or is named as none. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/denial_log.h"
#include "cli/denial_print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held, const char *what, const char *text)
{
	if (held)
		return;
	fprintf(stderr, "fuzz_log: %s\n%s\n", what, text);
	abort();
}

static void count_broken(void *context, unsigned long line, const char *why)
{
	must(line > 0 && why, "a broken line has no number or no reason", "");
	++*(size_t *)context;
}

static size_t count_lines(const uint8_t *data, size_t size)
{
	size_t lines = 0;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines + (size > 0 && data[size - 1] != '\n');
}

static bool harmless(const struct str *text)
{
	for (size_t i = 0; i < text->size; i++)
		if (((unsigned char)text->text[i] < 0x20 && text->text[i] != '\n') || text->text[i] == 0x7f)
			return false;
	return true;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void check(const struct denial_record *record, struct arena *arena)
{
	struct denial_record again;
	struct json json;
	struct str text;
	const char *why = "";

	str_init(&text, arena);
	denial_record_list(record, &text);
	if (!record->event)
		denial_record_explain(record, &text);
	must(harmless(&text), "a control character is shown", text.text);
	str_init(&text, arena);
	json_init(&json, &text, false);
	denial_record_json(record, &json);
	must(harmless(&text), "a control character in JSON", text.text);
	must(denial_record_parse(text.text, text.size, arena, &again, &why), why, text.text);
	must(same(record->id, again.id) && same(record->request, again.request) &&
		     same(record->program, again.program) && same(record->fix, again.fix) &&
		     same(record->rule, again.rule) && record->count == again.count &&
		     record->line * !!record->rule == again.line && record->permissive == again.permissive,
	     "it is read as another denial", text.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	struct denial_records records;
	size_t broken = 0;

	if (!arena || (size && !file))
		abort();
	if (file) {
		must(denial_records_read(file, arena, count_broken, &broken, &records) == 0, "it can't be read", "");
		must(records.count + broken <= count_lines(data, size), "more than there was", "");
		must(records.count + broken || !size, "a line was lost", "");
		for (size_t i = 0; i < records.count; i++)
			check(&records.items[i], arena);
		fclose(file);
	}
	arena_free(arena);
	return 0;
}
