/* tap.h - a small test harness: every TEST runs in a process of its own, and the program prints TAP.
 *
 * Link tap.c; it holds main(). Usage of the program: [--list] [SUBSTRING]. Environment: TAP_TIMEOUT (seconds per test).
 * A test passes when it comes to its end, or leaves by TEST_LEAVE(), without a failed check; a TEST_SIGNAL passes when
 * the signal kills it. Its standard input is empty and its standard output goes to stderr, so that only the harness
 * writes TAP. Checks are counted in shared memory: they also count in processes that the test forks, and under a filter
 * that forbids write(). Processes that a test leaves behind in its process group are killed. */
#ifndef CORDON_TESTS_TAP_H
#define CORDON_TESTS_TAP_H

#include <stdbool.h>

struct tap_test {
	const char *name;
	void (*run)(void);
	int signal; /* expected end, 0: comes to its end */
	struct tap_test *next;
};

void tap_register(struct tap_test *test);

#define TEST_SIGNAL(name_, signal_)                                                   \
	static void name_(void);                                                      \
	static struct tap_test tap_##name_ = { #name_, name_, (signal_), (void *)0 }; \
	__attribute__((constructor)) static void tap_register_##name_(void)           \
	{                                                                             \
		tap_register(&tap_##name_);                                           \
	}                                                                             \
	static void name_(void)
#define TEST(name_) TEST_SIGNAL(name_, 0)

/* Each returns whether it held, and the test goes on. CHECK_ERRNO: @result is what a system call wrapper returned;
 * expected 0 means success, anything else means a negative result with that errno. */
#define CHECK(condition) tap_check((condition), __FILE__, __LINE__, #condition)
#define CHECK_INT(actual, expected) \
	tap_check_int((long long)(actual), (long long)(expected), __FILE__, __LINE__, #actual)
#define CHECK_STR(actual, expected) tap_check_str((actual), (expected), __FILE__, __LINE__, #actual)
#define CHECK_ERRNO(result, expected) tap_check_errno((long long)(result), (expected), __FILE__, __LINE__, #result)
/* Without it the rest makes no sense: the test ends here, as failed. */
#define REQUIRE(condition) ((condition) ? (void)0 : tap_fail(__FILE__, __LINE__, #condition))

/* End as skipped. NEED does so when this machine really lacks @need, found by trying: "root", "userns", "mount",
 * "net", "seccomp", "notify", "landlock>=N"; several are separated by blanks. A need that is not in the table fails. */
#define SKIP(reason) tap_skip(reason)
#define NEED(need) tap_need(need)

/* The way out of a test that has installed a filter: no exit handlers, no system call but exit_group. */
#define TEST_LEAVE() tap_leave()

bool tap_check(bool held, const char *file, int line, const char *text);
bool tap_check_int(long long actual, long long expected, const char *file, int line, const char *text);
bool tap_check_str(const char *actual, const char *expected, const char *file, int line, const char *text);
bool tap_check_errno(long long result, int expected, const char *file, int line, const char *text);
__attribute__((noreturn)) void tap_fail(const char *file, int line, const char *text);
__attribute__((noreturn)) void tap_skip(const char *reason);
void tap_need(const char *needs);
__attribute__((noreturn)) void tap_leave(void);

/* needs.c: does this machine have @need? 1, 0, or -EINVAL for a name that is not in the table. */
int tap_has(const char *need);

#endif
