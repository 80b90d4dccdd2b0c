/* files.c - attacks on files: reading secrets, writing where nothing should change, and changes through a descriptor that
 * was opened for something else (T04). */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attack.h"

/* linux/fs.h and asm/unistd.h of Linux 6.18; Debian 12's headers are older. */
#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static enum outcome read_one(const char *path)
{
	char byte[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return refused(path, errno);
	got = read(fd, byte, sizeof(byte));
	if (got < 0)
		return refused("read", errno);
	if (got == 0)
		return untried("%s is empty", path);
	return succeeded("read %s", path);
}

static enum outcome attack_read(char *const *arguments)
{
	return read_one(arguments[0]);
}

static enum outcome attack_environ(char *const *arguments)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/environ", number(arguments[0]));
	return read_one(path);
}

static enum outcome write_with(const char *path, int flags)
{
	static const char text[] = "defaced\n";
	int fd = open(path, flags | O_CLOEXEC, 0644);

	if (fd < 0)
		return refused(path, errno);
	if (write(fd, text, sizeof(text) - 1) != (ssize_t)sizeof(text) - 1)
		return refused("write", errno);
	return succeeded("wrote %s", path);
}

static enum outcome attack_write(char *const *arguments)
{
	return write_with(arguments[0], O_WRONLY);
}

static enum outcome attack_create(char *const *arguments)
{
	return write_with(arguments[0], O_WRONLY | O_CREAT | O_EXCL);
}

static enum outcome attack_truncate(char *const *arguments)
{
	return truncate(arguments[0], 0) == 0 ? succeeded("truncated %s", arguments[0]) : refused("truncate", errno);
}

static enum outcome attack_unlink(char *const *arguments)
{
	return unlink(arguments[0]) == 0 ? succeeded("deleted %s", arguments[0]) : refused("unlink", errno);
}

static enum outcome attack_symlink(char *const *arguments)
{
	return symlink(arguments[0], arguments[1]) == 0 ? succeeded("made the link %s", arguments[1])
							: refused("symlink", errno);
}

/* To the mode that it has: whether it is permitted is what counts. */
static enum outcome attack_chmod(char *const *arguments)
{
	struct stat st;

	if (stat(arguments[0], &st) < 0)
		return refused("stat", errno);
	return chmod(arguments[0], st.st_mode & 07777) == 0 ? succeeded("set the mode of %s", arguments[0])
							    : refused("chmod", errno);
}

/* ---- T04: what a descriptor that is open for reading still lets a program change ---- */

static int change_mode(int fd)
{
	return fchmod(fd, 0600);
}

static int change_owner(int fd)
{
	return fchown(fd, geteuid(), (gid_t)-1);
}

static int change_xattr(int fd)
{
	return fsetxattr(fd, "user.attacker", "x", 1, 0);
}

static int change_times(int fd)
{
	static const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };

	return futimens(fd, times);
}

static int change_flags(int fd)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return -1;
	flags ^= FS_NODUMP_FL; /* the owner may set it, and it does nothing to the tests */
	return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static enum outcome change(const char *path, int flags, int (*act)(int fd), const char *what)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return refused(path, errno);
	if (act(fd) == 0)
		return succeeded("%s on a descriptor open for reading", what);
	if (errno == ENOTTY || errno == EOPNOTSUPP)
		return untried("the file system has no %s", what);
	return refused(what, errno);
}

static enum outcome attack_fchmod(char *const *arguments)
{
	return change(arguments[0], O_RDONLY, change_mode, "fchmod");
}

static enum outcome attack_fchown(char *const *arguments)
{
	return change(arguments[0], O_RDONLY, change_owner, "fchown");
}

static enum outcome attack_fsetxattr(char *const *arguments)
{
	return change(arguments[0], O_RDONLY, change_xattr, "fsetxattr");
}

static enum outcome attack_futimens(char *const *arguments)
{
	return change(arguments[0], O_RDONLY, change_times, "futimens");
}

static enum outcome attack_setflags(char *const *arguments)
{
	return change(arguments[0], O_RDONLY, change_flags, "FS_IOC_SETFLAGS");
}

static enum outcome attack_fchmodat2(char *const *arguments)
{
	int fd = open(arguments[0], O_PATH | O_CLOEXEC);

	if (fd < 0)
		return refused(arguments[0], errno);
	if (syscall(SYS_fchmodat2, fd, "", 0600, AT_EMPTY_PATH) == 0)
		return succeeded("fchmodat2 on an O_PATH descriptor");
	return refused("fchmodat2", errno);
}

/* ---- T04: a file that is open for appending, overwritten all the same ---- */

static int overwrite_by_flag(int fd)
{
	struct iovec part = { (void *)"X", 1 };

	return pwritev2(fd, &part, 1, 0, RWF_NOAPPEND) == 1 ? 0 : -1;
}

static int overwrite_by_setfl(int fd)
{
	if (fcntl(fd, F_SETFL, 0) < 0)
		return -1;
	return pwrite(fd, "X", 1, 0) == 1 ? 0 : -1;
}

static int overwrite_by_hole(int fd)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1);
}

static int overwrite_by_truncate(int fd)
{
	return ftruncate(fd, 0);
}

static const struct {
	const char *name;
	int (*act)(int fd);
} overwrites[] = {
	{ "RWF_NOAPPEND", overwrite_by_flag },
	{ "F_SETFL", overwrite_by_setfl },
	{ "FALLOC_FL_PUNCH_HOLE", overwrite_by_hole },
	{ "ftruncate", overwrite_by_truncate },
};

static enum outcome attack_overwrite(char *const *arguments)
{
	for (size_t i = 0; i < sizeof(overwrites) / sizeof(overwrites[0]); i++) {
		int fd;

		if (strcmp(overwrites[i].name, arguments[1]) != 0)
			continue;
		fd = open(arguments[0], O_WRONLY | O_APPEND | O_CLOEXEC);
		if (fd < 0)
			return refused(arguments[0], errno);
		if (overwrites[i].act(fd) == 0)
			return succeeded("%s on an append-only descriptor", arguments[1]);
		return errno == EOPNOTSUPP ? untried("no %s here", arguments[1]) : refused(arguments[1], errno);
	}
	return untried("no such way: %s", arguments[1]);
}

static const struct attack items[] = {
	{ "read-file", "PATH", "read a file", attack_read },
	{ "environ", "PID", "read /proc/PID/environ", attack_environ },
	{ "write-file", "PATH", "change a file that exists", attack_write },
	{ "create-file", "PATH", "make a file and write to it", attack_create },
	{ "truncate-file", "PATH", "empty a file by its name", attack_truncate },
	{ "delete-file", "PATH", "delete a file", attack_unlink },
	{ "symlink", "TARGET PATH", "make a symbolic link", attack_symlink },
	{ "chmod", "PATH", "change the mode", attack_chmod },
	{ "fchmod", "PATH", "change the mode through a reading descriptor", attack_fchmod },
	{ "fchown", "PATH", "change the owner through a reading descriptor", attack_fchown },
	{ "fsetxattr", "PATH", "set an attribute through a reading descriptor", attack_fsetxattr },
	{ "futimens", "PATH", "change the times through a reading descriptor", attack_futimens },
	{ "setflags", "PATH", "change inode flags through a reading descriptor", attack_setflags },
	{ "fchmodat2", "PATH", "change the mode through an O_PATH descriptor", attack_fchmodat2 },
	{ "overwrite", "PATH WAY", "overwrite through an appending descriptor", attack_overwrite },
};
const struct attacks file_attacks = { items, sizeof(items) / sizeof(items[0]) };
