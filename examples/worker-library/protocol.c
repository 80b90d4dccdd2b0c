/* protocol.c - see protocol.h. */
#include "protocol.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

bool send_bytes(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		const ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		at += sent;
		size -= (size_t)sent;
	}
	return true;
}

bool receive_bytes(int fd, void *data, size_t size)
{
	char *at = data;

	while (size > 0) {
		const ssize_t got = read(fd, at, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		size -= (size_t)got;
	}
	return true;
}
