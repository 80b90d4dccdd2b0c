/* cbpf_simplify.c - comparisons of one word, in whatever order conditions were written, become a tree.
 *
 * `option in {A B C ...}` comes from the conditions as a chain of tests, several rules on one argument as several chains.
 * Behind each load of an argument word, the part of the graph that only compares this word is a function from its
 * values to what comes next. It is piecewise constant: it is evaluated once between any two neighbouring constants, and
 * written anew by graph_tree(). */
#include <stddef.h>
#include <stdlib.h>

#include "plan/cbpf_node.h"

/* More constants than that are left as they stand: evaluating takes quadratic time. All together may take that much. */
#define CONSTANTS_MAX 512
#define WORK_MAX ((size_t)1 << 22)
/* What hangs on the root may shrink here, but not by so much. Bounds the recursion too. */
#define REACHABLE_MAX (2 * CBPF_MAX)

struct simplifier {
	struct graph *graph;
	size_t count;    /* nodes of the old program */
	bool *reachable; /* by old node */
	node_id *entry;  /* new node, by old entry node */
	node_id *inside; /* new node, by old node behind the load at hand */
	uint32_t *stamp; /* whether inside[] belongs to the load (and mask) at hand */
	uint32_t now, next;
	uint64_t constants[CONSTANTS_MAX + 2];
	size_t constant_count;
	size_t work;    /* sum of the squares of constant_count so far */
	uint32_t *seen; /* by old node: constants collected in round @round */
	uint32_t round;
};

static const struct node *old_node(const struct simplifier *s, node_id id)
{
	return &s->graph->items[id];
}

static bool is_comparison(const struct node *node)
{
	return BPF_CLASS(node->code) == BPF_JMP && BPF_OP(node->code) != BPF_JSET && !node->token;
}

static bool is_entry(const struct node *node)
{
	return node->code == GRAPH_LOAD || BPF_CLASS(node->code) == BPF_RET;
}

static unsigned edge_count(const struct node *node)
{
	return BPF_CLASS(node->code) == BPF_RET ? 0 : BPF_CLASS(node->code) == BPF_JMP ? 2 : 1;
}

/* Targets have smaller ids than what leads to them. */
static size_t mark_reachable(struct simplifier *s, const node_id *roots, size_t root_count)
{
	size_t count = 0;

	for (size_t i = 0; i < root_count; i++)
		s->reachable[roots[i]] = true;
	for (size_t id = s->count; id-- > 0;) {
		const struct node *node = old_node(s, (node_id)id);

		if (!s->reachable[id])
			continue;
		count++;
		for (unsigned edge = 0; edge < edge_count(node); edge++)
			s->reachable[node->to[edge]] = true;
	}
	return count;
}

/* ---- the function of one word ---- */

/* A value from which on the outcome may be another. */
static void add_constant(struct simplifier *s, uint64_t first)
{
	if (s->constant_count <= CONSTANTS_MAX)
		s->constants[s->constant_count++] = first;
}

static void collect_constants(struct simplifier *s, node_id id)
{
	const struct node *node = old_node(s, id);

	if (!is_comparison(node) || s->seen[id] == s->round || s->constant_count > CONSTANTS_MAX)
		return;
	s->seen[id] = s->round;
	if (BPF_OP(node->code) != BPF_JGT)
		add_constant(s, node->k);
	if (BPF_OP(node->code) != BPF_JGE)
		add_constant(s, (uint64_t)node->k + 1);
	for (unsigned edge = 0; edge < 2; edge++)
		collect_constants(s, node->to[edge]);
}

static int by_value(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Where @value leads from @id: the first node that is no comparison. */
static node_id follow(const struct simplifier *s, node_id id, uint32_t value)
{
	const struct node *node = old_node(s, id);

	while (is_comparison(node)) {
		const uint16_t test = BPF_OP(node->code);
		const bool holds = test == BPF_JEQ   ? value == node->k
				   : test == BPF_JGT ? value > node->k
						     : value >= node->k;

		id = node->to[holds];
		node = old_node(s, id);
	}
	return id;
}

static node_id simplify_inside(struct simplifier *s, struct held held, node_id id);

static struct ranges make_ranges(struct simplifier *s, struct held held, node_id id)
{
	struct ranges ranges = { 0 };

	qsort(s->constants, s->constant_count, sizeof(s->constants[0]), by_value);
	for (size_t i = 0; i < s->constant_count; i++) {
		const uint32_t first = (uint32_t)s->constants[i];

		/* a constant above the mask, or above all numbers, is never reached */
		if (s->constants[i] > held.mask || (i > 0 && s->constants[i] == s->constants[i - 1]))
			continue;
		*arena_push(s->graph->arena, &ranges) = (struct range){ first, follow(s, id, first), 1 };
	}
	return ranges;
}

/* From old leaves to new ones; neighbours that have become the same are joined. */
static void renew_leaves(struct simplifier *s, struct held held, struct ranges *ranges)
{
	size_t count = 0;

	for (size_t i = 0; i < ranges->count; i++) {
		const node_id leaf = simplify_inside(s, held, ranges->items[i].leaf);

		if (count > 0 && ranges->items[count - 1].leaf == leaf)
			continue;
		ranges->items[count] = ranges->items[i];
		ranges->items[count++].leaf = leaf;
	}
	ranges->count = count;
}

static node_id simplify_comparisons(struct simplifier *s, struct held held, node_id id)
{
	struct ranges ranges;

	s->constant_count = 0;
	s->round++;
	add_constant(s, 0);
	collect_constants(s, id);
	s->work += s->constant_count * s->constant_count;
	if (s->constant_count > CONSTANTS_MAX || s->work > WORK_MAX) {
		const struct node node = *old_node(s, id);
		const node_id yes = simplify_inside(s, held, node.to[1]), no = simplify_inside(s, held, node.to[0]);

		return graph_test(s->graph, held, BPF_OP(node.code), node.k, yes, no);
	}
	ranges = make_ranges(s, held, id);
	renew_leaves(s, held, &ranges);
	return graph_tree(s->graph, held, &ranges);
}

/* ---- nodes ---- */

/* What is held may be anything but an argument: the tree over call numbers has weights, and is the best already. */
static bool is_argument(struct held held)
{
	return held.at >= offsetof(struct seccomp_data, args);
}

static node_id simplify_test(struct simplifier *s, struct held held, const struct node *node)
{
	const node_id yes = simplify_inside(s, held, node->to[1]), no = simplify_inside(s, held, node->to[0]);

	if (node->token)
		return graph_test_token(s->graph, held, node->token - 1U, node->k, yes, no);
	return graph_test(s->graph, held, BPF_OP(node->code), node->k, yes, no);
}

static node_id simplify_and(struct simplifier *s, struct held held, const struct node *node)
{
	const struct held masked = { held.at, held.mask & node->k };
	const uint32_t before = s->now;
	node_id then;

	s->now = ++s->next;
	then = simplify_inside(s, masked, node->to[0]);
	s->now = before;
	return graph_and(s->graph, masked, then);
}

/* The new node for old node @id, which is reached with @held in the accumulator. */
static node_id simplify_inside(struct simplifier *s, struct held held, node_id id)
{
	const struct node node = *old_node(s, id);
	node_id new;

	if (is_entry(&node))
		return s->entry[id];
	if (s->stamp[id] == s->now)
		return s->inside[id];
	if (node.code == GRAPH_AND)
		new = simplify_and(s, held, &node);
	else if (is_comparison(&node) && is_argument(held))
		new = simplify_comparisons(s, held, id);
	else
		new = simplify_test(s, held, &node);
	s->stamp[id] = s->now;
	s->inside[id] = new;
	return new;
}

static void simplify_entry(struct simplifier *s, node_id id)
{
	const struct node node = *old_node(s, id);
	const struct held held = { node.k, UINT32_MAX };

	s->entry[id] = id;
	if (node.code != GRAPH_LOAD)
		return;
	s->now = ++s->next;
	s->entry[id] = graph_load(s->graph, held, simplify_inside(s, held, node.to[0]));
}

void graph_simplify(struct graph *graph, node_id *roots, size_t count)
{
	struct simplifier *s = arena_alloc(graph->arena, sizeof(*s));

	*s = (struct simplifier){ .graph = graph, .count = graph->count };
	s->reachable = arena_alloc(graph->arena, s->count * sizeof(s->reachable[0]));
	s->entry = arena_alloc(graph->arena, s->count * sizeof(s->entry[0]));
	s->inside = arena_alloc(graph->arena, s->count * sizeof(s->inside[0]));
	s->stamp = arena_alloc(graph->arena, s->count * sizeof(s->stamp[0]));
	s->seen = arena_alloc(graph->arena, s->count * sizeof(s->seen[0]));
	if (graph->too_big || mark_reachable(s, roots, count) > REACHABLE_MAX) {
		graph->too_big = true;
		return;
	}
	for (size_t id = 0; id < s->count; id++)
		if (s->reachable[id] && is_entry(old_node(s, (node_id)id)))
			simplify_entry(s, (node_id)id);
	for (size_t i = 0; i < count; i++)
		roots[i] = s->entry[roots[i]];
}
