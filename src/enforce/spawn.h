/* spawn.h - start a confined program as a child of a process that goes on, and may have any number of threads.
 *
 * All that allocates or takes locks is done before the fork (confinement_prepare()); the child makes async-signal-safe calls
 * only. Where the plan keeps a parent, the child stays as that parent, and the program is its child. */
#ifndef CORDON_ENFORCE_SPAWN_H
#define CORDON_ENFORCE_SPAWN_H

#include <sys/types.h>

#include "enforce/enforce.h"

struct spawned {
	pid_t pid; /* the program; or the parent that stays with it, which takes signals for it and ends as it does */
	int pidfd;
};

/* Start what was prepared with launch->standard_fds. Comes back when the program has been executed, or nothing of it ran: 0,
 * or -errno with a diagnostic, as confinement_start(). Nothing of a child is left then. */
must_check int confinement_spawn(struct confinement *confinement, struct diags *diags, struct spawned *ret);

/* What waitpid() has said, as `cordon run` says it: the exit status, or 128 and the signal. */
int spawned_status(int wait_status);

#endif
