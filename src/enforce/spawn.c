/* spawn.c - the fork, what the child does before the start, and how the caller learns that the program runs.
 *
 * A pipe that closes at exec can't tell: with a supervisor the parent shares the program's descriptors until then. A robust
 * futex in shared memory can: the kernel marks it when the process that holds it executes a program, or ends. */
#include "enforce/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "enforce/confinement.h"

#define STANDARD_FDS 3
#define STATUS_SETUP 125

/* How often to look whether the child has ended without a word. */
#define LOOK_NS 20000000

/* ---- the sign of life ---- */

void sign_of_life_begin(struct confinement *confinement)
{
	struct sign_of_life *sign = &confinement->sign;

	if (!confinement->spawned)
		return;
	sign->entry.next = &sign->head.list;
	sign->head = (struct robust_list_head){
		.list = { &sign->entry },
		.futex_offset = (char *)&confinement->report->alive - (char *)&sign->entry,
	};
	__atomic_store_n(&confinement->report->alive, (uint32_t)syscall(SYS_gettid) | FUTEX_WAITERS, __ATOMIC_SEQ_CST);
	syscall(SYS_set_robust_list, &sign->head, sizeof(sign->head));
}

static bool has_ended(int pidfd)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid != 0;
}

/* Until the program has been executed, or there won't be one. */
static void wait_for_program(const struct report *report, int pidfd)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };

	for (;;) {
		const uint32_t alive = __atomic_load_n(&report->alive, __ATOMIC_SEQ_CST);

		if (alive & FUTEX_OWNER_DIED || has_ended(pidfd))
			return;
		syscall(SYS_futex, &report->alive, FUTEX_WAIT, alive, &look, NULL, 0);
	}
}

/* ---- the child ---- */

/* The caller's handlers have no business here; what it ignores stays ignored, as at any exec. */
static void reset_handlers(void)
{
	const struct sigaction plain = { .sa_handler = SIG_DFL };
	struct sigaction action;

	for (int signal = 1; signal <= SIGRTMAX; signal++)
		if (sigaction(signal, NULL, &action) == 0 &&
		    (action.sa_flags & SA_SIGINFO || action.sa_handler != SIG_IGN))
			sigaction(signal, &plain, NULL);
}

/* Out of the way of 0, 1 and 2. */
static int take_above(int fd)
{
	const int above = fcntl(fd, F_DUPFD_CLOEXEC, STANDARD_FDS);

	return above < 0 ? -errno : above;
}

static int open_null(void)
{
	auto_close int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : take_above(fd);
}

static int place_descriptors(struct confinement *confinement)
{
	int placed[STANDARD_FDS];

	for (int fd = 0; fd < STANDARD_FDS; fd++) {
		const int from = confinement->launch->standard_fds[fd];

		placed[fd] = from < 0 ? open_null() : take_above(from);
		if (placed[fd] < 0)
			return placed[fd];
	}
	if (confinement->image.fd < STANDARD_FDS)
		confinement->image.fd = take_above(confinement->image.fd);
	if (confinement->image.fd < 0)
		return confinement->image.fd;
	for (int fd = 0; fd < STANDARD_FDS; fd++) {
		if (dup2(placed[fd], fd) < 0)
			return -errno;
		close(placed[fd]);
	}
	return 0;
}

/* The lowest number from @from on that stays open, or -1. */
static int next_kept(const struct confinement *confinement, int from)
{
	const struct keeper *keeper = confinement->launch->keeper;
	const struct {
		const int *items;
		size_t count;
	} kept[] = {
		{ &confinement->image.fd, 1 },
		{ confinement->keep_fds, confinement->keep_fd_count },
		{ keeper ? keeper->fds : NULL, keeper ? keeper->fd_count : 0 },
	};
	int next = -1;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		for (size_t k = 0; k < kept[i].count; k++)
			if (kept[i].items[k] >= from && (next < 0 || kept[i].items[k] < next))
				next = kept[i].items[k];
	return next;
}

/* A parent that stays would hold what the caller has open for as long as the program runs. */
static int close_others(const struct confinement *confinement)
{
	int from = STANDARD_FDS;

	for (;;) {
		const int next = next_kept(confinement, from);
		const int result = next == from
					   ? 0
					   : sys_close_range((unsigned)from, next < 0 ? ~0U : (unsigned)next - 1, 0);

		if (result < 0 || next < 0)
			return result;
		from = next + 1;
	}
}

static void note_failure(struct confinement *confinement, enum step_kind kind, int result)
{
	for (size_t i = 0; i < confinement->steps.count; i++)
		if (confinement->steps.items[i].kind == kind)
			confinement->report->step = i;
	confinement->report->error = -result;
	confinement->report->failed = true;
}

__attribute__((noreturn)) static void run_parent(struct confinement *confinement)
{
	struct keeper *keeper = confinement->launch->keeper;
	int status = 0, finished = -1, result = keeper ? keeper->start(keeper) : 0;

	if (result == 0)
		result = parent_run(confinement, &status);
	if (keeper)
		finished = keeper->finish(keeper);
	if (result < 0 && !confinement->report->failed)
		note_failure(confinement, STEP_PARENT_DEATH, result);
	if (result < 0 || confinement->report->failed)
		sys_leave(STATUS_SETUP);
	sys_leave(finished >= 0 ? finished : spawned_status(status));
}

__attribute__((noreturn)) static void run_child(struct confinement *confinement, const uint64_t *mask)
{
	int result;

	reset_handlers();
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL, sizeof(*mask));
	result = place_descriptors(confinement);
	if (result == 0 && confinement->keeps_parent)
		result = close_others(confinement);
	if (result < 0) {
		note_failure(confinement, STEP_DESCRIPTORS, result);
		sys_leave(STATUS_SETUP);
	}
	if (!confinement->keeps_parent) {
		sign_of_life_begin(confinement);
		(void)!steps_run(confinement, 0, confinement->steps.count);
		sys_leave(STATUS_SETUP);
	}
	run_parent(confinement);
}

/* ---- the caller ---- */

/* No handler of the caller runs in the child: all signals are blocked until those are gone. */
static int fork_child(struct confinement *confinement, struct spawned *ret)
{
	const uint64_t all = ~UINT64_C(0);
	uint64_t mask = 0;
	pid_t child;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof(mask));
	child = sys_fork_pidfd(SIGCHLD, &ret->pidfd);
	if (child == 0)
		run_child(confinement, &mask);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
	ret->pid = child;
	return child < 0 ? child : 0;
}

static void collect(int pidfd)
{
	siginfo_t info;

	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
}

/* 0: it runs. Else nothing is left of it, and the report tells why, if it could. */
static int start(struct confinement *confinement, struct spawned *ret)
{
	struct spawned spawned = { .pidfd = -1 };
	int result = fork_child(confinement, &spawned);

	if (result < 0)
		return result;
	wait_for_program(confinement->report, spawned.pidfd);
	if (confinement->report->executing && !confinement->report->failed) {
		*ret = spawned;
		return 0;
	}
	collect(spawned.pidfd);
	close(spawned.pidfd);
	return -ECANCELED;
}

static int diagnose(const struct confinement *confinement, int result, struct diags *diags)
{
	if (confinement->report->failed)
		return failure_diagnose(confinement, diags);
	if (result == -ECANCELED) {
		diag_error(diags, "C0621", (struct span){ 0 },
			   "the child was killed before it could execute the program");
		return result;
	}
	diag_error(diags, "C0621", (struct span){ 0 }, "no process can be made: %s", strerrordesc_np(-result));
	return -EAGAIN;
}

int confinement_spawn(struct confinement *confinement, struct diags *diags, struct spawned *ret)
{
	struct report *own = confinement->report, *shared;
	int result = confinement_draw_token(confinement, diags);

	if (result < 0)
		return result;
	shared = sys_map(sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED);
	if (!shared)
		return -ENOMEM;
	shared->listener = -1;
	confinement->report = shared;
	confinement->spawned = true;
	result = start(confinement, ret);
	*own = *shared;
	confinement->report = own;
	munmap(shared, sizeof(*shared));
	return result ? diagnose(confinement, result, diags) : 0;
}

int spawned_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}
