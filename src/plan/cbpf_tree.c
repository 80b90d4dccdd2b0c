/* cbpf_tree.c - the threshold tree over call numbers: few tests for the calls that programs make often.
 *
 * An optimal alphabetic tree by dynamic programming: cost(i..j) = weight(i..j) + min over the cut, the cut searched
 * between those of the two shorter runs (Knuth 1971), which makes it quadratic. One test more than thresholds is used:
 * a single number between two ranges of the same leaf (a hole) needs one JEQ instead of two thresholds; because of the
 * holes Knuth's bound is no theorem here, tests/unit/test_cbpf.c holds the result against the exhaustive search. */
#include "plan/cbpf_node.h"

/* Where it would need more than some megabytes, halving by weight does. */
#define OPTIMAL_MAX 1024
#define HOLE UINT16_MAX

struct tree {
	struct graph *graph;
	struct held held;
	const struct range *ranges;
	size_t count;
	const uint64_t *sum; /* sum[i]: weight of the ranges before i */
	uint64_t *cost;      /* by tree_index() */
	uint16_t *cut;       /* first range of the right part, or HOLE */
};

static uint64_t run_weight(const struct tree *tree, size_t first, size_t last)
{
	return tree->sum[last + 1] - tree->sum[first];
}

/* Runs first..last in a triangle, row by row. */
static size_t tree_index(const struct tree *tree, size_t first, size_t last)
{
	return first * tree->count - first * (first + 1) / 2 + last;
}

static bool is_hole(const struct tree *tree, size_t first, size_t last)
{
	const struct range *r = &tree->ranges[first];

	return last == first + 2 && r[0].leaf == r[2].leaf && r[2].first - r[1].first == 1;
}

/* Bounds of the search for the cut of first..last. Runs of two and holes have no choice of their own. */
static size_t cut_bound(const struct tree *tree, size_t first, size_t last)
{
	const uint16_t cut = tree->cut[tree_index(tree, first, last)];

	return cut == HOLE ? first + 1 : cut;
}

static void tree_solve_run(struct tree *tree, size_t first, size_t last)
{
	const size_t at = tree_index(tree, first, last);
	size_t low = first + 1, high = last;
	uint64_t best = UINT64_MAX;

	if (is_hole(tree, first, last)) {
		tree->cost[at] = run_weight(tree, first, last);
		tree->cut[at] = HOLE;
		return;
	}
	if (last - first > 2) {
		/* one wider on either side than the theorem wants: that is where holes move the optimum to */
		const size_t left = cut_bound(tree, first, last - 1), right = cut_bound(tree, first + 1, last);

		low = left > first + 2 ? left - 2 : first + 1;
		high = right + 2 < last ? right + 2 : last;
	}
	for (size_t cut = low; cut <= high; cut++) {
		const uint64_t cost = tree->cost[tree_index(tree, first, cut - 1)] +
				      tree->cost[tree_index(tree, cut, last)];

		if (cost < best) {
			best = cost;
			tree->cut[at] = (uint16_t)cut;
		}
	}
	tree->cost[at] = best + run_weight(tree, first, last);
}

static void tree_solve(struct tree *tree)
{
	const size_t size = tree->count * (tree->count + 1) / 2;

	tree->cost = arena_alloc(tree->graph->arena, size * sizeof(tree->cost[0]));
	tree->cut = arena_alloc(tree->graph->arena, size * sizeof(tree->cut[0]));
	for (size_t length = 2; length <= tree->count; length++)
		for (size_t first = 0; first + length <= tree->count; first++)
			tree_solve_run(tree, first, first + length - 1);
}

/* The cut that halves the weight best. */
static size_t cut_halves(const struct tree *tree, size_t first, size_t last)
{
	const uint64_t target = tree->sum[first] + run_weight(tree, first, last) / 2;
	size_t low = first + 1, high = last;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (tree->sum[middle] < target)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static node_id tree_build(struct tree *tree, size_t first, size_t last)
{
	const struct range *ranges = tree->ranges;
	size_t cut;
	node_id right;

	if (first == last)
		return ranges[first].leaf;
	if (is_hole(tree, first, last))
		return graph_test(tree->graph, tree->held, BPF_JEQ, ranges[first + 1].first, ranges[first + 1].leaf,
				  ranges[first].leaf);
	cut = tree->cut ? tree->cut[tree_index(tree, first, last)] : cut_halves(tree, first, last);
	right = tree_build(tree, cut, last);
	return graph_test(tree->graph, tree->held, BPF_JGE, ranges[cut].first, right,
			  tree_build(tree, first, cut - 1));
}

node_id graph_tree(struct graph *graph, struct held held, const struct ranges *ranges)
{
	struct tree tree = { .graph = graph, .held = held, .ranges = ranges->items, .count = ranges->count };
	uint64_t *sum = arena_alloc(graph->arena, (ranges->count + 1) * sizeof(*sum));

	for (size_t i = 0; i < ranges->count; i++)
		sum[i + 1] = sum[i] + ranges->items[i].weight;
	tree.sum = sum;
	if (ranges->count <= OPTIMAL_MAX)
		tree_solve(&tree);
	return tree_build(&tree, 0, ranges->count - 1);
}
