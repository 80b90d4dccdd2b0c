/* sys.c - see sys.h. */
#include "platform/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define SYS_LANDLOCK_RULE_PATH 1
#define SYS_LANDLOCK_RULE_PORT 2

_Static_assert(LANDLOCK_RULE_PATH_BENEATH == SYS_LANDLOCK_RULE_PATH, "as in the header");
_Static_assert(LANDLOCK_ACCESS_FS_EXECUTE == SYS_LANDLOCK_FS_EXECUTE, "as in the header");
_Static_assert(LANDLOCK_ACCESS_FS_READ_DIR == SYS_LANDLOCK_FS_READ_DIR, "as in the header");
_Static_assert(OPEN_TREE_CLONE == SYS_OPEN_TREE_CLONE, "as in the header");
_Static_assert(MOVE_MOUNT_F_EMPTY_PATH == SYS_MOVE_MOUNT_F_EMPTY_PATH, "as in the header");
_Static_assert(MOVE_MOUNT_T_EMPTY_PATH == SYS_MOVE_MOUNT_T_EMPTY_PATH, "as in the header");
_Static_assert(AT_RECURSIVE == SYS_AT_RECURSIVE, "as in the header");
_Static_assert(CAP_SYS_ADMIN == SYS_CAP_SYS_ADMIN, "as in the header");
_Static_assert(CAP_CHECKPOINT_RESTORE == SYS_CAP_CHECKPOINT_RESTORE, "as in the header");
_Static_assert(CAP_SYS_PTRACE == SYS_CAP_SYS_PTRACE, "as in the header");
_Static_assert(CAP_SETFCAP == SYS_CAP_SETFCAP, "as in the header");
_Static_assert(CAP_SETPCAP == SYS_CAP_SETPCAP, "as in the header");
_Static_assert(CAP_SETUID == SYS_CAP_SETUID, "as in the header");
_Static_assert(CAP_SETGID == SYS_CAP_SETGID, "as in the header");
_Static_assert(CAP_KILL == SYS_CAP_KILL, "as in the header");

struct landlock_port_attr {
	uint64_t rights, port;
};

static int result(long value)
{
	return value < 0 ? -errno : (int)value;
}

/* ---- Landlock ---- */

int sys_landlock_abi(void)
{
	return result(syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION));
}

int sys_landlock_create(const struct sys_landlock_ruleset *ruleset, int abi)
{
	size_t size = sizeof(*ruleset);

	if ((ruleset->handled_net && abi < SYS_LANDLOCK_ABI_NET) || (ruleset->scoped && abi < SYS_LANDLOCK_ABI_SCOPE))
		return -EINVAL;
	/* Kernels refuse a longer struct only when what they don't know isn't zero; but say what is meant. */
	if (abi < SYS_LANDLOCK_ABI_NET)
		size = offsetof(struct sys_landlock_ruleset, handled_net);
	else if (abi < SYS_LANDLOCK_ABI_SCOPE)
		size = offsetof(struct sys_landlock_ruleset, scoped);
	return result(syscall(SYS_landlock_create_ruleset, ruleset, size, 0));
}

int sys_landlock_add_path(int ruleset, uint64_t rights, int path_fd)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights, .parent_fd = path_fd };

	return result(syscall(SYS_landlock_add_rule, ruleset, SYS_LANDLOCK_RULE_PATH, &rule, 0));
}

int sys_landlock_add_port(int ruleset, uint64_t rights, uint16_t port)
{
	struct landlock_port_attr rule = { rights, port };

	return result(syscall(SYS_landlock_add_rule, ruleset, SYS_LANDLOCK_RULE_PORT, &rule, 0));
}

int sys_landlock_restrict(int ruleset, unsigned flags)
{
	return result(syscall(SYS_landlock_restrict_self, ruleset, flags));
}

/* ---- seccomp ---- */

int sys_seccomp(unsigned operation, unsigned flags, const void *args)
{
	return result(syscall(SYS_seccomp, operation, flags, args));
}

static long with_token(int argument, const uint32_t token[2], unsigned which)
{
	return (long)((uint64_t)(token ? token[which] : 0) << 32 | (uint32_t)argument);
}

int sys_seccomp_token(unsigned operation, unsigned flags, const void *args, const uint32_t token[2])
{
	return result(syscall(SYS_seccomp, with_token((int)operation, token, 0), with_token((int)flags, token, 1),
			      args));
}

/* ---- starting programs ---- */

int sys_execveat(int dir, const char *path, char *const *argv, char *const *envp, int flags, const uint32_t token[2])
{
	return result(syscall(SYS_execveat, with_token(dir, token, 0), path, argv, envp, with_token(flags, token, 1)));
}

pid_t sys_fork(unsigned long flags)
{
	/* The order of the last arguments differs between architectures; all are unused. */
	return result(syscall(SYS_clone, flags, NULL, NULL, NULL, NULL));
}

pid_t sys_fork_pidfd(unsigned long flags, int *ret_pidfd)
{
	return result(syscall(SYS_clone, flags | CLONE_PIDFD, NULL, ret_pidfd, NULL, NULL));
}

void sys_leave(int status)
{
	syscall(SYS_exit_group, status);
	syscall(SYS_exit, status);
	__builtin_trap();
}

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return result(syscall(SYS_pidfd_open, pid, flags));
}

int sys_pidfd_getfd(int pidfd, int fd)
{
	return result(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
}

bool sys_is_uring(int fd)
{
	/* IORING_UNREGISTER_EVENTFD with an argument, which it does not take: a ring says so, another file that it is
	 * none. EPERM is a filter's around us. */
	if (syscall(SYS_io_uring_register, fd, 5, NULL, 1) >= 0)
		return true;
	return errno != EOPNOTSUPP && errno != EBADF && errno != ENOSYS && errno != EPERM;
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return result(syscall(SYS_close_range, first, last, flags));
}

int sys_above_standard(int *fd)
{
	int above;

	if (*fd > 2)
		return 0;
	above = result(fcntl(*fd, F_DUPFD_CLOEXEC, 3));
	if (above < 0)
		return above;
	close(*fd);
	*fd = above;
	return 0;
}

int sys_restrict_scripts(void)
{
	const unsigned restrict_file = 1U << 8, restrict_file_locked = 1U << 9;
	const int held = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);

	if (held < 0)
		return -errno;
	return result(prctl(PR_SET_SECUREBITS, (unsigned)held | restrict_file | restrict_file_locked, 0, 0, 0));
}

int sys_open_real(const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };

	return result(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)));
}

/* ---- mounts ---- */

int sys_open_tree(const char *path)
{
	return result(syscall(SYS_open_tree, AT_FDCWD, path, SYS_OPEN_TREE_CLONE | O_CLOEXEC | SYS_AT_RECURSIVE));
}

int sys_open_tree_at(int fd)
{
	return result(syscall(SYS_open_tree, fd, "",
			      SYS_OPEN_TREE_CLONE | O_CLOEXEC | SYS_AT_RECURSIVE | AT_EMPTY_PATH));
}

int sys_move_mount_at(int tree, int target)
{
	return result(syscall(SYS_move_mount, tree, "", target, "",
			      SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH));
}

int sys_move_mount(int tree, const char *target)
{
	return result(syscall(SYS_move_mount, tree, "", AT_FDCWD, target, SYS_MOVE_MOUNT_F_EMPTY_PATH));
}

int sys_mount_setattr_size(size_t size)
{
	return result(syscall(SYS_mount_setattr, -1, "", AT_EMPTY_PATH, NULL, size));
}

int sys_mount_setattr(int dir, const char *path, unsigned flags, uint64_t attr_set)
{
	struct mount_attr attr = { .attr_set = attr_set };

	return result(syscall(SYS_mount_setattr, dir, path, flags, &attr, sizeof(attr)));
}

/* ---- memory ---- */

void *sys_map(size_t size, int protection, int flags)
{
	/* cppcheck-suppress invalidFunctionArg ; its library thinks that -1 is no argument for mmap */
	void *memory = mmap(NULL, size, protection, flags | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* ---- capabilities ---- */

int sys_capget(struct sys_capabilities *ret)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	ret->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	ret->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	ret->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

int sys_capset(const struct sys_capabilities *capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (unsigned half = 0; half < 2; half++) {
		data[half].effective = (uint32_t)(capabilities->effective >> 32 * half);
		data[half].permitted = (uint32_t)(capabilities->permitted >> 32 * half);
		data[half].inheritable = (uint32_t)(capabilities->inheritable >> 32 * half);
	}
	return result(syscall(SYS_capset, &header, data));
}
