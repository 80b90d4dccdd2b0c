/* probe_spaces.c - attempts at namespaces, mounts and control groups. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "platform/cgroup.h"
#include "platform/mount_table.h"
#include "platform/probe_attempt.h"
#include "platform/sys.h"

/* ---- user namespaces ---- */

static int write_text(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int enter_userns(void)
{
	const unsigned uid = geteuid(), gid = getegid();
	char map[64];
	int result;

	if (unshare(CLONE_NEWUSER) < 0)
		return -errno;
	result = write_text("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	if (result == 0)
		result = write_text("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	return result == 0 ? write_text("/proc/self/gid_map", map) : result;
}

int attempt_userns(struct attempt *attempt)
{
	int result = enter_userns();

	if (result < 0)
		return attempt_fail(attempt, "unshare(CLONE_NEWUSER) and its maps", -result);
	if (unshare(CLONE_NEWNS) < 0)
		return attempt_fail(attempt, "a mount namespace in the user namespace", errno);
	result = mount_table_make_private();
	if (result < 0)
		return attempt_fail(attempt, "a mount in the user namespace", -result);
	attempt_say(attempt, "made one, and used its privileges");
	return 1;
}

int attempt_privileged(struct attempt *attempt)
{
	int result;

	if (unshare(CLONE_NEWNS) < 0)
		return attempt_fail(attempt, "a mount namespace without a user namespace", errno);
	result = mount_table_make_private();
	if (result < 0)
		return attempt_fail(attempt, "a mount without a user namespace", -result);
	attempt_say(attempt, "made a mount namespace without a user namespace");
	return 1;
}

/* ---- the other namespaces ---- */

/* *ret_user: it took a user namespace. */
static int enter(int flag, bool *ret_user)
{
	int result = unshare(flag) < 0 ? -errno : 0;

	*ret_user = false;
	if (result != -EPERM)
		return result;
	result = enter_userns();
	if (result < 0)
		return result;
	*ret_user = true;
	return unshare(flag) < 0 ? -errno : 0;
}

/* The first process of a pid namespace is number 1 inside. */
static bool is_first(void)
{
	int status = 0;
	pid_t child = sys_fork(SIGCHLD);

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		sys_leave(getpid() == 1 ? 0 : 1);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int attempt_namespace(struct attempt *attempt)
{
	bool user;
	int result = enter(attempt->argument, &user);

	if (result < 0)
		return attempt_fail(attempt, "unshare", -result);
	if (attempt->argument == CLONE_NEWPID && !is_first()) {
		attempt_say(attempt, "made one, but its first process is not number 1");
		return 0;
	}
	attempt_say(attempt, "made one%s", user ? " in a user namespace" : "");
	return 1;
}

/* ---- mounts ---- */

/* Put a read-only copy of /dev over /dev, in a mount namespace that exists. */
static int try_mount_setattr(void)
{
	struct statvfs mounted;
	int result = mount_table_make_private(), tree;

	if (result < 0)
		return result;
	tree = sys_open_tree("/dev");
	if (tree < 0)
		return tree;
	result = sys_mount_setattr(tree, "", AT_EMPTY_PATH | SYS_AT_RECURSIVE, MOUNT_ATTR_RDONLY);
	if (result == 0)
		result = sys_move_mount(tree, "/dev");
	if (result == 0)
		result = statvfs("/dev", &mounted) < 0 ? -errno : 0;
	return result == 0 && !(mounted.f_flag & ST_RDONLY) ? -ENOSYS : result;
}

int attempt_mount_setattr(struct attempt *attempt)
{
	bool user;
	int result = enter(CLONE_NEWNS, &user);

	if (result < 0)
		return attempt_fail(attempt, "a mount namespace", -result);
	result = try_mount_setattr();
	if (result < 0)
		return attempt_fail(attempt, "open_tree, mount_setattr, move_mount", -result);
	attempt_say(attempt, "put a read-only copy of /dev in its place%s", user ? " in a user namespace" : "");
	return 1;
}

/* ---- all of them at once, for `run` ---- */

static const int namespace_flags[6] = { CLONE_NEWPID, CLONE_NEWNET,  CLONE_NEWIPC,
					CLONE_NEWUTS, CLONE_NEWUSER, CLONE_NEWNS };

/* A network namespace takes a millisecond to make, and longer to go; two others take some of that. The privilege that they
 * need has been seen to be there with the rest; what is left to ask is whether the kernel has such namespaces. */
static bool has_namespace(int flag)
{
	static const struct {
		int flag;
		const char *file;
	} costly[] = { { CLONE_NEWNET, "/proc/self/ns/net" },
		       { CLONE_NEWIPC, "/proc/self/ns/ipc" },
		       { CLONE_NEWUTS, "/proc/self/ns/uts" } };

	for (size_t i = 0; i < ARRAY_SIZE(costly); i++)
		if (flag == costly[i].flag && access(costly[i].file, F_OK) == 0)
			return true;
	return flag == CLONE_NEWNS || unshare(flag) == 0;
}

/* Without a child, for a caller who has the privilege that all of them need: whether the kernel has them. The start is the
 * attempt: each namespace is made and each mount set, or nothing runs. */
bool namespaces_look(struct kernel_caps *caps)
{
	static const char *const files[6] = { "pid", "net", "ipc", "uts", "user", "mnt" };
	struct sys_capabilities held;
	char path[64];

	if (sys_capget(&held) < 0 || !(held.effective & SYS_CAP(SYS_CAP_SYS_ADMIN)))
		return false;
	/* A kernel without the call says ENOSYS; the size 0 is none of any kernel's. */
	if (sys_mount_setattr_size(0) != -EINVAL)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", files[i]);
		if (access(path, F_OK) < 0)
			return false;
	}
	/* From a chroot no user namespace can be made. */
	if (!mount_table_has_root())
		return false;
	caps->privileged = caps->userns = caps->mount_setattr = true;
	for (size_t i = 0; i < ARRAY_SIZE(caps->ns); i++)
		caps->ns[i] = true;
	return true;
}

int attempt_namespaces_quick(struct attempt *attempt)
{
	struct kernel_caps *caps = &attempt->caps;
	const bool chrooted = !mount_table_has_root();

	caps->privileged = unshare(CLONE_NEWNS) == 0;
	if (!caps->privileged) {
		caps->userns = enter_userns() == 0;
		if (!caps->userns || unshare(CLONE_NEWNS) < 0)
			return 1;
	}
	caps->mount_setattr = try_mount_setattr() == 0;
	for (size_t i = 0; i < ARRAY_SIZE(namespace_flags); i++)
		if (namespace_flags[i] != CLONE_NEWUSER)
			caps->ns[i] = has_namespace(namespace_flags[i]);
	/* the mounts above have left a chroot, where a start would still be */
	if (caps->privileged)
		caps->userns = !chrooted && enter_userns() == 0;
	caps->ns[4] = caps->userns;
	return 1;
}

/* ---- control groups ---- */

static int try_group(struct attempt *attempt, unsigned controllers)
{
	struct cgroup group;
	int result = cgroup_make(controllers, &group);

	if (result < 0)
		return attempt_fail(attempt,
				    controllers ? "a group with the memory and pids controllers" : "a group of its own",
				    -result);
	attempt_say(attempt, "made %.200s", group.path);
	cgroup_remove(&group);
	return 1;
}

int attempt_cgroup2(struct attempt *attempt)
{
	return try_group(attempt, CGROUP_MEMORY | CGROUP_PIDS);
}

int attempt_cgroup2_cpu(struct attempt *attempt)
{
	return try_group(attempt, 0);
}
