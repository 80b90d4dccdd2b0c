/* domain.c - ending a whole domain at once.
 *
 * A pid namespace ends with its process 1. Without one the parent makes itself a Landlock domain that scopes signals and
 * nothing else, before it starts the program: from then on its signals reach its descendants only, and kill(-1) is "all
 * of them, at once": the kernel holds its list of processes still for it, so no fork gets away. The program can't leave
 * the domain that it was born in. What kill(-1) would do without the scope is so bad that the scope is tried on a
 * process that was made before it, each time. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "enforce/confinement.h"

/* The right that ABI 6 brought (linux/landlock.h). */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)
#define SCOPE_ABI 6

/* Outside of the scope to be; ends when the pipe does. */
static pid_t make_outsider(int until[2])
{
	pid_t child = sys_fork(SIGCHLD);
	char byte;

	if (child != 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	close(until[1]);
	(void)!read(until[0], &byte, 1);
	sys_leave(0);
}

static int scope_signals(void)
{
	const struct sys_landlock_ruleset attr = { .scoped = SCOPE_SIGNAL };
	const int abi = sys_landlock_abi();
	auto_close int ruleset = abi < SCOPE_ABI ? -EOPNOTSUPP : sys_landlock_create(&attr, abi);

	if (ruleset < 0)
		return ruleset;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return sys_landlock_restrict(ruleset, 0);
}

static int scope_and_try(int until[2])
{
	const pid_t outsider = make_outsider(until);
	int result = outsider < 0 ? outsider : scope_signals();

	if (result == 0 && (kill(outsider, 0) == 0 || errno != EPERM))
		result = -EOPNOTSUPP;
	cleanup_close(&until[0]);
	cleanup_close(&until[1]);
	if (outsider > 0)
		waitpid(outsider, NULL, 0);
	return result;
}

static bool has_no_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 && errno == ECHILD;
}

int domain_begin(struct confinement *confinement)
{
	int until[2], result;

	if (!confinement->launch->ends_domain || confinement->plan->isolate & ISOLATE_PID)
		return 0;
	confinement->childless = has_no_children();
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 || pipe2(until, O_CLOEXEC) < 0)
		return -errno;
	result = scope_and_try(until);
	confinement->scoped = result == 0;
	return result;
}

void domain_end(const struct confinement *confinement)
{
	if (confinement->scoped)
		kill(-1, SIGKILL);
}

/* Whom the caller had made before we don't wait for. */
void domain_reap(const struct confinement *confinement)
{
	if (!confinement->scoped || !confinement->childless)
		return;
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
}
