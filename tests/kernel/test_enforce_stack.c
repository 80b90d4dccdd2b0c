/* test_enforce_stack.c - several layers in one start, one start inside another, and systems that refuse something. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "platform/sys.h"
#include "trial.h"

#define NOBODY 65534

/* ---- layers ---- */

PAYLOAD(filters_of_layers)
{
	char text[16] = "";
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "Seccomp_filters: %15s", text);
	if (strcmp(text, argument))
		return 1;
	if (getpriority(0, 0) >= 0 || errno != 201) /* only the first layer denies it */
		return 2;
	if (syscall(SYS_getppid) >= 0 || errno != 202) /* only the last */
		return 3;
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(unsigned){ SECCOMP_RET_ERRNO }) < 0 ? 0 : 4;
}

static const char *filter_count(struct trial *trial, int more)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	int count = 0;

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "Seccomp_filters: %d", &count);
	if (file)
		fclose(file);
	return arena_printf(trial->arena, "%d", count + more);
}

/* Every layer denies the calls that install the next one, and the last; each is enforced all the same. */
TEST(every_layer_is_enforced)
{
	struct trial trial;

	trial_init(&trial, 3);
	for (size_t i = 0; i < 3; i++) {
		trial_call(&trial, i, "seccomp", VERDICT_DENY, EPERM);
		trial_call(&trial, i, "prctl", VERDICT_DENY, EPERM);
		trial_call(&trial, i, "execveat", VERDICT_DENY, EPERM);
	}
	trial_call(&trial, 0, "getpriority", VERDICT_DENY, 201);
	trial_call(&trial, 2, "getppid", VERDICT_DENY, 202);
	trial_payload(&trial, "filters_of_layers", filter_count(&trial, 3));
	CHECK_INT(trial_run(&trial), 0);
	trial.uid = NOBODY;
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

/* The gate in front of a filter opens for our own call only: not for a guessed token, not for another call. */
PAYLOAD(knocks_at_the_gate)
{
	const uint32_t guesses[][2] = { { 0, 0 }, { 1, 1 }, { 0xffffffff, 0xffffffff } };

	for (size_t i = 0; i < ARRAY_SIZE(guesses); i++)
		if (sys_seccomp_token(SECCOMP_SET_MODE_FILTER, 0, NULL, guesses[i]) != -EPERM)
			return 1;
	return 0;
}

TEST(gate_is_closed_to_the_program)
{
	struct trial trial;

	trial_init(&trial, 2);
	trial_call(&trial, 0, "seccomp", VERDICT_DENY, EPERM);
	trial_payload(&trial, "knocks_at_the_gate", NULL);
	CHECK_INT(trial_baseline(&trial), 1);
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

/* ---- a start inside a start ---- */

PAYLOAD(inner)
{
	return open("/etc/hostname", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES ? 0 : 1;
}

/* Confined already: confines itself further and starts another payload. */
PAYLOAD(outer)
{
	struct trial trial;
	struct confinement *confinement;
	int status = 0, result;

	trial_init(&trial, 1);
	trial.layers[0].landlock.handled_fs = SYS_LANDLOCK_FS_READ_FILE;
	trial_path(&trial, 0, "/usr", SYS_LANDLOCK_FS_READ_FILE);
	trial_path(&trial, 0, "/etc/ld.so.cache", SYS_LANDLOCK_FS_READ_FILE);
	trial_payload(&trial, "inner", NULL);
	trial_path(&trial, 0, trial.launch.program, SYS_LANDLOCK_FS_READ_FILE);
	trial.plan.strict_wx = true;
	trial.plan.mdwe = true;
	trial.plan.capabilities = 0;
	trial.plan.keeps_parent = argument != NULL;
	result = confinement_prepare(&trial.plan, &trial.launch, trial.arena, &trial.diags, &confinement);
	if (result < 0)
		return 10;
	result = confinement_start(confinement, &trial.diags, &status);
	if (result < 0)
		return 11;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 12;
}

static void stack_starts(const char *argument, unsigned uid)
{
	struct trial trial;

	trial_init(&trial, 1);
	trial.uid = uid;
	trial.plan.strict_wx = true;
	trial.plan.mdwe = true;
	trial.plan.capabilities = 0;
	trial.layers[0].landlock.handled_fs = SYS_LANDLOCK_FS_WRITE_FILE;
	trial.layers[0].landlock.scoped = SYS_LANDLOCK_SCOPE_SIGNAL;
	trial_call(&trial, 0, "unshare", VERDICT_DENY, EPERM);
	trial_payload(&trial, "inner", NULL);
	CHECK_INT(trial_run(&trial), 1);
	trial_payload(&trial, "outer", argument);
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

TEST(starts_inside_a_start)
{
	stack_starts(NULL, 0);
	stack_starts(NULL, NOBODY);
	stack_starts("with a parent", 0);
	stack_starts("with a parent", NOBODY);
}

/* ---- refusals ---- */

PAYLOAD(must_not_run)
{
	return 77;
}

/* What a sandbox around us, or an administrator, may refuse: @nr answers @error. */
static void refuse(unsigned nr, unsigned error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };

	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	REQUIRE(sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
}

static const struct refusal {
	unsigned nr, error;
	const char *code;
	uint32_t isolate;
	bool keeps_parent;
} refusals[] = {
	{ SYS_unshare, EPERM, "C0610", ISOLATE_USER, false },
	{ SYS_unshare, ENOSPC, "C0610", ISOLATE_USER, false },
	{ SYS_unshare, EPERM, "C0611", ISOLATE_NET, false },
	{ SYS_unshare, EPERM, "C0611", ISOLATE_PID, true },
	{ SYS_unshare, EPERM, "C0610", ISOLATE_PID | ISOLATE_USER, true },
	{ SYS_mount, EPERM, "C0612", ISOLATE_MOUNT, false },
	{ SYS_landlock_create_ruleset, ENOSYS, "C0615", 0, false },
	{ SYS_landlock_add_rule, EINVAL, "C0615", 0, false },
	{ SYS_landlock_restrict_self, E2BIG, "C0615", 0, true },
	{ SYS_capset, EPERM, "C0618", 0, false },
	{ SYS_close_range, ENOSYS, "C0619", 0, true },
	{ SYS_prlimit64, EPERM, "C0620", 0, false },
	{ SYS_pidfd_open, ENOSYS, "C0621", 0, true },
	{ SYS_signalfd4, ENOSYS, "C0621", 0, true },
};

static void try_refusal(const struct refusal *refusal)
{
	struct rlimit_plan limit = { RLIMIT_FSIZE, 1 << 20, "file-size" };
	struct trial trial;

	trial_init(&trial, 1);
	trial.plan.isolate = refusal->isolate;
	trial.plan.keeps_parent = refusal->keeps_parent;
	trial.plan.rlimits.items = &limit;
	trial.plan.rlimits.count = 1;
	trial.layers[0].landlock.handled_fs = SYS_LANDLOCK_FS_WRITE_FILE;
	trial_path(&trial, 0, "/tmp", SYS_LANDLOCK_FS_WRITE_FILE);
	trial_payload(&trial, "must_not_run", NULL);
	refuse(refusal->nr, refusal->error);
	CHECK_INT(trial_run(&trial), -1);
	if (!CHECK_STR(trial.end->code, refusal->code))
		fprintf(stderr, "# call %u\n", refusal->nr);
	CHECK_INT(trial.end->result, -ECANCELED);
	trial_release(&trial);
}

TEST(nothing_runs_when_a_step_fails)
{
	NEED("root");
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		pid_t child;
		int status;

		child = fork();
		if (child == 0) {
			try_refusal(&refusals[i]);
			_exit(0);
		}
		REQUIRE(waitpid(child, &status, 0) == child);
		CHECK_INT(status, 0);
	}
}

/* An unprivileged user without user namespaces: everything that needs none works, the rest says what is missing. */
TEST(without_user_namespaces)
{
	struct trial trial;

	trial_init(&trial, 1);
	trial.uid = NOBODY;
	trial.plan.strict_wx = true;
	trial.plan.mdwe = true;
	trial.plan.capabilities = 0;
	trial.layers[0].landlock.handled_fs = SYS_LANDLOCK_FS_WRITE_FILE;
	trial_payload(&trial, "must_not_run", NULL);
	refuse(SYS_unshare, EPERM);
	CHECK_INT(trial_run(&trial), 77);
	trial.plan.isolate = ISOLATE_USER | ISOLATE_NET;
	CHECK_INT(trial_run(&trial), -1);
	CHECK_STR(trial.end->code, "C0610");
	trial_release(&trial);
}

TEST(sixteen_domains_are_the_limit)
{
	struct trial trial;

	trial_init(&trial, 1);
	trial.layers[0].landlock.handled_fs = SYS_LANDLOCK_FS_WRITE_FILE;
	trial_payload(&trial, "must_not_run", NULL);
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	for (int i = 0; i < 16; i++) {
		const struct sys_landlock_ruleset attr = { .handled_fs = SYS_LANDLOCK_FS_READ_DIR << 5 };
		int ruleset = sys_landlock_create(&attr, 1);

		if (ruleset < 0 || sys_landlock_restrict(ruleset, 0) < 0)
			break;
	}
	CHECK_INT(trial_run(&trial), -1);
	CHECK_STR(trial.end->code, "C0615");
	CHECK(strstr(trial.end->text, "16 Landlock domains") != NULL);
	trial_release(&trial);
}
