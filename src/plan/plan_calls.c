/* plan_calls.c - the call policy of a layer: for each known call its cases, from the strongest verdict to the weakest. */
#include "plan/planner.h"

#include <errno.h>
#include <stdlib.h>

/* An explicit errno beats the default one, then the smaller number: two denies have one answer, whatever their order. */
static int by_strength(const void *a, const void *b)
{
	const struct call_case *left = a, *right = b;

	if (left->verdict.kind != right->verdict.kind)
		return left->verdict.kind > right->verdict.kind ? -1 : 1;
	if (!left->verdict.error != !right->verdict.error)
		return left->verdict.error ? -1 : 1;
	if (left->verdict.error != right->verdict.error)
		return left->verdict.error < right->verdict.error ? -1 : 1;
	return (int)right->verdict.log - (int)left->verdict.log;
}

/* "deny" without errno answers EPERM when a call is meant. */
static struct verdict with_errno(struct verdict verdict)
{
	if (verdict.kind == VERDICT_DENY && !verdict.error)
		verdict.error = EPERM;
	return verdict;
}

/* What a layer says about calls, and where to find it. */
struct call_view {
	struct planner *p;
	const size_t *first; /* by call: its first rule in layer->calls; the next call's first is one past its last */
	bool has_defaults;   /* some class has a written one */
	bool has_guards;
};

static struct verdict otherwise(const struct call_view *view, uint16_t call)
{
	if (view->has_defaults) {
		const struct fallback *fallback = &view->p->layer->defaults[call_request_class(call)];

		if (fallback->written)
			return with_errno(fallback->verdict);
	}
	return with_errno((struct verdict){ .kind = VERDICT_DENY, .error = (uint16_t)call_table[call].deny_errno });
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

/* Of a rule that is only about some requests `log` is about those that it decides. */
static struct verdict verdict_of(const struct planner *p, const struct call_rule *rule)
{
	struct verdict verdict = rule->verdict;

	verdict.log = p->layer->rules.items[rule->rule].log;
	return verdict;
}

/* @nr as the kernel shows it; conditions are those of @arch. */
static struct call_entry make_entry(const struct call_view *view, enum arch arch, uint32_t nr, uint16_t call)
{
	const struct call_rule *rules = view->p->layer->calls.items;
	const size_t first = view->first[call], last = view->first[call + 1];
	struct call_entry entry = { .nr = nr, .call = call, .otherwise = otherwise(view, call) };

	/* mostly one rule that allows, or none: nothing to sort */
	if (last - first > 1 || (last > first && rules[first].cond[arch])) {
		entry.case_capacity = last - first;
		entry.cases = arena_alloc(view->p->arena, entry.case_capacity * sizeof(entry.cases[0]));
	}
	for (size_t i = first; i < last; i++) {
		if (!planner_active(view->p, rules[i].rule))
			continue;
		if (entry.cases)
			entry.cases[entry.case_count++] = (struct call_case){
				.cond = rules[i].cond[arch], .verdict = verdict_of(view->p, &rules[i])
			};
		else
			entry.otherwise = with_errno(verdict_of(view->p, &rules[i]));
	}
	if (entry.case_count > 1)
		qsort(entry.cases, entry.case_count, sizeof(entry.cases[0]), by_strength);
	close_cases(&entry);
	if (view->has_guards)
		plan_guard(view->p, arch, &entry);
	return entry;
}

/* Every call of the tables, by number. */
static void make_entries(const struct call_view *view, enum arch arch, struct call_entries *ret)
{
	const uint32_t arches = view->p->layer->arches, base = arch_table[arch].nr_base;

	ret->capacity = arch_table[arch].nr_end;
	ret->items = arena_alloc(view->p->arena, ret->capacity * sizeof(ret->items[0]));
	for (uint32_t nr = 0; nr < ret->capacity; nr++) {
		const enum arch meant = call_nr_arch(arch, nr, arches);
		const int call = call_find_nr(meant, nr);

		if (call >= 0)
			ret->items[ret->count++] = make_entry(view, meant, nr | base, (uint16_t)call);
	}
}

static const size_t *index_rules(const struct planner *p)
{
	const struct call_rules *rules = &p->layer->calls;
	size_t *first = arena_alloc(p->arena, (call_count + 1) * sizeof(*first)), at = 0;

	for (size_t call = 0; call < call_count; call++) {
		first[call] = at;
		while (at < rules->count && rules->items[at].call == call)
			at++;
	}
	first[call_count] = at;
	return first;
}

void plan_calls(struct planner *p)
{
	struct call_view view = { .p = p, .first = index_rules(p), .has_guards = plan_has_guards(p) };
	struct call_policy *policy = &p->out->calls;

	for (int i = 0; i < REQUEST_CLASS_COUNT; i++)
		view.has_defaults |= p->layer->defaults[i].written;
	policy->arches = p->layer->arches;
	policy->unknown = (struct verdict){ .kind = VERDICT_DENY, .error = ENOSYS };
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
		if (policy->arches & 1U << arch)
			make_entries(&view, arch, &policy->entries[arch]);
}
