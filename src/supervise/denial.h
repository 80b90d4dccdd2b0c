/* denial.h - a request that got no, in the language's words: what was asked, what said no, and what would allow it.
 *
 * From an event of the filter everything comes from registers and the policy; nothing here looks at the program's memory. */
#ifndef CORDON_SUPERVISE_DENIAL_H
#define CORDON_SUPERVISE_DENIAL_H

#include "plan/plan.h"
#include "policy/decision.h"
#include "supervise/caller.h"
#include "supervise/event.h"

struct denial {
	struct caller caller;
	const char *request; /* can be put to `cordon explain` again */
	struct verdict verdict;
	const char *mechanism; /* what noticed: "seccomp", "landlock", "supervisor", "memory" (--permissive) */
	const char *profile;   /* of the layer that decided; NULL: not known */
	const char *rule;      /* the line that decided; NULL: none, a grant is missing */
	const char *file;      /* where @rule stands; NULL: built in */
	unsigned line;
	const char *missing; /* the class of which no line grants it; NULL where a rule decided */
	const char *fix;     /* the line that would allow it, or NULL */
	bool fix_replaces;   /* @fix takes the place of @rule */
	bool is_granted;     /* a line grants it, which nothing here carries (--best-effort) */
	const char *note;    /* what @fix doesn't tell, or NULL */
};

/* What @decision says of @caller's request; strings in @arena or in the decision's. */
struct denial denial_of_decision(const struct decision *decision, const struct caller *caller, const char *mechanism,
				 struct arena *arena);
/* A call that the policy of @plan denied, or a responder (@error: what was answered, where the verdict is ASK). @uid: of the
 * domain, for `if uid`. */
struct denial denial_of_event(const struct plan *plan, uint32_t uid, const struct event *event, int error,
			      const struct caller *caller, struct arena *arena);

#endif
