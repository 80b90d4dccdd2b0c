/* plan_reach.c - the patterns of a layer's grants, found by where they reach: a question about one pattern looks at those
 * that could have to do with it, not at all.
 *
 * Two patterns can meet by their text only when the root of one lies at or below the other's; and by their objects only
 * when one object lies in the other, by its path or by what holds it. */
#include "plan/planner.h"

#include <stdlib.h>
#include <string.h>

/* Below that many patterns the lists cost more than they save. */
#define LISTS_MIN 128

struct reach {
	size_t rule;
	const struct pattern *pattern;
	const struct host_object *object;
	uint32_t next[3]; /* of the same root, real path, object; place + 1 */
};

/* What the lists are about. */
enum reach_key { KEY_ROOT, KEY_REAL, KEY_OBJECT, KEY_COUNT };

struct holder {
	uint32_t reach, next; /* place + 1 */
};

struct reaches {
	struct reach *items;
	size_t count, capacity;
	bool has_lists;
	struct map first[KEY_COUNT];   /* place of the first + 1 */
	const struct reach **below[2]; /* sorted by root, by real path */
	struct {
		struct holder *items;
		size_t count, capacity;
	} holders;
	struct map held; /* per object: what lies in it; place in holders + 1 */
};

/* ---- made ---- */

static void enlist(struct reaches *reaches, struct arena *arena, size_t at, enum reach_key key, const void *data,
		   size_t size)
{
	uint32_t *first = map_at(&reaches->first[key], arena, data, size);

	reaches->items[at].next[key] = *first;
	*first = (uint32_t)at + 1;
}

static void add_holders(struct reaches *reaches, struct arena *arena, size_t at, const struct object_ids *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		uint32_t *first = map_at(&reaches->held, arena, &chain->items[i], sizeof(chain->items[i]));

		*arena_push(arena, &reaches->holders) = (struct holder){ (uint32_t)at + 1, *first };
		*first = (uint32_t)reaches->holders.count;
	}
}

static void add_lists(struct reaches *reaches, struct arena *arena, size_t at)
{
	const struct reach *reach = &reaches->items[at];
	const struct object_ids *chain = &reach->object->chain;

	enlist(reaches, arena, at, KEY_ROOT, reach->pattern->root, strlen(reach->pattern->root));
	enlist(reaches, arena, at, KEY_REAL, reach->object->real, strlen(reach->object->real));
	if (chain->count)
		enlist(reaches, arena, at, KEY_OBJECT, &chain->items[0], sizeof(chain->items[0]));
	add_holders(reaches, arena, at, chain);
}

static const char *path_of(const struct reach *reach, enum reach_key key)
{
	return key == KEY_ROOT ? reach->pattern->root : reach->object->real;
}

static int by_root(const void *a, const void *b)
{
	return strcmp(path_of(*(const struct reach *const *)a, KEY_ROOT),
		      path_of(*(const struct reach *const *)b, KEY_ROOT));
}

static int by_real(const void *a, const void *b)
{
	return strcmp(path_of(*(const struct reach *const *)a, KEY_REAL),
		      path_of(*(const struct reach *const *)b, KEY_REAL));
}

static void make_lists(struct reaches *reaches, struct arena *arena)
{
	static int (*const orders[2])(const void *, const void *) = { by_root, by_real };

	for (size_t i = 0; i < reaches->count; i++)
		add_lists(reaches, arena, i);
	for (int key = 0; key < 2; key++) {
		reaches->below[key] = arena_alloc(arena, reaches->count * sizeof(*reaches->below[key]));
		for (size_t i = 0; i < reaches->count; i++)
			reaches->below[key][i] = &reaches->items[i];
		qsort(reaches->below[key], reaches->count, sizeof(*reaches->below[key]), orders[key]);
	}
	reaches->has_lists = true;
}

static const struct reaches *find_reaches(struct planner *p)
{
	struct reaches *reaches = p->reaches;

	if (reaches)
		return reaches;
	p->reaches = reaches = arena_new_of(p->arena, struct reaches);
	for (size_t i = 0; i < p->layer->rules.count; i++) {
		const struct rule *rule = &p->layer->rules.items[i];

		if ((rule->class != REQUEST_FILE && rule->class != REQUEST_EXEC) || rule->verdict.kind != VERDICT_ALLOW)
			continue;
		for (size_t k = 0; k < rule->objects.count; k++)
			*arena_push(p->arena,
				    reaches) = (struct reach){ .rule = i,
							       .pattern = &rule->objects.items[k],
							       .object = planner_object(p, &rule->objects.items[k]) };
	}
	if (reaches->count >= LISTS_MIN)
		make_lists(reaches, p->arena);
	return reaches;
}

/* ---- asked ---- */

struct question {
	const struct reaches *reaches;
	reach_test *test;
	void *context;
};

static bool answer(const struct question *question, const struct reach *reach)
{
	return question->test(reach->rule, reach->pattern, question->context);
}

static bool any_at_all(const struct question *question)
{
	for (size_t i = 0; i < question->reaches->count; i++)
		if (answer(question, &question->reaches->items[i]))
			return true;
	return false;
}

static bool any_of(const struct question *question, enum reach_key key, const void *data, size_t size)
{
	const uint32_t *first = map_find(&question->reaches->first[key], data, size);

	for (uint32_t at = first ? *first : 0; at; at = question->reaches->items[at - 1].next[key])
		if (answer(question, &question->reaches->items[at - 1]))
			return true;
	return false;
}

/* Those whose path is @path or leads to it. */
static bool any_above(const struct question *question, enum reach_key key, const char *path)
{
	for (size_t size = strlen(path); size > 1; size--)
		if ((!path[size] || path[size] == '/') && any_of(question, key, path, size))
			return true;
	return any_of(question, key, "/", 1);
}

/* Those whose path lies below @path. Between them stand only paths that begin like it ("/a-b" before "/a/b"). */
static bool any_below(const struct question *question, enum reach_key key, const char *path)
{
	const struct reach *const *sorted = question->reaches->below[key];
	const size_t size = strcmp(path, "/") ? strlen(path) : 0;
	size_t low = 0, high = question->reaches->count;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (strcmp(path_of(sorted[middle], key), path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < question->reaches->count && !strncmp(path_of(sorted[low], key), path, size); low++)
		if (path_below(path_of(sorted[low], key), path) && answer(question, sorted[low]))
			return true;
	return false;
}

static bool any_held(const struct question *question, const struct object_id *id)
{
	const uint32_t *first = map_find(&question->reaches->held, id, sizeof(*id));

	for (uint32_t at = first ? *first : 0; at; at = question->reaches->holders.items[at - 1].next)
		if (answer(question, &question->reaches->items[question->reaches->holders.items[at - 1].reach - 1]))
			return true;
	return false;
}

bool planner_any_root_above(struct planner *p, const struct pattern *pattern, reach_test *test, void *context)
{
	const struct question question = { find_reaches(p), test, context };

	return question.reaches->has_lists ? any_above(&question, KEY_ROOT, pattern->root) : any_at_all(&question);
}

bool planner_any_meeting(struct planner *p, const struct pattern *pattern, reach_test *test, void *context)
{
	const struct question question = { find_reaches(p), test, context };
	const struct host_object *object = planner_object(p, pattern);

	if (!question.reaches->has_lists)
		return any_at_all(&question);
	if (any_above(&question, KEY_ROOT, pattern->root) || any_above(&question, KEY_REAL, object->real))
		return true;
	for (size_t i = 0; i < object->chain.count; i++)
		if (any_of(&question, KEY_OBJECT, &object->chain.items[i], sizeof(object->chain.items[i])))
			return true;
	/* one path has nothing below it */
	if (pattern->literal_root && !pattern->subtree)
		return false;
	return any_below(&question, KEY_ROOT, pattern->root) || any_below(&question, KEY_REAL, object->real) ||
	       (object->chain.count && any_held(&question, &object->chain.items[0]));
}
