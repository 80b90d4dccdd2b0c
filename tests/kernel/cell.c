/* cell.c - `cell COMMAND [ARGUMENT...]` runs a test in a small world of its own: loopback network, process numbers with
 * the command as number 1, mounts. Ports can't collide, strangers are the test's own, and nothing outlives it: with
 * process 1 every process of the cell ends, with the last one its mounts.
 *
 * Also, the root directory becomes the root of the mount namespace. In a chroot it isn't, and the kernel refuses user
 * namespaces there; tests of what an unprivileged user can do would have to be skipped.
 *
 * Needs root. Where the kernel refuses, the command runs without a cell; inside one, CELL=1 stands in its environment.
 * Exit status: the command's, 128 + n when signal n ended it, 125 when the cell failed half-way. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_SETUP 125

static void die(const char *what)
{
	fprintf(stderr, "cell: %s: %s\n", what, strerror(errno));
	exit(STATUS_SETUP);
}

/* The root directory becomes that of the whole mount namespace, whatever chroot it was. */
static void leave_chroot(long self)
{
	if (setns((int)self, CLONE_NEWNS) < 0)
		die("setns");
}

static void make_root(void)
{
	char *directory = getcwd(NULL, 0);
	long self = syscall(SYS_pidfd_open, getpid(), 0);
	long tree = syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	if (!directory || self < 0 || tree < 0)
		die("the root directory");
	leave_chroot(self);
	/* Before anything is mounted: nothing of it may reach the world outside. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("private mounts");
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		die("move_mount");
	leave_chroot(self); /* onto what now lies on top */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("private mounts");
	if (chdir(directory) < 0)
		die(directory);
	free(directory);
	close((int)self);
	close((int)tree);
}

static void start_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		die("loopback");
	close(fd);
}

static void run(char **argv)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		die("prctl");
	start_loopback();
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		die("/proc");
	setenv("CELL", "1", 1);
	execvp(argv[0], argv);
	die(argv[0]);
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: cell COMMAND [ARGUMENT...]\n");
		return STATUS_SETUP;
	}
	unsetenv("CELL");
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID) < 0) {
		execvp(argv[1], argv + 1);
		die(argv[1]);
	}
	make_root();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		run(argv + 1);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
