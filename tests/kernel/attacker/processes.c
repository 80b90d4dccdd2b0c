/* processes.c - attacks that start programs, look into other processes, or get a world of their own: shells, ld.so on a
 * file that isn't executable (T06), ptrace, user namespaces with odd widths (T13), kernel modules. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define SHELL_STATUS 42
#define LOADER_STATUS 127 /* of ld.so when it can't map what it was given */

/* Does a started program do what it was started for? The child leaves the errno of a failed exec in its status. */
static enum outcome started(pid_t pid, const char *what)
{
	int status;

	if (pid < 0)
		return refused("fork", errno);
	if (waitpid(pid, &status, 0) != pid)
		return refused("waitpid", errno);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SHELL_STATUS)
		return succeeded("%s ran", what);
	if (WIFEXITED(status) && WEXITSTATUS(status) == LOADER_STATUS)
		return refused(what, EACCES);
	if (WIFEXITED(status) && WEXITSTATUS(status) > 0 && WEXITSTATUS(status) < SHELL_STATUS)
		return refused(what, WEXITSTATUS(status));
	printf("broken: %s ended with wait status 0x%x\n", what, (unsigned)status);
	return ATTACK_BROKEN;
}

static enum outcome attack_shell(char *const *arguments)
{
	pid_t pid = fork();

	(void)arguments;
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "exit 42", (char *)NULL);
		_exit(errno);
	}
	return started(pid, "/bin/sh");
}

/* T06: @payload needs no execute permission when the loader is what gets executed. */
static enum outcome attack_loader(char *const *arguments)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl(arguments[0], arguments[0], arguments[1], "exit-42", (char *)NULL);
		_exit(errno);
	}
	return started(pid, "the loader with its payload");
}

static enum outcome attack_exit(char *const *arguments)
{
	(void)arguments;
	exit(SHELL_STATUS);
}

static int copy_file(int from, int to)
{
	char buffer[65536];
	ssize_t got;

	while ((got = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, (size_t)got) != got)
			return -1;
	return (int)got;
}

/* A program that stands in no file system: no path rule can name it. */
static enum outcome attack_exec_memfd(char *const *arguments)
{
	char name[] = "memfd", attack[] = "exit-42";
	char *const argv[] = { name, attack, NULL };
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int fd = memfd_create("attacker", MFD_CLOEXEC);
	pid_t pid;

	(void)arguments;
	if (fd < 0)
		return refused("memfd_create", errno);
	if (from < 0 || copy_file(from, fd) < 0)
		return refused("copy of this program", errno);
	pid = fork();
	if (pid == 0) {
		fexecve(fd, argv, environ);
		_exit(errno);
	}
	return started(pid, "a program in a memfd");
}

/* ---- other processes' memory ---- */

static const long secret = 0x5ec4e7;

static enum outcome trace_child(void)
{
	pid_t pid = fork();
	enum outcome outcome;
	int status;
	long word;

	if (pid < 0)
		return refused("fork", errno);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0) {
		outcome = refused("PTRACE_ATTACH to a child", errno);
	} else if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
		outcome = untried("the traced child didn't stop");
	} else {
		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, pid, &secret, NULL);
		outcome = errno ? refused("PTRACE_PEEKDATA", errno) : succeeded("read a child's memory: %#lx", word);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return outcome;
}

static enum outcome attack_ptrace(char *const *arguments)
{
	(void)arguments;
	return trace_child();
}

static enum outcome attack_traceme(char *const *arguments)
{
	pid_t pid = fork();

	(void)arguments;
	if (pid < 0)
		return refused("fork", errno);
	if (pid == 0)
		_exit((int)(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? refused("PTRACE_TRACEME", errno)
								      : succeeded("became traced")));
	return child_outcome(pid);
}

static enum outcome attack_attach(char *const *arguments)
{
	pid_t pid = (pid_t)number(arguments[0]);

	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0)
		return refused("PTRACE_ATTACH", errno);
	waitpid(pid, NULL, __WALL);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return succeeded("attached to process %d", (int)pid);
}

static enum outcome attack_read_memory(char *const *arguments)
{
	char buffer[8];
	struct iovec here = { buffer, sizeof(buffer) }, there = { NULL, sizeof(buffer) };
	pid_t pid = (pid_t)number(arguments[0]);

	/* Address 0 is mapped nowhere: EFAULT says that the process would have been read. */
	if (process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT)
		return succeeded("process_vm_readv reached process %d", (int)pid);
	return refused("process_vm_readv", errno);
}

/* ---- user namespaces ---- */

#define ODD_BIT (1UL << 40) /* T13: the kernel reads 32 bits of clone's flags */

static enum outcome unshare_user(unsigned long flags)
{
	if (syscall(SYS_unshare, flags) == 0)
		return succeeded("made a user namespace");
	if (errno == ENOSPC)
		return untried("user.max_user_namespaces is reached");
	return errno == EINVAL && (flags & ODD_BIT) ? untried("unshare looks at all 64 bits")
						    : refused("unshare", errno);
}

static enum outcome clone_user(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit((int)succeeded("made a user namespace by clone"));
	return pid < 0 ? refused("clone", errno) : child_outcome((pid_t)pid);
}

static enum outcome attack_userns(char *const *arguments)
{
	(void)arguments;
	return unshare_user(CLONE_NEWUSER);
}

static enum outcome attack_userns_wide(char *const *arguments)
{
	(void)arguments;
	return unshare_user(CLONE_NEWUSER | ODD_BIT);
}

static enum outcome attack_userns_clone(char *const *arguments)
{
	(void)arguments;
	return clone_user(CLONE_NEWUSER);
}

static enum outcome attack_userns_clone_wide(char *const *arguments)
{
	(void)arguments;
	return clone_user(CLONE_NEWUSER | ODD_BIT);
}

static enum outcome attack_userns_clone3(char *const *arguments)
{
	struct clone_args how = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &how, sizeof(how));

	(void)arguments;
	if (pid == 0)
		_exit((int)succeeded("made a user namespace by clone3"));
	return pid < 0 ? refused("clone3", errno) : child_outcome((pid_t)pid);
}

/* ---- modules ---- */

/* A kernel without modules answers ENOSYS, one with them ENOEXEC to these bytes: both mean that the call got there. */
static enum outcome module_answer(const char *what, int error)
{
	if (error == ENOSYS)
		return succeeded("%s reached the kernel (ENOSYS: this kernel has no modules)", what);
	if (error == ENOEXEC || error == EINVAL || error == EBADF)
		return succeeded("%s reached the kernel's loader", what);
	return refused(what, error);
}

static enum outcome attack_module(char *const *arguments)
{
	static const char image[64] = "not a module";

	(void)arguments;
	if (syscall(SYS_init_module, image, sizeof(image), "") == 0)
		return succeeded("loaded a module");
	return module_answer("init_module", errno);
}

static enum outcome attack_module_file(char *const *arguments)
{
	(void)arguments;
	if (syscall(SYS_finit_module, 0, "", 0) == 0)
		return succeeded("loaded a module");
	return module_answer("finit_module", errno);
}

static const struct attack items[] = {
	{ "shell", "", "start /bin/sh", attack_shell },
	{ "exit-42", "", "nothing: what other attacks start", attack_exit },
	{ "loader", "LOADER PAYLOAD", "run a file without execute permission by ld.so", attack_loader },
	{ "exec-memfd", "", "run a program out of a memfd", attack_exec_memfd },
	{ "ptrace", "", "trace a child and read its memory", attack_ptrace },
	{ "traceme", "", "let a child be traced", attack_traceme },
	{ "attach", "PID", "trace another process", attack_attach },
	{ "read-memory", "PID", "read another process's memory", attack_read_memory },
	{ "userns", "", "make a user namespace by unshare", attack_userns },
	{ "userns-wide", "", "make a user namespace by unshare, with bit 40 set", attack_userns_wide },
	{ "userns-clone", "", "make a user namespace by clone", attack_userns_clone },
	{ "userns-clone-wide", "", "make a user namespace by clone, with bit 40 set", attack_userns_clone_wide },
	{ "userns-clone3", "", "make a user namespace by clone3", attack_userns_clone3 },
	{ "module", "", "load a module by init_module", attack_module },
	{ "module-file", "", "load a module by finit_module", attack_module_file },
};
const struct attacks process_attacks = { items, sizeof(items) / sizeof(items[0]) };
