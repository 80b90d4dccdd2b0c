/* What holds at a place, looked up by path and by object, is what comes out when every node is looked at. */
#include <string.h>

#include "generate.h"
#include "plan/planner.h"
#include "tap.h"

#define ROUNDS 2000
#define BYTES 8192
#define NODES 12
#define OBJECTS 6

/* ---- the meaning, node by node ---- */

static int steps_above(const struct host_object *object, const struct object_ids *chain)
{
	const struct object_id *id = object->chain.items;

	if (!object->chain.count || !id->inode)
		return -1;
	for (size_t i = 0; i < chain->count; i++)
		if (chain->items[i].inode == id->inode && chain->items[i].device == id->device)
			return (int)i;
	return -1;
}

static bool covers(const struct tree_node *outer, const struct tree_node *inner)
{
	const int above = outer->object && inner->object ? steps_above(outer->object, &inner->object->chain) : -1;

	if (!strcmp(outer->path, inner->path) || above == 0)
		return outer->subtree || !inner->subtree;
	return outer->subtree && (above > 0 || path_below(inner->path, outer->path));
}

static uint32_t effective(const struct tree_nodes *nodes, const struct tree_node *node, bool *ret_exec)
{
	uint32_t operations = 0;

	*ret_exec = false;
	for (size_t i = 0; i < nodes->count; i++)
		if (covers(&nodes->items[i], node)) {
			operations |= nodes->items[i].operations;
			*ret_exec |= nodes->items[i].exec;
		}
	return operations;
}

/* ---- random nodes: few names, so that they meet ---- */

static const char *random_path(struct stream *stream, struct arena *arena)
{
	static const char *const names[] = { "a", "ab", "b", "c" };
	const char *path = "";

	for (unsigned left = stream_below(stream, 4); left; left--)
		path = arena_printf(arena, "%s/%s", path, names[stream_below(stream, ARRAY_SIZE(names))]);
	return *path ? path : "/";
}

/* Ids of few objects; 0: of nothing. Also chains that no file system has. */
static const struct host_object *random_object(struct stream *stream, struct arena *arena)
{
	struct host_object *object;

	if (stream_once_in(stream, 4))
		return NULL;
	object = arena_new_of(arena, struct host_object);
	for (unsigned left = stream_below(stream, 5); left; left--)
		*arena_push(arena, &object->chain) = (struct object_id){ stream_below(stream, 2),
									 stream_below(stream, OBJECTS) };
	return object;
}

static struct tree_node random_node(struct stream *stream, struct arena *arena)
{
	return (struct tree_node){ .path = random_path(stream, arena),
				   .subtree = stream_below(stream, 2),
				   .operations = 1u << stream_below(stream, 10),
				   .exec = stream_once_in(stream, 4),
				   .object = random_object(stream, arena) };
}

/* Twice, so that what was forgotten is seen to be. */
static void check(struct stream *stream, struct arena *arena, struct tree_nodes *nodes)
{
	tree_nodes_clear(nodes);
	for (unsigned i = 0; i < NODES; i++) {
		const struct tree_node node = random_node(stream, arena);

		tree_nodes_add(nodes, arena, &node);
	}
	for (unsigned i = 0; i < 2 * NODES; i++) {
		const struct tree_node node = random_node(stream, arena);
		bool exec, wanted_exec;

		CHECK_INT(planner_effective(nodes, &node, &exec), effective(nodes, &node, &wanted_exec));
		CHECK_INT(exec, wanted_exec);
	}
}

TEST(effective_is_the_union_of_what_covers)
{
	uint64_t state = random_seed();

	for (size_t round = 0; round < random_count(ROUNDS); round++) {
		struct arena *arena = arena_new(0);
		struct tree_nodes nodes = { 0 };
		uint8_t bytes[BYTES];
		struct stream stream = { .data = bytes, .size = sizeof(bytes) };

		random_fill(&state, bytes, sizeof(bytes));
		check(&stream, arena, &nodes);
		check(&stream, arena, &nodes);
		arena_free(arena);
	}
}
