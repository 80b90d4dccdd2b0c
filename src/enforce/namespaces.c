/* namespaces.c - new namespaces, and who is who in a new user namespace.
 *
 * Ids keep their numbers. An unprivileged caller may map its own uid and gid only; a privileged one maps all that
 * it has, or else the program could not change to its service's user. The kernel takes the full map from a process
 * outside the new namespace only, so a helper that was forked before writes it. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "enforce/confinement.h"

static const struct {
	uint32_t isolate;
	int flag;
} namespace_flags[] = {
	{ ISOLATE_NET, CLONE_NEWNET },
	{ ISOLATE_IPC, CLONE_NEWIPC },
	{ ISOLATE_UTS, CLONE_NEWUTS },
	{ ISOLATE_MOUNT, CLONE_NEWNS },
};

static const char *const map_names[2] = { "uid_map", "gid_map" };

/* @number in decimals at @at; returns the end. snprintf is not async-signal-safe. */
static char *put_number(char *at, unsigned long number)
{
	char digits[24];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count > 0)
		*at++ = digits[--count];
	*at = '\0';
	return at;
}

static int write_file(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* ---- one's own id only ---- */

static int write_self(const char *path, unsigned id)
{
	char line[64], *at = put_number(line, id);

	*at++ = ' ';
	at = put_number(at, id);
	memcpy(at, " 1", 3);
	return write_file(path, line);
}

static int map_self(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int result;

	if (unshare(CLONE_NEWUSER) < 0)
		return -errno;
	/* Without this the kernel refuses gid_map: leaving a group could grant what the group is denied. */
	result = write_file("/proc/self/setgroups", "deny");
	if (result == 0)
		result = write_self("/proc/self/uid_map", uid);
	return result == 0 ? write_self("/proc/self/gid_map", gid) : result;
}

/* ---- all ids, by a helper ---- */

__attribute__((noreturn)) static void write_maps(const struct confinement *confinement, int ready)
{
	char path[64] = "/proc/", byte;
	char *at = put_number(path + strlen(path), (unsigned long)getppid());
	int result = 0;

	*at++ = '/';
	if (read(ready, &byte, 1) != 1)
		sys_leave(ECANCELED);
	for (unsigned i = 0; i < 2 && result == 0; i++) {
		stpcpy(at, map_names[i]);
		result = write_file(path, confinement->id_maps[i]);
	}
	sys_leave(-result);
}

static int map_all(const struct confinement *confinement)
{
	int ends[2], result = 0, status;
	pid_t helper;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/* Exit signal 0: the program must not find a SIGCHLD that it can't explain. */
	helper = sys_fork(0);
	if (helper == 0) {
		close(ends[1]);
		write_maps(confinement, ends[0]);
	}
	close(ends[0]);
	if (helper < 0)
		result = helper;
	else if (unshare(CLONE_NEWUSER) < 0 || write(ends[1], "", 1) < 0)
		result = -errno;
	close(ends[1]);
	if (helper < 0)
		return result;
	if (waitpid(helper, &status, __WALL) < 0)
		return -errno;
	return result == 0 && status != 0 ? -(WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED) : result;
}

int step_user_namespace(struct confinement *confinement, const struct step *step)
{
	(void)step;
	return confinement->identity_map == MAP_ALL ? map_all(confinement) : map_self();
}

/* ---- the others ---- */

int step_pid_namespace(struct confinement *confinement, const struct step *step)
{
	(void)confinement;
	(void)step;
	return unshare(CLONE_NEWPID) < 0 ? -errno : 0;
}

int step_namespaces(struct confinement *confinement, const struct step *step)
{
	int flags = 0;

	(void)step;
	for (size_t i = 0; i < ARRAY_SIZE(namespace_flags); i++)
		if (confinement->plan->isolate & namespace_flags[i].isolate)
			flags |= namespace_flags[i].flag;
	return unshare(flags) < 0 ? -errno : 0;
}

/* A new network namespace has a loopback interface, but it is down. */
int step_loopback(struct confinement *confinement, const struct step *step)
{
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	(void)confinement;
	(void)step;
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	request.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

/* ---- prepare ---- */

/* What the caller's own namespace has, onto itself. NULL when it can't be read. */
static const char *identity_text(struct arena *arena, const char *path)
{
	auto_fclose FILE *file = fopen(path, "re");
	unsigned long inside, outside, count;
	struct str text;

	if (!file)
		return NULL;
	str_init(&text, arena);
	while (fscanf(file, "%lu %lu %lu", &inside, &outside, &count) == 3)
		str_addf(&text, "%lu %lu %lu\n", inside, inside, count);
	return text.size ? text.text : NULL;
}

void namespaces_prepare(struct confinement *confinement)
{
	const uint64_t needed = SYS_CAP(SYS_CAP_SETUID) | SYS_CAP(SYS_CAP_SETGID) | SYS_CAP(SYS_CAP_SETFCAP);
	struct sys_capabilities held;

	confinement->identity_map = MAP_SELF;
	if (!(confinement->plan->isolate & ISOLATE_USER) || sys_capget(&held) < 0 ||
	    (held.effective & needed) != needed)
		return;
	confinement->id_maps[0] = identity_text(confinement->arena, "/proc/self/uid_map");
	confinement->id_maps[1] = identity_text(confinement->arena, "/proc/self/gid_map");
	if (confinement->id_maps[0] && confinement->id_maps[1])
		confinement->identity_map = MAP_ALL;
}
