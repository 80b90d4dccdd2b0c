/* files.c - attacks on files: reading secrets, writing where nothing should change, and changes through a descriptor that
 * was opened for something else (T04). */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
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

static enum outcome attack_both(char *const *arguments)
{
	enum outcome outcome = read_one(arguments[0]);

	return outcome == ATTACK_SUCCEEDED ? read_one(arguments[1]) : outcome;
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

/* The access mode says nothing about O_TRUNC: 0 is for reading, 3 for neither reading nor writing. */
static enum outcome attack_truncate_open(char *const *arguments)
{
	struct stat st;

	if (open(arguments[0], (int)number(arguments[1]) | O_TRUNC | O_CLOEXEC) < 0)
		return refused("open", errno);
	if (stat(arguments[0], &st) == 0 && st.st_size == 0)
		return succeeded("truncated %s", arguments[0]);
	printf("broken: opened, but not truncated\n");
	return ATTACK_BROKEN;
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

/* ---- a file that gives whoever executes it the rights of its owner ---- */

static int mark_by_chmod(const char *path, int fd, mode_t mode)
{
	(void)fd;
	return chmod(path, mode);
}

static int mark_by_fchmod(const char *path, int fd, mode_t mode)
{
	(void)path;
	return fchmod(fd, mode);
}

static int mark_by_fchmodat(const char *path, int fd, mode_t mode)
{
	(void)fd;
	return fchmodat(AT_FDCWD, path, mode, 0);
}

static int mark_by_fchmodat2(const char *path, int fd, mode_t mode)
{
	(void)fd;
	return (int)syscall(SYS_fchmodat2, AT_FDCWD, path, mode, 0);
}

static const struct {
	const char *name;
	int (*act)(const char *path, int fd, mode_t mode);
} marks[] = {
	{ "chmod", mark_by_chmod },
	{ "fchmod", mark_by_fchmod },
	{ "fchmodat", mark_by_fchmodat },
	{ "fchmodat2", mark_by_fchmodat2 },
};

static enum outcome attack_mark(char *const *arguments)
{
	const mode_t bit = strcmp(arguments[2], "group") == 0 ? S_ISGID : S_ISUID;
	struct stat st;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		int fd;

		if (strcmp(marks[i].name, arguments[1]) != 0)
			continue;
		fd = open(arguments[0], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return refused(arguments[0], errno);
		if (marks[i].act(arguments[0], fd, bit | 0755) < 0)
			return refused(arguments[1], errno);
		if (fstat(fd, &st) < 0 || !(st.st_mode & bit))
			return refused("the kernel dropped the bit", EPERM);
		return succeeded("made %s set-id", arguments[0]);
	}
	return untried("no such way: %s", arguments[1]);
}

static int fill_by_write(int fd)
{
	return write(fd, "x", 1) == 1 ? 0 : -1;
}

static int fill_by_map(int fd)
{
	char *at;

	if (ftruncate(fd, 1) < 0)
		return -1;
	at = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -1;
	*at = 'x';
	return msync(at, 1, MS_SYNC);
}

static int fill_by_allocation(int fd)
{
	return fallocate(fd, 0, 0, 1);
}

static const struct {
	const char *name;
	int (*act)(int fd);
} fills[] = {
	{ "write", fill_by_write },
	{ "map", fill_by_map },
	{ "fallocate", fill_by_allocation },
};

/* Made with the bits at once. What is empty is no program: they have to survive what fills it. */
static enum outcome attack_born(char *const *arguments)
{
	struct stat st;

	umask(0);
	for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
		int fd;

		if (strcmp(fills[i].name, arguments[1]) != 0)
			continue;
		fd = open(arguments[0], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 06755);
		if (fd < 0)
			return refused(arguments[0], errno);
		if (fills[i].act(fd) < 0)
			return refused(arguments[1], errno);
		if (fstat(fd, &st) < 0 || st.st_size == 0 || !(st.st_mode & (S_ISUID | S_ISGID)))
			return refused("the bits were gone after writing", EPERM);
		return succeeded("made %s set-id, and filled it", arguments[0]);
	}
	return untried("no such way: %s", arguments[1]);
}

static const struct attack items[] = {
	{ "read-file", "PATH", "read a file", attack_read },
	{ "both", "PATH PATH", "read two files", attack_both },
	{ "environ", "PID", "read /proc/PID/environ", attack_environ },
	{ "write-file", "PATH", "change a file that exists", attack_write },
	{ "create-file", "PATH", "make a file and write to it", attack_create },
	{ "truncate-file", "PATH", "empty a file by its name", attack_truncate },
	{ "truncate-open", "PATH ACCESS", "empty a file by opening it with this access mode", attack_truncate_open },
	{ "delete-file", "PATH", "delete a file", attack_unlink },
	{ "symlink", "TARGET PATH", "make a symbolic link", attack_symlink },
	{ "chmod", "PATH", "change the mode", attack_chmod },
	{ "mark", "PATH WAY KIND", "make a file set-user-id or (KIND) set-group-id", attack_mark },
	{ "born", "PATH WAY", "make a new file set-id, and fill it", attack_born },
	{ "fchmod", "PATH", "change the mode through a reading descriptor", attack_fchmod },
	{ "fchown", "PATH", "change the owner through a reading descriptor", attack_fchown },
	{ "fsetxattr", "PATH", "set an attribute through a reading descriptor", attack_fsetxattr },
	{ "futimens", "PATH", "change the times through a reading descriptor", attack_futimens },
	{ "setflags", "PATH", "change inode flags through a reading descriptor", attack_setflags },
	{ "fchmodat2", "PATH", "change the mode through an O_PATH descriptor", attack_fchmodat2 },
	{ "overwrite", "PATH WAY", "overwrite through an appending descriptor", attack_overwrite },
};
const struct attacks file_attacks = { items, sizeof(items) / sizeof(items[0]) };
