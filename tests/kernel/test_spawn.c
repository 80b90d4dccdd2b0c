/* test_spawn.c - cordon_spawn(): confined programs of a process that goes on, with any number of threads. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"

#define TIMEOUT_MS 20000

/* ---- to start things ---- */

static struct cordon_process *spawn_with(const struct cordon_policy *policy, const struct cordon_spawn_options *options)
{
	struct cordon_process *process = NULL;
	struct cordon_error *error;
	const int result = cordon_spawn(policy, options, &process, &error);

	if (result < 0)
		fprintf(stderr, "%d: %s", result, cordon_error_text(error));
	cordon_error_free(error);
	CHECK_INT(result, 0);
	return process;
}

/* `sh -c SCRIPT` */
static struct cordon_process *spawn_shell(const struct cordon_policy *policy, const char *script)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	const struct cordon_spawn_options options = { .size = sizeof(options), .argv = argv };

	return spawn_with(policy, &options);
}

static int end_of(struct cordon_process *process)
{
	int status = -1;

	if (!process)
		return -1;
	CHECK_INT(cordon_process_wait(process, TIMEOUT_MS, &status), 0);
	cordon_process_free(process);
	return status;
}

static int shell(const struct cordon_policy *policy, const char *script)
{
	return end_of(spawn_shell(policy, script));
}

static bool has_children(void)
{
	return waitpid(-1, NULL, WNOHANG | __WALL) >= 0 || errno != ECHILD;
}

static void spawn_refused(const struct cordon_policy *policy, const struct cordon_spawn_options *options, int expected,
			  const char *words)
{
	struct cordon_process *process = (struct cordon_process *)&process;
	struct cordon_error *error;

	CHECK_INT(cordon_spawn(policy, options, &process, &error), expected);
	CHECK(process == (struct cordon_process *)&process);
	if (words && !CHECK(strstr(cordon_error_text(error), words) != NULL))
		fprintf(stderr, "%s", cordon_error_text(error));
	cordon_error_free(error);
	CHECK(!has_children());
}

/* ---- what it is for ---- */

static void confined_and_free(void)
{
	struct cordon_policy *policy = confine_policy("");

	CHECK_INT(shell(policy, "exit 7"), 7);
	CHECK_INT(shell(policy, "read name </etc/hostname"), 0);
	CHECK_INT(shell(policy, "(: </etc/passwd) 2>/dev/null; exit $?"), 2);
	CHECK_INT(shell(policy, "/bin/true"), 126);
	CHECK_INT(shell(policy, "kill -KILL $$"), 128 + SIGKILL);
	/* The caller is as it was. */
	CHECK(free_wrongly() == NULL);
	CHECK(!has_children());
	cordon_policy_free(policy);
}

TEST(program_is_confined_and_caller_is_not)
{
	confined_and_free();
}

TEST(program_of_nobody)
{
	become_nobody();
	confined_and_free();
}

TEST(process_is_waited_for)
{
	struct cordon_process *process = spawn_shell(confine_policy(""), "sleep() { read x; }; sleep");
	int ends[2], status = 99;

	cordon_process_free(process);
	CHECK(!has_children());
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	{
		const int fds[] = { ends[0], -1, 2 };
		char *const argv[] = { (char *)"sh", (char *)"-c", (char *)"read x; exit 5", NULL };
		const struct cordon_spawn_options options = { .size = sizeof(options),
							      .argv = argv,
							      .standard_fds = fds };

		process = spawn_with(confine_policy(""), &options);
	}
	CHECK(cordon_process_pid(process) > 0);
	CHECK_INT(cordon_process_wait(process, 0, &status), -ETIMEDOUT);
	CHECK_INT(cordon_process_wait(process, 20, &status), -ETIMEDOUT);
	CHECK_INT(status, 99);
	CHECK_INT(fcntl(cordon_process_pidfd(process), F_GETFD), FD_CLOEXEC);
	CHECK_INT(cordon_process_kill(process, 0), 0);
	CHECK_INT(cordon_process_kill(process, 12345), -EINVAL);
	CHECK_INT(write(ends[1], "\n", 1), 1);
	CHECK_INT(cordon_process_wait(process, TIMEOUT_MS, &status), 0);
	CHECK_INT(status, 5);
	CHECK_INT(cordon_process_wait(process, 0, NULL), 0);
	CHECK_INT(cordon_process_kill(process, SIGTERM), -ESRCH);
	cordon_process_free(process);
	cordon_process_free(NULL);
	/* Who waits for anybody may get it first. */
	process = spawn_shell(confine_policy(""), "exit 3");
	CHECK_INT(waitpid(-1, &status, 0), cordon_process_pid(process));
	CHECK_INT(cordon_process_wait(process, TIMEOUT_MS, &status), -ECHILD);
	cordon_process_free(process);
}

/* ---- descriptors ---- */

static void read_all(int fd, char *text, size_t size)
{
	size_t got = 0;
	ssize_t more;

	while (got < size - 1 && (more = read(fd, text + got, size - 1 - got)) > 0)
		got += (size_t)more;
	text[got] = '\0';
}

TEST(descriptors_are_where_they_should_be)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)"cat() { read x && echo $x; }; cat; echo bad >&2",
			       NULL };
	struct cordon_spawn_options options = { .size = sizeof(options), .argv = argv };
	struct cordon_policy *policy = confine_policy("");
	int in[2], out[2], err[2], fds[3];
	char text[64];

	REQUIRE(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0);
	fds[0] = in[0];
	fds[1] = out[1];
	fds[2] = err[1];
	options.standard_fds = fds;
	CHECK_INT(write(in[1], "good\n", 5), 5);
	CHECK_INT(end_of(spawn_with(policy, &options)), 0);
	close(out[1]);
	close(err[1]);
	read_all(out[0], text, sizeof(text));
	CHECK_STR(text, "good\n");
	read_all(err[0], text, sizeof(text));
	CHECK_STR(text, "bad\n");
}

/* Each takes the place of another: none is overwritten before it was used. */
TEST(descriptors_that_change_places)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)"echo out; echo err >&2", NULL };
	struct cordon_spawn_options options = { .size = sizeof(options), .argv = argv };
	const int swapped[] = { 1, 2, 0 };
	struct cordon_policy *policy = confine_policy("");
	struct cordon_process *process;
	int first[2], second[2];
	char text[64];

	REQUIRE(pipe2(first, O_CLOEXEC) == 0 && pipe2(second, O_CLOEXEC) == 0);
	REQUIRE(dup2(first[1], 2) == 2 && dup2(second[1], 0) == 0);
	options.standard_fds = swapped;
	process = spawn_with(policy, &options);
	dup2(1, 2);
	close(0);
	CHECK_INT(end_of(process), 0);
	close(first[1]);
	close(second[1]);
	read_all(first[0], text, sizeof(text));
	CHECK_STR(text, "out\n");
	read_all(second[0], text, sizeof(text));
	CHECK_STR(text, "err\n");
	/* 0 is closed now: the program gets /dev/null. */
	CHECK_INT(shell(policy, "read x; test $? -eq 1 && : <&0"), 0);
	CHECK(fcntl(0, F_GETFD) < 0);
}

TEST(descriptors_that_stay_open)
{
	const int left = fcntl(1, F_DUPFD, 8), kept = fcntl(1, F_DUPFD_CLOEXEC, 9);
	char *const closed[] = { (char *)"sh", (char *)"-c", (char *)"(: >&8) 2>/dev/null; exit $?", NULL };
	char *const open_[] = { (char *)"sh", (char *)"-c", (char *)": >&9", NULL };
	struct cordon_spawn_options options = {
		.size = sizeof(options), .argv = closed, .keep_fds = &kept, .keep_fd_count = 1
	};
	struct cordon_policy *policy = confine_policy("");

	CHECK(left == 8 && kept == 9);
	CHECK_INT(end_of(spawn_with(policy, &options)), 2);
	options.argv = open_;
	CHECK_INT(end_of(spawn_with(policy, &options)), 0);
	CHECK_INT(fcntl(kept, F_GETFD), FD_CLOEXEC);
}

/* ---- signals ---- */

static volatile sig_atomic_t caught;

static void catch_signal(int signal)
{
	caught = signal;
}

TEST(signals_are_those_of_the_calling_thread)
{
	struct cordon_policy *policy = confine_policy("");
	sigset_t mask;

	signal(SIGUSR1, catch_signal);
	signal(SIGUSR2, SIG_IGN);
	CHECK_INT(shell(policy, "kill -USR1 $$"), 128 + SIGUSR1);
	CHECK_INT(shell(policy, "kill -USR2 $$; exit 4"), 4);
	CHECK_INT(caught, 0);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	CHECK_INT(shell(policy, "kill -TERM $$; exit 5"), 5);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	CHECK(sigismember(&mask, SIGTERM) && !sigismember(&mask, SIGUSR1));
}

/* ---- refusals ---- */

TEST(arguments_that_are_wrong)
{
	struct {
		struct cordon_spawn_options options;
		char future[16];
	} large = { .future = "" };
	char *const argv[] = { (char *)"true", NULL }, *const none[] = { NULL };
	struct cordon_spawn_options *options = &large.options;
	struct cordon_policy *policy = confine_policy("");
	const int two = 2, closed = 700, bad[] = { 0, 701, 2 };

	spawn_refused(policy, NULL, -EINVAL, NULL);
	options->size = sizeof(*options);
	spawn_refused(policy, options, -EINVAL, NULL);
	options->argv = none;
	spawn_refused(policy, options, -EINVAL, NULL);
	options->argv = argv;
	options->flags = 1;
	spawn_refused(policy, options, -EINVAL, NULL);
	options->flags = 0;
	options->keep_fds = &two;
	options->keep_fd_count = 1;
	spawn_refused(policy, options, -EINVAL, NULL);
	options->keep_fds = &closed;
	spawn_refused(policy, options, -EBADF, "700 is not open");
	options->keep_fd_count = 0;
	options->standard_fds = bad;
	spawn_refused(policy, options, -EBADF, "701 is not open");
	options->standard_fds = NULL;
	options->size = sizeof(large);
	large.future[0] = 1;
	spawn_refused(policy, options, -E2BIG, NULL);
	large.future[0] = 0;
	CHECK_INT(end_of(spawn_with(policy, options)), 0);
}

TEST(programs_that_are_not_there)
{
	char *argv[] = { (char *)"no-such-program-here", NULL }, name[] = "/tmp/test_spawn.XXXXXX";
	struct cordon_spawn_options options = { .size = sizeof(options), .argv = argv };
	struct cordon_policy *policy = confine_policy("");
	int fd;

	spawn_refused(policy, &options, -ENOENT, "no-such-program-here");
	options.program = "/etc";
	spawn_refused(policy, &options, -EACCES, "/etc");
	options.program = "/etc/passwd";
	spawn_refused(policy, &options, -EACCES, "/etc/passwd");
	/* Only the last step of all can tell. */
	fd = mkostemp(name, O_CLOEXEC);
	REQUIRE(fd >= 0 && write(fd, "no program", 10) == 10 && fchmod(fd, 0755) == 0);
	close(fd);
	options.program = name;
	spawn_refused(policy, &options, -EACCES, "the kernel knows no such file format");
	unlink(name);
}

TEST(policies_that_nothing_carries)
{
	char *argv[] = { (char *)"true", NULL };
	struct cordon_spawn_options options = { .size = sizeof(options), .argv = argv };

	spawn_refused(confine_policy("  ask file read /etc/shadow\n"), &options, -ENOTSUP, "C0401");
	spawn_refused(confine_policy("  test deny file read \"/etc/hostname\"\n"), &options, -EINVAL, "hostname");
}

TEST(step_that_fails)
{
	const struct {
		unsigned long long handled_fs;
	} attr = { LANDLOCK_ACCESS_FS_MAKE_BLOCK };
	const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	char *argv[] = { (char *)"true", NULL };
	const struct cordon_spawn_options options = { .size = sizeof(options), .argv = argv };

	REQUIRE(ruleset >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	for (unsigned i = 0; i < 16; i++)
		CHECK_INT(syscall(SYS_landlock_restrict_self, ruleset, 0), 0);
	spawn_refused(confine_policy(""), &options, -ECANCELED, "16 Landlock domains");
}

TEST(no_process_is_left)
{
	const struct rlimit none = { 0, 0 };
	char *argv[] = { (char *)"true", NULL };
	const struct cordon_spawn_options options = { .size = sizeof(options), .argv = argv };

	become_nobody();
	REQUIRE(setrlimit(RLIMIT_NPROC, &none) == 0);
	spawn_refused(confine_policy(""), &options, -EAGAIN, "no process can be made");
}

/* ---- threads ---- */

#define SPAWNERS 4
#define SPAWNS 8

static bool noise_ends;
static unsigned foreign_fds;

static void *make_noise(void *context)
{
	while (!__atomic_load_n(&noise_ends, __ATOMIC_ACQUIRE)) {
		void *memory[16];
		FILE *file = fopen("/dev/null", "we");

		for (size_t i = 0; i < 16; i++)
			memory[i] = malloc(i * 1000 + 1);
		for (size_t i = 0; i < 16; i++)
			free(memory[i]);
		fprintf(file, "noise\n");
		fclose(file);
	}
	return context;
}

/* A plain child of the program's own must find 0, 1, 2 and nothing else. */
static void *fork_plainly(void *context)
{
	static const char script[] = "for fd in 3 4 5 6 7 8 9; do (: <&$fd) 2>/dev/null && exit 1; done; exit 0";

	while (!__atomic_load_n(&noise_ends, __ATOMIC_ACQUIRE)) {
		char *const argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
		const pid_t child = fork();
		int status;

		if (child == 0) {
			execv("/bin/sh", argv);
			_exit(9);
		}
		if (child > 0 && waitpid(child, &status, 0) == child && status != 0)
			__atomic_add_fetch(&foreign_fds, 1, __ATOMIC_SEQ_CST);
	}
	return context;
}

static void *spawn_often(void *context)
{
	for (unsigned i = 0; i < SPAWNS; i++)
		CHECK_INT(shell(context, "read name </etc/hostname; exit 6"), 6);
	return NULL;
}

TEST(many_threads_spawn)
{
	struct cordon_policy *policy = confine_policy("");
	pthread_t noise[2], plain, spawners[SPAWNERS];

	for (size_t i = 0; i < 2; i++)
		REQUIRE(pthread_create(&noise[i], NULL, make_noise, NULL) == 0);
	REQUIRE(pthread_create(&plain, NULL, fork_plainly, NULL) == 0);
	for (size_t i = 0; i < SPAWNERS; i++)
		REQUIRE(pthread_create(&spawners[i], NULL, spawn_often, policy) == 0);
	for (size_t i = 0; i < SPAWNERS; i++)
		pthread_join(spawners[i], NULL);
	__atomic_store_n(&noise_ends, true, __ATOMIC_RELEASE);
	pthread_join(plain, NULL);
	for (size_t i = 0; i < 2; i++)
		pthread_join(noise[i], NULL);
	CHECK_INT(foreign_fds, 0);
	CHECK(!has_children());
	CHECK(free_wrongly() == NULL);
}

/* ---- a parent that stays ---- */

static void with_a_parent(void)
{
	struct cordon_policy *policy = confine_policy("  isolate pid\n");
	struct cordon_process *process;
	int ends[2], out[2];
	char text[64];

	CHECK_INT(shell(policy, "exit 7"), 7);
	CHECK_INT(shell(policy, "test $$ -eq 2"), 0);
	CHECK_INT(shell(policy, "(: </etc/passwd) 2>/dev/null; exit $?"), 2);
	CHECK_INT(shell(policy, "kill -KILL $$"), 128 + SIGKILL);
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	{
		const int fds[] = { ends[0], out[1], 2 };
		char *const argv[] = { (char *)"sh", (char *)"-c",
				       (char *)"trap 'echo term; exit 8' TERM; echo ready; read x", NULL };
		const struct cordon_spawn_options options = { .size = sizeof(options),
							      .argv = argv,
							      .standard_fds = fds };

		process = spawn_with(policy, &options);
		close(out[1]);
		CHECK_INT(read(out[0], text, sizeof(text)), 6);
		CHECK_INT(cordon_process_kill(process, SIGTERM), 0);
		CHECK_INT(end_of(process), 8);
		/* The caller's other descriptors aren't held by anybody: the pipe has come to its end. */
		read_all(out[0], text, sizeof(text));
		CHECK_STR(text, "term\n");
	}
	CHECK(!has_children());
}

TEST(parent_that_stays)
{
	NEED("userns");
	with_a_parent();
}

TEST(parent_that_stays_of_nobody)
{
	NEED("userns");
	become_nobody();
	with_a_parent();
}

/* The parent that stays holds nothing of the caller's but what the program got. */
TEST(parent_holds_nothing_else)
{
	struct cordon_process *process;
	int watched[2], ends[2];
	char byte;

	NEED("userns");
	REQUIRE(pipe2(watched, O_CLOEXEC) == 0 && pipe2(ends, O_CLOEXEC) == 0);
	{
		const int fds[] = { ends[0], 1, 2 };
		char *const argv[] = { (char *)"sh", (char *)"-c", (char *)"read x; exit 2", NULL };
		const struct cordon_spawn_options options = { .size = sizeof(options),
							      .argv = argv,
							      .standard_fds = fds };

		process = spawn_with(confine_policy("  isolate pid\n"), &options);
	}
	close(watched[1]);
	CHECK_INT(read(watched[0], &byte, 1), 0);
	/* The death of that parent is the program's. */
	CHECK_INT(cordon_process_kill(process, SIGKILL), 0);
	CHECK_INT(end_of(process), 128 + SIGKILL);
}

/* ---- limits ---- */

static void within_limits(void)
{
	struct cordon_policy *timed = confine_policy("  limit time 300ms\n");
	struct cordon_policy *short_spoken = confine_policy("  limit output 10\n");
	char text[64];
	int out[2];

	CHECK_INT(shell(timed, "exit 7"), 7);
	CHECK_INT(shell(timed, "while :; do :; done & while :; do :; done"), 124);
	CHECK_INT(shell(short_spoken, "exit 3"), 3);
	REQUIRE(pipe2(out, O_CLOEXEC) == 0);
	{
		const int fds[] = { 0, out[1], 2 };
		char *const argv[] = { (char *)"sh", (char *)"-c", (char *)"while :; do echo hello; done", NULL };
		const struct cordon_spawn_options options = { .size = sizeof(options),
							      .argv = argv,
							      .standard_fds = fds };
		struct cordon_process *process = spawn_with(short_spoken, &options);

		close(out[1]);
		read_all(out[0], text, sizeof(text));
		CHECK_STR(text, "hello\nhell");
		CHECK_INT(end_of(process), 124);
	}
	CHECK(!has_children());
	cordon_policy_free(timed);
	cordon_policy_free(short_spoken);
}

TEST(limits_of_a_spawned_program)
{
	NEED("landlock>=6");
	within_limits();
}

TEST(limits_of_a_program_of_nobody)
{
	NEED("landlock>=6");
	become_nobody();
	within_limits();
}

TEST(parent_that_answers)
{
	static const char script[] =
		"use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ARGV[0],"
		" Listen => 1, ReuseAddr => 1); exit($s ? 0 : 3)";
	char *argv[] = { (char *)"perl", (char *)"-e", (char *)script, (char *)"7001", NULL };
	const struct cordon_spawn_options options = { .size = sizeof(options), .argv = argv };
	struct cordon_policy *policy;

	NEED("notify net");
	policy = confine_policy("  file read /usr/** /etc/**\n  net bind tcp *:7001-7002\n  net accept tcp *:7001\n");
	CHECK_INT(end_of(spawn_with(policy, &options)), 0);
	argv[3] = (char *)"7002";
	CHECK_INT(end_of(spawn_with(policy, &options)), 3);
	CHECK(!has_children());
}
