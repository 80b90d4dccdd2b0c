/* test_enforce.c - starting programs: what is applied, what is not, and what is said when it can't be. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "platform/sys.h"
#include "trial.h"

#define NOBODY 65534

/* ---- the start itself ---- */

PAYLOAD(exit_with)
{
	return atoi(argument);
}

TEST(passes_exit_status)
{
	struct trial trial;

	trial_init(&trial, 1);
	trial_payload(&trial, "exit_with", "7");
	CHECK_INT(trial_run(&trial), 7);
	CHECK_INT(trial.end->result, 0);
	trial_release(&trial);
}

/* Where nothing is left to do nobody stays: the program is the process that asked. */
PAYLOAD(parent_is)
{
	return getppid() == atoi(argument) ? 0 : 1;
}

TEST(executes_in_place_unless_a_parent_stays)
{
	struct trial trial;

	trial_init(&trial, 1);
	trial_payload(&trial, "parent_is", arena_printf(trial.arena, "%d", (int)getpid()));
	CHECK_INT(trial_run(&trial), 0);
	trial.plan.keeps_parent = true;
	CHECK_INT(trial_run(&trial), 1);
	trial_release(&trial);
}

static void run_program(const char *path, const char *argument, int expected)
{
	struct trial trial;

	trial_init(&trial, 1);
	trial.launch.program = path;
	trial.argv[0] = arena_strdup(trial.arena, path);
	trial.argv[1] = arena_strdup(trial.arena, "-c");
	trial.argv[2] = arena_strdup(trial.arena, argument);
	CHECK_INT(trial_run(&trial), expected);
	trial.uid = NOBODY;
	CHECK_INT(trial_run(&trial), expected);
	trial_release(&trial);
}

TEST(runs_real_programs)
{
	NEED("root");
	run_program("/bin/true", "", 0);
	run_program("/bin/sh", "exit 5", 5);
	run_program("/usr/bin/python3",
		    "import sys, os; sys.exit(os.path.realpath('/proc/self/exe').startswith('/usr') * 6)", 6);
}

/* ---- T06: exec is closed, and the start works all the same ---- */

PAYLOAD(exec_again)
{
	char *const argv[] = { (char[]){ "true" }, NULL };
	const uint32_t guesses[][2] = { { 0, 0 }, { 1, 1 }, { 0xffffffff, 0xffffffff }, { 0x5afe5afe, 0x7e57ab1e } };

	execv("/bin/true", argv);
	if (errno != EPERM)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(guesses); i++)
		if (sys_execveat(AT_FDCWD, "/bin/true", argv, argv + 1, 0, guesses[i]) != -EPERM)
			return 2;
	return 3;
}

static void close_exec(struct trial *trial)
{
	trial_call(trial, 0, "execve", VERDICT_DENY, EPERM);
	trial_call(trial, 0, "execveat", VERDICT_DENY, EPERM);
}

TEST(T06_exec_is_closed_after_the_start)
{
	struct trial trial;

	NEED("root");
	trial_init(&trial, 1);
	trial_payload(&trial, "exec_again", NULL);
	CHECK_INT(trial_baseline(&trial), 0);
	close_exec(&trial);
	CHECK_INT(trial_run(&trial), 3);
	trial.uid = NOBODY;
	CHECK_INT(trial_baseline(&trial), 0);
	CHECK_INT(trial_run(&trial), 3);
	trial_release(&trial);
}

/* A naive list of executable files lets the loader run any file; with exec closed there is no way to the loader. */
PAYLOAD(loader_runs_payload)
{
	char *const argv[] = { (char[]){ "ld.so" }, (char *)argument, NULL };

	execv("/lib64/ld-linux-x86-64.so.2", argv);
	return errno == EPERM ? 3 : 4;
}

TEST(T06_loader_is_closed)
{
	struct trial trial;
	char path[] = "/tmp/cordon-payload-XXXXXX";
	int fd = mkstemp(path), source = open("/bin/true", O_RDONLY | O_CLOEXEC);

	NEED("root");
	if (access("/lib64/ld-linux-x86-64.so.2", X_OK) < 0)
		SKIP("needs: x86-64");
	REQUIRE(fd >= 0 && source >= 0);
	while (sendfile(fd, source, NULL, 1 << 20) > 0)
		;
	fchmod(fd, 0644);
	close(fd);
	trial_init(&trial, 1);
	trial_payload(&trial, "loader_runs_payload", path);
	trial.uid = NOBODY;
	CHECK_INT(trial_baseline(&trial), 0);
	close_exec(&trial);
	CHECK_INT(trial_run(&trial), 3);
	unlink(path);
	trial_release(&trial);
}

/* ---- files that are no programs ---- */

static char *write_program(struct trial *trial, const char *text, mode_t mode)
{
	char *path = arena_strdup(trial->arena, "/tmp/cordon-program-XXXXXX");
	int fd = mkstemp(path);

	REQUIRE(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	fchmod(fd, mode);
	close(fd);
	trial->launch.program = path;
	trial->argv[0] = path;
	return path;
}

TEST(runs_scripts)
{
	struct trial trial;
	char *path;

	NEED("root");
	trial_init(&trial, 1);
	close_exec(&trial);
	path = write_program(&trial, "#!/bin/sh\n[ \"$0\" = \"$1\" ] && exit 9\n", 0755);
	trial.argv[1] = path;
	CHECK_INT(trial_run(&trial), 9);
	trial.uid = NOBODY;
	CHECK_INT(trial_run(&trial), 9);
	unlink(path);
	trial_release(&trial);
}

static void refused(const char *program, const char *text, mode_t mode, int result, const char *code)
{
	struct trial trial;

	trial_init(&trial, 1);
	trial.launch.program = program;
	trial.argv[0] = arena_strdup(trial.arena, "x");
	if (text)
		write_program(&trial, text, mode);
	CHECK_INT(trial_run(&trial), -1);
	CHECK_INT(trial.end->result, result);
	CHECK_STR(trial.end->code, code);
	if (text)
		unlink(trial.launch.program);
	trial_release(&trial);
}

TEST(says_why_a_program_cannot_run)
{
	refused("/no/such/program", NULL, 0, -ENOENT, "C0603");
	refused("/etc/hostname/x", NULL, 0, -ENOENT, "C0603");
	refused("/etc", NULL, 0, -EACCES, "C0604");
	refused("/dev/null", NULL, 0, -EACCES, "C0604");
	refused(NULL, "#!/bin/sh\n", 0644, -EACCES, "C0604");
	refused(NULL, "#!/no/such/interpreter\n", 0755, -EACCES, "C0604");
}

/* Only exec finds out, under the filter: a message and 126, as a shell has it. */
TEST(unknown_format_is_126)
{
	struct trial trial;
	char *path;

	trial_init(&trial, 1);
	path = write_program(&trial, "no program at all", 0755);
	CHECK_INT(trial_run(&trial), 126);
	trial.plan.keeps_parent = true;
	CHECK_INT(trial_run(&trial), -1);
	CHECK_INT(trial.end->result, -EACCES);
	CHECK_STR(trial.end->code, "C0604");
	unlink(path);
	trial_release(&trial);
}

/* Even when the filter denies write and exit the process ends; with a parent the reason gets through. */
TEST(failure_under_a_filter_that_denies_everything)
{
	struct trial trial;
	char *path;

	trial_init(&trial, 1);
	trial_close(&trial, 0);
	path = write_program(&trial, "no program at all", 0755);
	CHECK(trial_run(&trial) > 128);
	trial.plan.keeps_parent = true;
	CHECK_INT(trial_run(&trial), -1);
	CHECK_STR(trial.end->code, "C0604");
	unlink(path);
	trial_release(&trial);
}

/* ---- what the process is ---- */

static int status_field(const char *name, char *ret, size_t size)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	int result = -ENOENT;

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0) {
			snprintf(ret, size, "%s", line + strlen(name) + 1);
			ret[strcspn(ret, "\n")] = '\0';
			result = 0;
			break;
		}
	if (file)
		fclose(file);
	return result;
}

static uint64_t capability_set(const char *name)
{
	char text[64];

	return status_field(name, text, sizeof(text)) < 0 ? ~0ULL : strtoull(text, NULL, 16);
}

static const char *const capability_sets[] = { "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:" };

PAYLOAD(has_no_privilege)
{
	bool bounding = !argument; /* only who has CAP_SETPCAP can leave the bounding set */
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(capability_sets); i++)
		if (capability_set(capability_sets[i]) && (bounding || strcmp(capability_sets[i], "CapBnd:")))
			return 10 + (int)i;
	if (status_field("NoNewPrivs:", text, sizeof(text)) < 0 || strcmp(text, "1"))
		return 2;
	return status_field("Seccomp:", text, sizeof(text)) == 0 && strcmp(text, "2") == 0 ? 0 : 3;
}

TEST(drops_all_capabilities)
{
	struct trial trial;

	NEED("root");
	trial_init(&trial, 1);
	trial.plan.capabilities = 0;
	trial_payload(&trial, "has_no_privilege", NULL);
	CHECK(trial_baseline(&trial) >= 2);
	CHECK_INT(trial_run(&trial), 0);
	trial_payload(&trial, "has_no_privilege", "unprivileged");
	trial.uid = NOBODY;
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

PAYLOAD(has_exactly)
{
	uint64_t expected = strtoull(argument, NULL, 16);

	return capability_set("CapPrm:") == expected && capability_set("CapEff:") == expected &&
			       (capability_set("CapBnd:") & ~expected) == 0
		       ? 0
		       : 1;
}

PAYLOAD(has_nothing_left)
{
	return capability_set("CapPrm:") || capability_set("CapEff:") || capability_set("CapAmb:") ? 1 : 0;
}

/* Root keeps its sets by being root; inside a user namespace another uid keeps them in the ambient set. */
TEST(keeps_named_capabilities)
{
	struct trial trial;

	NEED("root userns");
	trial_init(&trial, 1);
	trial.plan.capabilities = SYS_CAP(SYS_CAP_KILL) | SYS_CAP(SYS_CAP_SETUID);
	trial_payload(&trial, "has_exactly", "a0");
	CHECK_INT(trial_run(&trial), 0);
	trial.plan.isolate = ISOLATE_USER;
	CHECK_INT(trial_run(&trial), 0);
	trial.uid = NOBODY;
	CHECK_INT(trial_run(&trial), 0);
	trial.plan.isolate = 0; /* what is not held is not an error, and not had */
	trial_payload(&trial, "has_nothing_left", NULL);
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

PAYLOAD(maps_writable_code)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? 1 : 0;
}

TEST(mdwe)
{
	struct trial trial;

	trial_init(&trial, 1);
	trial_payload(&trial, "maps_writable_code", NULL);
	CHECK_INT(trial_baseline(&trial), 0);
	CHECK_INT(trial_run(&trial), 0);
	trial.plan.strict_wx = true;
	trial.plan.mdwe = true;
	CHECK_INT(trial_run(&trial), 1);
	trial_release(&trial);
}

PAYLOAD(limits)
{
	struct rlimit files, core;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || getrlimit(RLIMIT_CORE, &core) < 0)
		return 1;
	return files.rlim_cur == 17 && files.rlim_max == 17 && core.rlim_max == 0 ? 0 : 2;
}

TEST(limits_only_go_down)
{
	struct rlimit_plan limits[] = { { RLIMIT_NOFILE, 17, "files" }, { RLIMIT_CORE, 1 << 20, "core" } };
	struct trial trial;

	/* The harness has set core to 0: the plan's megabyte doesn't raise it. */
	trial_init(&trial, 1);
	trial.plan.rlimits.items = limits;
	trial.plan.rlimits.count = ARRAY_SIZE(limits);
	trial_payload(&trial, "limits", NULL);
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

/* ---- descriptors ---- */

PAYLOAD(open_descriptors)
{
	int expected = atoi(argument);

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return 1;
	for (int fd = 3; fd < 256; fd++)
		if ((fcntl(fd, F_GETFD) >= 0) != (fd == expected))
			return 2;
	return 0;
}

TEST(closes_all_descriptors_but_named_ones)
{
	int kept = fcntl(open("/etc/hostname", O_RDONLY), F_DUPFD, 200);
	struct trial trial;

	REQUIRE(kept >= 200 && fcntl(0, F_DUPFD, 100) >= 100);
	trial_init(&trial, 1);
	trial_payload(&trial, "open_descriptors", arena_printf(trial.arena, "%d", kept));
	trial.launch.keep_fds = &kept;
	trial.launch.keep_fd_count = 1;
	CHECK_INT(trial_run(&trial), 0);
	trial.plan.keeps_parent = true;
	CHECK_INT(trial_run(&trial), 0);
	trial_payload(&trial, "open_descriptors", "-1");
	trial.launch.keep_fd_count = 0;
	CHECK_INT(trial_run(&trial), 0);
	close(0);
	CHECK_INT(trial_run(&trial), 0);
	kept = 77;
	trial.launch.keep_fd_count = 1;
	CHECK_INT(trial_run(&trial), -1);
	CHECK_STR(trial.end->code, "C0606");
	trial_release(&trial);
}

/* Writes through one descriptor what it maps executable through another: W^X does not see it. */
PAYLOAD(writes_code_to_descriptors)
{
	void *page;

	if (write(1, "\xc3", 1) != 1)
		return 1;
	page = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_SHARED, 0, 0);
	return page != MAP_FAILED && *(unsigned char *)page == 0xc3 ? 0 : 2;
}

TEST(T07_descriptors_that_could_be_mapped_twice)
{
	struct trial trial;
	char path[] = "/tmp/cordon-twice-XXXXXX";
	int both = mkstemp(path), reader = open(path, O_RDONLY | O_CLOEXEC), writer = open(path, O_WRONLY | O_CLOEXEC);

	trial_init(&trial, 1);
	trial_payload(&trial, "writes_code_to_descriptors", NULL);
	REQUIRE(dup2(reader, 0) == 0 && dup2(writer, 1) == 1);
	CHECK_INT(trial_run(&trial), 0);
	trial.plan.strict_wx = true;
	trial.plan.mdwe = true;
	CHECK_INT(trial_run(&trial), -1);
	CHECK_STR(trial.end->code, "C0605");
	trial_payload(&trial, "exit_with", "0");
	REQUIRE(dup2(both, 0) == 0 && dup2(2, 1) == 1);
	CHECK_INT(trial_run(&trial), -1);
	CHECK_STR(trial.end->code, "C0605");
	REQUIRE(dup2(reader, 0) == 0);
	CHECK_INT(trial_run(&trial), 0);
	unlink(path);
	trial_release(&trial);
}

/* ---- environment and directory ---- */

PAYLOAD(environment)
{
	char directory[256];

	if (!getcwd(directory, sizeof(directory)) || strcmp(directory, "/usr"))
		return 1;
	return getenv("KEPT") && !getenv("GONE") && getenv("SET") && !strcmp(getenv("SET"), "two") ? 0 : 2;
}

TEST(environment_and_directory)
{
	struct env_op ops[] = { { ENV_KEEP, "KE*", NULL }, { ENV_SET, "SET", "one" }, { ENV_SET, "SET", "two" } };
	struct trial trial;

	setenv("KEPT", "yes", 1);
	setenv("GONE", "yes", 1);
	trial_init(&trial, 1);
	trial.plan.env.items = ops;
	trial.plan.env.count = ARRAY_SIZE(ops);
	trial.plan.chdir = "/usr";
	trial_payload(&trial, "environment", NULL);
	CHECK_INT(trial_run(&trial), 0);
	trial.plan.chdir = "/no/such/directory";
	CHECK_INT(trial_run(&trial), -1);
	CHECK_STR(trial.end->code, "C0613");
	trial_release(&trial);
}
