/* tap.c - see tap.h. The parent forks one child per test, waits with a deadline, and prints one TAP line for it. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT_S 30

/* What a test process tells the parent. */
struct outcome {
	unsigned failures;
	bool finished;
	char skip[256]; /* reason; empty: not skipped */
};

/* Only there when built with AddressSanitizer: 0 when nothing leaked. A child leaves by _exit, so it must be asked. */
__attribute__((weak)) int __lsan_do_recoverable_leak_check(void);
/* Only there when built for coverage: exit() would do it. */
__attribute__((weak)) void __gcov_dump(void);

static struct tap_test *tests;
static struct tap_test **tests_end = &tests;
static struct outcome *outcome;

void tap_register(struct tap_test *test)
{
	*tests_end = test;
	tests_end = &test->next;
}

static void count_failure(void)
{
	__atomic_add_fetch(&outcome->failures, 1, __ATOMIC_RELAXED);
}

bool tap_check(bool held, const char *file, int line, const char *text)
{
	if (!held) {
		count_failure();
		fprintf(stderr, "# %s:%d: failed: %s\n", file, line, text);
	}
	return held;
}

bool tap_check_int(long long actual, long long expected, const char *file, int line, const char *text)
{
	if (actual == expected)
		return true;
	count_failure();
	fprintf(stderr, "# %s:%d: %s\n#   is       %lld (0x%llx)\n#   expected %lld (0x%llx)\n", file, line, text,
		actual, (unsigned long long)actual, expected, (unsigned long long)expected);
	return false;
}

bool tap_check_str(const char *actual, const char *expected, const char *file, int line, const char *text)
{
	if (actual == expected || (actual && expected && strcmp(actual, expected) == 0))
		return true;
	count_failure();
	fprintf(stderr, "# %s:%d: %s\n# is:\n%s\n# expected:\n%s\n", file, line, text, actual ? actual : "(null)",
		expected ? expected : "(null)");
	return false;
}

static const char *error_name(int error)
{
	const char *name = error ? strerrorname_np(error) : "success";

	return name ? name : "an unknown error";
}

bool tap_check_errno(long long result, int expected, const char *file, int line, const char *text)
{
	int actual = result < 0 ? errno : 0;

	if (actual == expected)
		return true;
	count_failure();
	fprintf(stderr, "# %s:%d: %s\n#   gave     %lld, %s\n#   expected %s\n", file, line, text, result,
		error_name(actual), error_name(expected));
	return false;
}

void tap_leave(void)
{
	outcome->finished = true;
	_exit(0);
}

void tap_fail(const char *file, int line, const char *text)
{
	tap_check(false, file, line, text);
	tap_leave();
}

void tap_skip(const char *reason)
{
	snprintf(outcome->skip, sizeof(outcome->skip), "%s", reason);
	tap_leave();
}

void tap_need(const char *needs)
{
	char copy[128], *rest, reason[160];

	snprintf(copy, sizeof(copy), "%s", needs);
	for (char *need = strtok_r(copy, " ", &rest); need; need = strtok_r(NULL, " ", &rest)) {
		int has = tap_has(need);

		if (has < 0)
			tap_fail("NEED", 0, need);
		if (has)
			continue;
		snprintf(reason, sizeof(reason), "needs: %s", need);
		tap_skip(reason);
	}
}

static __attribute__((noreturn)) void run_child(const struct tap_test *test, const sigset_t *mask)
{
	struct rlimit no_core = { 0, 0 };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setpgid(0, 0);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	setrlimit(RLIMIT_CORE, &no_core);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (test->signal)
		signal(test->signal, SIG_DFL); /* a sanitizer may catch it */
	test->run();
	fflush(NULL);
	if (__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check() != 0)
		count_failure();
	if (__gcov_dump)
		__gcov_dump();
	tap_leave();
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait for @pid; SIGCHLD is blocked. False when the deadline passed: then it was killed. */
static bool wait_until(pid_t pid, int64_t deadline_ms, int *ret_status)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (waitpid(pid, ret_status, WNOHANG) == 0) {
		int64_t left_ms = deadline_ms - now_ms();
		struct timespec left = { left_ms / 1000, left_ms % 1000 * 1000000 };

		if (left_ms <= 0) {
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			waitpid(pid, ret_status, 0);
			return false;
		}
		sigtimedwait(&child, NULL, &left);
	}
	return true;
}

static bool judge(const struct tap_test *test, int status)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (signal != test->signal) {
		fprintf(stderr, "# %s: ended by signal %d, expected %d\n", test->name, signal, test->signal);
		return false;
	}
	if (!signal && WEXITSTATUS(status) != 0) {
		fprintf(stderr, "# %s: exit status %d\n", test->name, WEXITSTATUS(status));
		return false;
	}
	if (!signal && !outcome->finished) {
		fprintf(stderr, "# %s: left before its end (a test leaves by TEST_LEAVE())\n", test->name);
		return false;
	}
	return outcome->failures == 0;
}

/* Runs @test and prints its line. Returns whether it passed or was skipped. */
static bool run_one(const struct tap_test *test, unsigned number, unsigned timeout_s, const sigset_t *mask)
{
	int status = 0;
	bool in_time, passed;
	pid_t pid;

	memset(outcome, 0, sizeof(*outcome));
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		run_child(test, mask);
	if (pid < 0) {
		printf("not ok %u - %s\n", number, test->name);
		return false;
	}
	setpgid(pid, pid);
	in_time = wait_until(pid, now_ms() + timeout_s * 1000LL, &status);
	kill(-pid, SIGKILL);
	if (in_time && outcome->finished && outcome->skip[0] && !outcome->failures) {
		printf("ok %u - %s # SKIP %s\n", number, test->name, outcome->skip);
		return true;
	}
	if (!in_time)
		fprintf(stderr, "# %s: more than %u s\n", test->name, timeout_s);
	passed = in_time && judge(test, status);
	printf("%s %u - %s\n", passed ? "ok" : "not ok", number, test->name);
	return passed;
}

static unsigned select_tests(const char *wanted, bool list)
{
	unsigned count = 0;

	for (const struct tap_test *test = tests; test; test = test->next) {
		if (!strstr(test->name, wanted))
			continue;
		count++;
		if (list)
			puts(test->name);
	}
	return count;
}

int main(int argc, char **argv)
{
	bool list = argc > 1 && strcmp(argv[1], "--list") == 0, passed = true;
	const char *wanted = argc > 1 + list ? argv[1 + list] : "", *timeout = getenv("TAP_TIMEOUT");
	unsigned timeout_s = timeout && atoi(timeout) > 0 ? (unsigned)atoi(timeout) : TIMEOUT_DEFAULT_S;
	unsigned count = select_tests(wanted, list), number = 0;
	sigset_t child, mask;

	if (list)
		return 0;
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED || !count) {
		printf("Bail out! %s\n", count ? "no memory" : "no test of that name");
		return 1;
	}
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &mask);
	printf("1..%u\n", count);
	for (const struct tap_test *test = tests; test; test = test->next)
		if (strstr(test->name, wanted))
			passed &= run_one(test, ++number, timeout_s, &mask);
	return passed ? 0 : 1;
}
