/* cbpf_tree.c - the tree of comparisons over ranges of a word: few tests for the values that programs use often.
 *
 * An optimal alphabetic tree by dynamic programming: cost(i..j) = weight(i..j) + min over the cut, which by Knuth's
 * theorem (1971) lies between the cuts of i..j-1 and i+1..j; so the time is quadratic. Besides thresholds there is one more
 * form: where ranges are one leaf but for a few single values, a chain of JEQ picks these out. With one single value the
 * chain takes part in the search (Knuth's bounds are no theorem then). With more it saves instructions, but not
 * steps, and is made beforehand where hardly any step is lost: that leaves less to search. Neither is exact, and
 * tests/unit/test_cbpf_tree.c holds the result against an exhaustive search. */
#include "plan/cbpf_node.h"

/* Where it would need more than some megabytes, halving by weight does. */
#define OPTIMAL_MAX 1024
/* Longest chain of JEQ. What lies behind several must not be asked for often, since thresholds could have told it apart
 * from what else is there. */
#define CHAIN_MAX 3
#define LIGHT_SHARE 64 /* this part of the tree's weight at most */
#define CUT_IS_CHAIN UINT16_MAX
/* Shorter runs may be chains, which have no cut: all cuts are tried. */
#define SHORT_RUN 4

/* Ranges first..last: all are the leaf of the first but for single values. */
struct group {
	size_t first, last;
	size_t odd[CHAIN_MAX]; /* the single ones, the heaviest first */
	size_t odd_count;
	uint64_t weight;
};

struct tree {
	struct graph *graph;
	struct held held;
	const struct ranges *ranges;
	struct group *groups;
	size_t count;
	uint64_t light; /* a weight that is hardly asked for */
	uint64_t *sum;  /* sum[i]: weight of the groups before i */
	uint64_t *cost; /* by tree_index() */
	uint16_t *cut;  /* first group of the right part */
};

/* ---- groups ---- */

static bool is_single(const struct ranges *ranges, size_t at)
{
	return at + 1 < ranges->count && ranges->items[at + 1].first - ranges->items[at].first == 1;
}

/* The next range after @at with the same leaf, if at most @most single values lie between; else @at. */
static size_t next_of_leaf(const struct ranges *ranges, size_t at, size_t most)
{
	for (size_t next = at + 1; next <= at + most && is_single(ranges, next); next++)
		if (ranges->items[next + 1].leaf == ranges->items[at].leaf)
			return next + 1;
	return at;
}

static void group_add_odd(const struct ranges *ranges, struct group *group, size_t odd)
{
	size_t at = group->odd_count++;

	for (; at > 0 && ranges->items[group->odd[at - 1]].weight < ranges->items[odd].weight; at--)
		group->odd[at] = group->odd[at - 1];
	group->odd[at] = odd;
}

/* Take what follows the group's last range into it, up to @next. */
static void group_extend(const struct ranges *ranges, struct group *group, size_t next)
{
	for (size_t at = group->last + 1; at <= next; at++) {
		group->weight += ranges->items[at].weight;
		if (at < next)
			group_add_odd(ranges, group, at);
	}
	group->last = next;
}

/* The longest light group from @at on. */
static struct group group_find(const struct tree *tree, size_t at)
{
	const struct ranges *ranges = tree->ranges;
	struct group group = { .first = at, .last = at, .weight = ranges->items[at].weight };

	while (group.odd_count < CHAIN_MAX && group.weight <= tree->light) {
		struct group longer = group;

		group_extend(ranges, &longer, next_of_leaf(ranges, group.last, CHAIN_MAX - group.odd_count));
		if (longer.last == group.last || longer.weight > tree->light)
			break;
		group = longer;
	}
	return group;
}

static void make_groups(struct tree *tree)
{
	const struct ranges *ranges = tree->ranges;

	for (size_t at = 0; at < ranges->count; at++)
		tree->light += ranges->items[at].weight;
	tree->light /= LIGHT_SHARE;
	for (size_t at = 0; at < ranges->count; at = tree->groups[tree->count++].last + 1) {
		tree->groups[tree->count] = group_find(tree, at);
		tree->sum[tree->count + 1] = tree->sum[tree->count] + tree->groups[tree->count].weight;
	}
}

/* ---- the best cuts ---- */

static uint64_t run_weight(const struct tree *tree, size_t first, size_t last)
{
	return tree->sum[last + 1] - tree->sum[first];
}

/* Runs first..last in a triangle, row by row. */
static size_t tree_index(const struct tree *tree, size_t first, size_t last)
{
	return first * tree->count - first * (first + 1) / 2 + last;
}

/* Three groups, the first and the last the same leaf, between them a single value. */
static bool is_chain(const struct tree *tree, size_t first, size_t last)
{
	const struct group *groups = &tree->groups[first];
	const struct range *ranges = tree->ranges->items;

	return last - first == 2 && groups[0].odd_count + groups[1].odd_count + groups[2].odd_count == 0 &&
	       ranges[groups[0].first].leaf == ranges[groups[2].first].leaf && is_single(tree->ranges, groups[1].first);
}

/* Run first..last from the shorter ones; @at and @below: places of first..last and first+1..last. */
static void tree_solve_run(struct tree *tree, size_t first, size_t last, size_t at, size_t below)
{
	const bool is_short = last - first < SHORT_RUN;
	const size_t one = is_short ? first + 1 : tree->cut[at - 1], other = is_short ? last : tree->cut[below];
	const size_t low = one < other ? one : other, high = one < other ? other : one;
	const uint64_t *left = &tree->cost[at - last + low - 1], *right = &tree->cost[tree_index(tree, low, last)];
	uint64_t best = UINT64_MAX;

	for (size_t cut = low; cut <= high; cut++) {
		const uint64_t cost = *left + *right;

		if (cost < best) {
			best = cost;
			tree->cut[at] = (uint16_t)cut;
		}
		left++;
		right += tree->count - cut - 1; /* one row down */
	}
	if (is_chain(tree, first, last)) {
		best = 0;
		tree->cut[at] = CUT_IS_CHAIN;
	}
	tree->cost[at] = best + run_weight(tree, first, last);
}

static void tree_solve(struct tree *tree)
{
	const size_t size = tree->count * (tree->count + 1) / 2;

	tree->cost = arena_alloc(tree->graph->arena, size * sizeof(tree->cost[0]));
	tree->cut = arena_alloc(tree->graph->arena, size * sizeof(tree->cut[0]));
	for (size_t first = tree->count; first-- > 0;) {
		const size_t row = tree_index(tree, first, 0), row_below = tree_index(tree, first + 1, 0);

		for (size_t last = first + 1; last < tree->count; last++)
			tree_solve_run(tree, first, last, row + last, row_below + last);
	}
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

/* ---- as a graph ---- */

static node_id group_build(const struct tree *tree, const struct group *group)
{
	const struct range *ranges = tree->ranges->items;
	node_id node = ranges[group->first].leaf;

	for (size_t i = group->odd_count; i-- > 0;) {
		const struct range *odd = &ranges[group->odd[i]];

		node = graph_test(tree->graph, tree->held, BPF_JEQ, odd->first, odd->leaf, node);
	}
	return node;
}

static node_id tree_build(const struct tree *tree, size_t first, size_t last)
{
	size_t cut;
	node_id right;

	if (first == last)
		return group_build(tree, &tree->groups[first]);
	cut = tree->cut ? tree->cut[tree_index(tree, first, last)] : cut_halves(tree, first, last);
	if (cut == CUT_IS_CHAIN) {
		struct group chain = tree->groups[first];

		group_extend(tree->ranges, &chain, tree->groups[last].last);
		return group_build(tree, &chain);
	}
	right = tree_build(tree, cut, last);
	return graph_test(tree->graph, tree->held, BPF_JGE, tree->ranges->items[tree->groups[cut].first].first, right,
			  tree_build(tree, first, cut - 1));
}

node_id graph_tree(struct graph *graph, struct held held, const struct ranges *ranges)
{
	struct tree tree = { .graph = graph, .held = held, .ranges = ranges };

	tree.groups = arena_alloc(graph->arena, ranges->count * sizeof(tree.groups[0]));
	tree.sum = arena_alloc(graph->arena, (ranges->count + 1) * sizeof(tree.sum[0]));
	make_groups(&tree);
	if (tree.count <= OPTIMAL_MAX)
		tree_solve(&tree);
	return tree_build(&tree, 0, tree.count - 1);
}
