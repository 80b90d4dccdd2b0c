/* http.c - requests of one connection, one after the other (RFC 9112, as much of it as static files need).
 *
 * The path is opened as it comes. Whether `/../../etc/passwd` or a symbolic link leads out of the directory is not looked at
 * here: the policy holds, whatever this code gets wrong. */
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUEST_MAX 8192

struct request {
	char text[REQUEST_MAX];
	size_t size; /* read so far */
};

static bool send_all(int connection, const char *data, size_t size)
{
	while (size > 0) {
		const ssize_t sent = send(connection, data, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		data += sent;
		size -= (size_t)sent;
	}
	return true;
}

static bool send_head(int connection, const char *status, long long size)
{
	char head[256];
	const int length = snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %lld\r\n\r\n", status, size);

	return send_all(connection, head, (size_t)length);
}

static bool send_file(int connection, int file, long long size)
{
	char block[16384];

	while (size > 0) {
		const ssize_t got = read(file, block, sizeof(block) < (size_t)size ? sizeof(block) : (size_t)size);

		/* A file that has become shorter: the length was promised, so the connection has to end. */
		if (got <= 0 || !send_all(connection, block, (size_t)got))
			return false;
		size -= got;
	}
	return true;
}

static const char *status_of(int error)
{
	if (error == EACCES || error == EPERM)
		return "403 Forbidden";
	return error == ENOENT || error == ENOTDIR ? "404 Not Found" : "500 Internal Server Error";
}

/* False: the connection is over. */
static bool answer(int connection, const char *method, const char *path)
{
	const bool head_only = !strcmp(method, "HEAD");
	struct stat st;
	bool good;
	int file;

	if (!head_only && strcmp(method, "GET") != 0)
		return send_head(connection, "405 Method Not Allowed", 0);
	file = open(path[1] ? path + 1 : "index.html", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return send_head(connection, status_of(errno), 0);
	if (fstat(file, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(file);
		return send_head(connection, "404 Not Found", 0);
	}
	good = send_head(connection, "200 OK", (long long)st.st_size) &&
	       (head_only || send_file(connection, file, (long long)st.st_size));
	close(file);
	return good;
}

/* The end of the first request in @request, or NULL when more has to be read. */
static char *read_request(int connection, struct request *request)
{
	char *end;

	while (!(end = strstr(request->text, "\r\n\r\n"))) {
		ssize_t got;

		if (request->size == sizeof(request->text) - 1)
			return NULL;
		got = read(connection, request->text + request->size, sizeof(request->text) - 1 - request->size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return NULL;
		request->size += (size_t)got;
		request->text[request->size] = '\0';
	}
	return end + 4;
}

/* "GET /path HTTP/1.1\r\n": method and path where they stand. NULL: it is no request. */
static const char *split(char *text, const char **ret_path)
{
	char *path = strchr(text, ' '), *version = path ? strchr(path + 1, ' ') : NULL;

	if (!version || path[1] != '/' || version > strstr(text, "\r\n"))
		return NULL;
	*path++ = '\0';
	*version = '\0';
	*ret_path = path;
	return text;
}

void http_serve(int connection)
{
	struct request request = { .size = 0 };
	char *end;

	while ((end = read_request(connection, &request))) {
		const char *path, *method = split(request.text, &path);

		if (!method || !answer(connection, method, path))
			return;
		request.size -= (size_t)(end - request.text);
		memmove(request.text, end, request.size + 1);
	}
}
