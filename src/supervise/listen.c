/* listen.c - see listen.h. */
#include "supervise/listen.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "platform/sys.h"
#include "platform/tables.h"

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

/* The process of thread @tid: kernels before 6.9 open pidfds of whole processes only. */
static pid_t process_of(pid_t tid)
{
	char path[64], line[256];
	auto_fclose FILE *file = NULL;
	int pid = -ESRCH;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &pid) == 1)
			break;
	return pid;
}

static int open_thread(pid_t tid)
{
	int fd = sys_pidfd_open(tid, SYS_PIDFD_THREAD);
	pid_t pid;

	if (fd != -EINVAL)
		return fd;
	pid = process_of(tid);
	return pid < 0 ? pid : sys_pidfd_open(pid, 0);
}

static bool is_listen(const struct seccomp_data *data)
{
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
		const struct arch_info *info = &arch_table[arch];
		const uint32_t nr = (uint32_t)data->nr;
		int call;

		if (info->audit_arch != data->arch || (arch == ARCH_X32) != (nr >= X32_SYSCALL_BIT))
			continue;
		call = call_find_nr(arch, nr - info->nr_base);
		return call >= 0 && strcmp(call_table[call].name, "listen") == 0;
	}
	return false;
}

/* In a process that ends with it: our copy may have become the last one, and closing a socket with SO_LINGER takes as
 * long as the program wants (seen: 600 s without any signal passed on). Only at exit the kernel doesn't wait. */
static int answer_and_end(int thread, const struct seccomp_data *data, const uint8_t *ports)
{
	int socket = sys_pidfd_getfd(thread, (int)data->args[0]);

	if (socket < 0)
		return socket == -EBADF ? -EBADF : -EPERM;
	return listen_checked(socket, (int)data->args[1], ports);
}

static int answer_apart(int thread, const struct seccomp_data *data, const uint8_t *ports)
{
	pid_t child = sys_fork(0);
	int status;

	if (child == 0)
		sys_leave(-answer_and_end(thread, data, ports));
	if (child < 0)
		return child;
	while (waitpid(child, &status, __WALL) < 0)
		if (errno != EINTR)
			return -EPERM;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPERM;
}

/* The -errno or 0 to answer. */
static int decide(int listener, const struct seccomp_notif *request, const uint8_t *ports)
{
	auto_close int thread = -1;

	if (!is_listen(&request->data))
		return -EPERM;
	thread = open_thread((pid_t)request->pid);
	if (thread < 0)
		return -EPERM;
	/* Still waiting: so the number was, and is, the caller's. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &request->id) < 0)
		return -EPERM;
	return answer_apart(thread, &request->data, ports);
}

int listen_serve(int listener, const uint8_t *ports)
{
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { 0 };

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return errno == ENOENT || errno == EINTR ? 0 : -errno;
	response.id = request.id;
	response.error = decide(listener, &request, ports);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}
