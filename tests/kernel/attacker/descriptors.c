/* descriptors.c - attacks by what is open already and by other names of a file: inherited descriptors and sockets, O_PATH,
 * magic links, deleted names (T03), file handles, unnamed files. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

#define FIRST_OTHER (STDERR_FILENO + 1)
#define DESCRIPTORS 1024

static enum outcome read_descriptor(int fd, const char *how)
{
	char byte;

	if (fd < 0)
		return refused(how, errno);
	if (pread(fd, &byte, 1, 0) != 1)
		return refused("read", errno);
	return succeeded("read a file by %s", how);
}

/* Whatever was open when the program started. */
static enum outcome attack_inherited(char *const *arguments)
{
	(void)arguments;
	for (int fd = FIRST_OTHER; fd < DESCRIPTORS; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return read_descriptor(fd, "an inherited descriptor");
	return refused("inherited descriptors", EACCES);
}

static enum outcome reopen(int fd, const char *how)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return read_descriptor(open(path, O_RDONLY | O_CLOEXEC), how);
}

/* O_PATH asks for no right; the magic link then leads to the object and not through its name. */
static enum outcome attack_reopen(char *const *arguments)
{
	int fd = open(arguments[0], O_PATH | O_CLOEXEC);

	return fd < 0 ? refused("O_PATH", errno) : reopen(fd, "its O_PATH descriptor");
}

/* T03: without a name there is none that a rule could be about. */
static enum outcome attack_deleted(char *const *arguments)
{
	int fd = open(arguments[0], O_PATH | O_CLOEXEC);

	if (fd < 0)
		return refused("O_PATH", errno);
	if (unlink(arguments[0]) < 0)
		return refused("unlink", errno);
	return reopen(fd, "the descriptor of a deleted file");
}

/* The same for a file whose name was moved to where more is granted. */
static enum outcome attack_moved(char *const *arguments)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/moved", arguments[1]);
	if (rename(arguments[0], path) < 0)
		return refused("rename", errno);
	return read_descriptor(open(path, O_RDONLY | O_CLOEXEC), "a name that it was moved to");
}

static enum outcome attack_linked(char *const *arguments)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/linked", arguments[1]);
	if (link(arguments[0], path) < 0)
		return refused("link", errno);
	return read_descriptor(open(path, O_RDONLY | O_CLOEXEC), "a hard link");
}

/* linkat() of a descriptor: the name of the file is nowhere in the call. */
static enum outcome attack_linked_descriptor(char *const *arguments)
{
	char path[PATH_MAX], link_of[64];
	int fd = open(arguments[0], O_PATH | O_CLOEXEC);

	snprintf(path, sizeof(path), "%s/linked", arguments[1]);
	snprintf(link_of, sizeof(link_of), "/proc/self/fd/%d", fd);
	if (fd < 0 || linkat(AT_FDCWD, link_of, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0)
		return refused("linkat of a descriptor", errno);
	return read_descriptor(open(path, O_RDONLY | O_CLOEXEC), "a hard link");
}

static enum outcome attack_symlinked(char *const *arguments)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/pointer", arguments[1]);
	if (symlink(arguments[0], path) < 0)
		return refused("symlink", errno);
	return read_descriptor(open(path, O_RDONLY | O_CLOEXEC), "a symbolic link");
}

/* A path that starts at a magic link: PREFIX is /proc/self/root, /proc/PID/cwd/.. and the like. */
static enum outcome attack_through(char *const *arguments)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", arguments[0], arguments[1]);
	return read_descriptor(open(path, O_RDONLY | O_CLOEXEC), arguments[0]);
}

/* Up and out of a directory that may be read. */
static enum outcome attack_up(char *const *arguments)
{
	int fd = open(arguments[0], O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return refused("O_PATH", errno);
	return read_descriptor(openat(fd, arguments[1], O_RDONLY | O_CLOEXEC), "a path out of a directory");
}

/* By number instead of by name: what may be searched doesn't matter. */
static enum outcome attack_handle(char *const *arguments)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	int mount_id, mount = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (mount < 0)
		return refused(arguments[1], errno);
	if (name_to_handle_at(AT_FDCWD, arguments[0], &handle.head, &mount_id, 0) < 0)
		return errno == EOPNOTSUPP ? untried("no handles on this file system")
					   : refused("name_to_handle_at", errno);
	return read_descriptor(open_by_handle_at(mount, &handle.head, O_RDONLY | O_CLOEXEC), "its handle");
}

/* A file without a name is written to a directory all the same. */
static enum outcome attack_unnamed(char *const *arguments)
{
	int fd = open(arguments[0], O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EOPNOTSUPP ? untried("no unnamed files here") : refused("O_TMPFILE", errno);
	return write(fd, "x", 1) == 1 ? succeeded("wrote an unnamed file") : refused("write", errno);
}

/* Opened for writing, and nothing written: what it would do to the machine is not for a test. */
static enum outcome attack_open_write(char *const *arguments)
{
	if (open(arguments[0], O_WRONLY | O_CLOEXEC) < 0)
		return refused(arguments[0], errno);
	return succeeded("opened %s for writing", arguments[0]);
}

/* What was handed over for reading, opened again for writing. */
static enum outcome attack_stdin_write(char *const *arguments)
{
	(void)arguments;
	if (open("/proc/self/fd/0", O_WRONLY | O_CLOEXEC) < 0)
		return refused("/proc/self/fd/0", errno);
	return succeeded("opened the standard input for writing");
}

/* ---- standard input is a socket that somebody made and left unconnected ---- */

static enum outcome attack_stdin_connect(char *const *arguments)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((in_port_t)number(arguments[0])),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	if (connect(STDIN_FILENO, (struct sockaddr *)&address, sizeof(address)) == 0)
		return succeeded("connected an inherited socket");
	return refused("connect", errno);
}

static enum outcome attack_stdin_bind(char *const *arguments)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((in_port_t)number(arguments[0])),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	if (bind(STDIN_FILENO, (struct sockaddr *)&address, sizeof(address)) == 0)
		return succeeded("bound an inherited socket");
	return refused("bind", errno);
}

static enum outcome attack_stdin_listen(char *const *arguments)
{
	(void)arguments;
	return listen(STDIN_FILENO, 1) == 0 ? succeeded("listens on an inherited socket") : refused("listen", errno);
}

/* Nobody connects; that there is nothing to accept is as good as accepting it. */
static enum outcome attack_stdin_accept(char *const *arguments)
{
	(void)arguments;
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	if (accept4(STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC) >= 0 || errno == EAGAIN)
		return succeeded("accepts from an inherited socket");
	return refused("accept4", errno);
}

static const struct attack items[] = {
	{ "inherited", "", "read what the starter left open", attack_inherited },
	{ "reopen", "PATH", "open a file for nothing, then again by /proc/self/fd", attack_reopen },
	{ "deleted", "PATH", "open a file for nothing, delete it, open it again by /proc/self/fd", attack_deleted },
	{ "moved", "PATH DIR", "move a file to where it may be read", attack_moved },
	{ "linked", "PATH DIR", "link a file to where it may be read", attack_linked },
	{ "linked-descriptor", "PATH DIR", "link an O_PATH descriptor to where it may be read",
	  attack_linked_descriptor },
	{ "symlinked", "PATH DIR", "make a symbolic link where it may be read", attack_symlinked },
	{ "through", "PREFIX PATH", "read a file by a path that starts at a magic link", attack_through },
	{ "up", "DIR PATH", "read a file by a path out of a directory", attack_up },
	{ "handle", "PATH DIR", "read a file by its handle", attack_handle },
	{ "unnamed", "DIR", "write a file that has no name", attack_unnamed },
	{ "open-write", "PATH", "open a file for writing", attack_open_write },
	{ "stdin-write", "", "open the standard input again, for writing", attack_stdin_write },
	{ "stdin-connect", "PORT", "connect the socket on standard input", attack_stdin_connect },
	{ "stdin-bind", "PORT", "bind the socket on standard input", attack_stdin_bind },
	{ "stdin-listen", "", "listen on the socket on standard input", attack_stdin_listen },
	{ "stdin-accept", "", "accept from the socket on standard input", attack_stdin_accept },
};
const struct attacks descriptor_attacks = { items, sizeof(items) / sizeof(items[0]) };
