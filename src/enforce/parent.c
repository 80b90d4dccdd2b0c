/* parent.c - where something is left to do, this process stays: it starts the program in a child, passes signals
 * on, stops and continues with it, and wakes those who stay with the program (struct attendant).
 *
 * parent --- program                     in place of nothing else parent --- 1 (init.c) + 2 the program  with a
 * pid namespace; a maker in between makes it, and both as our children
 *
 * With a listener parent and child share their descriptors until exec: so the listener, which the kernel gives to
 * the child under its filter, is here without any message. The child writes its number to memory that both share. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

#include "enforce/confinement.h"

/* How often to look for the listener's number while the child starts. */
#define LISTENER_POLL_MS 1

/* Not passed on: faults and what has no meaning for another process. Everything else that can be caught is. */
static const int own_signals[] = { SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGPIPE, SIGSYS };

struct parent {
	struct confinement *confinement;
	int signals;                                      /* signalfd */
	bool wants_listener;                              /* the supervisor has none yet */
	struct attendant *attendants[ATTENDANTS_MAX + 1]; /* the supervisor first */
	size_t attendant_count;
	struct attended attended;
	int status;
	struct rusage usage;
};

/* ---- before ---- */

static int block_signals(struct confinement *confinement, struct parent *parent)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(own_signals); i++)
		sigdelset(&set, own_signals[i]);
	parent->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (parent->signals < 0)
		return -errno;
	/* An ignored SIGCHLD, which we may have inherited, would lose the program's status. */
	if (sigaction(SIGCHLD, &plain, &confinement->child_action) < 0 ||
	    sigprocmask(SIG_SETMASK, &set, &confinement->mask) < 0)
		return -errno;
	return 0;
}

static void unblock_signals(struct confinement *confinement, struct parent *parent)
{
	sigaction(SIGCHLD, &confinement->child_action, NULL);
	sigprocmask(SIG_SETMASK, &confinement->mask, NULL);
	cleanup_close(&parent->signals);
}

static struct report *share_report(void)
{
	struct report *report = sys_map(sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED);

	if (report)
		report->listener = -1;
	return report;
}

/* ---- the children ---- */

__attribute__((noreturn)) static void run_program(struct confinement *confinement)
{
	sign_of_life_begin(confinement);
	if (steps_run(confinement, confinement->fork_at, confinement->steps.count) < 0)
		sys_leave(125);
	sys_leave(125);
}

/* With CLONE_PARENT they are children of our parent. Process 1 shares no descriptors: it closes all of its own. */
static int make_family(struct confinement *confinement, unsigned long flags)
{
	pid_t child = sys_fork(CLONE_PARENT | SIGCHLD);

	if (child == 0)
		init_run(confinement);
	if (child < 0)
		return child;
	confinement->report->init = child;
	child = sys_fork(CLONE_PARENT | SIGCHLD | flags);
	if (child == 0)
		run_program(confinement);
	if (child < 0)
		return child;
	confinement->report->program = child;
	return 0;
}

__attribute__((noreturn)) static void run_maker(struct confinement *confinement, unsigned long flags)
{
	int result = steps_run(confinement, 0, confinement->fork_at);

	if (result == 0)
		result = make_family(confinement, flags);
	if (result < 0 && !confinement->report->failed) {
		confinement->report->step = confinement->fork_at - 1;
		confinement->report->error = -result;
		confinement->report->failed = true;
	}
	sys_leave(0);
}

/* A child's own files in /proc must be its own: it writes its id maps there. */
static int make_dumpable(int dumpable)
{
	return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0) < 0 ? -errno : 0;
}

static int start_program(struct confinement *confinement)
{
	const unsigned long flags = confinement->launch->supervisor ? CLONE_FILES : 0;
	const bool maker = confinement->plan->isolate & ISOLATE_PID;
	pid_t child = sys_fork(SIGCHLD | flags);

	if (child == 0) {
		/* Where it fails so does what needs it. */
		(void)!make_dumpable(1);
		if (maker)
			run_maker(confinement, flags);
		run_program(confinement);
	}
	if (child < 0)
		return child;
	if (!maker)
		confinement->report->program = child;
	else if (waitpid(child, NULL, 0) < 0)
		return -errno;
	__atomic_store_n(&confinement->report->maker_gone, true, __ATOMIC_RELEASE);
	return 0;
}

/* ---- while it runs ---- */

/* Signals of the terminal reach the program by themselves: it is in the same process group. */
static void pass_on(const struct parent *parent, const struct signalfd_siginfo *info)
{
	if (info->ssi_signo != SIGCHLD && info->ssi_code != SI_KERNEL)
		kill(parent->confinement->report->program, (int)info->ssi_signo);
}

/* 1 when the program has ended. When it stops we stop, so that the shell that started us sees it. */
static int program_ended(struct parent *parent)
{
	struct report *report = parent->confinement->report;
	pid_t pid;
	int status;

	/* Orphans come to us where the domain ends with the program (domain.c): nobody else would take their end. */
	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) != 0) {
		if (pid < 0 && errno != EINTR)
			return -errno;
		if (pid > 0 && pid == report->init && !WIFSTOPPED(status))
			report->init = 0;
		if (pid != report->program)
			continue;
		if (!WIFSTOPPED(status)) {
			parent->status = status;
			return 1;
		}
		kill(getpid(), SIGSTOP);
		kill(pid, SIGCONT);
	}
	return 0;
}

static void take_signals(struct parent *parent)
{
	struct signalfd_siginfo info;

	while (read(parent->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		pass_on(parent, &info);
}

/* ---- who stays with it ---- */

static void gather_attendants(struct parent *parent)
{
	const struct launch *launch = parent->confinement->launch;

	if (launch->supervisor)
		parent->attendants[parent->attendant_count++] = launch->supervisor;
	for (size_t i = 0; i < launch->attendant_count; i++)
		parent->attendants[parent->attendant_count++] = launch->attendants[i];
}

static void begin(struct parent *parent, struct attendant *attendant)
{
	if (attendant->begin)
		attendant->begin(attendant, &parent->attended);
}

/* The supervisor begins when it has its listener. */
static void find_listener(struct parent *parent)
{
	struct attendant *supervisor = parent->attendants[0];

	supervisor->fd = __atomic_load_n(&parent->confinement->report->listener, __ATOMIC_ACQUIRE);
	if (supervisor->fd < 0)
		return;
	parent->wants_listener = false;
	begin(parent, supervisor);
}

static void begin_all(struct parent *parent)
{
	const struct report *report = parent->confinement->report;

	parent->attended = (struct attended){ .program = report->program, .init = report->init };
	for (size_t i = parent->wants_listener; i < parent->attendant_count; i++)
		begin(parent, parent->attendants[i]);
}

static void end_all(struct parent *parent)
{
	for (size_t i = 0; i < parent->attendant_count; i++)
		if (parent->attendants[i]->end)
			parent->attendants[i]->end(parent->attendants[i], parent->status, &parent->usage);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* When poll() has to return though nothing happens; -1: never. */
static int poll_timeout_ms(const struct parent *parent)
{
	int64_t first = INT64_MAX, ms;

	if (parent->wants_listener)
		return LISTENER_POLL_MS;
	for (size_t i = 0; i < parent->attendant_count; i++)
		if (parent->attendants[i]->wake_ns < first)
			first = parent->attendants[i]->wake_ns;
	if (first == INT64_MAX)
		return -1;
	ms = (first - now_ns() + 999999) / 1000000;
	return ms < 0 ? 0 : ms > 3600000 ? 3600000 : (int)ms;
}

/* True: the program has to end. */
static bool wake(struct parent *parent, struct attendant *attendant, short events)
{
	switch (attendant->attend(attendant, events, &parent->attended)) {
	case ATTEND_ON: return false;
	case ATTEND_DROP:
		attendant->fd = -1;
		attendant->wake_ns = INT64_MAX;
		return false;
	case ATTEND_END: return true;
	}
	return true;
}

/* @polled: one per attendant. True: the program has to end. */
static bool wake_all(struct parent *parent, const struct pollfd *polled)
{
	const int64_t now = now_ns();

	for (size_t i = parent->wants_listener; i < parent->attendant_count; i++) {
		const short events = polled[i].fd >= 0 ? polled[i].revents : 0;

		if ((events || parent->attendants[i]->wake_ns <= now) && wake(parent, parent->attendants[i], events))
			return true;
	}
	return false;
}

/* ---- until it ends ---- */

/* One per attendant, the last for signals. */
static int wait_for_something(struct parent *parent, struct pollfd polled[ATTENDANTS_MAX + 2])
{
	for (size_t i = 0; i < parent->attendant_count; i++) {
		const struct attendant *attendant = parent->attendants[i];

		polled[i] = (struct pollfd){ .fd = attendant->fd,
					     .events = attendant->wanted ? attendant->wanted : POLLIN };
	}
	polled[parent->attendant_count] = (struct pollfd){ .fd = parent->signals, .events = POLLIN };
	if (poll(polled, parent->attendant_count + 1, poll_timeout_ms(parent)) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

/* 1: it has to end. */
static int stay(struct parent *parent)
{
	int ended;

	while ((ended = program_ended(parent)) == 0) {
		struct pollfd polled[ATTENDANTS_MAX + 2] = { 0 };
		int result = wait_for_something(parent, polled);

		if (result < 0)
			return result;
		if (polled[parent->attendant_count].revents)
			take_signals(parent);
		if (wake_all(parent, polled))
			return 1;
		if (parent->wants_listener)
			find_listener(parent);
	}
	return ended < 0 ? ended : 0;
}

static bool somebody_lingers(const struct parent *parent)
{
	for (size_t i = parent->wants_listener; i < parent->attendant_count; i++)
		if (parent->attendants[i]->lingers && parent->attendants[i]->fd >= 0)
			return true;
	return false;
}

/* A signal that comes now is for us: there is nobody to pass it on to. */
static bool is_told_to_end(const struct parent *parent)
{
	struct signalfd_siginfo info;

	while (read(parent->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP ||
		    info.ssi_signo == SIGQUIT)
			return true;
	return false;
}

/* The program has ended, and what it wrote last may still be on its way. */
static void linger(struct parent *parent)
{
	while (somebody_lingers(parent) && !is_told_to_end(parent)) {
		struct pollfd polled[ATTENDANTS_MAX + 2] = { 0 };

		if (wait_for_something(parent, polled) < 0)
			return;
		(void)!wake_all(parent, polled);
	}
}

/* ---- the whole ---- */

/* What signals to a program that changed its uid, and looking at its sockets, need; and, not in force until then, what
 * removing a control group of root's takes (its directories lack the permission to write). Nothing else. */
static int drop_privileges(bool answers, bool has_group)
{
	const uint64_t used = SYS_CAP(SYS_CAP_KILL) | (answers ? SYS_CAP(SYS_CAP_SYS_PTRACE) : 0);
	const uint64_t kept = used | (has_group ? SYS_CAP(SYS_CAP_DAC_OVERRIDE) : 0);
	struct sys_capabilities held;
	int result = sys_capget(&held);

	if (result < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return result < 0 ? result : -errno;
	held.permitted &= kept;
	held.effective = held.permitted & used;
	held.inheritable = 0;
	return sys_capset(&held);
}

/* One that can't be killed is not waited for: it dies with us, by its death signal. */
static void end_one(pid_t pid, int *status)
{
	if (pid > 0 && (kill(pid, SIGKILL) == 0 || errno == ESRCH))
		waitpid(pid, status, 0);
}

/* Nothing of it is left when this returns; with a pid namespace, or where the domain ends with it, the whole of it. */
static void end_family(struct parent *parent, bool program_too)
{
	struct report *report = parent->confinement->report;

	domain_end(parent->confinement);
	if (program_too)
		end_one(report->program, &parent->status);
	end_one(report->init, NULL);
	domain_reap(parent->confinement);
	getrusage(RUSAGE_CHILDREN, &parent->usage);
}

static int run(struct confinement *confinement, struct parent *parent)
{
	int result;

	confinement->parent_pidfd = sys_pidfd_open(getpid(), 0);
	if (confinement->parent_pidfd < 0)
		return confinement->parent_pidfd;
	result = make_dumpable(0);
	if (result == 0)
		result = domain_begin(confinement);
	if (result == 0)
		result = start_program(confinement);
	if (result == 0 && !confinement->report->program)
		result = confinement->report->failed ? 0 : -ECHILD;
	else if (result == 0)
		result = drop_privileges(parent->wants_listener, confinement->launch->group > 0);
	if (result == 0 && confinement->report->program) {
		begin_all(parent);
		result = stay(parent);
	}
	end_family(parent, result != 0);
	end_all(parent);
	linger(parent);
	cleanup_close(&confinement->parent_pidfd);
	return result < 0 ? result : 0;
}

int parent_run(struct confinement *confinement, int *ret_status)
{
	struct parent parent = { .confinement = confinement, .signals = -1 };
	struct report *report = confinement->spawned ? confinement->report : share_report();
	int result;

	if (!report)
		return -ENOMEM;
	confinement->report = report;
	parent.wants_listener = confinement->launch->supervisor != NULL;
	gather_attendants(&parent);
	result = block_signals(confinement, &parent);
	if (result == 0)
		result = run(confinement, &parent);
	unblock_signals(confinement, &parent);
	*ret_status = parent.status;
	return result;
}

int parent_start(struct confinement *confinement, struct diags *diags, int *ret_status)
{
	int status = 0, result = parent_run(confinement, &status);

	if (result < 0) {
		diag_help(diags,
			  diag_error(diags, "C0621", (struct span){ 0 },
				     "this process can't stay as the program's parent: %s", strerrordesc_np(-result)),
			  "see `ulimit -n` and `ulimit -u`, or what the sandbox around us refuses");
		return -ECANCELED;
	}
	if (confinement->report->failed)
		return failure_diagnose(confinement, diags);
	*ret_status = status;
	return 0;
}
