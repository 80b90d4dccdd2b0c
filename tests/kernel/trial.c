/* trial.c - see trial.h. */
#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PAYLOAD_MARK "payload"

extern char **environ;

static struct payload *payloads;

void payload_register(struct payload *payload)
{
	payload->next = payloads;
	payloads = payload;
}

/* Runs after all payloads are registered, and before main() of the harness. */
__attribute__((constructor(65535))) static void run_payload(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[0], PAYLOAD_MARK) != 0)
		return;
	for (struct payload *payload = payloads; payload; payload = payload->next)
		if (strcmp(payload->name, argv[1]) == 0)
			_exit(payload->run(argc > 2 ? argv[2] : NULL));
	_exit(99);
}

/* ---- the plan ---- */

static void allow_all(struct trial *trial, struct layer_plan *layer)
{
	const enum arch arch = arch_native();

	layer->calls.arches = 1U << arch;
	layer->calls.unknown = (struct verdict){ .kind = VERDICT_DENY, .error = ENOSYS };
	for (uint32_t nr = 0; nr < arch_table[arch].nr_end; nr++) {
		int row = call_find_nr(arch, nr);

		if (row >= 0)
			*arena_push(trial->arena, &layer->calls.entries[arch]) = (struct call_entry){
				.nr = nr,
				.call = (uint16_t)row,
				.otherwise = { .kind = VERDICT_ALLOW, .error = 0 },
			};
	}
}

/* Whoever runs the tests may collect their output in a file that is open for reading too; W^X refuses such descriptors. */
static void write_only(int fd)
{
	int flags = fcntl(fd, F_GETFL), narrow;
	char path[32];
	struct stat st;

	if ((flags & O_ACCMODE) != O_RDWR || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	narrow = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	REQUIRE(narrow >= 0 && dup2(narrow, fd) == fd);
	close(narrow);
}

void trial_init(struct trial *trial, size_t layers)
{
	write_only(STDOUT_FILENO);
	write_only(STDERR_FILENO);
	memset(trial, 0, sizeof(*trial));
	trial->arena = arena_new(0);
	REQUIRE(trial->arena != NULL);
	diags_init(&trial->diags, trial->arena);
	for (size_t i = 0; i < layers; i++)
		allow_all(trial, &trial->layers[i]);
	trial->plan.arena = trial->arena;
	trial->plan.layers = trial->layers;
	trial->plan.layer_count = layers;
	trial->plan.capabilities = ~0ULL;
	trial->launch.program = "/proc/self/exe";
	trial->launch.argv = trial->argv;
	trial->launch.envp = environ;
	trial->end = mmap(NULL, sizeof(*trial->end), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(trial->end != MAP_FAILED);
}

void trial_release(struct trial *trial)
{
	munmap(trial->end, sizeof(*trial->end));
	arena_free(trial->arena);
}

void trial_call(struct trial *trial, size_t layer, const char *call, enum verdict_kind kind, uint16_t error)
{
	struct call_entries *entries = &trial->layers[layer].calls.entries[arch_native()];
	int row = call_find(call);

	REQUIRE(row >= 0);
	for (size_t i = 0; i < entries->count; i++)
		if (entries->items[i].call == row)
			entries->items[i].otherwise = (struct verdict){ .kind = kind, .error = error };
}

void trial_close(struct trial *trial, size_t layer)
{
	struct call_entries *entries = &trial->layers[layer].calls.entries[arch_native()];

	for (size_t i = 0; i < entries->count; i++)
		entries->items[i].otherwise = (struct verdict){ .kind = VERDICT_DENY, .error = EPERM };
}

void trial_path(struct trial *trial, size_t layer, const char *path, uint64_t rights)
{
	*arena_push(trial->arena, &trial->layers[layer].landlock.paths) = (struct landlock_path){ path, rights };
}

/* May everybody walk down to @path? */
static bool reachable(const char *path)
{
	char directory[4096];
	struct stat st;

	snprintf(directory, sizeof(directory), "%s", path);
	for (char *slash = strrchr(directory, '/'); slash && slash != directory; slash = strrchr(directory, '/')) {
		*slash = '\0';
		if (stat(directory, &st) < 0 || !(st.st_mode & S_IXOTH))
			return false;
	}
	return true;
}

static char copied[64]; /* of this test's process; removed at its end */

static void remove_copy(void)
{
	unlink(copied);
}

/* A build below a home directory can't be reached by another user: the payload is started from a copy then. */
static void copy_self(const char *exe)
{
	char command[8192];
	int fd;

	if (copied[0])
		return;
	/* process ids are no names: tests run in pid namespaces of their own */
	snprintf(copied, sizeof(copied), "/var/tmp/cordon-trial-XXXXXX");
	fd = mkstemp(copied);
	REQUIRE(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command), "cp '%s' '%s' && chmod 755 '%s'", exe, copied, copied);
	REQUIRE(atexit(remove_copy) == 0 && system(command) == 0);
}

void trial_payload(struct trial *trial, const char *name, const char *argument)
{
	char exe[4096];
	ssize_t size = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	REQUIRE(size > 0);
	exe[size] = '\0';
	if (!reachable(exe))
		copy_self(exe);
	trial->launch.program = arena_strdup(trial->arena, copied[0] ? copied : exe);
	trial->argv[0] = arena_strdup(trial->arena, PAYLOAD_MARK);
	trial->argv[1] = arena_strdup(trial->arena, name);
	trial->argv[2] = argument ? arena_strdup(trial->arena, argument) : NULL;
}

/* ---- the start ---- */

/* The tests may run where another user can't go. */
static void leave_closed_directory(void)
{
	char here[4096];

	if ((!getcwd(here, sizeof(here)) || chdir(here) < 0) && chdir("/") < 0)
		_exit(98);
}

static void become(unsigned uid)
{
	if (uid && (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
		_exit(98);
	if (uid)
		leave_closed_directory();
	/* A changed uid makes the process undumpable; an ordinary caller is not. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void note(struct trial *trial, int result)
{
	struct str text;

	trial->end->result = result;
	if (!trial->diags.count)
		return;
	str_init(&text, trial->arena);
	diags_print(&trial->diags, &text, false);
	snprintf(trial->end->code, sizeof(trial->end->code), "%s", trial->diags.items[0].code);
	snprintf(trial->end->text, sizeof(trial->end->text), "%s", text.text);
}

static enum attendance attend_by_serving(struct attendant *attendant, short events, const struct attended *attended)
{
	const struct trial *trial =
		(const struct trial *)((const char *)attendant - offsetof(struct trial, supervisor.attendant));

	(void)attended;
	return events & POLLIN && trial->serve(attendant->fd, trial->supervisor.listen_ports) == 0 ? ATTEND_ON
												   : ATTEND_DROP;
}

static void attend(struct trial *trial)
{
	supervisor_init(&trial->supervisor, &trial->plan, trial->arena);
	if (trial->serve)
		trial->supervisor.attendant.attend = attend_by_serving;
	trial->launch.supervisor = &trial->supervisor.attendant;
	trial->launch.calls = &trial->supervisor.calls;
}

__attribute__((noreturn)) static void start(struct trial *trial)
{
	struct confinement *confinement;
	int result, status = 0;

	become(trial->uid);
	trial->end->pid = getpid();
	if (plan_asks(&trial->plan) && !trial->unattended)
		attend(trial);
	result = confinement_prepare(&trial->plan, &trial->launch, trial->arena, &trial->diags, &confinement);
	if (result < 0) {
		note(trial, result);
		_exit(confinement_exit_status(result));
	}
	result = confinement_start(confinement, &trial->diags, &status);
	trial->end->status = status;
	note(trial, result == 0 ? 1 : result);
	_exit(result < 0 ? confinement_exit_status(result) : 0);
}

/* Only root can become somebody else. */
static void need_for(const struct trial *trial)
{
	if (trial->uid)
		NEED("root");
}

pid_t trial_begin(struct trial *trial)
{
	pid_t pid;

	need_for(trial);
	memset(trial->end, 0, sizeof(*trial->end));
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		start(trial);
	REQUIRE(pid > 0);
	return pid;
}

static int exit_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int trial_wait(struct trial *trial, pid_t pid)
{
	int status;

	REQUIRE(waitpid(pid, &status, 0) == pid);
	if (trial->end->result < 0)
		return -1;
	return exit_of(trial->end->result == 1 ? trial->end->status : status);
}

int trial_run(struct trial *trial)
{
	int result = trial_wait(trial, trial_begin(trial));

	if (trial->end->text[0])
		fprintf(stderr, "%s", trial->end->text);
	return result;
}

int trial_baseline(struct trial *trial)
{
	int status;
	pid_t pid;

	need_for(trial);
	pid = fork();
	if (pid == 0) {
		become(trial->uid);
		execv(trial->launch.program, trial->argv);
		_exit(97);
	}
	REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid);
	return exit_of(status);
}
