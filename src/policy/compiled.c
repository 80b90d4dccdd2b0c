/* compiled.c - look-ups over the compiled texts, and their conditions as trees. */
#include "policy/compiled.h"

#include <assert.h>
#include <string.h>

#define STACK_MAX 8 /* scripts/tables_cond.py refuses what needs more */

const struct compiled_call *compiled_pin(uint16_t call)
{
	size_t low = 0, high = compiled_pin_count;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (compiled_pins[middle].call == call)
			return &compiled_pins[middle];
		if (call < compiled_pins[middle].call)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct compiled_grant *compiled_grant(const char *name)
{
	size_t low = 0, high = compiled_grant_count;

	while (low < high) {
		const size_t middle = (low + high) / 2;
		const int order = strcmp(name, compiled_grants[middle].name);

		if (!order)
			return &compiled_grants[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* How many operands a node takes from the stack. */
static size_t operands(const struct compiled_node *node)
{
	switch ((enum cond_kind)node->kind) {
	case COND_AND:
	case COND_OR: return 2;
	case COND_NOT: return 1;
	case COND_ATOM: break;
	}
	return 0;
}

const struct cond *compiled_expand(uint16_t place, struct arena *arena)
{
	const struct compiled_cond *span = &compiled_conds[place];
	struct cond *conds = arena_alloc(arena, span->count * sizeof(*conds));
	const struct cond *stack[STACK_MAX];
	size_t depth = 0;

	for (size_t i = 0; i < span->count; i++) {
		const struct compiled_node *node = &compiled_nodes[span->first + i];
		const size_t taken = operands(node);

		assert(depth >= taken && depth - taken < STACK_MAX);
		depth -= taken;
		conds[i] = (struct cond){ .kind = (enum cond_kind)node->kind,
					  .left = taken ? stack[depth] : NULL,
					  .right = taken == 2 ? stack[depth + 1] : NULL,
					  .arg = node->arg,
					  .bits = node->bits,
					  .is_signed = node->is_signed,
					  .has_mask = node->has_mask,
					  .mask = node->mask,
					  .compare = (enum compare)node->compare,
					  .value = node->value };
		stack[depth++] = &conds[i];
	}
	assert(depth == 1);
	return stack[0];
}
