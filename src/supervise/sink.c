/* sink.c - see sink.h. */
#include "supervise/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#define OPEN_FLAGS (O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* ---- open ---- */

int sink_number(const char *where)
{
	char *end;
	long number;

	if (strncmp(where, "fd:", 3) != 0 || where[3] < '0' || where[3] > '9')
		return -1;
	number = strtol(where + 3, &end, 10);
	return *end || number > 1 << 20 ? -1 : (int)number;
}

static int refuse(struct diags *diags, const char *where, const char *why, const char *help)
{
	struct diag *diag = diag_error(diags, "C0718", (struct span){ 0 }, "denials can't be logged to `%s`: %s", where,
				       why);

	if (help)
		diag_help(diags, diag, "%s", help);
	return -EINVAL;
}

/* Own description: O_NONBLOCK belongs to the description, and the caller's is the program's, too. What can't be opened anew (a
 * pipe that another user made) is borrowed; so is a file, which never blocks, and whose offset others go on with. */
static int reopen(int number, enum sink_kind *ret_kind)
{
	char path[32];
	struct stat st;
	int fd;

	if (fstat(number, &st) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", number);
	*ret_kind = SINK_OWN;
	fd = S_ISSOCK(st.st_mode) || S_ISREG(st.st_mode) ? -1 : open(path, OPEN_FLAGS);
	if (fd >= 0)
		return fd;
	if (S_ISFIFO(st.st_mode) && errno == ENXIO)
		return -ENXIO;
	*ret_kind = S_ISSOCK(st.st_mode) ? SINK_SOCKET : S_ISREG(st.st_mode) ? SINK_OWN : SINK_BORROWED;
	if ((fcntl(number, F_GETFL) & (O_ACCMODE | O_PATH)) == O_RDONLY || fcntl(number, F_GETFL) & O_PATH)
		return -EBADF;
	fd = fcntl(number, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? -errno : fd;
}

static int open_file(const char *path, struct diags *diags)
{
	auto_close int fd = open(path, OPEN_FLAGS | O_CREAT | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd < 0 && errno == ENXIO)
		return refuse(diags, path, "nobody reads it", "start the reader first");
	if (fd < 0)
		return refuse(diags, path, strerrordesc_np(errno),
			      errno == ELOOP ? "name the file that the link leads to, or a descriptor: fd:N" : NULL);
	if (fstat(fd, &st) < 0)
		return refuse(diags, path, strerrordesc_np(errno), NULL);
	if (S_ISREG(st.st_mode) && st.st_uid != geteuid() && st.st_uid != 0)
		return refuse(diags, path, "it belongs to another user", "choose a file of your own");
	if (S_ISREG(st.st_mode) && st.st_mode & (S_IWGRP | S_IWOTH))
		return refuse(diags, path, "others can write it", "`chmod go-w` it, or choose another file");
	return take_fd(&fd);
}

int sink_open(const char *where, struct diags *diags, struct sink *ret)
{
	const int number = sink_number(where);
	struct sink sink = { .fd = -1 };

	if (number >= 0) {
		sink.fd = reopen(number, &sink.kind);
		if (sink.fd < 0)
			return refuse(diags, where, sink.fd == -ENXIO ? "nobody reads it" : strerrordesc_np(-sink.fd),
				      sink.fd == -EBADF ? "open it in the shell, for example `3>denials.jsonl`" : NULL);
	} else if (!strncmp(where, "fd:", 3)) {
		return refuse(diags, where, "that is no number", "write for example fd:3");
	} else {
		sink.fd = open_file(where, diags);
		if (sink.fd < 0)
			return sink.fd;
	}
	sink.messages = reopen(STDERR_FILENO, &sink.messages_kind);
	*ret = sink;
	return 0;
}

void sink_close(struct sink *sink)
{
	cleanup_close(&sink->fd);
	cleanup_close(&sink->messages);
	sink->fd = sink->messages = -1;
}

/* ---- write ---- */

/* Where the kernel can't be told not to wait (pipes before 6.5, terminals), it is asked first whether it would. */
static ssize_t write_borrowed(int fd, const char *text, size_t size)
{
	const struct iovec all = { .iov_base = (void *)(uintptr_t)text, .iov_len = size };
	struct pollfd polled = { .fd = fd, .events = POLLOUT };
	ssize_t done = pwritev2(fd, &all, 1, -1, RWF_NOWAIT);

	if (done >= 0 || errno != EOPNOTSUPP)
		return done;
	if (poll(&polled, 1, 0) == 1)
		return write(fd, text, size);
	errno = EAGAIN;
	return -1;
}

static ssize_t write_once(int fd, enum sink_kind kind, const char *text, size_t size)
{
	ssize_t done = -1;

	switch (kind) {
	case SINK_OWN: done = write(fd, text, size); break;
	case SINK_SOCKET: done = send(fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL); break;
	case SINK_BORROWED: done = write_borrowed(fd, text, size); break;
	}
	return done < 0 ? -errno : done;
}

/* Neither waits nor ends us: -EPIPE comes back as a value. */
static ssize_t write_now(int fd, enum sink_kind kind, const char *text, size_t size)
{
	const struct timespec at_once = { 0 };
	sigset_t pipe, before, pending;
	ssize_t done;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	if (sigprocmask(SIG_BLOCK, &pipe, &before) < 0)
		return -errno;
	done = write_once(fd, kind, text, size);
	if (done == -EPIPE && !sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR)
			;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return done;
}

void sink_message(const struct sink *sink, const char *text)
{
	if (sink->messages >= 0)
		(void)!write_now(sink->messages, sink->messages_kind, text, strlen(text));
}

static void complain(struct sink *sink, int error)
{
	char text[256];

	if (sink->complained)
		return;
	sink->complained = true;
	snprintf(text, sizeof(text), "cordon: WARNING: denials are lost to the log: %s\n",
		 error == EAGAIN ? "its reader is too slow" : strerrordesc_np(error));
	sink_message(sink, text);
}

bool sink_write(struct sink *sink, const char *line, size_t size)
{
	ssize_t done;

	if (sink->is_torn) {
		if (write_now(sink->fd, sink->kind, "\n", 1) != 1) {
			sink->lost++;
			return false;
		}
		sink->is_torn = false;
	}
	done = write_now(sink->fd, sink->kind, line, size);
	if (done == (ssize_t)size)
		return true;
	sink->is_torn = done > 0;
	sink->lost++;
	complain(sink, done < 0 ? (int)-done : ENOSPC);
	return false;
}
