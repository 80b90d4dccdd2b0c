/* test_enforce_parent.c - the process that stays: signals, job control, pid namespaces, and what happens when it
 * dies. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "platform/sys.h"
#include "trial.h"

#define NOBODY 65534

/* ---- what comes back ---- */

PAYLOAD(leave_with)
{
	return atoi(argument);
}

PAYLOAD(kill_myself)
{
	kill(getpid(), atoi(argument));
	return 98;
}

static void parent_returns(uint32_t isolate, unsigned uid)
{
	struct trial trial;

	trial_init(&trial, 1);
	trial.uid = uid;
	trial.plan.keeps_parent = true;
	trial.plan.isolate = isolate;
	trial_payload(&trial, "leave_with", "42");
	CHECK_INT(trial_run(&trial), 42);
	CHECK_INT(trial.end->result, 1);
	trial_payload(&trial, "kill_myself", "9");
	CHECK_INT(trial_run(&trial), 128 + SIGKILL);
	trial_payload(&trial, "kill_myself", "15");
	CHECK_INT(trial_run(&trial), 128 + SIGTERM);
	trial_release(&trial);
}

TEST(status_passes_through_the_parent)
{
	parent_returns(0, 0);
	parent_returns(0, NOBODY);
}

TEST(status_passes_out_of_a_pid_namespace)
{
	NEED("root userns");
	parent_returns(ISOLATE_PID, 0);
	parent_returns(ISOLATE_PID | ISOLATE_USER, 0);
	parent_returns(ISOLATE_PID | ISOLATE_USER, NOBODY);
}

/* ---- signals ---- */

static volatile sig_atomic_t seen;

static void note_signal(int signal)
{
	seen = signal;
}

/* Tells when it is ready by touching the file, and ends with the number of the signal that came. */
PAYLOAD(await_signal)
{
	const int signals[] = { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGWINCH, SIGRTMIN + 3 };
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], note_signal);
	close(creat(argument, 0600));
	while (!seen)
		sigsuspend(&none);
	return seen;
}

static bool wait_for_file(const char *path)
{
	for (int i = 0; i < 5000; i++) {
		if (access(path, F_OK) == 0)
			return true;
		usleep(1000);
	}
	return false;
}

static char *fresh_path(struct trial *trial)
{
	char *path = arena_strdup(trial->arena, "/tmp/cordon-ready-XXXXXX");

	close(mkstemp(path));
	unlink(path);
	return path;
}

static void forward(uint32_t isolate, int signal)
{
	struct trial trial;
	char *path;
	pid_t parent;

	trial_init(&trial, 1);
	path = fresh_path(&trial);
	trial.plan.keeps_parent = true;
	trial.plan.isolate = isolate;
	trial_payload(&trial, "await_signal", path);
	parent = trial_begin(&trial);
	REQUIRE(wait_for_file(path));
	kill(parent, signal);
	CHECK_INT(trial_wait(&trial, parent), signal);
	unlink(path);
	trial_release(&trial);
}

TEST(signals_to_the_parent_reach_the_program)
{
	const int signals[] = { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGWINCH, SIGRTMIN + 3 };

	NEED("root");
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		forward(0, signals[i]);
		forward(ISOLATE_PID, signals[i]);
	}
}

/* The caller's mask and its ignored signals are the program's, not what the parent needs. */
PAYLOAD(has_mask)
{
	struct sigaction action;
	sigset_t mask;

	if (sigprocmask(SIG_SETMASK, NULL, &mask) < 0 || sigaction(SIGCHLD, NULL, &action) < 0)
		return 1;
	for (int signal = 1; signal < SIGRTMIN; signal++)
		if (sigismember(&mask, signal) != (signal == SIGUSR2))
			return 2;
	return action.sa_handler == SIG_IGN ? 0 : 3;
}

TEST(mask_and_ignored_signals_are_the_callers)
{
	struct trial trial;
	sigset_t set;

	trial_init(&trial, 1);
	trial_payload(&trial, "has_mask", NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_SETMASK, &set, NULL);
	trial.plan.keeps_parent = true;
	{
		pid_t runner = fork();
		int status;

		if (runner == 0) {
			struct confinement *confinement;

			signal(SIGCHLD, SIG_IGN);
			if (confinement_prepare(&trial.plan, &trial.launch, trial.arena, &trial.diags, &confinement) <
				    0 ||
			    confinement_start(confinement, &trial.diags, &status) < 0)
				_exit(50);
			_exit(WEXITSTATUS(status));
		}
		REQUIRE(waitpid(runner, &status, 0) == runner);
		CHECK_INT(status, 0);
	}
	trial_release(&trial);
}

/* ---- job control ---- */

PAYLOAD(stops_itself)
{
	raise(SIGTSTP);
	return 6;
}

static void stop_and_continue(uint32_t isolate)
{
	struct trial trial;
	int status;
	pid_t parent;

	trial_init(&trial, 1);
	trial.plan.keeps_parent = true;
	trial.plan.isolate = isolate;
	trial_payload(&trial, "stops_itself", NULL);
	parent = trial_begin(&trial);
	CHECK(waitpid(parent, &status, WUNTRACED) == parent && WIFSTOPPED(status));
	kill(parent, SIGCONT);
	CHECK_INT(trial_wait(&trial, parent), 6);
	trial_release(&trial);
}

TEST(parent_stops_and_continues_with_the_program)
{
	NEED("root");
	stop_and_continue(0);
	stop_and_continue(ISOLATE_PID);
}

/* Keys of the terminal reach every process of the foreground group: the program once, and not again from its parent. */
PAYLOAD(counts_interrupts)
{
	int count = 0, signal;
	sigset_t set;
	struct timespec patience = { 0, 100000000 };

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	close(creat(argument, 0600));
	/* To be stopped and continued interrupts the wait. */
	while ((signal = sigtimedwait(&set, NULL, count ? &patience : NULL)) == SIGINT || errno == EINTR) {
		count += signal == SIGINT;
		errno = 0;
	}
	return count;
}

/* As a shell does: a job in a group of its own, in the foreground of a terminal that is ours. */
static pid_t start_job(struct trial *trial)
{
	pid_t job = fork();

	if (job == 0) {
		int status;

		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(0, getpid());
		signal(SIGTTOU, SIG_DFL);
		{
			struct confinement *confinement;

			if (confinement_prepare(&trial->plan, &trial->launch, trial->arena, &trial->diags,
						&confinement) < 0 ||
			    confinement_start(confinement, &trial->diags, &status) < 0)
				_exit(50);
		}
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 51);
	}
	return job;
}

__attribute__((noreturn)) static void run_shell(struct trial *trial, const char *path)
{
	pid_t job = start_job(trial);
	int status;

	if (!wait_for_file(path) || write(1, "ready\n", 6) != 6)
		_exit(40);
	if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status))
		_exit(41);
	if (write(1, "stopped\n", 8) != 8)
		_exit(42);
	kill(-job, SIGCONT);
	if (waitpid(job, &status, WUNTRACED) != job || !WIFEXITED(status))
		_exit(43);
	_exit(WEXITSTATUS(status));
}

static bool read_until(int terminal, const char *word)
{
	char text[512] = "";
	size_t size = 0;
	struct pollfd polled = { .fd = terminal, .events = POLLIN };

	while (!strstr(text, word) && size < sizeof(text) - 1 && poll(&polled, 1, 5000) == 1) {
		ssize_t got = read(terminal, text + size, sizeof(text) - 1 - size);

		if (got <= 0)
			return false;
		size += (size_t)got;
		text[size] = '\0';
	}
	return strstr(text, word) != NULL;
}

static void use_terminal(uint32_t isolate)
{
	struct trial trial;
	int terminal, status;
	char *path;
	pid_t shell;

	trial_init(&trial, 1);
	path = fresh_path(&trial);
	trial.plan.keeps_parent = true;
	trial.plan.isolate = isolate;
	trial_payload(&trial, "counts_interrupts", path);
	shell = forkpty(&terminal, NULL, NULL, NULL);
	if (shell == 0)
		run_shell(&trial, path);
	REQUIRE(shell > 0);
	CHECK(read_until(terminal, "ready"));
	CHECK(write(terminal, "\x1a", 1) == 1);
	CHECK(read_until(terminal, "stopped"));
	usleep(50000);
	CHECK(write(terminal, "\x03", 1) == 1);
	REQUIRE(waitpid(shell, &status, 0) == shell);
	CHECK_INT(WEXITSTATUS(status), 1);
	close(terminal);
	unlink(path);
	trial_release(&trial);
}

TEST(keys_of_the_terminal)
{
	NEED("root");
	use_terminal(0);
	use_terminal(ISOLATE_PID);
}

/* ---- the death of the parent ---- */

PAYLOAD(lives_on)
{
	int fd = open(argument, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fork() == 0)
		for (;;)
			pause();
	for (;;) {
		if (write(fd, "x", 1) != 1)
			return 1;
		usleep(1000);
	}
}

/* Whether the program still writes. */
static bool still_alive(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t before, after;

	usleep(50000);
	before = lseek(fd, 0, SEEK_END);
	usleep(50000);
	after = lseek(fd, 0, SEEK_END);
	close(fd);
	return after != before;
}

static void kill_parent(uint32_t isolate, unsigned uid)
{
	struct trial trial;
	char *path;
	pid_t parent;
	int status;

	trial_init(&trial, 1);
	path = fresh_path(&trial);
	trial.uid = uid;
	trial.plan.keeps_parent = true;
	trial.plan.isolate = isolate;
	trial.plan.capabilities = 0;
	trial_payload(&trial, "lives_on", path);
	parent = trial_begin(&trial);
	REQUIRE(wait_for_file(path));
	CHECK(still_alive(path));
	kill(parent, SIGKILL);
	REQUIRE(waitpid(parent, &status, 0) == parent);
	CHECK(!still_alive(path));
	unlink(path);
	trial_release(&trial);
}

TEST(T23_program_dies_with_its_parent)
{
	NEED("root");
	kill_parent(0, 0);
	kill_parent(0, NOBODY);
}

TEST(T23_pid_namespace_dies_with_its_parent)
{
	NEED("root userns");
	kill_parent(ISOLATE_PID, 0);
	kill_parent(ISOLATE_PID | ISOLATE_USER, NOBODY);
}

/* ---- a pid namespace ---- */

PAYLOAD(leaves_orphans)
{
	int status, pipes[2];
	char byte;

	if (getpid() != 2 || pipe(pipes) < 0)
		return 1;
	if (fork() == 0) {
		pid_t orphan = fork();

		if (orphan == 0) {
			usleep(20000); /* until its parent is gone */
			_exit(write(pipes[1], getppid() == 1 ? "1" : "0", 1) == 1 ? 0 : 1);
		}
		_exit(0);
	}
	if (wait(&status) < 0 || read(pipes[0], &byte, 1) != 1)
		return 2;
	usleep(20000);
	/* Number 4, the orphan, was collected by process 1. */
	return byte == '1' && kill(4, 0) < 0 && errno == ESRCH ? 0 : 3;
}

TEST(process_1_collects_orphans)
{
	struct trial trial;

	NEED("root");
	trial_init(&trial, 1);
	trial.plan.keeps_parent = true;
	trial.plan.isolate = ISOLATE_PID;
	trial_payload(&trial, "leaves_orphans", NULL);
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

PAYLOAD(leaves_a_daemon)
{
	if (fork() == 0) {
		setsid();
		return payload_lives_on(argument);
	}
	while (access(argument, F_OK) < 0)
		usleep(1000);
	return 0;
}

/* With the program the whole namespace ends, and with it what it left running. */
TEST(nothing_of_a_pid_namespace_stays)
{
	struct trial trial;
	char *path;

	NEED("root");
	trial_init(&trial, 1);
	path = fresh_path(&trial);
	trial.plan.keeps_parent = true;
	trial.plan.isolate = ISOLATE_PID;
	trial_payload(&trial, "leaves_a_daemon", path);
	CHECK_INT(trial_run(&trial), 0);
	CHECK(!still_alive(path));
	unlink(path);
	trial_release(&trial);
}

/* ---- attacks on the parent ---- */

/* 0: the parent could be neither traced, read, nor stopped; the capabilities of an outer root are gone. */
PAYLOAD(attacks_parent)
{
	pid_t parent = atoi(argument);
	char path[64];

	if (ptrace(PTRACE_SEIZE, parent, 0, 0) == 0)
		return 1;
	snprintf(path, sizeof(path), "/proc/%d/mem", parent);
	if (open(path, O_RDWR | O_CLOEXEC) >= 0)
		return 2;
	snprintf(path, sizeof(path), "/proc/%d/environ", parent);
	if (open(path, O_RDONLY | O_CLOEXEC) >= 0)
		return 3;
	return kill(parent, SIGSTOP) < 0 && errno == EPERM ? 0 : 4;
}

PAYLOAD(attacks_its_parent)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)getppid());
	return payload_attacks_parent(pid);
}

/* The baseline: an ordinary parent of the same user can be traced. */
static int attack_plain_parent(struct trial *trial)
{
	pid_t victim = fork();
	int status;

	if (victim == 0) {
		if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(98);
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		trial->uid = 0; /* it is already */
		_exit(trial_baseline(trial));
	}
	REQUIRE(waitpid(victim, &status, 0) == victim);
	return WEXITSTATUS(status);
}

TEST(T11_parent_cannot_be_attacked)
{
	struct trial trial;

	NEED("root");
	trial_init(&trial, 1);
	trial.uid = NOBODY;
	trial.plan.keeps_parent = true;
	trial_payload(&trial, "attacks_its_parent", NULL);
	CHECK_INT(attack_plain_parent(&trial), 1);
	trial.layers[0].landlock.scoped = SYS_LANDLOCK_SCOPE_SIGNAL;
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

/* ---- who stays is small ---- */

PAYLOAD(parent_has_dropped)
{
	unsigned long long permitted = ~0ULL;
	char path[64], line[256], nnp = '0';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)getppid());
	/* It drops what it has right after it forked us. */
	for (int i = 0; i < 200; i++) {
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file)) {
			sscanf(line, "CapPrm: %llx", &permitted);
			sscanf(line, "NoNewPrivs: %c", &nnp);
		}
		if (file)
			fclose(file);
		if (nnp == '1' && permitted == SYS_CAP(SYS_CAP_KILL))
			return 0;
		usleep(1000);
	}
	return 1;
}

TEST(parent_gives_up_its_privileges)
{
	struct trial trial;

	NEED("root");
	trial_init(&trial, 1);
	trial.plan.keeps_parent = true;
	trial_payload(&trial, "parent_has_dropped", NULL);
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}
