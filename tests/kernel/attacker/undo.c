/* undo.c - attacks on what holds the program: take it back, put something permissive on top of it, or have the kernel or the
 * loader do what the program may not (core dumps, LD_PRELOAD and its like). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

/* linux/prctl.h of Linux 6.18; Debian 12's is older. */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif

#define LIBRARY_STATUS 42 /* of a program in which the library of library.c runs */

/* What each undoing is tried on afterwards. */
static enum outcome open_secret(const char *path, const char *after)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? refused(path, errno) : succeeded("read %s after %s", path, after);
}

/* ---- prctl ---- */

static const struct {
	const char *name;
	int option;
	unsigned long value;
} undoings[] = {
	{ "PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS, 0 },
	{ "PR_SET_SECCOMP", PR_SET_SECCOMP, 0 },
	{ "PR_SET_DUMPABLE", PR_SET_DUMPABLE, 1 },
	{ "PR_SET_PDEATHSIG", PR_SET_PDEATHSIG, 0 },
};

static enum outcome attack_undo(char *const *arguments)
{
	for (size_t i = 0; i < sizeof(undoings) / sizeof(undoings[0]); i++) {
		if (strcmp(undoings[i].name, arguments[0]) != 0)
			continue;
		/* Whatever it answers: the file is what counts. */
		prctl(undoings[i].option, undoings[i].value, 0, 0, 0);
		return open_secret(arguments[1], arguments[0]);
	}
	return untried("no such option: %s", arguments[0]);
}

static enum outcome attack_undo_mdwe(char *const *arguments)
{
	(void)arguments;
	prctl(PR_SET_MDWE, 0, 0, 0, 0);
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		return succeeded("mapped memory writable and executable");
	return refused("mmap", errno);
}

static const struct {
	const char *name;
	int option;
	unsigned long arguments[2];
} gains[] = {
	{ "PR_SET_SECUREBITS", PR_SET_SECUREBITS, { 0, 0 } },
	{ "PR_CAP_AMBIENT", PR_CAP_AMBIENT, { PR_CAP_AMBIENT_CLEAR_ALL, 0 } },
	{ "PR_SET_KEEPCAPS", PR_SET_KEEPCAPS, { 1, 0 } },
	{ "PR_SET_PTRACER", PR_SET_PTRACER, { PR_SET_PTRACER_ANY, 0 } },
	{ "PR_SET_MEMORY_MERGE", PR_SET_MEMORY_MERGE, { 1, 0 } },
};

/* Options that are no part of any list: the kernel would do it. */
static enum outcome attack_option(char *const *arguments)
{
	for (size_t i = 0; i < sizeof(gains) / sizeof(gains[0]); i++) {
		if (strcmp(gains[i].name, arguments[0]) != 0)
			continue;
		if (prctl(gains[i].option, gains[i].arguments[0], gains[i].arguments[1], 0, 0) >= 0)
			return succeeded("%s answered", arguments[0]);
		return errno == EINVAL ? untried("this kernel has no %s", arguments[0]) : refused(arguments[0], errno);
	}
	return untried("no such option: %s", arguments[0]);
}

static enum outcome attack_personality(char *const *arguments)
{
	const unsigned long persona = (unsigned long)number(arguments[0]);

	return syscall(SYS_personality, persona) >= 0 ? succeeded("personality %#lx", persona)
						      : refused("personality", errno);
}

/* ---- a filter or a domain of one's own on top ---- */

static int install(struct sock_filter *code, unsigned short count, unsigned flags)
{
	const struct sock_fprog program = { count, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static enum outcome attack_allowing_filter(char *const *arguments)
{
	struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };

	if (install(allow, 1, SECCOMP_FILTER_FLAG_TSYNC) != 0)
		return refused("an own filter", errno);
	if (syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1) >= 0)
		return succeeded("keyctl answered under an own filter");
	(void)arguments;
	return refused("keyctl", errno);
}

/* A listener that says "continue" to everything. */
static void continue_all(int listener)
{
	struct seccomp_notif request;
	struct pollfd wait = { .fd = listener, .events = POLLIN };

	while (poll(&wait, 1, -1) == 1 && (wait.revents & POLLIN)) {
		struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

		memset(&request, 0, sizeof(request));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
			break;
		answer.id = request.id;
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0)
			break;
	}
}

static enum outcome attack_own_listener(char *const *arguments)
{
	struct sock_filter ask[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	int listener = install(ask, sizeof(ask) / sizeof(ask[0]), SECCOMP_FILTER_FLAG_NEW_LISTENER);
	enum outcome outcome;
	pid_t answerer, opener;

	if (listener < 0)
		return refused("a second listener", errno);
	answerer = fork();
	if (answerer == 0) {
		continue_all(listener);
		_exit(0);
	}
	opener = fork();
	if (opener == 0)
		_exit((int)open_secret(arguments[0], "an own listener continued it"));
	if (answerer < 0 || opener < 0)
		return refused("fork", errno);
	outcome = child_outcome(opener);
	kill(answerer, SIGKILL);
	waitpid(answerer, NULL, 0);
	return outcome;
}

/* An own domain that grants everything below the root. */
static enum outcome attack_own_domain(char *const *arguments)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE };
	struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE };
	long ruleset = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	rule.parent_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ruleset < 0 || syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return refused("an own ruleset", errno);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return refused("an own domain", errno);
	return open_secret(arguments[0], "an own domain granted it");
}

/* ---- the kernel writes a file in the program's name ---- */

static enum outcome attack_core(char *const *arguments)
{
	const struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	char path[PATH_MAX], with_pid[PATH_MAX];
	struct stat st;
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return refused("fork", errno);
	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		if (chdir(arguments[0]) < 0 || setrlimit(RLIMIT_CORE, &limit) < 0)
			_exit(ATTACK_BROKEN);
		abort();
	}
	waitpid(pid, &status, 0);
	if (!WIFSIGNALED(status))
		return refused("abort", EINVAL);
	snprintf(path, sizeof(path), "%s/core", arguments[0]);
	snprintf(with_pid, sizeof(with_pid), "%s/core.%d", arguments[0], (int)pid);
	if (stat(path, &st) == 0 || stat(with_pid, &st) == 0)
		return succeeded("left a core dump in %s", arguments[0]);
	return refused("core dump", EACCES);
}

/* ---- the loader maps what the environment says ---- */

static int copy(const char *from, const char *to)
{
	char buffer[65536];
	ssize_t got = -1;
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	while (in >= 0 && out >= 0 && (got = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, (size_t)got) != got)
			return -1;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return (int)got;
}

/* VARIABLE is LD_PRELOAD, LD_AUDIT or LD_LIBRARY_PATH; the last one counts for who loads a library by its name. */
static enum outcome attack_environment(char *const *arguments)
{
	char path[PATH_MAX], self[PATH_MAX];
	const int directory = strcmp(arguments[0], "LD_LIBRARY_PATH") == 0;
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	pid_t pid;
	int status;

	snprintf(path, sizeof(path), "%s/libattacker.so", arguments[2]);
	if (size < 0 || copy(arguments[1], path) < 0)
		return refused(path, errno);
	self[size] = '\0';
	setenv(arguments[0], directory ? arguments[2] : path, 1);
	pid = fork();
	if (pid == 0) {
		execl(self, self, "load", "libattacker.so", (char *)NULL);
		_exit((int)refused(self, errno));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return refused("fork", errno);
	if (WIFEXITED(status) && WEXITSTATUS(status) == LIBRARY_STATUS)
		return succeeded("a library that was written ran by %s", arguments[0]);
	return refused(arguments[0], EACCES);
}

static enum outcome attack_load(char *const *arguments)
{
	if (dlopen(arguments[0], RTLD_NOW))
		return succeeded("loaded %s", arguments[0]);
	return refused(arguments[0], EACCES);
}

static const struct attack items[] = {
	{ "undo", "OPTION PATH", "take a restriction back by prctl, then read a file", attack_undo },
	{ "undo-mdwe", "", "take W^X back by prctl", attack_undo_mdwe },
	{ "option", "OPTION", "set an option that reaches further", attack_option },
	{ "personality", "NUMBER", "change the personality", attack_personality },
	{ "allowing-filter", "", "put an allowing filter on top, on all threads", attack_allowing_filter },
	{ "own-listener", "PATH", "continue one's own calls by a listener of one's own", attack_own_listener },
	{ "own-domain", "PATH", "grant oneself files by a Landlock domain", attack_own_domain },
	{ "core-dump", "DIR", "have the kernel write a core dump", attack_core },
	{ "environment", "VARIABLE LIBRARY DIR", "have the loader map a library that was written", attack_environment },
	{ "load", "LIBRARY", "(what environment executes)", attack_load },
};
const struct attacks undo_attacks = { items, sizeof(items) / sizeof(items[0]) };
