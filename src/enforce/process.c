/* process.c - the small steps: attributes of the process itself, and exec. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "enforce/confinement.h"

int step_directory(struct confinement *confinement, const struct step *step)
{
	(void)step;
	return chdir(confinement->directory) < 0 ? -errno : 0;
}

int step_no_new_privs(struct confinement *confinement, const struct step *step)
{
	(void)confinement;
	(void)step;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int step_mdwe(struct confinement *confinement, const struct step *step)
{
	(void)confinement;
	(void)step;
	return prctl(SYS_PR_SET_MDWE, SYS_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) < 0 ? -errno : 0;
}

int step_scripts(struct confinement *confinement, const struct step *step)
{
	(void)confinement;
	(void)step;
	return sys_restrict_scripts();
}

/* The process that made the pid namespace is of the same user namespace, and counts as one of its processes until the parent
 * has taken its end. */
static int wait_for_maker(const struct confinement *confinement)
{
	const struct timespec pause = { .tv_nsec = 200000 };

	for (int i = 0; i < 50000; i++) {
		if (__atomic_load_n(&confinement->report->maker_gone, __ATOMIC_ACQUIRE))
			return 0;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

int step_limit(struct confinement *confinement, const struct step *step)
{
	const struct rlimit_plan *wanted = &confinement->plan->rlimits.items[step->index];
	struct rlimit limit = {
		.rlim_cur = confinement->limits[2 * step->index],
		.rlim_max = confinement->limits[2 * step->index + 1],
	};

	if (wanted->resource == RLIMIT_NPROC && confinement->plan->isolate & ISOLATE_PID) {
		const int result = wait_for_maker(confinement);

		if (result < 0)
			return result;
	}
	return setrlimit(wanted->resource, &limit) < 0 ? -errno : 0;
}

/* We, and all that we make. */
int step_group(struct confinement *confinement, const struct step *step)
{
	(void)step;
	return write(confinement->launch->group, "0", 1) == 1 ? 0 : -errno;
}

/* The program doesn't outlive the process that answers for it. The parent may have died before the kernel heard of our
 * wish: its pidfd says so (getppid() is of no use inside a pid namespace). */
int step_parent_death(struct confinement *confinement, const struct step *step)
{
	struct pollfd parent = { .fd = confinement->parent_pidfd, .events = POLLIN };

	(void)step;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	return poll(&parent, 1, 0) == 0 ? 0 : -ESRCH;
}

/* The parent blocks signals and wants to hear of its children; the program gets what the caller had. */
int step_signals(struct confinement *confinement, const struct step *step)
{
	(void)step;
	if (sigaction(SIGCHLD, &confinement->child_action, NULL) < 0 ||
	    sigprocmask(SIG_SETMASK, &confinement->mask, NULL) < 0)
		return -errno;
	return 0;
}

int step_execute(struct confinement *confinement, const struct step *step)
{
	const struct image *image = &confinement->image;

	(void)step;
	confinement->report->executing = true;
	return sys_execveat(image->by_path ? AT_FDCWD : image->fd, image->by_path ? image->path : "", confinement->argv,
			    confinement->envp, image->by_path ? 0 : AT_EMPTY_PATH, confinement->token);
}

/* A limit is a ceiling: what the caller has already lower stays. So this never needs a privilege. */
void limits_prepare(struct confinement *confinement)
{
	const struct plan *plan = confinement->plan;

	confinement->limits = arena_alloc(confinement->arena, 2 * plan->rlimits.count * sizeof(uint64_t));
	for (size_t i = 0; i < plan->rlimits.count; i++) {
		const struct rlimit_plan *wanted = &plan->rlimits.items[i];
		struct rlimit held = { RLIM_INFINITY, RLIM_INFINITY };

		getrlimit(wanted->resource, &held);
		confinement->limits[2 * i] = wanted->value < held.rlim_cur ? wanted->value : held.rlim_cur;
		confinement->limits[2 * i + 1] = wanted->value < held.rlim_max ? wanted->value : held.rlim_max;
	}
}
