/* cbpf_cond.c - conditions on arguments as tests on 32-bit words.
 *
 * Boolean structure becomes control flow: every part gets the node to go to when it holds and when it doesn't, so no
 * normal form is ever built and the program is linear in the condition. */
#include "plan/cbpf_node.h"

#include <stddef.h>

/* A condition nested deeper is nobody's: it would only exhaust the stack. */
#define COND_DEPTH_MAX 1000

/* One half of an argument, and what it is compared with. */
struct half {
	struct held held; /* mask: the bits that count */
	uint32_t value;
	uint32_t sign; /* the bit that makes it negative; 0: unsigned */
};

/* An atom, truncated to its width: halves[0] is the low word, halves[1] the high one (mask 0 up to 32 bits). */
struct halves {
	struct half half[2];
	bool wide;
};

static struct halves atom_halves(const struct cond *atom)
{
	const uint64_t width = atom->bits >= 64 ? UINT64_MAX : ((uint64_t)1 << atom->bits) - 1;
	const uint64_t mask = atom->has_mask ? atom->mask & width : width;
	const uint64_t value = atom->value & width;
	const uint32_t sign = atom->is_signed ? 1U << ((atom->bits - 1) % 32) : 0;
	struct halves halves = { .wide = atom->bits > 32 };

	for (unsigned i = 0; i < 2; i++) {
		halves.half[i] = (struct half){
			.held.at = (uint32_t)(offsetof(struct seccomp_data, args) + 8 * atom->arg + 4 * i),
			.held.mask = (uint32_t)(mask >> (32 * i)),
			.value = (uint32_t)(value >> (32 * i)),
			.sign = i == halves.wide ? sign : 0,
		};
	}
	return halves;
}

static node_id half_equal(struct graph *graph, const struct half *half, node_id yes, node_id no)
{
	const struct held whole = { half->held.at, UINT32_MAX };
	const uint32_t mask = half->held.mask;

	/* no need to cut the bits out where one JSET tells */
	if (half->value == 0 && mask != UINT32_MAX)
		return graph_load(graph, whole, graph_test(graph, whole, BPF_JSET, mask, no, yes));
	if (half->value == mask && (mask & (mask - 1)) == 0)
		return graph_load(graph, whole, graph_test(graph, whole, BPF_JSET, mask, yes, no));
	return graph_load(graph, half->held, graph_test(graph, half->held, BPF_JEQ, half->value, yes, no));
}

/* @test: BPF_JGT or BPF_JGE. Where the sign decides nothing, words order as unsigned numbers do, on either side of 0. */
static node_id half_ordered(struct graph *graph, const struct half *half, uint16_t test, node_id yes, node_id no)
{
	const bool negative = half->value & half->sign;
	node_id same_side;

	if (half->sign == 0)
		return graph_test(graph, half->held, test, half->value, yes, no);
	if (test == BPF_JGE && half->value == half->sign) /* >= the least */
		same_side = yes;
	else if (test == BPF_JGT && half->value == half->sign - 1) /* > the greatest */
		same_side = no;
	else
		same_side = graph_test(graph, half->held, test, half->value, yes, no);
	return graph_test(graph, half->held, BPF_JGE, half->sign, negative ? same_side : no,
			  negative ? yes : same_side);
}

static node_id atom_equal(struct graph *graph, const struct halves *atom, node_id yes, node_id no)
{
	/* the low word first: it differs more often, and a chain of alternatives needs no load between */
	if (atom->wide)
		yes = half_equal(graph, &atom->half[1], yes, no);
	return half_equal(graph, &atom->half[0], yes, no);
}

static node_id atom_ordered(struct graph *graph, const struct halves *atom, uint16_t test, node_id yes, node_id no)
{
	const struct half *low = &atom->half[0], *high = &atom->half[1];
	node_id then = half_ordered(graph, low, test, yes, no);

	then = graph_load(graph, low->held, then);
	if (!atom->wide)
		return then;
	then = graph_test(graph, high->held, BPF_JEQ, high->value, then, no);
	then = half_ordered(graph, high, BPF_JGT, yes, then);
	return graph_load(graph, high->held, then);
}

static node_id atom_within(struct graph *graph, const struct halves *atom, node_id yes, node_id no)
{
	for (int i = atom->wide; i >= 0; i--) {
		const struct half *half = &atom->half[i];
		const struct held whole = { half->held.at, UINT32_MAX };
		const uint32_t outside = half->held.mask & ~half->value;

		yes = graph_load(graph, whole, graph_test(graph, whole, BPF_JSET, outside, no, yes));
	}
	return yes;
}

static node_id graph_atom(struct graph *graph, const struct cond *cond, node_id yes, node_id no)
{
	const struct halves atom = atom_halves(cond);

	switch (cond->compare) {
	case COMPARE_EQ: return atom_equal(graph, &atom, yes, no);
	case COMPARE_NE: return atom_equal(graph, &atom, no, yes);
	case COMPARE_LT: return atom_ordered(graph, &atom, BPF_JGE, no, yes);
	case COMPARE_LE: return atom_ordered(graph, &atom, BPF_JGT, no, yes);
	case COMPARE_GT: return atom_ordered(graph, &atom, BPF_JGT, yes, no);
	case COMPARE_GE: return atom_ordered(graph, &atom, BPF_JGE, yes, no);
	case COMPARE_WITHIN: return atom_within(graph, &atom, yes, no);
	}
	graph->too_big = true; /* no such comparison: no program */
	return no;
}

static node_id graph_cond_below(struct graph *graph, const struct cond *cond, node_id yes, node_id no, unsigned depth)
{
	node_id right;

	if (depth == COND_DEPTH_MAX || graph->too_big) {
		graph->too_big = true;
		return no;
	}
	switch (cond->kind) {
	case COND_AND:
		right = graph_cond_below(graph, cond->right, yes, no, depth + 1);
		return graph_cond_below(graph, cond->left, right, no, depth + 1);
	case COND_OR:
		right = graph_cond_below(graph, cond->right, yes, no, depth + 1);
		return graph_cond_below(graph, cond->left, yes, right, depth + 1);
	case COND_NOT: return graph_cond_below(graph, cond->left, no, yes, depth + 1);
	case COND_ATOM: return graph_atom(graph, cond, yes, no);
	}
	graph->too_big = true;
	return no;
}

node_id graph_cond(struct graph *graph, const struct cond *cond, node_id yes, node_id no)
{
	return graph_cond_below(graph, cond, yes, no, 0);
}
