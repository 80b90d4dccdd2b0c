/* fuzz_resolve.c - any text that parses is resolved or refused with a reason; what was resolved can be shown, and means the
 * same when its canonical text is resolved. Its tests and theorems are looked at as well. */
#include <string.h>

#include "world.h"

static void print_model(const struct model *model, struct arena *arena, struct str *ret)
{
	str_init(ret, arena);
	model_print(model, ret);
	must_be_shown(ret);
}

static void check_json(const struct model *model, struct arena *arena)
{
	struct json json;
	struct str out;

	str_init(&out, arena);
	json_init(&json, &out, true);
	model_json(model, &json);
	must(json.depth == 0, "JSON is not closed");
}

/* As `cordon fmt` would write it. */
static void check_again(const struct source *source, const struct str *meaning, struct arena *arena)
{
	struct source printed = { .name = "printed" };
	struct ast_file *file;
	struct model *again;
	struct diags diags;
	struct str text;

	diags_init(&diags, arena);
	must(parse_file(source, arena, &diags, &file) == 0, "what was parsed is refused");
	str_init(&text, arena);
	print_file(file, &text);
	printed.text = text.text;
	printed.size = text.size;
	must(world_model(&printed, arena, &diags, &again) == 0, "the canonical text is refused");
	print_model(again, arena, &text);
	must(text.size == meaning->size && !memcmp(text.text, meaning->text, text.size),
	     "the canonical text means something else");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct source source = { .name = "input", .text = size ? (const char *)data : "", .size = size };
	struct arena *arena = arena_new(0);
	struct model *model;
	struct diags diags;
	struct str meaning;

	must(arena != NULL, "no memory");
	diags_init(&diags, arena);
	if (world_model(&source, arena, &diags, &model) < 0) {
		must_be_explained(&diags, arena);
		arena_free(arena);
		return 0;
	}
	print_model(model, arena, &meaning);
	check_json(model, arena);
	check_again(&source, &meaning, arena);
	if (model_check(model, &diags) < 0)
		must_be_explained(&diags, arena);
	arena_free(arena);
	return 0;
}
