/* kin.c - attacks that look for somebody or something that is not confined: children of odd kinds (T10), processes of the
 * same user, namespaces, mounts, a program that is set-user-id. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define STACK_SIZE 65536
#define HAUNTED 1000 /* process numbers that are looked at */

/* ---- children of odd kinds ---- */

static const struct kind {
	const char *name;
	int flags;
} kinds[] = {
	{ "vm", CLONE_VM | SIGCHLD },
	{ "files", CLONE_FILES | SIGCHLD },
	{ "fs", CLONE_FS | SIGCHLD },
	{ "vm-files", CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD },
	{ "vfork", CLONE_VM | CLONE_VFORK | SIGCHLD },
	{ "untraced", CLONE_UNTRACED | SIGCHLD },
	{ "ptrace", CLONE_PTRACE | SIGCHLD },
	{ "sysvsem", CLONE_SYSVSEM | SIGCHLD },
	{ "io", CLONE_IO | SIGCHLD },
};

struct child {
	const char *path;
	int error; /* of its open, when memory is shared */
};

static int open_and_end(void *argument)
{
	struct child *child = argument;
	int fd = open(child->path, O_RDONLY | O_CLOEXEC);

	child->error = fd < 0 ? errno : 0;
	return child->error;
}

/* A filter or a table that only its thread has would not bind it. */
static enum outcome attack_child(char *const *arguments)
{
	static char stack[STACK_SIZE] __attribute__((aligned(64)));
	struct child child = { .path = arguments[1] };
	int status, pid;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, arguments[0]) != 0)
			continue;
		pid = clone(open_and_end, stack + sizeof(stack), kinds[i].flags, &child);
		if (pid < 0)
			return refused("clone", errno);
		if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
			return refused("waitpid", ECHILD);
		return WEXITSTATUS(status) == 0 ? succeeded("a child opened %s", arguments[1])
						: refused(arguments[1], WEXITSTATUS(status));
	}
	return untried("no such kind: %s", arguments[0]);
}

/* The child of one's parent: a process that somebody outside will wait for. */
static enum outcome attack_brother(char *const *arguments)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);

	(void)arguments;
	if (pid == 0)
		_exit(0);
	return pid > 0 ? succeeded("made a child of the process outside") : refused("clone", errno);
}

/* ---- processes of the same user ---- */

static long pidfd_of(long pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

static long take_descriptor(long pid)
{
	long pidfd = pidfd_of(pid);

	return pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, 0, 0);
}

/* To address 0, where nothing is mapped: EFAULT says that it would have been written. */
static long write_memory(long pid)
{
	char byte = 0;
	struct iovec here = { &byte, 1 }, there = { NULL, 1 };
	long result = process_vm_writev((pid_t)pid, &here, 1, &there, 1, 0);

	return result < 0 && errno == EFAULT ? 0 : result;
}

static long compare(long pid)
{
	return syscall(SYS_kcmp, getpid(), pid, KCMP_VM, 0, 0);
}

static long advise(long pid)
{
	struct iovec there = { NULL, 4096 };
	long pidfd = pidfd_of(pid);
	long result = pidfd < 0 ? -1 : syscall(SYS_process_madvise, pidfd, &there, 1, MADV_COLD, 0);

	/* Nothing is mapped there. */
	return result < 0 && (errno == ENOMEM || errno == EINVAL) ? 0 : result;
}

static long open_below(long pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static long open_memory(long pid)
{
	return open_below(pid, "mem");
}

static long open_maps(long pid)
{
	return open_below(pid, "maps");
}

static long open_descriptor(long pid)
{
	return open_below(pid, "fd/0");
}

static long open_stack(long pid)
{
	return open_below(pid, "auxv");
}

static long resume(long pid)
{
	return kill((pid_t)pid, SIGCONT);
}

static long stop(long pid)
{
	return kill((pid_t)pid, SIGSTOP) < 0 ? -1 : resume(pid);
}

/* A signal that does nothing to a process that has no use for it. */
static long signal_thread(long pid)
{
	return syscall(SYS_tkill, pid, SIGWINCH);
}

static long queue_to_thread(long pid)
{
	siginfo_t info = { .si_signo = SIGWINCH, .si_code = SI_QUEUE };

	return syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGWINCH, &info);
}

static long robust_list(long pid)
{
	void *head;
	size_t size;

	return syscall(SYS_get_robust_list, pid, &head, &size);
}

static long move_pages_of(long pid)
{
	void *page = NULL;
	int status;

	return syscall(SYS_move_pages, pid, 1L, &page, NULL, &status, 0);
}

static const struct intrusion {
	const char *name;
	long (*act)(long pid);
} intrusions[] = {
	{ "pidfd_getfd", take_descriptor },
	{ "process_vm_writev", write_memory },
	{ "kcmp", compare },
	{ "process_madvise", advise },
	{ "mem", open_memory },
	{ "maps", open_maps },
	{ "fd", open_descriptor },
	{ "auxv", open_stack },
	{ "tkill", signal_thread },
	{ "tgsigqueue", queue_to_thread },
	{ "resume", resume },
	{ "stop", stop },
	{ "robust-list", robust_list },
	{ "move_pages", move_pages_of },
};

static enum outcome attack_intrude(char *const *arguments)
{
	for (size_t i = 0; i < sizeof(intrusions) / sizeof(intrusions[0]); i++) {
		if (strcmp(intrusions[i].name, arguments[0]) != 0)
			continue;
		return intrusions[i].act(number(arguments[1])) >= 0 ? succeeded("%s answered", arguments[0])
								    : refused(arguments[0], errno);
	}
	return untried("no such way: %s", arguments[0]);
}

/* The same on a child of one's own: the call, and not whose process it is, decides. */
static enum outcome attack_intrude_child(char *const *arguments)
{
	char pid_text[32];
	char *child_arguments[] = { arguments[0], pid_text };
	pid_t pid = fork();
	enum outcome outcome;

	if (pid < 0)
		return refused("fork", errno);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	outcome = attack_intrude(child_arguments);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return outcome;
}

/* Be traced, or give a descriptor: of every process with a number above @arguments[0], until the standard input ends. */
static enum outcome attack_haunt(char *const *arguments)
{
	const long first = number(arguments[0]);
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned long tries = 0, met = 0;

	while (poll(&input, 1, 0) == 0)
		for (long pid = first + 1; pid < first + HAUNTED; pid++) {
			if (pid == getpid())
				continue;
			tries++;
			if (ptrace(PTRACE_SEIZE, (pid_t)pid, NULL, NULL) == 0)
				return succeeded("traces process %ld", pid);
			if (errno == EPERM || errno == EACCES)
				met++;
		}
	if (!met)
		return untried("met nobody in %lu tries", tries);
	return refused("every process that it met", EPERM);
}

/* ---- namespaces and mounts ---- */

static const struct space {
	const char *name;
	int flag;
} spaces[] = {
	{ "mnt", CLONE_NEWNS },  { "pid", CLONE_NEWPID },       { "net", CLONE_NEWNET },  { "ipc", CLONE_NEWIPC },
	{ "uts", CLONE_NEWUTS }, { "cgroup", CLONE_NEWCGROUP }, { "files", CLONE_FILES }, { "user", CLONE_NEWUSER },
};

static int space_flag(const char *name)
{
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (strcmp(spaces[i].name, name) == 0)
			return spaces[i].flag;
	return 0;
}

static enum outcome attack_unshare(char *const *arguments)
{
	if (syscall(SYS_unshare, space_flag(arguments[0])) == 0)
		return succeeded("unshared %s", arguments[0]);
	return refused("unshare", errno);
}

static enum outcome attack_clone_space(char *const *arguments)
{
	long pid = syscall(SYS_clone, (long)(space_flag(arguments[0]) | SIGCHLD), NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit((int)succeeded("a child in a new %s namespace", arguments[0]));
	return pid < 0 ? refused("clone", errno) : child_outcome((pid_t)pid);
}

static enum outcome attack_setns(char *const *arguments)
{
	long pidfd = pidfd_of(number(arguments[1]));

	if (pidfd < 0)
		return refused("pidfd_open", errno);
	if (setns((int)pidfd, space_flag(arguments[0])) == 0)
		return succeeded("entered the %s namespace of another process", arguments[0]);
	return refused("setns", errno);
}

static long mount_tmpfs(const char *at)
{
	return mount("tmpfs", at, "tmpfs", 0, NULL);
}

static long bind_root(const char *at)
{
	return mount("/", at, NULL, MS_BIND, NULL);
}

static long remount(const char *at)
{
	return mount(NULL, at, NULL, MS_BIND | MS_REMOUNT, NULL);
}

static long detach(const char *at)
{
	return umount2(at, MNT_DETACH);
}

static long pivot(const char *at)
{
	return syscall(SYS_pivot_root, at, at);
}

static long new_root(const char *at)
{
	return chroot(at);
}

static long clone_tree(const char *at)
{
	return syscall(SYS_open_tree, AT_FDCWD, at, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static long open_file_system(const char *at)
{
	(void)at;
	return syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
}

static long pick_file_system(const char *at)
{
	return syscall(SYS_fspick, AT_FDCWD, at, FSPICK_CLOEXEC);
}

static long move_tree(const char *at)
{
	long tree = clone_tree("/");

	return tree < 0 ? -1 : syscall(SYS_move_mount, tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH);
}

static long set_attributes(const char *at)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_NOSUID };

	return syscall(SYS_mount_setattr, AT_FDCWD, at, 0, &attr, sizeof(attr));
}

static const struct mounting {
	const char *name;
	long (*act)(const char *at);
} mountings[] = {
	{ "mount", mount_tmpfs },
	{ "bind", bind_root },
	{ "remount", remount },
	{ "umount", detach },
	{ "pivot_root", pivot },
	{ "chroot", new_root },
	{ "open_tree", clone_tree },
	{ "fsopen", open_file_system },
	{ "fspick", pick_file_system },
	{ "move_mount", move_tree },
	{ "mount_setattr", set_attributes },
};

/* DIR is a mount point that nobody needs. */
static enum outcome attack_mount(char *const *arguments)
{
	for (size_t i = 0; i < sizeof(mountings) / sizeof(mountings[0]); i++) {
		if (strcmp(mountings[i].name, arguments[0]) != 0)
			continue;
		return mountings[i].act(arguments[1]) >= 0 ? succeeded("%s answered", arguments[0])
							   : refused(arguments[0], errno);
	}
	return untried("no such way: %s", arguments[0]);
}

/* ---- a program that is set-user-id or set-group-id ---- */

static enum outcome attack_whoami(char *const *arguments)
{
	(void)arguments;
	if (geteuid() != getuid() || getegid() != getgid())
		return succeeded("runs as user %d, group %d", (int)geteuid(), (int)getegid());
	return refused("set-id", EPERM);
}

static enum outcome attack_set_id(char *const *arguments)
{
	pid_t pid = fork();

	if (pid < 0)
		return refused("fork", errno);
	if (pid == 0) {
		execl(arguments[0], arguments[0], "who-am-i", (char *)NULL);
		_exit((int)refused(arguments[0], errno));
	}
	return child_outcome(pid);
}

static const struct attack items[] = {
	{ "child", "KIND PATH", "have a child of an odd kind open a file", attack_child },
	{ "brother", "", "make a child of one's parent", attack_brother },
	{ "intrude", "WAY PID", "look into or change another process", attack_intrude },
	{ "intrude-child", "WAY", "look into or change a child", attack_intrude_child },
	{ "haunt", "PID", "trace whoever starts, until the input ends", attack_haunt },
	{ "unshare", "SPACE", "leave a namespace", attack_unshare },
	{ "clone-space", "SPACE", "make a child in a new namespace", attack_clone_space },
	{ "setns", "SPACE PID", "enter another process's namespace", attack_setns },
	{ "mount", "WAY DIR", "change what is mounted", attack_mount },
	{ "set-id", "PROGRAM", "execute a set-id copy of this program", attack_set_id },
	{ "who-am-i", "", "(what set-id executes)", attack_whoami },
};
const struct attacks kin_attacks = { items, sizeof(items) / sizeof(items[0]) };
