/* calls.h - what a filter has to do: for each architecture and call, the cases in order, first match wins.
 *
 * This is the planner's product and the emitter's input. It holds no policy notions any more: a case is a condition and
 * what to answer. A layer's cases are ordered from the strongest verdict to the weakest, so "first match" is "strongest
 * wins". */
#ifndef CORDON_PLAN_CALLS_H
#define CORDON_PLAN_CALLS_H

#include "base/str.h"
#include "policy/model.h"

struct call_case {
	const struct cond *cond; /* NULL: always (then it is the last) */
	struct verdict verdict;  /* ASK: hand to the supervisor (user notification) */
};

struct call_entry {
	uint32_t nr;   /* as in seccomp_data.nr: with X32_SYSCALL_BIT for x32 */
	uint16_t call; /* row of call_table */
	struct call_case *cases;
	size_t case_count, case_capacity;
	struct verdict otherwise; /* no case matched */
};

struct call_entries {
	struct call_entry *items; /* ascending by nr; every known call of the architecture has an entry */
	size_t count, capacity;
};

struct call_policy {
	uint32_t arches; /* bit per enum arch */
	struct call_entries entries[ARCH_COUNT];
	struct verdict unknown; /* numbers without entry, and architectures that are not in @arches: deny ENOSYS */
};

/* Can seccomp_data show @nr for a call of @arch? x86-64 and x32 share one architecture number and are told apart by
 * X32_SYSCALL_BIT; entries that don't belong are never found. */
bool call_nr_belongs(enum arch arch, uint32_t nr);
/* By direct inspection (tests compare it with the emitted program). */
struct verdict call_policy_decide(const struct call_policy *policy, enum arch arch, uint32_t nr,
				  const uint64_t args[6]);

/* The policies of several layers as one, in @arena: on every call the strongest of their verdicts, and of equals the later
 * one's, as the kernel would find with a filter for each. An architecture that one of them lacks is unknown to the whole.
 * Cases are in the order of their first match, not of strength. Shares conditions with @policies. @count at least 1. */
void call_policy_join(const struct call_policy *const *policies, size_t count, struct arena *arena,
		      struct call_policy *ret);

/* The same for one call: of equal kinds @later's verdict. */
struct call_entry call_entry_join(const struct call_entry *earlier, const struct call_entry *later,
				  struct arena *arena);

/* Which verdicts become ASK besides ASK itself, so that whoever holds the listener hears of them. */
enum hand_over {
	HAND_OVER_ASKED,   /* none but what `log` rules deny */
	HAND_OVER_DENIALS, /* deny */
	HAND_OVER_ALL,     /* deny and kill */
};
/* @policy with them handed over. What can't be known from a call's number (foreign architectures) is handed over, too. */
void call_policy_hand_over(const struct call_policy *policy, enum hand_over what, struct arena *arena,
			   struct call_policy *ret);

/* Text for --stop-after=plan and golden files. Only entries that differ from "deny EPERM" are listed. */
void call_policy_print(const struct call_policy *policy, struct str *out);
void call_policy_json(const struct call_policy *policy, struct json *json);

#endif
