/* sample.c - one test of each fate, for tests/tree/harness.sh: it fails on purpose and is no test of Cordon. */
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(passes)
{
	CHECK(true);
	CHECK_INT(-1, -1);
	CHECK_STR("a", "a");
	CHECK_ERRNO(close(-1), EBADF);
	CHECK_ERRNO(0, 0);
	NEED("seccomp");
}

TEST(passes_by_leaving)
{
	TEST_LEAVE();
}

TEST_SIGNAL(passes_by_signal, SIGABRT)
{
	abort();
}

TEST(fails_check)
{
	CHECK(1 + 1 == 3);
}

TEST(fails_int)
{
	CHECK_INT(2, 3);
}

TEST(fails_str)
{
	CHECK_STR("a", NULL);
}

TEST(fails_errno)
{
	CHECK_ERRNO(close(-1), EPERM);
}

TEST(fails_require)
{
	REQUIRE(false);
	abort();
}

TEST(fails_in_grandchild)
{
	if (fork() == 0)
		_exit(!CHECK(false));
	wait(NULL);
}

TEST(fails_early_exit)
{
	_exit(0);
}

TEST(fails_exit_status)
{
	_exit(3);
}

TEST(fails_by_signal)
{
	raise(SIGKILL);
}

TEST_SIGNAL(fails_without_signal, SIGABRT)
{
}

TEST_SIGNAL(fails_other_signal, SIGABRT)
{
	raise(SIGTERM);
}

TEST(fails_timeout)
{
	for (;;)
		pause();
}

TEST(fails_need)
{
	NEED("no-such-need");
}

TEST(skipped)
{
	SKIP("on purpose");
}

TEST(skipped_need)
{
	NEED("seccomp landlock>=1000");
}

/* Without AddressSanitizer nobody notices. */
static __attribute__((noinline)) void lose(void *volatile *place)
{
	*place = malloc(100);
	*place = NULL;
}

TEST(leaks)
{
	void *volatile place;

	for (int i = 0; i < 10; i++)
		lose(&place);
	CHECK(!place);
}
