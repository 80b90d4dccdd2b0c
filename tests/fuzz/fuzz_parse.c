/* fuzz_parse.c - any bytes as a policy: the parser ends, says why when it refuses, and what it takes survives printing.
 * The same bytes are tried as a file, as the lines of a profile, as a condition and as a request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "policy/parse.h"
#include "prop/ast_equal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "fuzz_parse: %s\n", what);
	abort();
}

static struct source source_of(const struct str *text)
{
	return (struct source){ .name = "printed", .text = text->text, .size = text->size };
}

/* What people are shown: only characters that they can see. */
static void check_text(const struct str *text)
{
	for (size_t i = 0, length; i < text->size; i += length) {
		uint32_t character;

		length = utf8_decode(text->text + i, text->size - i, &character);
		must(length > 0, "diagnostics are not UTF-8");
		must(character == '\n' || !character_hidden(character), "diagnostics hold a hidden character");
	}
}

static void check_diags(const struct diags *diags, struct arena *arena)
{
	struct json json;
	struct str out;

	must(diags->errors > 0, "refused without a reason");
	str_init(&out, arena);
	diags_print(diags, &out, false);
	check_text(&out);
	str_init(&out, arena);
	json_init(&json, &out, true);
	diags_json(diags, &json);
	check_text(&out);
	must(json.depth == 0, "JSON is not closed");
}

static void try_file(const struct source *source, struct arena *arena, struct diags *diags)
{
	struct ast_file *file, *again;
	struct str text, second;
	struct source printed;
	struct json json;

	if (parse_file(source, arena, diags, &file) < 0) {
		check_diags(diags, arena);
		return;
	}
	str_init(&text, arena);
	print_file(file, &text);
	printed = source_of(&text);
	must(parse_file(&printed, arena, diags, &again) == 0, "what was printed is refused");
	must(!ast_file_difference(file, again), "what was printed says something else");
	str_init(&second, arena);
	print_file(again, &second);
	must(!strcmp(text.text, second.text), "printed again it is another text");
	str_init(&text, arena);
	json_init(&json, &text, false);
	ast_json(file, &json);
	must(json.depth == 0, "JSON is not closed");
}

static void try_statements(const struct source *source, struct arena *arena, struct diags *diags)
{
	struct ast_block block, again;
	struct source printed;
	struct str text;

	if (parse_statements(source, arena, diags, &block) < 0)
		return;
	str_init(&text, arena);
	for (size_t i = 0; i < block.count; i++)
		print_statement(block.items[i], 0, &text);
	printed = source_of(&text);
	must(parse_statements(&printed, arena, diags, &again) == 0, "printed statements are refused");
	block.comment_end = NULL;
	must(!ast_block_difference(&block, &again), "printed statements say something else");
}

static void try_condition(const struct source *source, struct arena *arena, struct diags *diags)
{
	struct ast_cond *cond, *again;
	struct source printed;
	struct str text;

	if (parse_condition(source, arena, diags, &cond) < 0)
		return;
	str_init(&text, arena);
	print_condition(cond, &text);
	printed = source_of(&text);
	must(parse_condition(&printed, arena, diags, &again) == 0, "a printed condition is refused");
	must(!ast_cond_difference(cond, again), "a printed condition says something else");
}

static void try_request(const struct source *source, struct arena *arena, struct diags *diags)
{
	struct ast_request request, again;
	struct source printed;
	struct str text;

	if (parse_request(source, arena, diags, &request) < 0)
		return;
	str_init(&text, arena);
	print_request(&request, &text);
	printed = source_of(&text);
	must(parse_request(&printed, arena, diags, &again) == 0, "a printed request is refused");
	must(!ast_request_difference(&request, &again), "a printed request says something else");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(const struct source *source, struct arena *arena,
				     struct diags *diags) = { try_file, try_statements, try_condition, try_request };
	const struct source source = { .name = "input", .text = size ? (const char *)data : "", .size = size };

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct arena *arena = arena_new(0);
		struct diags diags;

		must(arena != NULL, "no memory");
		diags_init(&diags, arena);
		tries[i](&source, arena, &diags);
		arena_free(arena);
	}
	return 0;
}
