/* plan_calls.c - the call policy of a layer: for each known call its cases, from the strongest verdict to the weakest. */
#include "plan/planner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An explicit errno beats the default one, then the smaller number: two denies have one answer, whatever their order. */
static int by_strength(const void *a, const void *b)
{
	const struct call_case *left = a, *right = b;

	if (left->verdict.kind != right->verdict.kind)
		return left->verdict.kind > right->verdict.kind ? -1 : 1;
	if (!left->verdict.error != !right->verdict.error)
		return left->verdict.error ? -1 : 1;
	return left->verdict.error < right->verdict.error ? -1 : left->verdict.error > right->verdict.error;
}

static struct verdict otherwise(const struct layer *layer, uint16_t call)
{
	const struct fallback *fallback = &layer->defaults[call_request_class(call)];
	const struct call_row *row = &call_table[call];

	if (fallback->written)
		return fallback->verdict;
	return (struct verdict){ .kind = VERDICT_DENY, .error = (uint16_t)row->deny_errno };
}

/* "deny" without errno answers EPERM when a call is meant. */
static struct verdict with_errno(struct verdict verdict)
{
	if (verdict.kind == VERDICT_DENY && !verdict.error)
		verdict.error = EPERM;
	return verdict;
}

/* Cases behind one that always holds can't be reached; what it says is what holds otherwise. */
static void close_cases(struct call_entry *entry)
{
	for (size_t i = 0; i < entry->case_count; i++) {
		entry->cases[i].verdict = with_errno(entry->cases[i].verdict);
		if (entry->cases[i].cond)
			continue;
		entry->otherwise = entry->cases[i].verdict;
		entry->case_count = i;
		return;
	}
}

/* From the call rules @first up to @last of the layer, which are those of this call. */
static void fill_entry(struct planner *p, struct call_entry *entry, enum arch arch, size_t first, size_t last)
{
	for (size_t i = first; i < last; i++) {
		const struct call_rule *rule = &p->layer->calls.items[i];
		struct call_case added = { .cond = rule->cond[arch], .verdict = rule->verdict };

		if (!planner_active(p, rule->rule))
			continue;
		entry->cases = arena_grow(p->arena, entry->cases, entry->case_count, &entry->case_capacity,
					  sizeof(added));
		entry->cases[entry->case_count++] = added;
	}
	if (entry->case_count)
		qsort(entry->cases, entry->case_count, sizeof(*entry->cases), by_strength);
	entry->otherwise = with_errno(otherwise(p->layer, entry->call));
	close_cases(entry);
	plan_guard(p, arch, entry);
}

static int by_nr(const void *a, const void *b)
{
	const struct call_entry *left = a, *right = b;

	return left->nr < right->nr ? -1 : left->nr > right->nr;
}

void plan_calls(struct planner *p)
{
	const struct call_rules *rules = &p->layer->calls;
	struct call_policy *policy = &p->out->calls;
	size_t at = 0;

	policy->arches = p->layer->arches;
	policy->unknown = (struct verdict){ .kind = VERDICT_DENY, .error = ENOSYS };
	for (size_t call = 0; call < call_count; call++) {
		size_t first = at;

		while (at < rules->count && rules->items[at].call == call)
			at++;
		for (unsigned arch = 0; arch < ARCH_COUNT; arch++) {
			struct call_entry *entry;

			if (!(policy->arches & 1u << arch) || call_table[call].nr[arch] == CALL_NR_NONE)
				continue;
			entry = arena_push(p->arena, &policy->entries[arch]);
			*entry = (struct call_entry){ .nr = (uint32_t)call_table[call].nr[arch] |
							    arch_table[arch].nr_base,
						      .call = (uint16_t)call };
			fill_entry(p, entry, (enum arch)arch, first, at);
		}
	}
	for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
		if (policy->entries[arch].count)
			qsort(policy->entries[arch].items, policy->entries[arch].count, sizeof(struct call_entry),
			      by_nr);
}
