/* test_cbpf_overlay.c - trees that share with others say what their own ranges say, and share. */
#include <stdlib.h>

#include "plan/cbpf_node.h"
#include "tap.h"

#define NUMBERS 400

static const struct held whole = { 0, UINT32_MAX };

static node_id follow(const struct graph *graph, node_id at, uint32_t value)
{
	while (BPF_CLASS(graph->items[at].code) == BPF_JMP) {
		const struct node *node = &graph->items[at];

		at = node->to[BPF_OP(node->code) == BPF_JEQ ? value == node->k : value >= node->k];
	}
	return at;
}

/* Ranges of values 0..NUMBERS - 1, whose leaves are @leaf[value]. */
static struct ranges ranges_of(struct graph *graph, const uint8_t leaf[NUMBERS])
{
	struct ranges ranges = { 0 };

	for (uint32_t value = 0; value < NUMBERS; value++) {
		const node_id id = graph_return(graph, 0x50000U + leaf[value]);

		if (value == 0 || leaf[value] != leaf[value - 1])
			*arena_push(graph->arena, &ranges) = (struct range){ value, id, 1 + (uint64_t)rand() % 20000 };
	}
	return ranges;
}

static void random_leaves(uint8_t ret[NUMBERS], unsigned longest)
{
	for (unsigned at = 0; at < NUMBERS;) {
		const uint8_t leaf = (uint8_t)(rand() % 3);

		for (unsigned length = 1 + (unsigned)rand() % longest; length > 0 && at < NUMBERS; length--)
			ret[at++] = leaf;
	}
}

static bool says(const struct graph *graph, node_id tree, const uint8_t leaf[NUMBERS])
{
	for (uint32_t value = 0; value < NUMBERS; value++)
		if (graph->items[follow(graph, tree, value)].k != 0x50000U + leaf[value])
			return false;
	return graph->items[follow(graph, tree, UINT32_MAX)].k == 0x50000U + leaf[NUMBERS - 1];
}

TEST(overlay_says_what_its_ranges_say)
{
	for (unsigned round = 0; round < 400; round++) {
		struct arena *arena = arena_new(0);
		uint8_t old[NUMBERS], new[NUMBERS];
		struct ranges old_ranges, new_ranges;
		struct graph graph;
		node_id tree;

		graph_init(&graph, arena);
		random_leaves(old, 1 + round % 30);
		random_leaves(new, 1 + round % 30);
		/* from quite another function to nearly the same */
		for (unsigned value = 0; value < NUMBERS; value++)
			if ((unsigned)rand() % 400 < round)
				new[value] = old[value];
		old_ranges = ranges_of(&graph, old);
		new_ranges = ranges_of(&graph, new);
		tree = graph_tree(&graph, whole, &old_ranges);
		REQUIRE(says(&graph, tree, old));
		CHECK(says(&graph, graph_overlay(&graph, whole, tree, &new_ranges), new));
		arena_free(arena);
	}
}

TEST(overlay_shares)
{
	struct arena *arena = arena_new(0);
	uint8_t leaves[NUMBERS];
	struct ranges ranges;
	struct graph graph;
	node_id tree;
	size_t before;

	graph_init(&graph, arena);
	random_leaves(leaves, 8);
	ranges = ranges_of(&graph, leaves);
	tree = graph_tree(&graph, whole, &ranges);
	CHECK_INT(graph_overlay(&graph, whole, tree, &ranges), tree);
	/* one other value: the way to it, and what stands there */
	leaves[200] = 7;
	ranges = ranges_of(&graph, leaves);
	before = graph.count;
	CHECK(says(&graph, graph_overlay(&graph, whole, tree, &ranges), leaves));
	CHECK(graph.count - before < 30);
	arena_free(arena);
}

TEST(last_is_replaced)
{
	struct arena *arena = arena_new(0);
	uint8_t leaves[NUMBERS];
	struct ranges ranges;
	struct graph graph;
	node_id tree;

	graph_init(&graph, arena);
	random_leaves(leaves, 8);
	for (unsigned value = 300; value < NUMBERS; value++)
		leaves[value] = 7;
	ranges = ranges_of(&graph, leaves);
	tree = graph_tree(&graph, whole, &ranges);
	tree = graph_replace_last(&graph, whole, tree, graph_return(&graph, 0x50009));
	for (unsigned value = 300; value < NUMBERS; value++)
		leaves[value] = 9;
	CHECK(says(&graph, tree, leaves));
	arena_free(arena);
}
