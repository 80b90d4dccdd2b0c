/* test_probe.c - the description of a kernel as text, and the probes against what the tests can see themselves. */
#include "platform/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "platform/sys.h"
#include "platform/tables.h"
#include "tap.h"

static const char *print(struct arena *arena, const struct kernel_caps *caps)
{
	struct str out;

	str_init(&out, arena);
	kernel_caps_print(caps, &out);
	return out.text;
}

TEST(text_and_back)
{
	const struct kernel_caps caps = {
		.landlock = 7,
		.seccomp = true,
		.mdwe = true,
		.ns = { true, false, true, false, false, true },
		.execveat_token = true,
		.arches = 1U << ARCH_X86_64 | 1U << ARCH_AARCH64,
		.uid = 1000,
	};
	struct arena *arena = arena_new(0);
	struct kernel_caps parsed;
	unsigned line = 0;

	REQUIRE(arena != NULL);
	CHECK_STR(print(arena, &caps),
		  "landlock 7\nseccomp yes\nnotify no\nmdwe yes\nexec_check no\nuserns no\nprivileged no\n"
		  "mount_setattr no\ncgroup2 no\ncgroup2_cpu no\nbpf_lsm no\nexecveat_token yes\nns pid ipc mount\n"
		  "arches x86_64 aarch64\nuid 1000\n");
	CHECK_INT(kernel_caps_parse(print(arena, &caps), &parsed, &line), 0);
	CHECK_STR(print(arena, &parsed), print(arena, &caps));
	CHECK_INT(kernel_caps_parse("# nothing\n\n  landlock 3 # old\nns\narches", &parsed, &line), 0);
	CHECK_INT(parsed.landlock, 3);
	CHECK(!parsed.seccomp && !parsed.arches);
	arena_free(arena);
}

TEST(bad_text_names_its_line)
{
	static const char *const bad[] = {
		"landlock\n",
		"landlock x\n",
		"landlock -1\n",
		"landlock 7 7\n",
		"seccomp maybe\n",
		"seccomp\n",
		"color red\n",
		"ns pid disk\n",
		"arches vax\n",
		"uid 99999999999\n",
		"landlock 99999999999999999999\n",
	};
	struct kernel_caps parsed;
	unsigned line;
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		line = 0;
		strcpy(text, "# a comment\nmdwe yes\n");
		strcat(text, bad[i]);
		if (!CHECK_INT(kernel_caps_parse(text, &parsed, &line), -EINVAL) || !CHECK_INT(line, 3))
			fprintf(stderr, "# %s", bad[i]);
	}
}

TEST(long_line)
{
	struct kernel_caps parsed;
	char text[1000];
	unsigned line = 0;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	CHECK_INT(kernel_caps_parse(text, &parsed, &line), -EINVAL);
	CHECK_INT(line, 1);
}

/* Every row says what it tried; what is missing says what to do; and the fast way agrees with the slow one. */
TEST(probes_of_this_kernel)
{
	struct arena *arena = arena_new(0);
	struct probe_result *results;
	struct kernel_caps all, quick;
	size_t count = 0;

	REQUIRE(arena != NULL && probe_kernel(arena, &all, &results, &count) == 0);
	CHECK(count >= 18);
	for (size_t i = 0; i < count; i++) {
		if (!CHECK(results[i].detail && results[i].detail[0]))
			fprintf(stderr, "# %s\n", results[i].name);
		CHECK(results[i].available == (results[i].value > 0));
		CHECK(results[i].available || results[i].remedy);
	}
	CHECK_INT(all.landlock, sys_landlock_abi() > 0 ? sys_landlock_abi() : 0);
	CHECK_INT(all.uid, geteuid());
	CHECK(all.arches & 1U << arch_native());
	REQUIRE(probe_kernel_quick(PROBE_ALL, &quick) == 0);
	quick.cgroup2 = all.cgroup2; /* these two are no business of a start */
	quick.bpf_lsm = all.bpf_lsm;
	CHECK_STR(print(arena, &quick), print(arena, &all));
	arena_free(arena);
}

/* The caller notices nothing: no child is left, no descriptor, no namespace, no filter. */
TEST(probes_leave_nothing_behind)
{
	struct arena *arena = arena_new(0);
	char before[256], after[256];
	struct kernel_caps caps;
	int fd = dup(0), status;
	ssize_t size;

	REQUIRE(arena != NULL);
	close(fd);
	size = readlink("/proc/self/ns/mnt", before, sizeof(before));
	REQUIRE(size > 0 && probe_kernel(arena, &caps, NULL, NULL) == 0);
	CHECK(readlink("/proc/self/ns/mnt", after, sizeof(after)) == size && memcmp(before, after, (size_t)size) == 0);
	CHECK_INT(dup(0), fd);
	CHECK(waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD);
	arena_free(arena);
}
