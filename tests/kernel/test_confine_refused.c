/* test_confine_refused.c - when cordon_confine() says no: why, and that nothing has changed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine.h"

/* ---- lines that need a start ---- */

TEST(lines_that_need_a_start)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
		{ "isolate net", "can't move to new namespaces" },
		{ "isolate pid", "can't move to new namespaces" },
		{ "private /tmp\n  isolate mount", "can't move to new namespaces" },
		{ "env keep PATH", "this process runs already" },
		{ "chdir /", "this process runs already" },
		{ "net accept tcp *:80", "nobody stays who could answer listen()" },
		{ "wx sealed\n  exec /bin/true", "nobody stays who sees when that is done" },
		{ "limit mem 64M", "parent that stays" },
		{ "limit procs 20", "parent that stays" },
		{ "limit time 20s", "parent that stays" },
		{ "limit output 1M", "parent that stays" },
		{ "ask file read /etc/shadow", "somebody who answers" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char lines[128], name[128];

		snprintf(lines, sizeof(lines), "  %s\n", rows[i].line);
		snprintf(name, sizeof(name), "`%.*s", (int)strcspn(rows[i].line, " "), rows[i].line);
		confine_refused(confine_policy(lines), NULL, -ENOTSUP, rows[i].words);
		confine_refused(confine_policy(lines), NULL, -ENOTSUP, name);
	}
	CHECK(free_wrongly() == NULL);
}

/* What they are offered instead works. */
TEST(accept_on_all_ports_without_listen)
{
	CHECK_INT(confine_now(confine_policy("  net accept tcp *:*\n  deny syscall socket listen\n")), 0);
	CHECK(confined_wrongly() == NULL);
	TEST_LEAVE();
}

/* The loader is done: what is mapped as code is all that there will be. */
TEST(sealed)
{
	const int fd = open("/lib64/ld-linux-x86-64.so.2", O_RDONLY | O_CLOEXEC);
	void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	CHECK(code != MAP_FAILED);
	CHECK_INT(confine_now(confine_policy("  wx sealed\n")), 0);
	code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	CHECK(code == MAP_FAILED);
	CHECK(confined_wrongly() == NULL);
	TEST_LEAVE();
}

/* ---- arguments ---- */

TEST(options_are_versioned)
{
	struct {
		struct cordon_confine_options options;
		char future[16];
	} large = { .options = { .flags = 1u << 31 } };
	struct cordon_policy *policy = confine_policy("");
	const int closed = 900, *none = NULL;

	large.options.size = sizeof(large.options);
	confine_refused(policy, &large.options, -EINVAL, NULL);
	large.options.flags = 0;
	large.options.keep_fds = &closed;
	large.options.keep_fd_count = 1;
	confine_refused(policy, &large.options, -EINVAL, NULL);
	large.options.flags = CORDON_CONFINE_CLOSE;
	confine_refused(policy, &large.options, -EBADF, "descriptor 900 is not open");
	large.options.keep_fds = none;
	confine_refused(policy, &large.options, -EINVAL, NULL);
	large.options.keep_fd_count = 0;
	large.options.size = 8;
	confine_refused(policy, &large.options, -EINVAL, NULL);
	large.options.size = sizeof(large);
	large.future[5] = 1;
	confine_refused(policy, &large.options, -E2BIG, NULL);
	large.future[5] = 0;
	CHECK(free_wrongly() == NULL);
	CHECK_INT(cordon_confine(policy, &large.options, NULL), 0);
	CHECK(confined_wrongly() == NULL);
	TEST_LEAVE();
}

TEST(filter_that_is_too_long)
{
	const size_t count = 4000;
	char *lines = malloc(count * 64), *at = lines;

	REQUIRE(lines != NULL);
	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "  syscall bpf if cmd == %zu because \"a test\"\n", i * 1000);
	REQUIRE(at > lines);
	{
		char *text = malloc(count * 64 + 100);

		REQUIRE(text != NULL);
		sprintf(text, "cordon 1\n\nprofile long {\n  wx allow\n  use std/c-runtime@1\n%s}\n", lines);
		confine_refused(confine_policy_text(text), NULL, -E2BIG, "more than 4096 filter instructions");
	}
	CHECK(free_wrongly() == NULL);
}

TEST(tests_of_the_policy_must_hold)
{
	confine_refused(confine_policy("  test deny file read \"/etc/hostname\"\n"), NULL, -EINVAL, "hostname");
	CHECK(free_wrongly() == NULL);
}

/* ---- what is held ---- */

TEST(memory_that_is_code)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(memory != MAP_FAILED);
	confine_refused(confine_policy(""), NULL, -EINVAL, "C0644");
	CHECK(free_wrongly() == NULL);
	CHECK_INT(confine_now(confine_policy("  wx allow\n")), 0);
	TEST_LEAVE();
}

TEST(files_that_could_become_code)
{
	struct cordon_policy *policy = confine_policy("");
	char name[] = "/tmp/test_confine.XXXXXX";
	int both = mkostemp(name, O_CLOEXEC), reader, memory;
	void *shared, *code;

	REQUIRE(both >= 0);
	confine_refused(policy, NULL, -EINVAL, "can be written and mapped as code");
	REQUIRE(ftruncate(both, 4096) == 0);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, both, 0);
	REQUIRE(shared != MAP_FAILED);
	close(both);
	reader = open(name, O_RDONLY | O_CLOEXEC);
	confine_refused(policy, NULL, -EINVAL, "writes what descriptor");
	code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, reader, 0);
	if (code != MAP_FAILED) {
		close(reader);
		confine_refused(policy, NULL, -EINVAL, "writes what the mapping at");
		munmap(code, 4096);
	}
	munmap(shared, 4096);
	unlink(name);
	memory = memfd_create("code", MFD_CLOEXEC);
	confine_refused(policy, NULL, -EINVAL, "/memfd:code");
	close(memory);
	memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	confine_refused(policy, NULL, -EINVAL, "writes the memory of a process");
	close(memory);
	CHECK(free_wrongly() == NULL);
	CHECK_INT(confine_now(policy), 0);
	CHECK(confined_wrongly() == NULL);
	TEST_LEAVE();
}

/* A file that runs already needs no grant, but must not be writable by one. */
TEST(code_that_may_be_written)
{
	char lines[4200], self[4096];
	const ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

	REQUIRE(size > 0);
	self[size] = '\0';
	snprintf(lines, sizeof(lines), "  file write \"%s\"\n", self);
	confine_refused(confine_policy(lines), NULL, -ENOTSUP, "it is what runs");
	CHECK(free_wrongly() == NULL);
}

TEST(io_uring)
{
	unsigned params[30] = { 0 };
	const int ring = (int)syscall(SYS_io_uring_setup, 4, params);
	void *mapped;

	if (ring < 0)
		SKIP("needs: io_uring");
	confine_refused(confine_policy("  wx allow\n"), NULL, -EINVAL, "is an io_uring");
	mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	REQUIRE(mapped != MAP_FAILED);
	close(ring);
	confine_refused(confine_policy("  wx allow\n"), NULL, -EINVAL, "has an io_uring");
	munmap(mapped, 4096);
	CHECK(free_wrongly() == NULL);
	CHECK_INT(confine_now(confine_policy("")), 0);
	TEST_LEAVE();
}

static int allow_all(unsigned flags)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	const struct sock_fprog program = { 1, code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static void *filter_and_wait(void *context)
{
	CHECK_INT(allow_all(0), 0);
	__atomic_store_n((int *)context, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n((int *)context, __ATOMIC_ACQUIRE) == 1)
		usleep(1000);
	return NULL;
}

TEST(threads_with_different_filters)
{
	struct cordon_policy *policy = confine_policy("");
	pthread_t thread;
	int step = 0;

	REQUIRE(pthread_create(&thread, NULL, filter_and_wait, &step) == 0);
	while (__atomic_load_n(&step, __ATOMIC_ACQUIRE) != 1)
		sched_yield();
	confine_refused(policy, NULL, -EBUSY, "C0642");
	CHECK(free_wrongly() == NULL);
	__atomic_store_n(&step, 2, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	CHECK_INT(confine_now(policy), 0);
	CHECK(confined_wrongly() == NULL);
	TEST_LEAVE();
}

/* All threads have the same filter already: one more fits. */
TEST(threads_with_one_filter)
{
	struct worker worker;

	worker_start(&worker, IN_READ);
	CHECK_INT(allow_all(SECCOMP_FILTER_FLAG_TSYNC), 0);
	CHECK_INT(confine_now(confine_policy("")), 0);
	worker_end(&worker);
	CHECK(confined_wrongly() == NULL);
	TEST_LEAVE();
}

static void *strict_and_wait(void *context)
{
	__atomic_store_n((int *)context, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	for (;;)
		;
	return NULL;
}

TEST(thread_in_strict_mode)
{
	pthread_t thread;
	int tid = 0;

	REQUIRE(pthread_create(&thread, NULL, strict_and_wait, &tid) == 0);
	while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE) == 0)
		sched_yield();
	usleep(50000);
	confine_refused(confine_policy(""), NULL, -EBUSY, "strict mode");
	CHECK(free_wrongly() == NULL);
	TEST_LEAVE();
}

/* ---- what the kernel refuses ---- */

/* As many Landlock domains as the kernel stacks. */
static void fill_domains(void)
{
	const struct {
		unsigned long long handled_fs;
	} attr = { LANDLOCK_ACCESS_FS_MAKE_BLOCK };
	const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	REQUIRE(ruleset >= 0);
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	for (unsigned i = 0; i < 16; i++)
		CHECK_INT(syscall(SYS_landlock_restrict_self, ruleset, 0), 0);
	close(ruleset);
}

TEST(step_that_fails_when_it_is_tried)
{
	struct worker worker;
	int fd;

	worker_start(&worker, IN_READ);
	fill_domains();
	confine_refused(confine_policy(""), NULL, -ECANCELED, "16 Landlock domains");
	/* Only what this test did itself: no filter, no rule. */
	fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	close(fd);
	CHECK_INT(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
	CHECK_INT(write(worker.pipe[1], "x", 1), 1);
	pthread_join(worker.thread, NULL);
	CHECK_STR(worker.after, "a file that was not granted");
}

TEST(nothing_can_be_tried)
{
	const struct rlimit none = { 0, 0 };

	become_nobody();
	REQUIRE(setrlimit(RLIMIT_NPROC, &none) == 0);
	confine_refused(confine_policy(""), NULL, -ECANCELED, "C0641");
	CHECK(!has_begun_to_confine());
	close(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static void *fill_and_wait(void *context)
{
	fill_domains();
	__atomic_store_n((int *)context, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n((int *)context, __ATOMIC_ACQUIRE) == 1)
		usleep(1000);
	return (void *)(long)prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
}

/* Nobody can see how many domains another thread has. */
TEST(thread_that_fails_alone)
{
	pthread_t thread;
	struct worker worker;
	void *mode;
	int step = 0;

	worker_start(&worker, IN_READ);
	REQUIRE(pthread_create(&thread, NULL, fill_and_wait, &step) == 0);
	while (__atomic_load_n(&step, __ATOMIC_ACQUIRE) != 1)
		sched_yield();
	confine_refused(confine_policy(""), NULL, -ENOTRECOVERABLE, "C0643");
	__atomic_store_n(&step, 2, __ATOMIC_RELEASE);
	CHECK_INT(pthread_join(thread, &mode), 0);
	CHECK_INT((long)mode, 2);
	CHECK(confined_wrongly() == NULL);
	worker_end(&worker);
	TEST_LEAVE();
}

/* ---- small policies ---- */

static const char pure[] = "cordon 1\n\nprofile pure {\n  syscall read write exit_group\n}\n";

TEST(policy_without_the_way_back)
{
	struct worker worker;

	worker_start(&worker, IN_READ);
	confine_refused(confine_policy_text(pure), NULL, -EINVAL, "C0640");
	CHECK(free_wrongly() == NULL);
}

TEST(policy_for_one_thread)
{
	struct cordon_policy *policy = confine_policy("  limit procs 1\n");
	struct worker worker;

	worker_start(&worker, IN_READ);
	confine_refused(policy, NULL, -EINVAL, "no threads");
	CHECK(free_wrongly() == NULL);
	CHECK_INT(write(worker.pipe[1], "x", 1), 1);
	pthread_join(worker.thread, NULL);
	CHECK_INT(confine_now(policy), 0);
	CHECK_STR(confined_wrongly(), "a program, or no child");
	TEST_LEAVE();
}

TEST(policy_of_three_calls)
{
	struct cordon_policy *policy = confine_policy_text(pure);

	CHECK_INT(cordon_confine(policy, NULL, NULL), 0);
	CHECK_INT(syscall(SYS_getppid) < 0 ? errno : 0, EPERM);
	TEST_LEAVE();
}

/* ---- descriptors ---- */

TEST(descriptors_are_closed_when_asked)
{
	const int first = fcntl(0, F_DUPFD_CLOEXEC, 20), second = fcntl(0, F_DUPFD_CLOEXEC, 30),
		  last = fcntl(0, F_DUPFD_CLOEXEC, 40);
	const int kept[] = { second, 1, first };
	const struct cordon_confine_options options = {
		.size = sizeof(options), .flags = CORDON_CONFINE_CLOSE, .keep_fds = kept, .keep_fd_count = 3
	};

	CHECK_INT(cordon_confine(confine_policy(""), &options, NULL), 0);
	for (int fd = 3; fd < 60; fd++)
		CHECK_INT(fcntl(fd, F_GETFD) >= 0, fd == first || fd == second);
	CHECK(fcntl(last, F_GETFD) < 0);
	for (int fd = 0; fd < 3; fd++)
		CHECK(fcntl(fd, F_GETFD) >= 0);
	CHECK(confined_wrongly() == NULL);
	TEST_LEAVE();
}

TEST(descriptors_stay_open)
{
	const int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	char byte;

	CHECK_INT(confine_now(confine_policy("")), 0);
	CHECK_INT(read(fd, &byte, 1), 1);
	CHECK_INT(fcntl(fd + 1, F_GETFD) < 0 ? errno : 0, EBADF); /* nothing of ours is left */
	TEST_LEAVE();
}

/* ---- no /proc ---- */

TEST(without_proc)
{
	NEED("root mount");
	REQUIRE(unshare(CLONE_NEWNS) == 0);
	REQUIRE(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	REQUIRE(mount("none", "/proc", "tmpfs", 0, NULL) == 0);
	confine_refused(confine_policy(""), NULL, -ECANCELED, "/proc/thread-self/mountinfo");
	CHECK(free_wrongly() == NULL);
}
