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

#include "platform/sys.h"
#include "platform/tables.h"

/* ---- which socket ---- */

static int get_option(int socket, int option)
{
	int value;
	socklen_t size = sizeof(value);

	return getsockopt(socket, SOL_SOCKET, option, &value, &size) < 0 ? -errno : value;
}

/* The port that @socket is bound to (0: none), or -errno. */
static int bound_port(int socket)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = { 0 };
	socklen_t size = sizeof(address);

	if (getsockname(socket, &address.any, &size) < 0)
		return -errno;
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static bool has_port(const uint8_t *ports, int port)
{
	return port > 0 && ports[port / 8] & 1U << port % 8;
}

int listen_check(int socket, const uint8_t *ports)
{
	int domain = get_option(socket, SO_DOMAIN), port;

	if (domain < 0)
		return domain;
	if ((domain != AF_INET && domain != AF_INET6) || get_option(socket, SO_TYPE) != SOCK_STREAM ||
	    get_option(socket, SO_PROTOCOL) != IPPROTO_TCP)
		return -EACCES;
	port = bound_port(socket);
	if (port < 0)
		return port;
	return has_port(ports, port) ? 0 : -EACCES;
}

/* A thread of the program can disconnect a socket whose port the kernel chose, between our check and our call: it is
 * unbound then, and listens on a port that nobody checked. So look again, and close it down. */
static int listen_checked(int socket, int backlog, const uint8_t *ports)
{
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	int result = listen_check(socket, ports);

	if (result < 0)
		return result;
	if (listen(socket, backlog) < 0)
		return -errno;
	result = listen_check(socket, ports);
	/* Undone by whichever works: disconnecting frees the port too. */
	if (result < 0 && connect(socket, &nowhere, sizeof(nowhere)) < 0)
		shutdown(socket, SHUT_RDWR);
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

/* The -errno or 0 to answer. */
static int decide(int listener, const struct seccomp_notif *request, const uint8_t *ports)
{
	auto_close int thread = -1, socket = -1;

	if (!is_listen(&request->data))
		return -EPERM;
	thread = open_thread((pid_t)request->pid);
	if (thread < 0)
		return -EPERM;
	/* Still waiting: so the number was, and is, the caller's. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &request->id) < 0)
		return -EPERM;
	socket = sys_pidfd_getfd(thread, (int)request->data.args[0]);
	if (socket < 0)
		return socket == -EBADF ? -EBADF : -EPERM;
	return listen_checked(socket, (int)request->data.args[1], ports);
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
