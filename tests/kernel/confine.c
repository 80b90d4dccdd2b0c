/* confine.c - see confine.h. */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct cordon_policy *confine_policy_text(const char *text)
{
	struct cordon_load_options options = {
		.size = sizeof(options), .text = text, .text_size = strlen(text), .name = "test"
	};
	struct cordon_policy *policy = NULL;
	struct cordon_error *error;

	if (cordon_policy_load(&options, &policy, &error) < 0)
		fprintf(stderr, "%s", cordon_error_text(error));
	REQUIRE(policy != NULL);
	return policy;
}

struct cordon_policy *confine_policy(const char *lines)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "cordon 1\n\nprofile confined {\n  use std/c-runtime@1\n  file read /etc/hostname\n%s}\n", lines);
	return confine_policy_text(text);
}

int confine_now(const struct cordon_policy *policy)
{
	/* Long, for a machine with much else to do. */
	const struct cordon_confine_options options = { .size = sizeof(options), .timeout_ms = 50000 };
	struct cordon_error *error;
	const int result = cordon_confine(policy, &options, &error);

	if (result < 0)
		fprintf(stderr, "%d: %s", result, cordon_error_text(error));
	cordon_error_free(error);
	return result;
}

void confine_refused(const struct cordon_policy *policy, const struct cordon_confine_options *options, int expected,
		     const char *words)
{
	struct cordon_error *error;

	CHECK_INT(cordon_confine(policy, options, &error), expected);
	if (words && !CHECK(strstr(cordon_error_text(error), words) != NULL))
		fprintf(stderr, "%s", cordon_error_text(error));
	cordon_error_free(error);
}

void become_nobody(void)
{
	if (getuid() == NOBODY)
		return;
	REQUIRE(setgroups(0, NULL) == 0);
	REQUIRE(setresgid(NOBODY, NOBODY, NOBODY) == 0);
	REQUIRE(setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

/* ---- what a thread can do ---- */

static int try_open(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int try_socket(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* In a child, since nothing would be left of this process. */
static int try_execute(void)
{
	int status;
	const pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (child == 0) {
		char *const argv[] = { (char *)"true", NULL };

		execve("/bin/true", argv, argv + 1);
		syscall(SYS_exit_group, errno);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1001;
}

static int try_code(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int result;

	if (memory == MAP_FAILED)
		return 1000;
	result = mprotect(memory, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
	munmap(memory, 4096);
	return result;
}

static unsigned long long effective_capabilities(void)
{
	unsigned header[2] = { 0x20080522, 0 }, data[6] = { 0 };

	if (syscall(SYS_capget, header, data) < 0)
		return ~0ULL;
	return data[0] | (unsigned long long)data[3] << 32 | data[1] | (unsigned long long)data[4] << 32;
}

const char *confined_wrongly(void)
{
	if (try_open("/etc/passwd") != EACCES)
		return "a file that was not granted";
	if (try_open("/etc/hostname") != 0)
		return "no file that was granted";
	if (try_socket() == 0)
		return "a socket";
	if (try_execute() != EPERM)
		return "a program, or no child";
	if (try_code() == 0)
		return "memory that becomes code";
	if (effective_capabilities() != 0)
		return "capabilities";
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return "new privileges";
	return NULL;
}

/* What was so when the test began: the suite may run inside another sandbox. */
static int had_new_privs, had_seccomp;

__attribute__((constructor)) static void remember(void)
{
	had_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	had_seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
}

bool has_begun_to_confine(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != had_new_privs ||
	       prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != had_seccomp;
}

const char *free_wrongly(void)
{
	if (try_open("/etc/passwd") != 0 || try_open("/etc/hostname") != 0)
		return "no file";
	if (try_socket() != 0)
		return "no socket";
	if (try_execute() != 0)
		return "no program";
	if (try_code() != 0)
		return "no memory that becomes code";
	return has_begun_to_confine() ? "no new privileges, or a filter" : NULL;
}

/* ---- workers ---- */

#define ERRNO_KEPT 77

static const char *stay_busy(struct worker *worker)
{
	volatile unsigned long spins = 0;

	errno = ERRNO_KEPT;
	while (!__atomic_load_n(&worker->go_on, __ATOMIC_ACQUIRE))
		spins = spins + 1;
	return errno == ERRNO_KEPT ? NULL : "errno has changed";
}

static const char *stay_in_read(struct worker *worker)
{
	char byte = 0;

	return read(worker->pipe[0], &byte, 1) == 1 && byte == 'x' ? NULL : "read() was interrupted";
}

static const char *stay_in_futex(struct worker *worker)
{
	/* The raw call: pthread_cond_wait() would hide an interruption. */
	while (!__atomic_load_n(&worker->go_on, __ATOMIC_ACQUIRE))
		if (syscall(SYS_futex, &worker->go_on, FUTEX_WAIT, 0, NULL, NULL, 0) < 0 && errno != EAGAIN)
			return "futex() was interrupted";
	return NULL;
}

static const char *stay_in_poll(struct worker *worker)
{
	struct pollfd polled = { .fd = worker->pipe[0], .events = POLLIN };
	int result;

	while ((result = poll(&polled, 1, -1)) < 0 && errno == EINTR)
		;
	return result == 1 && polled.revents == POLLIN ? NULL : "poll() is wrong";
}

static const char *stay_asleep(struct worker *worker)
{
	struct timespec rest = { .tv_sec = 0, .tv_nsec = 1000000 };

	while (!__atomic_load_n(&worker->go_on, __ATOMIC_ACQUIRE))
		if (nanosleep(&rest, NULL) < 0 && errno != EINTR)
			return "nanosleep() is wrong";
	return NULL;
}

static const char *(*const stay[PASTIMES])(struct worker *worker) = {
	[BUSY] = stay_busy,       [IN_READ] = stay_in_read, [IN_FUTEX] = stay_in_futex,
	[IN_POLL] = stay_in_poll, [IN_SLEEP] = stay_asleep,
};

static void *run_worker(void *context)
{
	struct worker *worker = context;

	worker->before = free_wrongly();
	__atomic_store_n(&worker->ready, true, __ATOMIC_RELEASE);
	worker->disturbed = stay[worker->pastime](worker);
	worker->after = confined_wrongly();
	return NULL;
}

void worker_start(struct worker *worker, enum pastime pastime)
{
	*worker = (struct worker){ .pastime = pastime };
	REQUIRE(pipe2(worker->pipe, O_CLOEXEC) == 0);
	REQUIRE(pthread_create(&worker->thread, NULL, run_worker, worker) == 0);
	while (!__atomic_load_n(&worker->ready, __ATOMIC_ACQUIRE))
		sched_yield();
	if (worker->before)
		fprintf(stderr, "before: %s\n", worker->before);
	CHECK(worker->before == NULL);
}

void worker_end(struct worker *worker)
{
	__atomic_store_n(&worker->go_on, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &worker->go_on, FUTEX_WAKE, 1, NULL, NULL, 0);
	CHECK_INT(write(worker->pipe[1], "x", 1), 1);
	CHECK_INT(pthread_join(worker->thread, NULL), 0);
	if (worker->disturbed || worker->after)
		fprintf(stderr, "after: %s, %s\n", worker->disturbed ? worker->disturbed : "undisturbed",
			worker->after ? worker->after : "confined");
	CHECK(worker->disturbed == NULL);
	CHECK(worker->after == NULL);
}
