/* sink.h - where lines of a log go: a file, or a descriptor that the caller opened. Writing never blocks and never kills:
 * what can't be written at once is lost, counted, and said once on standard error. */
#ifndef CORDON_SUPERVISE_SINK_H
#define CORDON_SUPERVISE_SINK_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"

/* A line of at most this many bytes is written whole or not at all, into pipes too (PIPE_BUF). */
#define SINK_LINE_MAX 4096

/* How not to wait: by the description, which is our own; by a flag of each send() or write(). */
enum sink_kind { SINK_OWN, SINK_SOCKET, SINK_BORROWED };

struct sink {
	int fd; /* -1: none */
	enum sink_kind kind;
	bool is_torn;    /* the last line stands there in part: the next begins with a newline */
	bool complained; /* about lines that were lost */
	uint64_t lost;
	int messages; /* where to complain: standard error */
	enum sink_kind messages_kind;
};

/* Opens @where: a path, or "fd:N". A file is made with mode 0600 if it isn't there, must be a regular file that only its
 * owner (we, or root) can write, a pipe, a socket or a character device, and is no symbolic link. A descriptor is opened anew
 * where that is possible, so that it never blocks and the caller's own stays as it is. Returns 0, or -errno with a C0718 diagnostic. */
must_check int sink_open(const char *where, struct diags *diags, struct sink *ret);
void sink_close(struct sink *sink);

/* @line with its newline. False: it is lost. */
bool sink_write(struct sink *sink, const char *line, size_t size);
/* To standard error, if that takes it at once. */
void sink_message(const struct sink *sink, const char *text);

/* The N of "fd:N", or -1. */
int sink_number(const char *where);

#endif
