/* init.c - process 1 of a pid namespace.
 *
 * The program itself is a child of the parent outside (so that its status, its stops and its terminal work as
 * ever) and process 2 inside; this one inherits orphans, waits for them, and holds nothing: no descriptor, no
 * capability, no wish to survive the parent. Its end ends every process of the namespace. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "enforce/confinement.h"

static int give_up(const struct confinement *confinement)
{
	struct pollfd parent = { .fd = confinement->parent_pidfd, .events = POLLIN };
	int result;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	result = capabilities_drop(0);
	if (result < 0)
		return result;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	if (poll(&parent, 1, 0) != 0)
		return -ESRCH;
	return sys_close_range(0, ~0U, 0);
}

/* With us every process of the namespace ends; the parent says why. */
__attribute__((noreturn)) static void fail(const struct confinement *confinement, int error)
{
	if (!confinement->report->failed) {
		confinement->report->step = confinement->fork_at - 1; /* the pid namespace */
		confinement->report->error = error;
		confinement->report->failed = true;
	}
	sys_leave(125);
}

void init_run(const struct confinement *confinement)
{
	const int result = give_up(confinement);
	sigset_t child;

	if (result < 0)
		fail(confinement, -result);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD); /* blocked, as everything is since the parent forked */
	for (;;) {
		int signal, error;

		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		error = sigwait(&child, &signal);
		if (error)
			fail(confinement, error);
	}
}
