/* fuzz_print.c - any AST, made of the input by gen_policy.c: its text is taken by the parser and says the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/parse.h"
#include "prop/ast_equal.h"
#include "prop/gen_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held, const char *what, const struct str *text)
{
	if (held)
		return;
	fprintf(stderr, "fuzz_print: %s\n%s\n", what, text->text);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream stream = { .data = data, .size = size };
	struct arena *arena = arena_new(0);
	struct ast_file *file, *parsed;
	struct source source = { .name = "printed" };
	struct diags diags;
	struct str text, again;

	if (!arena)
		abort();
	diags_init(&diags, arena);
	str_init(&text, arena);
	str_init(&again, arena);
	file = gen_policy_file(&stream, arena);
	print_file(file, &text);
	source.text = text.text;
	source.size = text.size;
	must(parse_file(&source, arena, &diags, &parsed) == 0, "what was printed is refused", &text);
	must(!ast_file_difference(file, parsed), "what was printed says something else", &text);
	print_file(parsed, &again);
	must(!strcmp(text.text, again.text), "printed again it is another text", &again);
	arena_free(arena);
	return 0;
}
