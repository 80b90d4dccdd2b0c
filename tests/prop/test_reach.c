/* Grants found by where they reach are those that come out when all are looked at. */
#include <stdlib.h>
#include <string.h>

#include "generate.h"
#include "plan/planner.h"
#include "tap.h"

#define ROUNDS 150
#define BYTES 32768
#define FEW 20   /* all are looked at */
#define MANY 200 /* lists are made */
#define QUESTIONS 60

static const char *random_path(struct stream *stream, struct arena *arena)
{
	static const char *const names[] = { "a", "a-b", "b", "c", "d" };
	const char *path = "";

	for (uint32_t left = stream_below(stream, 5); left; left--)
		path = arena_printf(arena, "%s/%s", path, names[stream_below(stream, ARRAY_SIZE(names))]);
	return *path ? path : "/";
}

static struct pattern random_pattern(struct stream *stream, struct arena *arena)
{
	static const char *const ends[] = { "", "", "/**", "/**", "/*", "/x*", "/**/b" };
	const char *path = random_path(stream, arena), *end = ends[stream_below(stream, ARRAY_SIZE(ends))], *why;
	struct pattern pattern;

	if (!strcmp(path, "/") && *end)
		path = "";
	REQUIRE(pattern_parse(arena, arena_printf(arena, "%s%s", path, end), &pattern, &why) == 0);
	return pattern;
}

/* What is behind a root: often itself, sometimes elsewhere, with ids that others have too. */
static void add_object(struct stream *stream, struct arena *arena, struct host_facts *facts, const char *root)
{
	struct host_object object = { .path = root, .real = root, .type = OBJECT_DIRECTORY };

	for (size_t i = 0; i < facts->count; i++)
		if (!strcmp(facts->items[i].path, root))
			return;
	if (stream_once_in(stream, 4))
		object.real = random_path(stream, arena);
	for (uint32_t left = stream_below(stream, 4); left; left--)
		*arena_push(arena, &object.chain) = (struct object_id){ 1, stream_below(stream, 12) };
	*arena_push(arena, facts) = object;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct host_object *)a)->path, ((const struct host_object *)b)->path);
}

struct question {
	struct planner *p;
	const struct pattern *pattern;
};

static bool meets(size_t rule, const struct pattern *pattern, void *context)
{
	const struct question *question = context;

	(void)rule;
	return planner_patterns_meet(question->p, question->pattern, pattern);
}

static bool covers(size_t rule, const struct pattern *pattern, void *context)
{
	const struct question *question = context;

	(void)rule;
	return pattern->literal_root && pattern_covers(pattern, question->pattern);
}

static bool any(const struct layer *layer, reach_test *test, struct question *question)
{
	for (size_t i = 0; i < layer->rules.count; i++)
		for (size_t k = 0; k < layer->rules.items[i].objects.count; k++)
			if (test(i, &layer->rules.items[i].objects.items[k], question))
				return true;
	return false;
}

static void check(struct stream *stream, struct arena *arena, size_t count)
{
	struct layer layer = { 0 };
	struct host_facts facts = { 0 };
	struct planner p = { .arena = arena, .layer = &layer, .facts = &facts };
	struct pattern asked[QUESTIONS];

	for (size_t i = 0; i < count; i++) {
		struct rule *rule = arena_push(arena, &layer.rules);

		*rule = (struct rule){ .class = REQUEST_FILE, .verdict.kind = VERDICT_ALLOW };
		*arena_push(arena, &rule->objects) = random_pattern(stream, arena);
		add_object(stream, arena, &facts, rule->objects.items[0].root);
	}
	for (size_t i = 0; i < QUESTIONS; i++) {
		asked[i] = random_pattern(stream, arena);
		add_object(stream, arena, &facts, asked[i].root);
	}
	qsort(facts.items, facts.count, sizeof(*facts.items), by_path);
	for (size_t i = 0; i < QUESTIONS; i++) {
		struct question question = { &p, &asked[i] };

		CHECK_INT(planner_any_meeting(&p, &asked[i], meets, &question), any(&layer, meets, &question));
		if (!asked[i].literal_root)
			CHECK_INT(planner_any_root_above(&p, &asked[i], covers, &question),
				  any(&layer, covers, &question));
	}
}

static void rounds(size_t count)
{
	uint64_t state = random_seed();

	for (size_t round = 0; round < random_count(ROUNDS); round++) {
		struct arena *arena = arena_new(0);
		uint8_t bytes[BYTES];
		struct stream stream = { .data = bytes, .size = sizeof(bytes) };

		random_fill(&state, bytes, sizeof(bytes));
		/* few of many meet nothing: of another size each time */
		check(&stream, arena, stream_below(&stream, (uint32_t)count) + (count == MANY ? MANY : 1));
		arena_free(arena);
	}
}

TEST(few_are_all_looked_at)
{
	rounds(FEW);
}

TEST(of_many_those_that_could_meet)
{
	rounds(MANY);
}
