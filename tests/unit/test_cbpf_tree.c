/* test_cbpf_tree.c - the tree of comparisons against an exhaustive search. */
#include <stdio.h>
#include <stdlib.h>

#include "plan/cbpf_node.h"
#include "tap.h"

#define RANGES 120

static uint64_t walk_cost(const struct graph *graph, node_id root, const struct ranges *ranges)
{
	uint64_t cost = 0;

	for (size_t i = 0; i < ranges->count; i++) {
		const uint32_t nr = ranges->items[i].first;
		node_id at = root;

		while (BPF_CLASS(graph->items[at].code) == BPF_JMP) {
			const struct node *node = &graph->items[at];

			at = node->to[BPF_OP(node->code) == BPF_JEQ ? nr == node->k : nr >= node->k];
			cost += ranges->items[i].weight;
		}
		CHECK_INT(at, ranges->items[i].leaf);
	}
	return cost;
}

/* The cheapest threshold tree there is, holes included, by trying every cut. */
static uint64_t exhaustive_cost(const struct ranges *ranges)
{
	static uint64_t cost[RANGES][RANGES];
	const size_t count = ranges->count;

	for (size_t length = 1; length <= count; length++) {
		for (size_t first = 0; first + length <= count; first++) {
			const size_t last = first + length - 1;
			const struct range *r = &ranges->items[first];
			uint64_t best = length == 1 ? 0 : UINT64_MAX, weight = 0;

			for (size_t cut = first + 1; cut <= last; cut++)
				if (cost[first][cut - 1] + cost[cut][last] < best)
					best = cost[first][cut - 1] + cost[cut][last];
			for (size_t i = first; i <= last && length > 1; i++)
				weight += ranges->items[i].weight;
			if (length == 3 && r[0].leaf == r[2].leaf && r[2].first - r[1].first == 1)
				best = 0;
			cost[first][last] = best + weight;
		}
	}
	return cost[0][count - 1];
}

static void random_ranges(struct graph *graph, struct ranges *ret, unsigned leaves)
{
	const size_t count = 2 + (size_t)rand() % (RANGES - 2);
	uint32_t first = 0;

	for (size_t i = 0; i < count; i++) {
		node_id leaf;

		do
			leaf = graph_return(graph, 0x50001 + (uint32_t)rand() % leaves);
		while (i > 0 && leaf == ret->items[i - 1].leaf);
		*arena_push(graph->arena, ret) =
			(struct range){ first, leaf, 1 + (rand() % 5 == 0 ? (uint64_t)rand() % 2000 * 256 : 0) };
		first += rand() % 2 ? 1 : 2 + (uint32_t)rand() % 20;
	}
}

TEST(tree_is_near_the_optimum)
{
	double worst = 1;

	for (unsigned round = 0; round < 200; round++) {
		struct arena *arena = arena_new(0);
		struct ranges ranges = { 0 };
		struct graph graph;
		node_id root;
		double ratio;

		graph_init(&graph, arena);
		random_ranges(&graph, &ranges, 2 + round % 3);
		root = graph_tree(&graph, (struct held){ 0, UINT32_MAX }, &ranges);
		ratio = (double)walk_cost(&graph, root, &ranges) / (double)exhaustive_cost(&ranges);
		worst = ratio > worst ? ratio : worst;
		arena_free(arena);
	}
	fprintf(stderr, "# worst of 200: %.4f times the optimum\n", worst);
	CHECK(worst <= 1.04);
}

TEST(tree_of_very_many_ranges)
{
	struct arena *arena = arena_new(0);
	struct ranges ranges = { 0 };
	struct graph graph;
	node_id root;

	graph_init(&graph, arena);
	for (uint32_t i = 0; i < 3000; i++)
		*arena_push(arena, &ranges) = (struct range){ 2 * i, graph_return(&graph, i % 3), 1 + i % 7 };
	root = graph_tree(&graph, (struct held){ 0, UINT32_MAX }, &ranges);
	/* log2 of 3000 is 11.6 */
	CHECK(walk_cost(&graph, root, &ranges) < (uint64_t)(3000 * 4 * 13));
	arena_free(arena);
}
