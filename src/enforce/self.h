/* self.h - confine the process that runs: all its threads, for good, or not at all.
 *
 * The same steps as for a start (confinement.h), without those that need one. What can fail is tried first in a child that
 * is thrown away; then all threads stop (threads.h), the caller takes the steps that are each thread's own, then each other
 * thread does, then those of the whole process follow, and the filters at last, with which the kernel reaches all threads
 * at once. */
#ifndef CORDON_ENFORCE_SELF_H
#define CORDON_ENFORCE_SELF_H

#include "base/diag.h"
#include "plan/plan.h"

struct self_options {
	unsigned timeout_ms; /* for the threads to stop */
	bool closes;         /* close all descriptors above 2 but: */
	const int *keep_fds;
	size_t keep_fd_count;
};

/* Enforce @plan, which was made for a process (host_facts.in_process). Returns 0, or -errno with diagnostics (C064x):
 * -EINVAL the plan or what this process holds; -E2BIG a filter is too long; -EBADF a descriptor to keep; -EBUSY another
 * thread is confining this process, or a thread can't be stopped; -ECANCELED a step failed when it was tried. In all these
 * cases nothing has changed. -ENOTRECOVERABLE: a step failed that had worked when it was tried: what could be enforced is,
 * in some threads or all; the process should end. *ret_changed becomes true when it is no longer as before: also where telling
 * why ends for lack of memory. */
must_check int self_confine(const struct plan *plan, const struct self_options *options, struct arena *arena,
			    struct diags *diags, bool *ret_changed);

/* Claim the right to confine this process, from before the planner asks what it is until it is confined. -EBUSY with a
 * diagnostic: another thread has it. */
must_check int self_claim(struct diags *diags);
void self_disclaim(void);

/* What the planner needs to know of this process: the files whose code is mapped (facts->mapped). */
void self_facts(struct arena *arena, struct host_facts *facts);

/* What this process holds that would go around @plan: memory that is writable and executable, descriptors and mappings by
 * which it could be made, rings whose work no filter sees. 0, or -EINVAL with diagnostics (held.c). */
must_check int self_check_held(const struct plan *plan, struct diags *diags);

#endif
