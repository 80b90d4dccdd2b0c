/* capabilities.c - every set down to what the plan keeps.
 *
 * no_new_privs stands before, so nothing comes back at exec: for root, whose exec would refill its sets from the
 * bounding set, that one is emptied too. Another uid keeps capabilities over exec in the ambient set only. */
#include <errno.h>
#include <sys/prctl.h>

#include "enforce/confinement.h"

/* Above the highest that any kernel has; the running one says where its own end: it knows neither of two calls about the
 * next. */
#define CAPABILITY_END 64

/* Leaving the bounding set takes CAP_SETPCAP; who lacks it can't gain anything from that set under no_new_privs. */
static int drop_bounding(uint64_t kept, uint64_t effective)
{
	if (!(effective & SYS_CAP(SYS_CAP_SETPCAP)))
		return 0;
	for (unsigned i = 0; i < CAPABILITY_END; i++) {
		int error;

		if (kept & SYS_CAP(i) || prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0)
			continue;
		error = errno;
		/* the first that the kernel doesn't know: nor can it be read */
		return error == EINVAL && prctl(PR_CAPBSET_READ, i, 0, 0, 0) < 0 ? 0 : -error;
	}
	return 0;
}

static int raise_ambient(uint64_t kept)
{
	for (unsigned i = 0; i < CAPABILITY_END; i++)
		if (kept & SYS_CAP(i) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return -errno;
	return 0;
}

int capabilities_drop(uint64_t kept)
{
	struct sys_capabilities held, left;
	int result = sys_capget(&held);

	if (result == 0)
		result = drop_bounding(kept, held.effective);
	if (result < 0)
		return result;
	/* Nothing is left to drop: so it is inside another domain, whose filter need not let us say so. */
	if (!held.permitted && !held.inheritable)
		return 0;
	/* EINVAL: a kernel without ambient capabilities. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -errno;
	left.permitted = left.effective = held.permitted & kept;
	left.inheritable = geteuid() ? left.permitted : held.inheritable & kept;
	result = sys_capset(&left);
	return result == 0 && geteuid() ? raise_ambient(left.permitted) : result;
}

int step_capabilities(struct confinement *confinement, const struct step *step)
{
	(void)step;
	if (confinement->launch && confinement->launch->keeps_capabilities)
		return 0;
	return capabilities_drop(confinement->plan->capabilities);
}
