/* test_confine.c - cordon_confine(): all threads, or none. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"

/* ---- everybody ---- */

static void *run_look(void *look)
{
	return (void *)(*(const char *(**)(void))look)();
}

/* What a new thread says. */
static const char *wrong_in_thread(const char *(*look)(void))
{
	pthread_t thread;
	void *wrong;

	REQUIRE(pthread_create(&thread, NULL, run_look, &look) == 0);
	REQUIRE(pthread_join(thread, &wrong) == 0);
	if (wrong)
		fprintf(stderr, "new thread: %s\n", (const char *)wrong);
	return wrong;
}

/* @count threads before, each at some pastime, and one after. */
static void confine_threads(size_t count)
{
	struct cordon_policy *policy = confine_policy("");
	struct worker workers[64];
	const char *wrong = free_wrongly();

	CHECK(wrong == NULL);
	for (size_t i = 0; i < count; i++)
		worker_start(&workers[i], i % 20 ? (enum pastime)(1 + i % (PASTIMES - 1)) : BUSY);
	CHECK_INT(confine_now(policy), 0);
	wrong = confined_wrongly();
	if (wrong)
		fprintf(stderr, "caller: %s\n", wrong);
	CHECK(wrong == NULL);
	for (size_t i = 0; i < count; i++)
		worker_end(&workers[i]);
	CHECK(wrong_in_thread(confined_wrongly) == NULL);
	TEST_LEAVE();
}

TEST(one_thread)
{
	confine_threads(0);
}

TEST(two_threads)
{
	confine_threads(1);
}

TEST(many_threads)
{
	confine_threads(64);
}

TEST(one_thread_of_nobody)
{
	become_nobody();
	confine_threads(0);
}

TEST(many_threads_of_nobody)
{
	become_nobody();
	confine_threads(64);
}

/* ---- signals between them ---- */

static pid_t child_of_thread;
static int end_child;

/* A thread with a child, which it can end. */
static void *fork_child(void *context)
{
	int status = 0;

	while (!__atomic_load_n(&end_child, __ATOMIC_ACQUIRE))
		usleep(1000);
	__atomic_store_n(&child_of_thread, fork(), __ATOMIC_RELEASE);
	if (child_of_thread == 0)
		for (;;)
			pause();
	while (__atomic_load_n(&end_child, __ATOMIC_ACQUIRE) != 2)
		usleep(1000);
	CHECK_INT(kill(child_of_thread, SIGTERM), 0);
	CHECK_INT(waitpid(child_of_thread, &status, 0), child_of_thread);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	return context;
}

/* As the manual says: each thread has a domain of its own, and its children are in that. */
TEST(children_belong_to_their_thread)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, fork_child, NULL) == 0);
	CHECK_INT(confine_now(confine_policy("")), 0);
	__atomic_store_n(&end_child, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&child_of_thread, __ATOMIC_ACQUIRE))
		usleep(1000);
	CHECK_ERRNO(kill(child_of_thread, SIGTERM), EPERM);
	CHECK_INT(pthread_kill(thread, 0), 0);
	CHECK_ERRNO(kill(getppid(), 0), EPERM);
	__atomic_store_n(&end_child, 2, __ATOMIC_RELEASE);
	CHECK_INT(pthread_join(thread, NULL), 0);
	CHECK(confined_wrongly() == NULL);
	TEST_LEAVE();
}

/* ---- while threads come and go ---- */

static bool churn_ends;
static unsigned churn_wrong, churn_confined, churned;

static void *look_and_end(void *context)
{
	/* Before or after; never in between. */
	const int nnp = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), filter = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	const int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	(void)context;
	if (fd >= 0)
		close(fd);
	__atomic_add_fetch(&churned, 1, __ATOMIC_SEQ_CST);
	if (nnp && filter == 2 && fd < 0)
		__atomic_add_fetch(&churn_confined, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* A thread that has seen that the process is confined starts one that must be, too. */
static void *churn(void *context)
{
	while (!__atomic_load_n(&churn_ends, __ATOMIC_ACQUIRE)) {
		const bool confined = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
		const unsigned before = __atomic_load_n(&churn_confined, __ATOMIC_SEQ_CST);
		pthread_t thread;

		if (pthread_create(&thread, NULL, look_and_end, context) != 0)
			continue;
		pthread_join(thread, NULL);
		if (confined && __atomic_load_n(&churn_confined, __ATOMIC_SEQ_CST) == before)
			__atomic_add_fetch(&churn_wrong, 1, __ATOMIC_SEQ_CST);
	}
	return (void *)confined_wrongly();
}

#define CHURNERS 4

TEST(threads_that_come_and_go)
{
	struct cordon_policy *policy = confine_policy("");
	pthread_t churners[CHURNERS];
	unsigned confined;
	void *wrong;

	for (size_t i = 0; i < CHURNERS; i++)
		REQUIRE(pthread_create(&churners[i], NULL, churn, NULL) == 0);
	while (__atomic_load_n(&churned, __ATOMIC_SEQ_CST) < 100)
		sched_yield();
	CHECK_INT(confine_now(policy), 0);
	confined = __atomic_load_n(&churn_confined, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&churn_confined, __ATOMIC_SEQ_CST) < confined + 100)
		sched_yield();
	__atomic_store_n(&churn_ends, true, __ATOMIC_RELEASE);
	for (size_t i = 0; i < CHURNERS; i++) {
		CHECK_INT(pthread_join(churners[i], &wrong), 0);
		CHECK(wrong == NULL);
	}
	CHECK_INT(churn_wrong, 0);
	CHECK(confined_wrongly() == NULL);
	TEST_LEAVE();
}

/* The first thread of a process may end before the others; it stays as a zombie that no signal reaches. */
static void *confine_alone(void *context)
{
	pthread_join(*(pthread_t *)context, NULL);
	CHECK_INT(confine_now(confine_policy("")), 0);
	CHECK(confined_wrongly() == NULL);
	TEST_LEAVE();
}

TEST(first_thread_has_ended)
{
	static pthread_t first;
	pthread_t thread;

	first = pthread_self();
	REQUIRE(pthread_create(&thread, NULL, confine_alone, &first) == 0);
	pthread_exit(NULL);
}

/* ---- who can't be stopped ---- */

static bool unblock;
static sigset_t no_signals;

/* libc keeps two signals for itself, which pthread_sigmask() would leave out. */
static void *block_everything(void *context)
{
	const unsigned long long all = ~0ULL, none = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	__atomic_store_n((bool *)context, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&unblock, __ATOMIC_ACQUIRE))
		usleep(1000);
	/* What was sent to it meanwhile has been thrown away: it would end the process. */
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	return (void *)free_wrongly();
}

TEST(thread_that_blocks_everything)
{
	const struct cordon_confine_options options = { .size = sizeof(options), .timeout_ms = 100 };
	struct cordon_policy *policy = confine_policy("");
	struct worker worker;
	bool blocked = false;
	pthread_t thread;
	void *wrong;

	worker_start(&worker, IN_READ);
	REQUIRE(pthread_create(&thread, NULL, block_everything, &blocked) == 0);
	while (!__atomic_load_n(&blocked, __ATOMIC_ACQUIRE))
		sched_yield();
	confine_refused(policy, &options, -EBUSY, "blocks every real-time signal");
	CHECK(free_wrongly() == NULL);
	CHECK(wrong_in_thread(free_wrongly) == NULL);
	__atomic_store_n(&unblock, true, __ATOMIC_RELEASE);
	CHECK_INT(pthread_join(thread, &wrong), 0);
	CHECK(wrong == NULL);
	/* It still is as it was: all can be confined now. */
	CHECK_INT(confine_now(policy), 0);
	worker_end(&worker);
	TEST_LEAVE();
}

/* libc blocks everything while threads begin and end; who blocks for a moment only is waited for. */
static void *block_for_a_moment(void *context)
{
	const unsigned long long all = ~0ULL, none = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	__atomic_store_n((bool *)context, true, __ATOMIC_RELEASE);
	usleep(300000);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	return (void *)confined_wrongly();
}

TEST(thread_that_blocks_for_a_moment)
{
	bool blocked = false;
	pthread_t thread;
	void *wrong;

	REQUIRE(pthread_create(&thread, NULL, block_for_a_moment, &blocked) == 0);
	while (!__atomic_load_n(&blocked, __ATOMIC_ACQUIRE))
		sched_yield();
	CHECK_INT(confine_now(confine_policy("")), 0);
	CHECK_INT(pthread_join(thread, &wrong), 0);
	CHECK(wrong == NULL);
	TEST_LEAVE();
}

static struct cordon_policy *shared_policy;
static int second_result;

/* It isn't stopped before it has called, since it blocks everything, too. */
static void *confine_second(void *context)
{
	const unsigned long long all = ~0ULL, none = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	__atomic_store_n((bool *)context, true, __ATOMIC_RELEASE);
	usleep(100000);
	second_result = cordon_confine(shared_policy, NULL, NULL);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	return (void *)confined_wrongly();
}

TEST(two_at_once)
{
	bool blocked = false;
	pthread_t second;
	void *wrong;

	shared_policy = confine_policy("");
	REQUIRE(pthread_create(&second, NULL, confine_second, &blocked) == 0);
	while (!__atomic_load_n(&blocked, __ATOMIC_ACQUIRE))
		sched_yield();
	CHECK_INT(confine_now(shared_policy), 0);
	CHECK_INT(pthread_join(second, &wrong), 0);
	CHECK(wrong == NULL);
	CHECK_INT(second_result, -EBUSY);
	TEST_LEAVE();
}

/* What a child has of a stop that went on in its parent must not stop it from confining itself. */
static void *fork_and_confine(void *context)
{
	const unsigned long long all = ~0ULL, none = 0;
	int status = -1;
	pid_t child;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	__atomic_store_n((bool *)context, true, __ATOMIC_RELEASE);
	usleep(100000);
	child = fork();
	if (child == 0) {
		syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
		if (free_wrongly())
			_exit(1);
		if (cordon_confine(shared_policy, NULL, NULL) < 0)
			_exit(2);
		_exit(confined_wrongly() ? 3 : 0);
	}
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK_INT(status, 0);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	return (void *)confined_wrongly();
}

TEST(child_of_a_stop)
{
	bool blocked = false;
	struct worker worker;
	pthread_t thread;
	void *wrong;

	shared_policy = confine_policy("");
	worker_start(&worker, IN_READ);
	REQUIRE(pthread_create(&thread, NULL, fork_and_confine, &blocked) == 0);
	while (!__atomic_load_n(&blocked, __ATOMIC_ACQUIRE))
		sched_yield();
	CHECK_INT(confine_now(shared_policy), 0);
	CHECK_INT(pthread_join(thread, &wrong), 0);
	CHECK(wrong == NULL);
	worker_end(&worker);
	TEST_LEAVE();
}

/* A second call can only narrow, since both are in force. */
TEST(confined_again)
{
	struct cordon_policy *policy = confine_policy("  file read /proc/**\n"), *narrow;
	struct worker worker;

	narrow = confine_policy_text(
		"cordon 1\n\nprofile narrow {\n  use std/c-runtime@1\n"
		"  file read /etc/hostname /etc/passwd\n  deny syscall getpriority errno ENETDOWN\n}\n");
	worker_start(&worker, IN_READ);
	CHECK_INT(confine_now(policy), 0);
	CHECK_INT(confine_now(narrow), 0);
	CHECK_INT(syscall(SYS_getpriority, 0, 0) < 0 ? errno : 0, ENETDOWN);
	worker_end(&worker);
	CHECK(confined_wrongly() == NULL);
	TEST_LEAVE();
}

static void ignore(int signal)
{
	(void)signal;
}

TEST(no_signal_is_left)
{
	struct cordon_policy *policy = confine_policy("");
	struct worker worker;

	worker_start(&worker, IN_READ);
	for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
		signal(i, i % 2 ? ignore : SIG_IGN);
	confine_refused(policy, NULL, -EBUSY, "every real-time signal has a handler");
	CHECK(free_wrongly() == NULL);
	signal(SIGRTMIN + 3, SIG_DFL);
	CHECK_INT(confine_now(policy), 0);
	worker_end(&worker);
	TEST_LEAVE();
}

/* A thread that waits for signals as programs do it leaves one unblocked. */
static void *wait_for_signal(void *context)
{
	sigset_t all;
	int got;

	sigfillset(&all);
	sigdelset(&all, SIGRTMIN + 5);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	__atomic_store_n((bool *)context, true, __ATOMIC_RELEASE);
	sigaddset(&no_signals, SIGUSR2);
	if (sigwait(&no_signals, &got) != 0 || got != SIGUSR2)
		return (void *)"another signal";
	return (void *)confined_wrongly();
}

/* Nothing of the program's signals has changed, and nothing came through. */
TEST(signals_are_as_before)
{
	struct sigaction action;
	bool waits = false;
	pthread_t thread;
	sigset_t mask;
	void *wrong;

	signal(SIGRTMAX, ignore);
	signal(SIGUSR1, ignore);
	signal(SIGCHLD, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	sigemptyset(&no_signals);
	REQUIRE(pthread_create(&thread, NULL, wait_for_signal, &waits) == 0);
	while (!__atomic_load_n(&waits, __ATOMIC_ACQUIRE))
		sched_yield();
	CHECK_INT(confine_now(confine_policy("")), 0);
	signal(SIGCHLD, SIG_DFL);
	for (int i = 1; i <= SIGRTMAX; i++)
		if (i != SIGRTMAX && i != SIGUSR1 && i != SIGCHLD && sigaction(i, NULL, &action) == 0)
			CHECK(action.sa_handler == SIG_DFL);
	CHECK(sigaction(SIGRTMAX, NULL, &action) == 0 && action.sa_handler == ignore);
	CHECK(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == ignore);
	CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0 && sigismember(&mask, SIGHUP));
	CHECK_INT(sigismember(&mask, SIGUSR2), 0);
	pthread_kill(thread, SIGUSR2);
	CHECK_INT(pthread_join(thread, &wrong), 0);
	CHECK(wrong == NULL);
	TEST_LEAVE();
}
