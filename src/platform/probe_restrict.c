/* probe_restrict.c - attempts at what a process can do to itself: Landlock, filters, notification, W^X, the start
 * token. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "platform/probe_attempt.h"
#include "platform/sys.h"

/* An errno that no call of ours returns by itself. */
#define MARK_ERRNO 211

static int no_new_privs(struct attempt *attempt)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return attempt_fail(attempt, "no_new_privs", errno);
	return 0;
}

/* ---- Landlock ---- */

int attempt_landlock(struct attempt *attempt)
{
	const struct sys_landlock_ruleset attr = { .handled_fs = SYS_LANDLOCK_FS_READ_DIR };
	int abi = sys_landlock_abi(), ruleset, result, root;

	if (abi < 0)
		return attempt_fail(attempt, "landlock_create_ruleset", -abi);
	ruleset = sys_landlock_create(&attr, abi);
	if (ruleset < 0)
		return attempt_fail(attempt, "landlock_create_ruleset", -ruleset);
	if (no_new_privs(attempt) < 0)
		return 0;
	result = sys_landlock_restrict(ruleset, 0);
	if (result < 0)
		return attempt_fail(attempt, "landlock_restrict_self", -result);
	root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0 || errno != EACCES) {
		attempt_say(attempt, "a ruleset was accepted, but / could be listed without a rule");
		return 0;
	}
	attempt_say(attempt, "ABI %d; a directory without a rule could not be listed", abi);
	return abi;
}

/* ---- seccomp ---- */

/* A filter that answers @nr with @action and allows the rest. */
static int install(unsigned nr, unsigned action, unsigned flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };

	return sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
}

int attempt_seccomp(struct attempt *attempt)
{
	int result = no_new_privs(attempt);

	if (result < 0)
		return result;
	result = install(SYS_getppid, SECCOMP_RET_ERRNO | MARK_ERRNO, 0);
	if (result < 0)
		return attempt_fail(attempt, "a filter", -result);
	if (syscall(SYS_getppid) >= 0 || errno != MARK_ERRNO) {
		attempt_say(attempt, "a filter was accepted, but did not act");
		return 0;
	}
	attempt_say(attempt, "a filter changed what a call returns");
	return 1;
}

/* ---- user notification ---- */

#define NOTIFY_VALUE 4242

struct round {
	int listener; /* number in the shared descriptor table, -1: not yet */
	int error;
};

/* Two calls are answered: the first with a number, the second with a descriptor. */
__attribute__((noreturn)) static void notify_target(struct round *round)
{
	int listener;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	listener = install(SYS_getppid, SECCOMP_RET_USER_NOTIF,
			   SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	round->error = listener < 0 ? -listener : 0;
	__atomic_store_n(&round->listener, listener, __ATOMIC_RELEASE);
	if (listener < 0)
		sys_leave(1);
	if (syscall(SYS_getppid) != NOTIFY_VALUE)
		sys_leave(2);
	sys_leave(syscall(SYS_getppid) >= 0 ? 0 : 3);
}

static int notify_answer(int listener, bool with_descriptor)
{
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { .val = NOTIFY_VALUE };
	struct seccomp_notif_addfd descriptor = { .flags = SECCOMP_ADDFD_FLAG_SEND, .srcfd = (unsigned)listener };
	struct pollfd polled = { .fd = listener, .events = POLLIN };

	if (poll(&polled, 1, PROBE_TIMEOUT_S * 1000) != 1 || ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return -errno;
	response.id = descriptor.id = request.id;
	if (with_descriptor)
		return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &descriptor) < 0 ? -errno : 0;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 ? -errno : 0;
}

/* The target never starts another program, so both may go on sharing descriptors. */
static int notify_rounds(struct attempt *attempt, struct round *round, pid_t target)
{
	int listener, result, status;

	while ((listener = __atomic_load_n(&round->listener, __ATOMIC_ACQUIRE)) == -1 && !round->error)
		sched_yield();
	if (round->error)
		return attempt_fail(attempt, "a filter with a killable listener", round->error);
	result = notify_answer(listener, false);
	if (result == 0)
		result = notify_answer(listener, true);
	if (result < 0)
		return attempt_fail(attempt, "an answer", -result);
	if (waitpid(target, &status, 0) < 0 || status != 0) {
		attempt_say(attempt, "an answer did not arrive");
		return 0;
	}
	attempt_say(attempt, "a call was answered with a number, another with a descriptor");
	return 1;
}

int attempt_notify(struct attempt *attempt)
{
	struct round *round = sys_map(sizeof(*round), PROT_READ | PROT_WRITE, MAP_SHARED);
	pid_t target;

	if (!round)
		return attempt_fail(attempt, "memory", errno);
	round->listener = -1;
	if (no_new_privs(attempt) < 0)
		return 0;
	target = sys_fork(SIGCHLD | CLONE_FILES);
	if (target == 0)
		notify_target(round);
	if (target < 0)
		return attempt_fail(attempt, "clone", -target);
	return notify_rounds(attempt, round, target);
}

/* ---- W^X ---- */

int attempt_mdwe(struct attempt *attempt)
{
	void *page;

	if (prctl(SYS_PR_SET_MDWE, SYS_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) < 0)
		return attempt_fail(attempt, "PR_SET_MDWE", errno);
	page = sys_map(4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);
	if (page || errno != EACCES) {
		attempt_say(attempt, "accepted, but writable and executable memory could be mapped");
		return 0;
	}
	page = sys_map(4096, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	if (!page || mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0) {
		attempt_say(attempt, "accepted, but written memory could be made executable");
		return 0;
	}
	attempt_say(attempt, "writable and executable memory was refused");
	return 1;
}

/* ---- scripts ---- */

/* A kernel that doesn't know the flag says EINVAL before it looks at the descriptor. */
bool exec_check_known(void)
{
	char *const none[] = { NULL };

	return sys_execveat(-1, "", none, none, AT_EMPTY_PATH | SYS_AT_EXECVE_CHECK, NULL) == -EBADF;
}

int attempt_exec_check(struct attempt *attempt)
{
	int result = no_new_privs(attempt);

	if (result < 0)
		return result;
	if (!exec_check_known()) {
		attempt_say(attempt, "execveat doesn't know AT_EXECVE_CHECK");
		return 0;
	}
	result = sys_restrict_scripts();
	if (result < 0)
		return attempt_fail(attempt, "SECBIT_EXEC_RESTRICT_FILE", -result);
	attempt_say(attempt, "SECBIT_EXEC_RESTRICT_FILE was set and locked");
	return 1;
}

/* ---- the start token ---- */

static const uint32_t probe_token[2] = { 0x5afe5afe, 0x7e57ab1e };

/* A kernel that looked at all bits would say EINVAL for such flags; the descriptor -1 keeps anything from starting. */
bool token_ignored(void)
{
	char *const none[] = { NULL };

	return sys_execveat(-1, "", none, none, AT_EMPTY_PATH, probe_token) == -EBADF;
}

/* Only the execveat with the token passes. */
static int install_token(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execveat, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]) + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, probe_token[0], 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4]) + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, probe_token[1], 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | MARK_ERRNO),
	};
	const struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };

	return sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* Start a real program with the token, where there is one to start. */
static bool token_starts(void)
{
	char name[] = "true", *const argv[] = { name, NULL }, *const envp[] = { NULL };
	int program = open("/bin/true", O_PATH | O_CLOEXEC), status = 0;
	pid_t child;

	if (program < 0)
		return true;
	child = sys_fork(SIGCHLD);
	if (child == 0) {
		sys_execveat(program, "", argv, envp, AT_EMPTY_PATH, probe_token);
		sys_leave(1);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int attempt_token(struct attempt *attempt)
{
	char *const none[] = { NULL };
	int result = no_new_privs(attempt);

	if (result < 0)
		return result;
	result = install_token();
	if (result < 0)
		return attempt_fail(attempt, "a filter", -result);
	result = sys_execveat(-1, "", none, none, AT_EMPTY_PATH, NULL);
	if (result != -MARK_ERRNO)
		return attempt_fail(attempt, "execveat without the token", -result);
	if (!token_ignored() || !token_starts()) {
		attempt_say(attempt, "execveat with the token did not start a program");
		return 0;
	}
	attempt_say(attempt, "a program was started with the token, and not without");
	return 1;
}
