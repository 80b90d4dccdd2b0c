/* cbpf_node.h - the emitter's inside: a program as a graph of instructions, before it has addresses.
 *
 * A node is one instruction and where it goes on. Nodes are hash-consed: asking twice for the same instruction with the
 * same targets gives the same node, so common tails are shared. Targets exist before the node that jumps to them: ids
 * ascend from the ends of the program to its start, and every jump goes forward in the finished program.
 *
 * Entry nodes (a return, or a load) may be reached with anything in the accumulator. The others (AND, jumps) count on
 * the word that was loaded; only code that knows what is held may lead to them. */
#ifndef CORDON_PLAN_CBPF_NODE_H
#define CORDON_PLAN_CBPF_NODE_H

#include "plan/cbpf.h"

typedef uint32_t node_id;

struct node {
	uint16_t code;
	uint8_t token; /* 1, 2: its constant is start token 0, 1, to be patched: never shared, never reasoned about */
	uint32_t k;
	node_id to[2]; /* jump: [1] when the test holds, [0] when not; load, AND: [0] what follows */
};

struct graph {
	struct arena *arena;
	struct node *items;
	size_t count, capacity;
	node_id *slots; /* hash table over items, id + 1; 0: free */
	size_t slot_count;
	bool too_big; /* more than GRAPH_MAX nodes: what was built is not the program */
};

#define GRAPH_LOAD (BPF_LD | BPF_W | BPF_ABS)
#define GRAPH_AND (BPF_ALU | BPF_AND | BPF_K)

/* Far above what fits into CBPF_MAX instructions; bounds the work for policies that don't. */
#define GRAPH_MAX (1 << 16)

/* What the accumulator holds: word @at of struct seccomp_data, ANDed with @mask. */
struct held {
	uint32_t at;
	uint32_t mask;
};

void graph_init(struct graph *graph, struct arena *arena);
node_id graph_return(struct graph *graph, uint32_t action);
/* Test what is held: BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET with @k. The targets are entry nodes, or nodes for the same
 * @held. Tests whose outcome is certain, and loads of what is held already, vanish. */
node_id graph_test(struct graph *graph, struct held held, uint16_t test, uint32_t k, node_id yes, node_id no);
/* BPF_JEQ with start token @which (0 or 1), whose value is @k for now. */
node_id graph_test_token(struct graph *graph, struct held held, unsigned which, uint32_t k, node_id yes, node_id no);
/* Cut what is held down to @held, then go on with @then, which counts on it. */
node_id graph_and(struct graph *graph, struct held held, node_id then);
/* An entry node: load @held, then go on with @then, which counts on it. */
node_id graph_load(struct graph *graph, struct held held, node_id then);

/* cbpf_cond.c: entry node that goes to @yes when @cond holds and to @no when not (both entry nodes). */
node_id graph_cond(struct graph *graph, const struct cond *cond, node_id yes, node_id no);

/* cbpf_tree.c: numbers from @first on (up to the next range) go to @leaf. */
struct range {
	uint32_t first;
	node_id leaf;
	uint64_t weight;
};
/* About what all calls of an architecture weigh together. */
#define WEIGHT_ALL ((uint64_t)10000 * 256)
struct ranges {
	struct range *items;
	size_t count, capacity;
};
/* A cheap threshold tree over @ranges (ascending, neighbours differ in leaf; what lies before the first does not occur):
 * expects the call number to be held. */
node_id graph_tree(struct graph *graph, struct held held, const struct ranges *ranges);

/* cbpf_overlay.c: the same for @ranges (the first starts at 0), sharing with @tree, one for other ranges of the word, what
 * both have in common. Not the cheapest one. */
node_id graph_overlay(struct graph *graph, struct held held, node_id tree, const struct ranges *ranges);
/* @tree with @new in place of what the greatest numbers lead to, which must be a range of its own. */
node_id graph_replace_last(struct graph *graph, struct held held, node_id tree, node_id new);

/* cbpf_simplify.c: the same programs with every sequence of comparisons of one argument word as a tree. @roots (entry
 * nodes) become those of the new programs. Sets too_big where more can be reached from them than any program could hold. */
void graph_simplify(struct graph *graph, node_id *roots, size_t count);

/* cbpf_place.c: give addresses to what can be reached from @root. 0 or -E2BIG. */
must_check int graph_place(const struct graph *graph, node_id root, struct cbpf *ret);

#endif
