/* needs.c - does this machine have what a test needs? Each row tries the thing itself, in a child where it would leave
 * a trace, and never looks at a version number or a configuration file. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Root of the whole machine: root of a user namespace may be denied what these tests do. */
static bool has_root(void)
{
	unsigned first, outside, count;
	FILE *map;
	bool whole;

	if (geteuid() != 0)
		return false;
	map = fopen("/proc/self/uid_map", "re");
	if (!map)
		return false;
	whole = fscanf(map, "%u %u %u", &first, &outside, &count) == 3 && outside == 0 && count == UINT32_MAX;
	fclose(map);
	return whole;
}

static bool try_userns(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}

static bool try_mount(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static bool has_net(void)
{
	struct sockaddr_in loopback = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&loopback, sizeof(loopback)) == 0;

	if (fd >= 0)
		close(fd);
	return bound;
}

static bool action_available(unsigned action)
{
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static bool has_seccomp(void)
{
	return action_available(SECCOMP_RET_ERRNO);
}

static bool has_notify(void)
{
	return action_available(SECCOMP_RET_USER_NOTIF);
}

static long landlock_abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/* The emulator of guests; whether their kernel can be downloaded is no need but a test. */
static bool try_guest(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		return false;
	execlp("qemu-system-x86_64", "qemu-system-x86_64", "-version", NULL);
	return false;
}

/* A place in the v2 hierarchy of control groups where we can make a group; no controllers are asked for. */
static bool has_cgroup(void)
{
	FILE *mounts = fopen("/proc/self/mounts", "re");
	char point[4096], type[64], path[4200];
	bool found = false;

	while (mounts && !found && fscanf(mounts, "%*s %4095s %63s %*[^\n]", point, type) == 2)
		found = strcmp(type, "cgroup2") == 0;
	if (mounts)
		fclose(mounts);
	if (!found)
		return false;
	snprintf(path, sizeof(path), "%s/cordon-need-%d", point, (int)getpid());
	return mkdir(path, 0755) == 0 && rmdir(path) == 0;
}

static bool in_child(bool (*try)(void))
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(try() ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static const struct {
	const char *name;
	bool (*has)(void); /* leaves no trace */
	bool (*try)(void); /* in a child */
} needs[] = {
	{ "root", has_root, NULL },   { "userns", NULL, try_userns },      { "mount", NULL, try_mount },
	{ "net", has_net, NULL },     { "seccomp", has_seccomp, NULL },    { "notify", has_notify, NULL },
	{ "guest", NULL, try_guest }, { "cgroup2-cpu", has_cgroup, NULL },
};

int tap_has(const char *need)
{
	static const char landlock[] = "landlock>=";

	if (strncmp(need, landlock, sizeof(landlock) - 1) == 0)
		return landlock_abi() >= atol(need + sizeof(landlock) - 1);
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (strcmp(need, needs[i].name) == 0)
			return needs[i].has ? needs[i].has() : in_child(needs[i].try);
	return -EINVAL;
}
