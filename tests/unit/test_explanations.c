/* test_explanations.c - the examples in data/diagnostics.tbl are true: of a parser's diagnostic (C01xx) what stands under
 * "Wrong:" is refused with this code, and what stands under "Right:" is taken. */
#include <string.h>

#include "harness/tap.h"
#include "platform/tables.h"
#include "policy/parse.h"

#define EXAMPLE_INDENT 2

/* Examples that can't be written out: bytes that are no text, or too much of it. */
static const char *const described[] = {
	"C0114", "C0115", "C0116", "C0117", "C0118", "C0121", "C0122", "C0123", "C0141"
};

static bool is_described(const char *code)
{
	for (size_t i = 0; i < ARRAY_SIZE(described); i++)
		if (!strcmp(described[i], code))
			return true;
	return false;
}

/* The indented lines below the line that starts with @title. */
static const char *example(const char *explain, const char *title, struct arena *arena)
{
	const char *line = strstr(explain, title);
	struct str out;

	str_init(&out, arena);
	for (line = line ? strchr(line, '\n') : NULL; line && line[1]; line = strchr(line + 1, '\n')) {
		const char *text = line + 1;
		size_t size = strcspn(text, "\n");

		if (size && strncmp(text, "  ", EXAMPLE_INDENT) != 0)
			break;
		str_addn(&out, text + (size ? EXAMPLE_INDENT : 0), size ? size - EXAMPLE_INDENT : 0);
		str_addc(&out, '\n');
	}
	return out.text;
}

/* A whole file, or lines of a profile. */
static int parse(const char *text, bool whole, struct arena *arena, struct diags *diags)
{
	struct source source = { .name = "example", .text = text, .size = strlen(text) };
	struct ast_block block;
	struct ast_file *file;

	return whole ? parse_file(&source, arena, diags, &file) : parse_statements(&source, arena, diags, &block);
}

static bool has_code(const struct diags *diags, const char *code)
{
	for (size_t i = 0; i < diags->count; i++)
		if (!strcmp(diags->items[i].code, code))
			return true;
	return false;
}

static bool is_whole(const char *text)
{
	return !strncmp(text, "cordon", 6) || !strncmp(text, "profile", 7);
}

static void check(const struct diag_info *info)
{
	struct arena *arena = arena_new(0);
	const char *wrong = example(info->explain, "Wrong", arena), *right = example(info->explain, "Right", arena);
	struct diags diags;

	if (!CHECK(*wrong && *right))
		fprintf(stderr, "# %s\n", info->code);
	diags_init(&diags, arena);
	if (!is_described(info->code) &&
	    (!CHECK(parse(wrong, is_whole(wrong), arena, &diags) < 0) || !CHECK(has_code(&diags, info->code))))
		fprintf(stderr, "# %s, wrong:\n%s\n", info->code, wrong);
	diags_init(&diags, arena);
	if (!CHECK(parse(right, is_whole(right), arena, &diags) == 0))
		fprintf(stderr, "# %s, right:\n%s\n", info->code, right);
	arena_free(arena);
}

TEST(parser_examples_are_true)
{
	size_t count = 0;

	for (size_t i = 0; i < diag_info_count; i++)
		if (!strncmp(diag_infos[i].code, "C01", 3)) {
			check(&diag_infos[i]);
			count++;
		}
	CHECK(count >= 50);
}

TEST(titles_are_titles)
{
	for (size_t i = 0; i < diag_info_count; i++) {
		const char *title = diag_infos[i].title;

		CHECK(*title && title[strlen(title) - 1] != '.');
		CHECK(strstr(diag_infos[i].explain, "Wrong") && strstr(diag_infos[i].explain, "Right"));
	}
}
