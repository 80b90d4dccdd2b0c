/* cbpf_node.c - the graph of instructions: hash-consing, and the simplifications that are certain while it grows. */
#include "plan/cbpf_node.h"

#include <string.h>

void graph_init(struct graph *graph, struct arena *arena)
{
	*graph = (struct graph){ .arena = arena, .slot_count = 1024 };
	graph->slots = arena_alloc(arena, graph->slot_count * sizeof(graph->slots[0]));
}

static size_t node_hash(const struct node *node)
{
	const uint32_t words[] = { node->code, node->k, node->to[0], node->to[1] };
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15;
	return (size_t)(hash >> 24);
}

static bool node_equal(const struct node *a, const struct node *b)
{
	return a->code == b->code && a->token == b->token && a->k == b->k && a->to[0] == b->to[0] &&
	       a->to[1] == b->to[1];
}

/* The slot that holds a node like @node, or the free one where it belongs. */
static node_id *graph_slot(const struct graph *graph, const struct node *node)
{
	size_t at = node_hash(node);

	for (;; at++) {
		node_id *slot = &graph->slots[at & (graph->slot_count - 1)];

		if (*slot == 0 || node_equal(&graph->items[*slot - 1], node))
			return slot;
	}
}

static void graph_rehash(struct graph *graph)
{
	graph->slot_count *= 2;
	graph->slots = arena_alloc(graph->arena, graph->slot_count * sizeof(graph->slots[0]));
	for (size_t i = 0; i < graph->count; i++)
		if (!graph->items[i].token)
			*graph_slot(graph, &graph->items[i]) = (node_id)i + 1;
}

static node_id graph_add(struct graph *graph, struct node node)
{
	node_id *slot = NULL;

	if (!node.token) {
		slot = graph_slot(graph, &node);
		if (*slot)
			return *slot - 1;
	}
	if (graph->count == GRAPH_MAX) {
		graph->too_big = true;
		return 0;
	}
	*arena_push(graph->arena, graph) = node;
	if (slot)
		*slot = (node_id)graph->count;
	if (graph->count * 2 > graph->slot_count)
		graph_rehash(graph);
	return (node_id)graph->count - 1;
}

static const struct node *graph_node(const struct graph *graph, node_id id)
{
	return &graph->items[id];
}

node_id graph_return(struct graph *graph, uint32_t action)
{
	return graph_add(graph, (struct node){ .code = BPF_RET | BPF_K, .k = action });
}

/* Where to go instead of @target when @held is in the accumulator: behind a load of it. */
static node_id graph_skip_load(const struct graph *graph, struct held held, node_id target)
{
	const struct node *load = graph_node(graph, target);
	const struct node *next;

	if (load->code != GRAPH_LOAD || load->k != held.at)
		return target;
	if (held.mask == UINT32_MAX)
		return load->to[0];
	next = graph_node(graph, load->to[0]);
	return next->code == GRAPH_AND && next->k == held.mask ? next->to[0] : target;
}

/* 1: the test always holds, 0: never, -1: it depends. A held value is at most its mask. */
static int test_outcome(uint32_t mask, uint16_t test, uint32_t k)
{
	switch (test) {
	case BPF_JEQ: return k & ~mask ? 0 : mask == 0 ? 1 : -1;
	case BPF_JGT: return k >= mask ? 0 : -1;
	case BPF_JGE: return k == 0 ? 1 : k > mask ? 0 : -1;
	case BPF_JSET: return (k & mask) == 0 ? 0 : -1;
	}
	return -1;
}

/* Bits @k lead to @yes; when the test for others, which comes next, leads there too, one test is enough. */
static void join_bit_tests(const struct graph *graph, struct node *node)
{
	const struct node *next = graph_node(graph, node->to[0]);

	if (next->code != node->code || next->token || next->to[1] != node->to[1])
		return;
	node->k |= next->k;
	node->to[0] = next->to[0];
}

node_id graph_test(struct graph *graph, struct held held, uint16_t test, uint32_t k, node_id yes, node_id no)
{
	struct node node = { .code = (uint16_t)(BPF_JMP | test | BPF_K), .k = k };
	const int outcome = test_outcome(held.mask, test, k);

	node.to[1] = graph_skip_load(graph, held, yes);
	node.to[0] = graph_skip_load(graph, held, no);
	if (outcome >= 0)
		return node.to[outcome];
	if (node.to[0] == node.to[1])
		return node.to[0];
	if (test == BPF_JSET)
		join_bit_tests(graph, &node);
	return graph_add(graph, node);
}

node_id graph_test_token(struct graph *graph, struct held held, unsigned which, uint32_t k, node_id yes, node_id no)
{
	struct node node = { .code = BPF_JMP | BPF_JEQ | BPF_K, .k = k, .token = (uint8_t)(which + 1) };

	node.to[1] = graph_skip_load(graph, held, yes);
	node.to[0] = graph_skip_load(graph, held, no);
	return graph_add(graph, node);
}

static bool is_entry(const struct node *node)
{
	return node->code == GRAPH_LOAD || BPF_CLASS(node->code) == BPF_RET;
}

node_id graph_and(struct graph *graph, struct held held, node_id then)
{
	if (held.mask == UINT32_MAX || is_entry(graph_node(graph, then)))
		return then;
	return graph_add(graph, (struct node){ .code = GRAPH_AND, .k = held.mask, .to = { then } });
}

node_id graph_load(struct graph *graph, struct held held, node_id then)
{
	if (is_entry(graph_node(graph, then)))
		return then;
	then = graph_and(graph, held, then);
	return graph_add(graph, (struct node){ .code = GRAPH_LOAD, .k = held.at, .to = { then } });
}
