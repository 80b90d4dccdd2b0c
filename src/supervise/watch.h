/* watch.h - everybody whom the limits of a plan need, gathered before the start: a control group, a clock, relays of the output.
 * And what came of it. */
#ifndef CORDON_SUPERVISE_WATCH_H
#define CORDON_SUPERVISE_WATCH_H

#include "supervise/limits.h"
#include "supervise/relay.h"

struct watch {
	struct keeper keeper; /* for struct launch, where the program is spawned: then nobody calls watch_start() */
	struct limits limits;
	bool watches;            /* there is something to watch, or to report */
	struct relay *relays[2]; /* standard output, error; NULL: not limited */
	uint64_t passed;         /* bytes, through both */
	bool output_reached;
	struct attendant *list[ATTENDANTS_MAX];
};

/* Nothing is watched, and nothing has to be released. */
void watch_init(struct watch *watch);
/* Adds to @launch what @plan's limits need, and with @report what tells how much was used. @launch's attendants so far stay.
 * Returns 0, or -errno with a C0623 diagnostic. */
must_check int watch_begin(struct watch *watch, const struct plan *plan, bool report, struct arena *arena,
			   struct diags *diags, struct launch *launch);
/* Right before confinement_start(): from now until watch_release() standard output and error of this process may be pipes. */
must_check int watch_start(struct watch *watch, struct diags *diags);
void watch_release(struct watch *watch);
/* The program was spawned: the process that stays has all this, and releases it. */
void watch_forget(struct watch *watch);

/* The limit that ended the domain; LIMIT_NONE: none did. */
enum limit_kind watch_reached(const struct watch *watch);
/* What was used, after the program has ended. */
struct usage watch_usage(const struct watch *watch);

#endif
