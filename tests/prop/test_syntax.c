/* test_syntax.c - parse(print(p)) = p, and what is canonical stays as it is. */
#include <string.h>

#include "ast_equal.h"
#include "gen_policy.h"
#include "harness/tap.h"
#include "policy/parse.h"

#define POLICIES 20000
#define STREAM_SIZE 4096

static struct source source_of(const struct str *text)
{
	return (struct source){ .name = "generated", .text = text->text, .size = text->size };
}

static void show(const char *what, const struct str *text, const struct diags *diags, struct arena *arena)
{
	struct str out;

	str_init(&out, arena);
	diags_print(diags, &out, false);
	fprintf(stderr, "# %s\n%s\n%s\n", what, text->text, out.text);
}

/* One policy through printer and parser. */
static bool survives(const struct ast_file *file, struct arena *arena)
{
	struct str text, again;
	struct source source;
	struct ast_file *parsed;
	struct diags diags;
	const char *difference;

	diags_init(&diags, arena);
	str_init(&text, arena);
	str_init(&again, arena);
	print_file(file, &text);
	source = source_of(&text);
	if (parse_file(&source, arena, &diags, &parsed) < 0) {
		show("what was printed is refused", &text, &diags, arena);
		return false;
	}
	difference = ast_file_difference(file, parsed);
	if (difference) {
		show(difference, &text, &diags, arena);
		return false;
	}
	print_file(parsed, &again);
	if (strcmp(text.text, again.text) != 0)
		show("printed again it is another text", &text, &diags, arena);
	return !strcmp(text.text, again.text);
}

TEST(parse_undoes_print)
{
	uint64_t state = random_seed();
	size_t count = random_count(POLICIES);

	for (size_t i = 0; i < count; i++) {
		uint64_t seed = state;
		uint8_t bytes[STREAM_SIZE];
		struct stream stream = { .data = bytes };
		struct arena *arena = arena_new(0);
		bool good;

		stream.size = 16 + random_next(&state) % (sizeof(bytes) - 16);
		random_fill(&state, bytes, stream.size);
		good = survives(gen_policy_file(&stream, arena), arena);
		arena_free(arena);
		if (!good) {
			fprintf(stderr, "# PROP_SEED=0x%llx\n", (unsigned long long)seed);
			REQUIRE(good);
		}
	}
}

TEST(conditions_by_themselves)
{
	uint64_t state = random_seed();

	for (size_t i = 0; i < random_count(POLICIES); i++) {
		uint8_t bytes[256];
		struct stream stream = { .data = bytes, .size = sizeof(bytes) };
		struct arena *arena = arena_new(0);
		struct ast_cond *cond, *parsed = NULL;
		struct source source;
		struct diags diags;
		struct str text;

		random_fill(&state, bytes, sizeof(bytes));
		cond = gen_policy_cond(&stream, arena);
		diags_init(&diags, arena);
		str_init(&text, arena);
		print_condition(cond, &text);
		source = source_of(&text);
		if (!CHECK_INT(parse_condition(&source, arena, &diags, &parsed), 0) ||
		    !CHECK_STR(ast_cond_difference(cond, parsed), NULL)) {
			show("condition", &text, &diags, arena);
			arena_free(arena);
			return;
		}
		arena_free(arena);
	}
}

/* Bytes of a printed policy changed here and there: whatever the parser takes, print and parse agree on. */
TEST(mutations)
{
	static const char marks[] = "{}(),;\"'\\#\n\r\t @=|&$*:-.0a";
	uint64_t state = random_seed();
	size_t taken = 0;

	for (size_t i = 0; i < random_count(POLICIES); i++) {
		uint8_t bytes[512];
		struct stream stream = { .data = bytes, .size = sizeof(bytes) };
		struct arena *arena = arena_new(0);
		struct source source;
		struct ast_file *parsed;
		struct diags diags;
		struct str text;

		random_fill(&state, bytes, sizeof(bytes));
		diags_init(&diags, arena);
		str_init(&text, arena);
		print_file(gen_policy_file(&stream, arena), &text);
		for (unsigned k = 0; k < 1 + i % 3; k++)
			text.text[random_next(&state) % text.size] = marks[random_next(&state) % (sizeof(marks) - 1)];
		source = source_of(&text);
		if (parse_file(&source, arena, &diags, &parsed) == 0) {
			taken++;
			REQUIRE(survives(parsed, arena));
		} else {
			REQUIRE(diags.errors > 0);
		}
		arena_free(arena);
	}
	CHECK(taken > 0);
	fprintf(stderr, "# %zu of the mutations were policies\n", taken);
}
