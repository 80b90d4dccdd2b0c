/* sys.h - the kernel's newer calls, constants and structs, by themselves: Debian 12's headers end at Linux 6.1.
 *
 * Thin: one call each, async-signal-safe, no state. The result is 0 or what the call returns, else -errno.
 * Constants carry the prefix SYS_ so that later headers, which define the same names, do no harm. */
#ifndef CORDON_PLATFORM_SYS_H
#define CORDON_PLATFORM_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"

/* ---- Landlock up to ABI 7 (include/uapi/linux/landlock.h) ---- */

struct sys_landlock_ruleset {
	uint64_t handled_fs, handled_net, scoped;
};

#define SYS_LANDLOCK_FS_EXECUTE (1ULL << 0)
#define SYS_LANDLOCK_FS_WRITE_FILE (1ULL << 1)
#define SYS_LANDLOCK_FS_READ_FILE (1ULL << 2)
#define SYS_LANDLOCK_FS_READ_DIR (1ULL << 3)
#define SYS_LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#define SYS_LANDLOCK_ABI_NET 4   /* the first ABI with ports */
#define SYS_LANDLOCK_ABI_SCOPE 6 /* the first ABI with scopes */

/* The ABI number, or -EOPNOTSUPP (disabled at boot), -ENOSYS (not built). */
must_check int sys_landlock_abi(void);
/* A descriptor. -EINVAL when a field of @ruleset that ABI @abi does not have is not zero: nothing is left out in silence. */
must_check int sys_landlock_create(const struct sys_landlock_ruleset *ruleset, int abi);
must_check int sys_landlock_add_path(int ruleset, uint64_t rights, int path_fd);
must_check int sys_landlock_add_port(int ruleset, uint64_t rights, uint16_t port);
#define SYS_LANDLOCK_ABI_LOG 7 /* the first ABI with audit records, and flags of landlock_restrict_self() */
#define SYS_LANDLOCK_LOG_NEW_EXEC_ON (1U << 1)
/* @flags: SYS_LANDLOCK_LOG_* */
must_check int sys_landlock_restrict(int ruleset, unsigned flags);

/* ---- seccomp ---- */

must_check int sys_seccomp(unsigned operation, unsigned flags, const void *args);
/* The same with a start token in the upper halves of the two int arguments (see cbpf.h). */
must_check int sys_seccomp_token(unsigned operation, unsigned flags, const void *args, const uint32_t token[2]);

/* ---- starting programs ---- */

#define SYS_AT_EXECVE_CHECK 0x10000 /* 6.14: check, do not execute */

/* Returns only on failure, or 0 after a check. @token NULL: none. */
int sys_execveat(int dir, const char *path, char *const *argv, char *const *envp, int flags, const uint32_t token[2]);
/* fork() without libc's handlers: only async-signal-safe calls in the child. @flags: CLONE_* without CLONE_VM. */
must_check pid_t sys_fork(unsigned long flags);
/* The same; *ret_pidfd gets a descriptor of the child (close-on-exec) in the parent. */
must_check pid_t sys_fork_pidfd(unsigned long flags, int *ret_pidfd);
/* Leave at once, whatever filter stands: when even exit is denied a fault ends the process. */
__attribute__((noreturn)) void sys_leave(int status);

#define SYS_PR_SET_MDWE 65
#define SYS_PR_GET_MDWE 66
#define SYS_MDWE_REFUSE_EXEC_GAIN 1

/* Interpreters shall ask the kernel (AT_EXECVE_CHECK) whether a script may be executed; locked. Linux 6.14, else -EPERM or
 * -EINVAL. Needs no_new_privs. */
must_check int sys_restrict_scripts(void);

#define SYS_PIDFD_THREAD 00000200 /* O_EXCL: 6.9 */

must_check int sys_pidfd_open(pid_t pid, unsigned flags);
must_check int sys_pidfd_getfd(int pidfd, int fd);

/* Is the descriptor a ring of io_uring? A thread of the kernel may take what is written into its memory, with the
 * credentials of whoever made it. */
bool sys_is_uring(int fd);

#define SYS_CLOSE_RANGE_CLOEXEC (1U << 2)

must_check int sys_close_range(unsigned first, unsigned last, unsigned flags);

/* Where *@fd is 0, 1 or 2, another number takes its place. 0, or -errno and *@fd as it was. */
must_check int sys_above_standard(int *fd);

/* ---- mounts ---- */

#define SYS_OPEN_TREE_CLONE 1U
#define SYS_AT_RECURSIVE 0x8000
#define SYS_MOVE_MOUNT_F_EMPTY_PATH 0x00000004U
#define SYS_MOVE_MOUNT_T_EMPTY_PATH 0x00000040U

/* O_PATH at @path, which must be real: -ELOOP where a symbolic link has taken the place of something on the way. */
must_check int sys_open_real(const char *path);

/* A detached copy of the mounts at @path and below. */
must_check int sys_open_tree(const char *path);
must_check int sys_move_mount(int tree, const char *target);
/* The same for what descriptors refer to. */
must_check int sys_open_tree_at(int fd);
must_check int sys_move_mount_at(int tree, int target);
/* Set attributes (MOUNT_ATTR_*). @path "" with AT_EMPTY_PATH in @flags: what @dir refers to. */
/* The call with a struct of @size bytes at address 0: -ENOSYS where there is no such call. */
must_check int sys_mount_setattr_size(size_t size);
must_check int sys_mount_setattr(int dir, const char *path, unsigned flags, uint64_t attr_set);

/* ---- memory ---- */

/* New anonymous memory; @flags: MAP_PRIVATE or MAP_SHARED. NULL with errno when there is none. */
void *sys_map(size_t size, int protection, int flags);

/* ---- capabilities ---- */

struct sys_capabilities {
	uint64_t effective, permitted, inheritable;
};
must_check int sys_capget(struct sys_capabilities *ret);
must_check int sys_capset(const struct sys_capabilities *capabilities);

#define SYS_CAP_DAC_OVERRIDE 1
#define SYS_CAP_KILL 5
#define SYS_CAP_SETGID 6
#define SYS_CAP_SETUID 7
#define SYS_CAP_SETPCAP 8
#define SYS_CAP_SYS_PTRACE 19
#define SYS_CAP_SYS_ADMIN 21
#define SYS_CAP_CHECKPOINT_RESTORE 40
#define SYS_CAP_SETFCAP 31
#define SYS_CAP(number) (UINT64_C(1) << (number))

#endif
