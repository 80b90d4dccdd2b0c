/* cbpf_place.c - addresses: a graph of instructions becomes a program.
 *
 * Written from the end backwards, targets before what jumps to them, so every jump goes forward and its length is known
 * when it is written. A conditional jump reaches 255 instructions; where its target is farther, the target is brought
 * near first: a return or a test whose own targets can be reached is repeated (as short as a jump, and saves a step),
 * anything else gets a JA. Returns are written only on demand, so nothing unreachable is left. */
#include "plan/cbpf_node.h"

#include <errno.h>

/* Longest conditional jump, less one: the instruction that brings the other target near may come between. */
#define REACH 254
#define SIZE_MAX_COUNTED (1U << 20)
#define NOTHING UINT32_MAX

struct place {
	const struct graph *graph;
	struct sock_filter *items; /* the code, reversed: items[0] is the last instruction */
	size_t count, capacity;
	bool full;
	uint32_t *near; /* by node: place of its nearest occurrence (or of a JA to it) + 1; 0: nowhere yet */
	bool *used;     /* by node: something goes to that occurrence */
	uint32_t *size; /* by node: roughly how much code hangs on it */
	long token_at[2];
};

static const struct node *place_node(const struct place *place, node_id id)
{
	return &place->graph->items[id];
}

static bool is_return(const struct node *node)
{
	return BPF_CLASS(node->code) == BPF_RET;
}

static bool is_test(const struct node *node)
{
	return BPF_CLASS(node->code) == BPF_JMP;
}

/* What the next instruction written would have to jump over to get to @id. */
static size_t distance(const struct place *place, node_id id)
{
	return place->count - place->near[id];
}

/* The same, and it is going to. */
static size_t jump_to(struct place *place, node_id id)
{
	place->used[id] = true;
	return distance(place, id);
}

static bool in_reach(const struct place *place, node_id id)
{
	return place->near[id] != 0 && distance(place, id) <= REACH;
}

static void put(struct place *place, struct sock_filter instruction)
{
	if (place->count == CBPF_MAX)
		place->full = true;
	else
		*arena_push(place->graph->arena, place) = instruction;
}

static void put_test(struct place *place, node_id id)
{
	const struct node *node = place_node(place, id);
	const size_t yes = jump_to(place, node->to[1]), no = jump_to(place, node->to[0]);

	put(place, (struct sock_filter){ .code = node->code, .k = node->k, .jt = (uint8_t)yes, .jf = (uint8_t)no });
	place->near[id] = (uint32_t)place->count;
}

/* An occurrence that nobody has used yet must get its use: it would be unreachable otherwise. */
static bool can_repeat(const struct place *place, node_id id)
{
	const struct node *node = place_node(place, id);

	return is_test(node) && !node->token && place->used[id] && in_reach(place, node->to[0]) &&
	       in_reach(place, node->to[1]);
}

/* Write one instruction that is @id, or goes there. */
static void bring(struct place *place, node_id id)
{
	const struct node *node = place_node(place, id);

	if (can_repeat(place, id)) {
		put_test(place, id);
		return;
	}
	if (is_return(node))
		put(place, (struct sock_filter){ .code = node->code, .k = node->k });
	else
		put(place, (struct sock_filter){ .code = BPF_JMP | BPF_JA, .k = (uint32_t)jump_to(place, id) });
	place->near[id] = (uint32_t)place->count;
}

static void write_node(struct place *place, node_id id)
{
	const struct node *node = place_node(place, id);

	if (is_test(node)) {
		for (int edge = 0; edge < 2; edge++)
			if (!in_reach(place, node->to[edge]))
				bring(place, node->to[edge]);
		put_test(place, id);
		if (node->token)
			place->token_at[node->token - 1] = (long)place->count - 1;
		return;
	}
	/* a load and an AND simply run on */
	if (!is_return(node) && distance(place, node->to[0]) != 0)
		bring(place, node->to[0]);
	if (!is_return(node))
		place->used[node->to[0]] = true;
	put(place, (struct sock_filter){ .code = node->code, .k = node->k });
	place->near[id] = (uint32_t)place->count;
}

static unsigned edge_count(const struct node *node)
{
	return is_return(node) ? 0 : is_test(node) ? 2 : 1;
}

/* What has to be written before @node: its targets, the bigger one first, so that fewer jumps cross it. */
static node_id next_target(const struct place *place, const struct node *node)
{
	node_id next = NOTHING;

	for (unsigned edge = 0; edge < edge_count(node); edge++) {
		const node_id to = node->to[edge];

		if (place->near[to] != 0 || is_return(place_node(place, to)))
			continue;
		if (next == NOTHING || place->size[to] > place->size[next])
			next = to;
	}
	return next;
}

static void measure(struct place *place)
{
	for (size_t i = 0; i < place->graph->count; i++) {
		const struct node *node = &place->graph->items[i];
		uint32_t size = 1;

		for (unsigned edge = 0; edge < edge_count(node); edge++)
			size += place->size[node->to[edge]];
		place->size[i] = size < SIZE_MAX_COUNTED ? size : SIZE_MAX_COUNTED;
	}
}

static void write_from(struct place *place, node_id root)
{
	node_id *stack = arena_alloc(place->graph->arena, place->graph->count * sizeof(*stack));
	size_t depth = 0;

	stack[depth++] = root;
	while (depth > 0 && !place->full) {
		const node_id id = stack[depth - 1];
		const node_id target = next_target(place, place_node(place, id));

		if (target != NOTHING) {
			stack[depth++] = target;
			continue;
		}
		write_node(place, id);
		depth--;
	}
}

int graph_place(const struct graph *graph, node_id root, struct cbpf *ret)
{
	struct place place = { .graph = graph, .token_at = { -1, -1 } };
	struct cbpf program;

	place.near = arena_alloc(graph->arena, graph->count * sizeof(place.near[0]));
	place.used = arena_alloc(graph->arena, graph->count * sizeof(place.used[0]));
	place.size = arena_alloc(graph->arena, graph->count * sizeof(place.size[0]));
	measure(&place);
	write_from(&place, root);
	if (place.full)
		return -E2BIG;
	program.count = place.count;
	program.code = arena_alloc(graph->arena, place.count * sizeof(program.code[0]));
	for (size_t i = 0; i < place.count; i++)
		program.code[i] = place.items[place.count - 1 - i];
	for (int i = 0; i < 2; i++)
		program.token_at[i] = place.token_at[i] < 0 ? -1 : (long)place.count - 1 - place.token_at[i];
	*ret = program;
	return 0;
}
