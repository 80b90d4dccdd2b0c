/* cbpf_tree.c - the tree of comparisons over ranges of a word: few tests for the values that programs use often.
 *
 * An optimal alphabetic tree by dynamic programming: cost(i..j) = weight(i..j) + min over the cut, the cut searched
 * between those of the two shorter runs (Knuth 1971), which makes it quadratic. Besides thresholds there is one more form:
 * where a run is one leaf but for a few single values, a chain of JEQ picks these out. Because of the chains Knuth's
 * bound is no theorem here; tests/unit/test_cbpf_tree.c holds the result against the exhaustive search. */
#include "plan/cbpf_node.h"

/* Where it would need more than some megabytes, halving by weight does. */
#define OPTIMAL_MAX 1024
/* Longest chain of JEQ, and the longest run that it can cover. */
#define CHAIN_MAX 3
#define CHAIN_RUN_MAX (2 * CHAIN_MAX + 1)
/* An instruction more is worth as much as one step of the rarest range: size decides between trees of like speed. */
#define INSTRUCTION_COST 1
#define CUT_IS_CHAIN UINT16_MAX

struct tree {
	struct graph *graph;
	struct held held;
	const struct range *ranges;
	size_t count;
	const uint64_t *sum; /* sum[i]: weight of the ranges before i */
	uint64_t *cost;      /* by tree_index() */
	uint16_t *cut;       /* first range of the right part, or CUT_IS_CHAIN */
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

/* A run that is @leaf but for single values. */
struct chain {
	node_id leaf;
	size_t odd[CHAIN_MAX]; /* ranges, the heaviest first */
	size_t count;
	uint64_t cost;
};

static bool is_single(const struct tree *tree, size_t at)
{
	const uint32_t next = at + 1 < tree->count ? tree->ranges[at + 1].first : 0;

	return next - tree->ranges[at].first == 1;
}

static bool chain_add(const struct tree *tree, struct chain *chain, size_t odd)
{
	size_t at = chain->count;

	if (chain->count == CHAIN_MAX || !is_single(tree, odd))
		return false;
	for (; at > 0 && tree->ranges[chain->odd[at - 1]].weight < tree->ranges[odd].weight; at--)
		chain->odd[at] = chain->odd[at - 1];
	chain->odd[at] = odd;
	chain->count++;
	return true;
}

static bool chain_of_leaf(const struct tree *tree, size_t first, size_t last, node_id leaf, struct chain *ret)
{
	struct chain chain = { .leaf = leaf };
	uint64_t rest = run_weight(tree, first, last);

	for (size_t i = first; i <= last; i++)
		if (tree->ranges[i].leaf != leaf && !chain_add(tree, &chain, i))
			return false;
	for (size_t i = 0; i < chain.count; i++) {
		chain.cost += rest + INSTRUCTION_COST;
		rest -= tree->ranges[chain.odd[i]].weight;
	}
	*ret = chain;
	return true;
}

/* The cheapest chain for first..last, if there is one. */
static bool chain_find(const struct tree *tree, size_t first, size_t last, struct chain *ret)
{
	bool found = false;

	if (last - first >= CHAIN_RUN_MAX)
		return false;
	/* if there are not too many odd ones, the leaf comes early */
	for (size_t i = first; i <= first + CHAIN_MAX && i <= last; i++) {
		struct chain chain;

		if (!chain_of_leaf(tree, first, last, tree->ranges[i].leaf, &chain) ||
		    (found && ret->cost <= chain.cost))
			continue;
		*ret = chain;
		found = true;
	}
	return found;
}

/* Bounds of the search for the cut of first..last. */
static size_t cut_bound(const struct tree *tree, size_t first, size_t last)
{
	const uint16_t cut = tree->cut[tree_index(tree, first, last)];

	return cut == CUT_IS_CHAIN ? (first + last + 1) / 2 : cut;
}

/* Where Knuth's theorem says to look for the cut, wider on either side: that is how far chains move the optimum. */
static void cut_range(const struct tree *tree, size_t first, size_t last, size_t *ret_low, size_t *ret_high)
{
	size_t left, right;

	*ret_low = first + 1;
	*ret_high = last;
	if (last - first <= CHAIN_RUN_MAX)
		return;
	left = cut_bound(tree, first, last - 1);
	right = cut_bound(tree, first + 1, last);
	if (left > first + 1 + CHAIN_MAX)
		*ret_low = left - CHAIN_MAX;
	if (right + CHAIN_MAX < last && right + CHAIN_MAX >= *ret_low)
		*ret_high = right + CHAIN_MAX;
}

static void tree_solve_run(struct tree *tree, size_t first, size_t last)
{
	const size_t at = tree_index(tree, first, last);
	const uint64_t step = run_weight(tree, first, last) + INSTRUCTION_COST;
	uint64_t best = UINT64_MAX;
	const uint64_t *left, *right;
	struct chain chain;
	size_t low, high;

	cut_range(tree, first, last, &low, &high);
	left = &tree->cost[tree_index(tree, first, low - 1)];
	right = &tree->cost[tree_index(tree, low, last)];
	for (size_t cut = low; cut <= high; cut++) {
		const uint64_t cost = *left + *right + step;

		if (cost < best) {
			best = cost;
			tree->cut[at] = (uint16_t)cut;
		}
		left++;
		right += tree->count - cut - 1; /* one row down */
	}
	if (chain_find(tree, first, last, &chain) && chain.cost <= best) {
		best = chain.cost;
		tree->cut[at] = CUT_IS_CHAIN;
	}
	tree->cost[at] = best;
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

static node_id chain_build(struct tree *tree, const struct chain *chain)
{
	node_id node = chain->leaf;

	for (size_t i = chain->count; i-- > 0;) {
		const struct range *range = &tree->ranges[chain->odd[i]];

		node = graph_test(tree->graph, tree->held, BPF_JEQ, range->first, range->leaf, node);
	}
	return node;
}

static node_id tree_build(struct tree *tree, size_t first, size_t last)
{
	struct chain chain;
	size_t cut;
	node_id right;

	if (first == last)
		return tree->ranges[first].leaf;
	cut = tree->cut ? tree->cut[tree_index(tree, first, last)] : cut_halves(tree, first, last);
	if (cut == CUT_IS_CHAIN && chain_find(tree, first, last, &chain))
		return chain_build(tree, &chain);
	right = tree_build(tree, cut, last);
	return graph_test(tree->graph, tree->held, BPF_JGE, tree->ranges[cut].first, right,
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
