/* calls_join.c - call policies made of others: several layers as one, and denials handed to whoever listens. */
#include "plan/calls.h"

/* ---- several as one ---- */

/* Kinds alone decide between layers: of two filters that both say errno, the kernel takes the later one's. */
static struct verdict stronger(struct verdict earlier, struct verdict later)
{
	struct verdict stronger = earlier.kind > later.kind ? earlier : later;

	if (earlier.kind == later.kind)
		stronger.log = earlier.log || later.log;
	return stronger;
}

/* Does no later layer matter any more? */
static bool is_final(struct verdict verdict)
{
	return verdict.kind == VERDICT_KILL;
}

static const struct cond *both(const struct cond *left, const struct cond *right, struct arena *arena)
{
	struct cond *cond;

	if (!left || !right)
		return left ? left : right;
	cond = arena_new_of(arena, struct cond);
	*cond = (struct cond){ .kind = COND_AND, .left = left, .right = right };
	return cond;
}

static void add_case(struct call_entry *entry, const struct cond *cond, struct verdict verdict, struct arena *arena)
{
	entry->cases = arena_grow(arena, entry->cases, entry->case_count, &entry->case_capacity, sizeof(*entry->cases));
	entry->cases[entry->case_count++] = (struct call_case){ .cond = cond, .verdict = verdict };
}

/* What @later makes of one case of the earlier layers. */
static void join_case(struct call_entry *out, const struct cond *cond, struct verdict verdict,
		      const struct call_entry *later, struct arena *arena)
{
	for (size_t i = 0; i < later->case_count && !is_final(verdict); i++)
		add_case(out, both(cond, later->cases[i].cond, arena), stronger(verdict, later->cases[i].verdict),
			 arena);
	add_case(out, cond, is_final(verdict) ? verdict : stronger(verdict, later->otherwise), arena);
}

static bool same(struct verdict a, struct verdict b)
{
	return a.kind == b.kind && a.error == b.error && a.log == b.log;
}

/* The last case holds otherwise; cases before it that say the same need no test. */
static void settle(struct call_entry *entry)
{
	entry->otherwise = entry->cases[--entry->case_count].verdict;
	while (entry->case_count && same(entry->cases[entry->case_count - 1].verdict, entry->otherwise))
		entry->case_count--;
}

struct call_entry call_entry_join(const struct call_entry *earlier, const struct call_entry *later, struct arena *arena)
{
	struct call_entry out = { .nr = earlier->nr, .call = earlier->call };

	for (size_t i = 0; i < earlier->case_count; i++)
		join_case(&out, earlier->cases[i].cond, earlier->cases[i].verdict, later, arena);
	join_case(&out, NULL, earlier->otherwise, later, arena);
	settle(&out);
	return out;
}

/* Both ascend by number. What one of them doesn't know is unknown to it. */
static void join_entries(const struct call_policy *earlier, const struct call_policy *later, enum arch arch,
			 struct arena *arena, struct call_entries *ret)
{
	const struct call_entries *a = &earlier->entries[arch], *b = &later->entries[arch];

	for (size_t i = 0, k = 0; i < a->count || k < b->count;) {
		const uint32_t left = i < a->count ? a->items[i].nr : UINT32_MAX;
		const uint32_t right = k < b->count ? b->items[k].nr : UINT32_MAX;
		const bool takes_left = left <= right, takes_right = right <= left;
		struct call_entry unknown_left = { .otherwise = earlier->unknown };
		struct call_entry unknown_right = { .otherwise = later->unknown };

		unknown_left.nr = right;
		unknown_left.call = takes_right ? b->items[k].call : 0;
		*arena_push(arena, ret) = call_entry_join(takes_left ? &a->items[i] : &unknown_left,
							  takes_right ? &b->items[k] : &unknown_right, arena);
		i += takes_left;
		k += takes_right;
	}
}

void call_policy_join(const struct call_policy *const *policies, size_t count, struct arena *arena,
		      struct call_policy *ret)
{
	struct call_policy whole = *policies[0];

	for (size_t i = 1; i < count; i++) {
		struct call_policy next = {
			.arches = whole.arches & policies[i]->arches,
			.unknown = stronger(whole.unknown, policies[i]->unknown),
		};

		for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
			if (next.arches & 1U << arch)
				join_entries(&whole, policies[i], (enum arch)arch, arena, &next.entries[arch]);
		whole = next;
	}
	*ret = whole;
}

/* ---- handed over ---- */

static struct verdict handed(struct verdict verdict, enum hand_over what)
{
	const struct verdict ask = { .kind = VERDICT_ASK };

	switch (verdict.kind) {
	case VERDICT_ALLOW:
	case VERDICT_ASK: return verdict;
	case VERDICT_DENY: return what >= HAND_OVER_DENIALS || verdict.log ? ask : verdict;
	case VERDICT_KILL: return what >= HAND_OVER_ALL ? ask : verdict;
	}
	return verdict;
}

static struct call_entry hand_over_entry(const struct call_entry *entry, enum hand_over what, struct arena *arena)
{
	struct call_entry copy = { .nr = entry->nr, .call = entry->call };

	for (size_t i = 0; i < entry->case_count; i++)
		add_case(&copy, entry->cases[i].cond, handed(entry->cases[i].verdict, what), arena);
	add_case(&copy, NULL, handed(entry->otherwise, what), arena);
	settle(&copy);
	return copy;
}

void call_policy_hand_over(const struct call_policy *policy, enum hand_over what, struct arena *arena,
			   struct call_policy *ret)
{
	struct call_policy out = { .arches = policy->arches, .unknown = handed(policy->unknown, what) };

	for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
		for (size_t i = 0; i < policy->entries[arch].count; i++)
			*arena_push(arena, &out.entries[arch]) = hand_over_entry(&policy->entries[arch].items[i], what,
										 arena);
	*ret = out;
}
