/* test_faults.c - every system call that `cordon run` makes is failed once, with several errors: whatever fails, either
 * nothing runs and Cordon says so, or the program is confined exactly as if nothing had failed.
 *
 * A witness (witness.c) prints what it can do; what it prints in a run without a fault is what it must print in all others,
 * as far as it comes. Environment: FAULT_ERRORS=all tries every error with every call, otherwise each call gets some
 * of them in turn. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "tap.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS 24

/* ---- which errors ---- */

/* Calls that can't fail, or whose failure the C library doesn't look at because they can't. */
static const long never_fail[] = { SYS_exit,    SYS_exit_group, SYS_getpid,  SYS_gettid,       SYS_getuid,
				   SYS_geteuid, SYS_getgid,     SYS_getegid, SYS_rt_sigreturn, SYS_getppid };

/* What waits may be interrupted. */
static const long waits[] = { SYS_read, SYS_write, SYS_wait4, SYS_ppoll, SYS_openat, SYS_pread64, SYS_getrandom,
#ifdef SYS_poll
			      SYS_poll
#endif
};

/* The listener's calls say so when the caller is gone: no error but news. */
static bool is_news(long call, int error)
{
	return call == SYS_ioctl && error == ENOENT;
}

static const int errors[] = { EPERM, ENOMEM, ENOSYS, EMFILE, EACCES, EIO, ENOENT, EINVAL };

static bool among(long call, const long *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (calls[i] == call)
			return true;
	return false;
}

/* ---- one policy ---- */

struct scene {
	char directory[64], policy[2][128], marker[128], witness[128];
	char texts[8][192];
	char *argv[WORDS];
	char *baseline;
};

static void write_text(const char *path, const char *text, mode_t mode)
{
	const int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode);

	REQUIRE(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, mode) == 0);
	close(fd);
}

static void copy_file(const char *from, const char *to)
{
	char command[512];

	snprintf(command, sizeof(command), "cp '%s' '%s' && chmod 755 '%s'", from, to, to);
	REQUIRE(system(command) == 0);
}

/* A descriptor that nobody asked to pass on. */
static void leave_open(const char *path)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC);

	REQUIRE(fd >= 0 && dup2(fd, 9) == 9);
	close(fd);
}

static void add_namespaces(struct scene *scene, size_t *words)
{
	static const char *const names[] = { "net", "ipc", "uts", "mnt", "user", "pid" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[64], target[128];
		ssize_t size;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		size = readlink(path, target, sizeof(target) - 1);
		REQUIRE(size > 0);
		target[size] = '\0';
		REQUIRE(asprintf(&scene->argv[(*words)++], "%s=%s", names[i], target) > 0);
	}
}

/* A profile of the lines of @body, with the directory for each @ (but that of `use NAME@VERSION`). */
static void write_policy(const struct scene *scene, const char *path, const char *body)
{
	char text[1024] = "cordon 1\n\nprofile p {\n";

	for (const char *at = body; *at; at++) {
		const size_t size = strlen(text);

		if (*at == '@' && at[1] == '/')
			snprintf(text + size, sizeof(text) - size, "%s", scene->directory);
		else
			snprintf(text + size, sizeof(text) - size, "%c", *at);
	}
	strcat(text, "}\n");
	write_text(path, text, 0644);
}

static void make_tree(const struct scene *scene)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/tree", scene->directory);
	REQUIRE(mkdir(path, 0755) == 0);
	snprintf(path, sizeof(path), "%s/tree/shut", scene->directory);
	REQUIRE(mkdir(path, 0755) == 0);
	write_text(scene->texts[3] + strlen("shut="), "shut\n", 0600);
	write_text(scene->texts[4] + strlen("open="), "open\n", 0600);
}

/* @policies: bodies with @ for the directory; the second may be NULL. */
static void scene_make(struct scene *scene, const char *const policies[2])
{
	size_t words = 0;

	memset(scene, 0, sizeof(*scene));
	snprintf(scene->directory, sizeof(scene->directory), "/var/tmp/cordon-faults-XXXXXX");
	REQUIRE(mkdtemp(scene->directory) && chmod(scene->directory, 0755) == 0);
	snprintf(scene->marker, sizeof(scene->marker), "%s/marker", scene->directory);
	snprintf(scene->witness, sizeof(scene->witness), "%s/witness", scene->directory);
	copy_file(getenv("WITNESS"), scene->witness);
	scene->argv[words++] = getenv("CORDON");
	scene->argv[words++] = (char *)"run";
	for (size_t i = 0; i < 2 && policies[i]; i++) {
		snprintf(scene->policy[i], sizeof(scene->policy[i]), "%s/%zu.cordon", scene->directory, i);
		write_policy(scene, scene->policy[i], policies[i]);
		scene->argv[words++] = (char *)"-p";
		scene->argv[words++] = scene->policy[i];
	}
	scene->argv[words++] = (char *)"--";
	scene->argv[words++] = scene->witness;
	scene->argv[words++] = scene->marker;
	snprintf(scene->texts[0], sizeof(scene->texts[0]), "secret=%s/secret", scene->directory);
	snprintf(scene->texts[1], sizeof(scene->texts[1]), "data=%s/data", scene->directory);
	snprintf(scene->texts[2], sizeof(scene->texts[2]), "stranger=%d", getppid());
	snprintf(scene->texts[3], sizeof(scene->texts[3]), "shut=%s/tree/shut/file", scene->directory);
	snprintf(scene->texts[4], sizeof(scene->texts[4]), "open=%s/tree/file", scene->directory);
	snprintf(scene->texts[5], sizeof(scene->texts[5]), "port=8088");
	for (size_t i = 0; i < 6; i++)
		scene->argv[words++] = scene->texts[i];
	add_namespaces(scene, &words);
	REQUIRE(words < WORDS);
	write_text(scene->texts[0] + strlen("secret="), "secret\n", 0600);
	write_text(scene->texts[1] + strlen("data="), "data\n", 0600);
	make_tree(scene);
	leave_open(scene->texts[0] + strlen("secret="));
}

static void scene_end(struct scene *scene)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", scene->directory);
	REQUIRE(system(command) == 0);
}

static void run(struct scene *scene, const struct fault *fault, struct fault_record *record, struct fault_outcome *ret)
{
	static char *const envp[] = { (char *)"PATH=/usr/bin:/bin", (char *)"HOME=/nonexistent", (char *)"SECRET=1",
				      NULL };

	fault_run(scene->argv, envp, fault, record, ret);
}

/* ---- what became of it ---- */

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* When it is the message itself that can't be written, the status alone says it. A program whose libraries are not granted,
 * since they seemed not to be there, has its loader say so. */
static bool says_why(const struct fault_outcome *outcome)
{
	return outcome->call == SYS_write || strstr(outcome->err, "error[C") ||
	       strstr(outcome->err, "witness: error while loading shared libraries");
}

/* Where what root may do seems not to work a namespace of its own does instead. */
static bool is_other_way(const char *line, size_t size)
{
	static const char own[] = "user own";

	return size == strlen(own) && !memcmp(line, own, size);
}

/* What the kernel says of a name that isn't there, or that this user may not see: then a grant of it is nothing. And a
 * parent that can't answer answers no. So attempts may fail, or fail in another way, that were made before; nothing
 * else may be different. */
static bool not_wider(const char *baseline, const char *out, int error)
{
	while (*out && *baseline) {
		const size_t size = strcspn(out, "\n"), otherwise = strcspn(baseline, "\n"), key = strcspn(out, ":");
		const bool same = size == otherwise && !memcmp(out, baseline, size);
		const bool fails = key < size && !memcmp(out, baseline, key + 1) && strncmp(out + key, ": works", 7);

		if (!same && !is_other_way(out, size) &&
		    !(fails && (error == ENOENT || error == EACCES || starts_with(out, "listen"))))
			return false;
		out += size + (out[size] == '\n');
		baseline += otherwise + (baseline[otherwise] == '\n');
	}
	return !*out;
}

/* @early: before Cordon's first instruction, where the loader ends things in its own way. */
static const char *fault_of(const struct scene *scene, const struct fault_outcome *outcome, int error, bool early)
{
	const int status = outcome->status;
	const bool ran = outcome->out[0] != '\0';

	if (access(scene->marker, F_OK) == 0)
		return "the program ran unconfined";
	if (!not_wider(scene->baseline, outcome->out, error))
		return "the program ran with another confinement";
	if (outcome->hung)
		return "it hangs";
	if (outcome->left)
		return "something was left behind";
	if (early && !ran)
		return NULL;
	if (!WIFEXITED(status))
		return "it crashed";
	if (ran && WEXITSTATUS(status) == 0)
		return strstr(outcome->out, "\nend\n") ? NULL : "it ended early, and nobody says so";
	if (WEXITSTATUS(status) < 125 || WEXITSTATUS(status) > 127)
		return "a status that means something else";
	return says_why(outcome) ? NULL : "it says nothing";
}

static void show_lines(const char *text)
{
	while (*text) {
		const size_t size = strcspn(text, "\n");

		fprintf(stderr, "#   %.*s\n", (int)size, text);
		text += size + (text[size] == '\n');
	}
}

/* The first line that is not the baseline's. */
static void show_difference(const char *baseline, const char *out)
{
	while (*out && *baseline) {
		const size_t size = strcspn(out, "\n"), otherwise = strcspn(baseline, "\n");

		if (size != otherwise || memcmp(out, baseline, size) != 0) {
			fprintf(stderr, "#   %.*s, otherwise %.*s\n", (int)size, out, (int)otherwise, baseline);
			return;
		}
		out += size + (out[size] == '\n');
		baseline += otherwise + (baseline[otherwise] == '\n');
	}
}

static void check_one(struct scene *scene, const struct fault *fault, bool early)
{
	static struct fault_outcome outcome;
	const char *wrong;

	run(scene, fault, NULL, &outcome);
	/* A parent's calls are not the same in every run. */
	if (!outcome.reached || is_news(outcome.call, fault->error) ||
	    among(outcome.call, never_fail, ARRAY_SIZE(never_fail)))
		return;
	wrong = fault_of(scene, &outcome, fault->error, early);
	if (CHECK(!wrong))
		return;
	fprintf(stderr, "# task %u call %u (number %ld) failing with %s: %s, status %#x\n", fault->task, fault->call,
		outcome.call, strerrorname_np(fault->error), wrong, (unsigned)outcome.status);
	show_difference(scene->baseline, outcome.out);
	show_lines(outcome.err);
	unlink(scene->marker);
}

static void check_call(struct scene *scene, struct fault fault, const struct fault_record *record, bool all,
		       unsigned turn)
{
	const long call = record->calls[fault.task][fault.call];
	const bool early = fault.task == 0 && fault.call < record->begins;

	if (among(call, never_fail, ARRAY_SIZE(never_fail)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if ((!all && i != turn % ARRAY_SIZE(errors)) || is_news(call, errors[i]))
			continue;
		fault.error = errors[i];
		check_one(scene, &fault, early);
	}
	if (!among(call, waits, ARRAY_SIZE(waits)) || (!all && turn % 2))
		return;
	fault.error = EINTR;
	check_one(scene, &fault, early);
}

static void fail_every_call(const char *const policies[2])
{
	static struct fault_record record;
	static struct fault_outcome outcome;
	const char *setting = getenv("FAULT_ERRORS");
	const bool all = setting && !strcmp(setting, "all");
	struct scene scene;
	unsigned calls = 0;

	scene_make(&scene, policies);
	run(&scene, &(struct fault){ 0 }, &record, &outcome);
	if (outcome.status)
		show_lines(outcome.err);
	REQUIRE(outcome.status == 0 && strstr(outcome.out, "\nend\n"));
	CHECK(access(scene.marker, F_OK) < 0);
	CHECK(record.begins > 0);
	scene.baseline = strdup(outcome.out);
	if (getenv("FAULT_SHOW"))
		fprintf(stderr, "%s", scene.baseline);
	for (unsigned task = 0; task < record.tasks; task++)
		for (unsigned call = 0; call < record.counts[task]; call++, calls++)
			check_call(&scene, (struct fault){ .task = task, .call = call }, &record, all, calls);
	fprintf(stderr, "# %u calls of %u tasks\n", calls, record.tasks);
	free(scene.baseline);
	scene_end(&scene);
}

#define BASE                            \
	"  use std/c-runtime@1\n"       \
                                        \
	"  file read @/data /proc/**\n" \
	"  limit files 256 core 1000\n"

/* What a caller has already lower must stay so. */
static void lower_limits(void)
{
	const struct rlimit files = { 128, 192 };

	REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
}

TEST(plain)
{
	NEED("seccomp landlock>=1");
	lower_limits();
	fail_every_call((const char *const[]){ BASE "  env keep PATH\n  chdir /\n", NULL });
}

TEST(namespaces_and_mounts)
{
	NEED("seccomp landlock>=1 userns");
	REQUIRE(chdir("/") == 0); /* the tree may stand below /tmp, which is hidden */
	fail_every_call((const char *const[]){ BASE "  isolate pid net ipc uts mount\n"
						    "  private /tmp /dev\n"
						    "  file edit /tmp/** @/tree/**\n"
						    "  deny file write /etc/**\n",
					       NULL });
}

TEST(parent_stays)
{
	NEED("seccomp landlock>=4 notify");
	fail_every_call((const char *const[]){ BASE "  net accept tcp *:8088\n", NULL });
}

TEST(stacked)
{
	NEED("seccomp landlock>=1");
	fail_every_call((const char *const[]){ BASE "  file read @/tree/**\n",
					       BASE "  wx allow\n  file read,write @/tree/**\n" });
}
