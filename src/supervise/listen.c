/* listen.c - see listen.h. */
#include "supervise/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "platform/sys.h"

/* ---- which socket ---- */

static int get_option(int socket, int option)
{
	int value;
	socklen_t size = sizeof(value);

	return getsockopt(socket, SOL_SOCKET, option, &value, &size) < 0 ? -errno : value;
}

struct bound {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
	socklen_t size;
	int port; /* 0: none */
};

static int get_bound(int socket, struct bound *ret)
{
	*ret = (struct bound){ .size = sizeof(ret->address) };
	if (getsockname(socket, &ret->address.any, &ret->size) < 0)
		return -errno;
	ret->port = ntohs(ret->address.any.sa_family == AF_INET6 ? ret->address.v6.sin6_port
								 : ret->address.v4.sin_port);
	return 0;
}

static bool has_port(const uint8_t *ports, int port)
{
	return port > 0 && ports[port / 8] & 1U << port % 8;
}

/* 0 and where it is bound, or the -errno to answer. */
static int check(int socket, const uint8_t *ports, struct bound *ret)
{
	int domain = get_option(socket, SO_DOMAIN), result;

	if (domain < 0)
		return domain;
	if ((domain != AF_INET && domain != AF_INET6) || get_option(socket, SO_TYPE) != SOCK_STREAM ||
	    get_option(socket, SO_PROTOCOL) != IPPROTO_TCP)
		return -EACCES;
	result = get_bound(socket, ret);
	if (result < 0)
		return result;
	return has_port(ports, ret->port) ? 0 : -EACCES;
}

/* After a disconnect getsockname() still tells the port that connect() chose, but the socket has none. Only
 * binding shows the difference: what is bound can't be bound again. (If it can, it is bound to a port that was
 * granted for that.) */
static bool is_bound(int socket, const struct bound *bound)
{
	return bind(socket, &bound->address.any, bound->size) < 0 && errno == EINVAL;
}

/* Undone by whichever works: disconnecting frees the port too. */
static void stop_listening(int socket)
{
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	if (connect(socket, &nowhere, sizeof(nowhere)) < 0)
		shutdown(socket, SHUT_RDWR);
}

/* A thread of the program can connect and disconnect a socket between our check and our call, and listen() would
 * choose a port that nobody checked. So look again. */
static int listen_checked(int socket, int backlog, const uint8_t *ports)
{
	struct bound bound;
	int result = check(socket, ports, &bound);

	if (result < 0)
		return result;
	if (!is_bound(socket, &bound))
		return -EACCES;
	if (listen(socket, backlog) < 0)
		return -errno;
	result = check(socket, ports, &bound);
	if (result < 0)
		stop_listening(socket);
	return result;
}

/* ---- whose socket ---- */

/* In a process that ends with it: our copy may have become the last one, and closing a socket with SO_LINGER takes as
 * long as the program wants (seen: 600 s without any signal passed on). Only at exit the kernel doesn't wait. */
static int answer_and_end(int thread, const struct event *event, const uint8_t *ports)
{
	int socket = sys_pidfd_getfd(thread, (int)event->args[0]);

	if (socket < 0)
		return socket == -EBADF ? -EBADF : -EPERM;
	return listen_checked(socket, (int)event->args[1], ports);
}

static int answer_apart(int thread, const struct event *event, const uint8_t *ports)
{
	pid_t child = sys_fork(0);
	int status;

	if (child == 0)
		sys_leave(-answer_and_end(thread, event, ports));
	if (child < 0)
		return child;
	while (waitpid(child, &status, __WALL) < 0)
		if (errno != EINTR)
			return -EPERM;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPERM;
}

int listen_answer(int listener, const struct event *event, const uint8_t *ports)
{
	auto_close int thread = event_open_thread(event);

	if (thread < 0)
		return -EPERM;
	/* Still waiting: so the number was, and is, the caller's. */
	if (!event_is_pending(listener, event))
		return -EPERM;
	return answer_apart(thread, event, ports);
}
