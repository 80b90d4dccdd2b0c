/* fault.c - see fault.h. */
#include "fault.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define HANG_S 30

struct task {
	pid_t pid;
	unsigned calls;
	bool inside;     /* between entry and exit of a call */
	bool failing;    /* this call */
	bool program;    /* confined, or at least executed: not ours to fail */
	bool first_stop; /* the SIGSTOP that every new task begins with is still to come */
	bool ended;
};

struct tracer {
	const struct fault *fault;
	struct fault_record *record;
	struct fault_outcome *outcome;
	struct task tasks[64];
	unsigned count, alive;
	bool started; /* the first exec has happened */
	bool done;    /* the fault has happened: nothing more to count */
};

/* ---- registers ---- */

static void skip_call(pid_t pid)
{
#if defined(__x86_64__)
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.orig_rax), -1L);
#elif defined(__aarch64__)
	int none = -1;
	struct iovec io = { &none, sizeof(none) };

	ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &io);
#endif
}

static void set_result(pid_t pid, long result)
{
#if defined(__x86_64__)
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rax), result);
#elif defined(__aarch64__)
	struct user_regs_struct regs;
	struct iovec io = { &regs, sizeof(regs) };

	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io);
	regs.regs[0] = (unsigned long)result;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
#endif
}

/* ---- tasks ---- */

static struct task *find(struct tracer *tracer, pid_t pid)
{
	for (unsigned i = 0; i < tracer->count; i++)
		if (tracer->tasks[i].pid == pid && !tracer->tasks[i].ended)
			return &tracer->tasks[i];
	REQUIRE(tracer->count < sizeof(tracer->tasks) / sizeof(tracer->tasks[0]));
	tracer->tasks[tracer->count] = (struct task){ .pid = pid, .first_stop = tracer->count > 0 };
	tracer->alive++;
	return &tracer->tasks[tracer->count++];
}

/* The first thing that main() does. */
static bool opens_null(pid_t pid, const struct __ptrace_syscall_info *info)
{
	char start[sizeof(long)];
	long word;

	if ((long)info->entry.nr != SYS_openat)
		return false;
	word = ptrace(PTRACE_PEEKDATA, pid, info->entry.args[1], NULL);
	memcpy(start, &word, sizeof(start));
	return !memcmp(start, "/dev/null", sizeof(start));
}

static void record_call(struct fault_record *record, unsigned ordinal, unsigned call, pid_t pid,
			const struct __ptrace_syscall_info *info)
{
	if (ordinal >= FAULT_TASKS || call >= FAULT_CALLS)
		return;
	record->calls[ordinal][call] = (long)info->entry.nr;
	record->counts[ordinal] = call + 1;
	if (record->tasks <= ordinal)
		record->tasks = ordinal + 1;
	if (ordinal == 0 && !record->begins && opens_null(pid, info))
		record->begins = call;
}

static void at_entry(struct tracer *tracer, struct task *task)
{
	struct __ptrace_syscall_info info;
	const unsigned ordinal = (unsigned)(task - tracer->tasks), call = task->calls++;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, task->pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	if (tracer->record)
		record_call(tracer->record, ordinal, call, task->pid, &info);
	if (!tracer->fault->error || ordinal != tracer->fault->task || call != tracer->fault->call)
		return;
	tracer->outcome->reached = true;
	tracer->outcome->call = (long)info.entry.nr;
	task->failing = true;
	skip_call(task->pid);
}

static void at_call(struct tracer *tracer, struct task *task)
{
	task->inside = !task->inside;
	if (task->inside && tracer->started && !task->program)
		at_entry(tracer, task);
	if (task->inside || !task->failing)
		return;
	/* brk() knows no errors: it returns the break, and one that is too low has not moved. */
	set_result(task->pid, tracer->outcome->call == SYS_brk ? 0 : -(long)tracer->fault->error);
	task->failing = false;
	tracer->done = true;
}

static void at_event(struct tracer *tracer, struct task *task, int event)
{
	unsigned long child = 0;

	if (event == PTRACE_EVENT_EXEC) {
		task->program = tracer->started;
		tracer->started = true;
		task->calls = 0;
	} else if (ptrace(PTRACE_GETEVENTMSG, task->pid, NULL, &child) == 0 && child) {
		find(tracer, (pid_t)child)->program = task->program;
	}
}

/* One stop; returns the signal to go on with. */
static int at_stop(struct tracer *tracer, struct task *task, int status)
{
	const int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == (SIGTRAP | 0x80)) {
		at_call(tracer, task);
		return 0;
	}
	if (event) {
		at_event(tracer, task, event);
		return 0;
	}
	if (signal == SIGSTOP && task->first_stop) {
		task->first_stop = false;
		return 0;
	}
	return signal;
}

/* ---- one run ---- */

static void kill_all(struct tracer *tracer)
{
	for (unsigned i = 0; i < tracer->count; i++)
		if (!tracer->tasks[i].ended)
			kill(tracer->tasks[i].pid, SIGKILL);
}

static volatile sig_atomic_t alarmed;

static void on_alarm(int signal)
{
	(void)signal;
	alarmed = 1;
}

static void set_alarm(long ms)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
	static timer_t timer;
	static bool made;

	if (!made)
		REQUIRE(sigaction(SIGALRM, &action, NULL) == 0 && timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0);
	made = true;
	alarmed = 0;
	REQUIRE(timer_settime(timer, 0, &(struct itimerspec){ .it_value = time }, NULL) == 0);
}

static void go_on(struct tracer *tracer, struct task *task, int signal)
{
	ptrace(tracer->done || task->program ? PTRACE_CONT : PTRACE_SYSCALL, task->pid, NULL, (long)signal);
}

/* An orphan that has come to us ends twice: for its tracer, and for its parent. */
static void at_end(struct tracer *tracer, pid_t pid, int status)
{
	for (unsigned i = 0; i < tracer->count; i++) {
		if (tracer->tasks[i].pid != pid || tracer->tasks[i].ended)
			continue;
		tracer->tasks[i].ended = true;
		tracer->alive--;
		if (i == 0)
			tracer->outcome->status = status;
		return;
	}
}

static void follow(struct tracer *tracer)
{
	while (tracer->alive > 0) {
		int status;
		const pid_t pid = waitpid(-1, &status, __WALL);
		struct task *task;

		if (pid < 0 && errno == EINTR && alarmed) {
			if (tracer->tasks[0].ended)
				tracer->outcome->left = true;
			else
				tracer->outcome->hung = true;
			kill_all(tracer);
			continue;
		}
		if (pid < 0)
			break;
		if (!WIFSTOPPED(status)) {
			at_end(tracer, pid, status);
			continue;
		}
		task = find(tracer, pid);
		go_on(tracer, task, at_stop(tracer, task, status));
	}
	set_alarm(0);
}

/* Without the cost of waking up another processor at each stop, all stay on one. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;
	const int cpu = sched_getcpu();

	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? 0 : (size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static pid_t begin(char *const *argv, char *const *envp, const int *out, const int *err)
{
	const pid_t child = fork();

	REQUIRE(child >= 0);
	if (child > 0)
		return child;
	stay_on_one_cpu();
	if (dup2(out[1], STDOUT_FILENO) < 0 || dup2(err[1], STDERR_FILENO) < 0 ||
	    ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(99);
	raise(SIGSTOP);
	execve(argv[0], argv, envp);
	_exit(99);
}

/* What a pipe holds, after everybody who could write to it has ended. */
static void drain(const int *ends, char *ret, size_t size)
{
	size_t done = 0;
	ssize_t got;

	close(ends[1]);
	while (done + 1 < size && (got = read(ends[0], ret + done, size - 1 - done)) > 0)
		done += (size_t)got;
	ret[done] = '\0';
	close(ends[0]);
}

void fault_run(char *const *argv, char *const *envp, const struct fault *fault, struct fault_record *record,
	       struct fault_outcome *ret)
{
	struct tracer tracer = { .fault = fault, .record = record, .outcome = ret };
	int out[2], err[2], status;
	pid_t child;

	memset(ret, 0, sizeof(*ret));
	if (record)
		memset(record, 0, sizeof(*record));
	REQUIRE(pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0);
	stay_on_one_cpu();
	/* Who is left behind is reaped here: process 1 of a cell does not, and their namespace would never end. */
	REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	child = begin(argv, envp, out, err);
	REQUIRE(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
	REQUIRE(ptrace(PTRACE_SETOPTIONS, child, NULL,
		       (long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			      PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)) == 0);
	find(&tracer, child);
	set_alarm(HANG_S * 1000);
	go_on(&tracer, tracer.tasks, 0);
	follow(&tracer);
	drain(out, ret->out, sizeof(ret->out));
	drain(err, ret->err, sizeof(ret->err));
}
