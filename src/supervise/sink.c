/* sink.c - see sink.h. */
#include "supervise/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

/* Own description: O_NONBLOCK belongs to the description, and the caller's is the program's, too. A socket has none to
 * open, and says for each message that it must not wait; what can't be opened anew and may block is refused. */
static int reopen(int number, bool *ret_is_socket)
{
	char path[32];
	struct stat st;
	int fd, error;

	if (fstat(number, &st) < 0)
		return -errno;
	*ret_is_socket = S_ISSOCK(st.st_mode);
	if (*ret_is_socket)
		fd = fcntl(number, F_DUPFD_CLOEXEC, 3);
	else
		fd = open((snprintf(path, sizeof(path), "/proc/self/fd/%d", number), path), OPEN_FLAGS);
	error = fd < 0 ? -errno : 0;
	if (fd < 0 && S_ISREG(st.st_mode) && (fcntl(number, F_GETFL) & O_ACCMODE) != O_RDONLY)
		fd = fcntl(number, F_DUPFD_CLOEXEC, 3); /* never blocks */
	return fd < 0 ? error : fd;
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
	bool is_socket;

	if (number >= 0) {
		sink.fd = reopen(number, &sink.is_socket);
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
	sink.messages = reopen(STDERR_FILENO, &is_socket);
	sink.messages_own = sink.messages >= 0 && !is_socket;
	if (sink.messages < 0)
		sink.messages = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
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

/* As write(), but neither waits nor ends us: -EPIPE comes back as a value. */
static ssize_t write_now(int fd, bool is_socket, const char *text, size_t size)
{
	const struct timespec at_once = { 0 };
	sigset_t pipe, before, pending;
	ssize_t done;

	if (is_socket) {
		done = send(fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
		return done < 0 ? -errno : done;
	}
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	if (sigprocmask(SIG_BLOCK, &pipe, &before) < 0)
		return -errno;
	done = write(fd, text, size);
	if (done < 0)
		done = -errno;
	if (done == -EPIPE && !sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR)
			;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return done;
}

void sink_message(const struct sink *sink, const char *text)
{
	struct pollfd polled = { .fd = sink->messages, .events = POLLOUT };

	if (sink->messages >= 0 && (sink->messages_own || poll(&polled, 1, 0) == 1))
		(void)!write_now(sink->messages, false, text, strlen(text));
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
		if (write_now(sink->fd, sink->is_socket, "\n", 1) != 1) {
			sink->lost++;
			return false;
		}
		sink->is_torn = false;
	}
	done = write_now(sink->fd, sink->is_socket, line, size);
	if (done == (ssize_t)size)
		return true;
	sink->is_torn = done > 0;
	sink->lost++;
	complain(sink, done < 0 ? (int)-done : ENOSPC);
	return false;
}
