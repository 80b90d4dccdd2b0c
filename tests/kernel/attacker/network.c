/* network.c - attacks over the network, and the ways around a grant of TCP: other protocols, MSG_FASTOPEN, listening
 * without a port. Ports are on 127.0.0.1. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "attack.h"

/* linux/in.h, linux/if_alg.h, linux/vm_sockets.h: numbers that Debian 12's libc headers lack */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((in_port_t)number(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static enum outcome connect_by(int fd, const char *port, const char *what)
{
	struct sockaddr_in address;

	if (fd < 0)
		return refused("socket", errno);
	address = loopback(port);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return succeeded("%s connected to port %s", what, port);
	if (errno == ECONNREFUSED)
		return succeeded("%s reached port %s, where nobody listens", what, port);
	return refused("connect", errno);
}

static enum outcome attack_connect(char *const *arguments)
{
	return connect_by(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), arguments[0], "TCP");
}

/* MPTCP speaks TCP on the wire; Landlock's TCP rules don't look at such sockets. */
static enum outcome attack_mptcp(char *const *arguments)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);

	if (fd < 0 && (errno == EPROTONOSUPPORT || errno == ENOPROTOOPT))
		return untried("this kernel has no MPTCP");
	return connect_by(fd, arguments[0], "MPTCP");
}

/* A connection without connect(): Landlock's hook for it isn't on this path. */
static enum outcome attack_fastopen(char *const *arguments)
{
	struct sockaddr_in address = loopback(arguments[0]);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refused("socket", errno);
	if (sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&address, sizeof(address)) == 1)
		return succeeded("MSG_FASTOPEN connected to port %s", arguments[0]);
	if (errno == ECONNREFUSED)
		return succeeded("MSG_FASTOPEN reached port %s", arguments[0]);
	if (errno == EOPNOTSUPP)
		return untried("fast open is off on this machine");
	return refused("sendto", errno);
}

static enum outcome attack_fastopen_msg(char *const *arguments)
{
	struct sockaddr_in address = loopback(arguments[0]);
	struct iovec part = { (void *)"x", 1 };
	struct msghdr message = {
		.msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &part, .msg_iovlen = 1
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refused("socket", errno);
	if (sendmsg(fd, &message, MSG_FASTOPEN) == 1)
		return succeeded("sendmsg with MSG_FASTOPEN connected to port %s", arguments[0]);
	if (errno == EOPNOTSUPP)
		return untried("fast open is off on this machine");
	return refused("sendmsg", errno);
}

static enum outcome attack_bind(char *const *arguments)
{
	struct sockaddr_in address = loopback(arguments[0]);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refused("socket", errno);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return refused("bind", errno);
	if (listen(fd, 1) < 0)
		return refused("listen", errno);
	return succeeded("listens on port %s", arguments[0]);
}

/* listen() on a fresh socket binds it to a port of the kernel's choice: no bind() that a port rule could look at. */
static enum outcome attack_listen(char *const *arguments)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)arguments;
	if (fd < 0)
		return refused("socket", errno);
	return listen(fd, 1) == 0 ? succeeded("listens without bind") : refused("listen", errno);
}

static enum outcome attack_udp(char *const *arguments)
{
	struct sockaddr_in address = loopback(arguments[0]);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refused("socket", errno);
	if (sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) == 1)
		return succeeded("sent a datagram to port %s", arguments[0]);
	return refused("sendto", errno);
}

/* sendmsg() has the address in memory. */
static enum outcome attack_udp_message(char *const *arguments)
{
	struct sockaddr_in address = loopback(arguments[0]);
	struct iovec part = { (void *)"x", 1 };
	struct msghdr message = {
		.msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &part, .msg_iovlen = 1
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refused("socket", errno);
	if (sendmsg(fd, &message, 0) == 1)
		return succeeded("sent a message to port %s", arguments[0]);
	return refused("sendmsg", errno);
}

static enum outcome attack_unix(char *const *arguments)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refused("socket", errno);
	if (strlen(arguments[0]) >= sizeof(address.sun_path))
		return untried("the path is too long for a socket");
	memcpy(address.sun_path, arguments[0], strlen(arguments[0]));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return succeeded("connected to %s", arguments[0]);
	return refused("connect", errno);
}

/* Families and protocols of which a program that was granted TCP must get none. */
static const struct {
	const char *name;
	int family, type, protocol;
} sockets[] = {
	{ "tcp", AF_INET, SOCK_STREAM, 0 },
	{ "tcp6", AF_INET6, SOCK_STREAM, 0 },
	{ "mptcp", AF_INET, SOCK_STREAM, IPPROTO_MPTCP },
	{ "mptcp6", AF_INET6, SOCK_STREAM, IPPROTO_MPTCP },
	{ "sctp", AF_INET, SOCK_STREAM, IPPROTO_SCTP },
	{ "udp", AF_INET, SOCK_DGRAM, 0 },
	{ "udp6", AF_INET6, SOCK_DGRAM, 0 },
	{ "udplite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE },
	{ "ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP },
	{ "raw", AF_INET, SOCK_RAW, IPPROTO_ICMP },
	{ "unix", AF_UNIX, SOCK_STREAM, 0 },
	{ "netlink", AF_NETLINK, SOCK_RAW, 0 },
	{ "packet", AF_PACKET, SOCK_RAW, 0 },
	{ "vsock", AF_VSOCK, SOCK_STREAM, 0 },
	{ "alg", AF_ALG, SOCK_SEQPACKET, 0 },
};

/* Names that are in no file system: PATH begins with @. */
static enum outcome attack_abstract(char *const *arguments)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const size_t size = strlen(arguments[0]);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refused("socket", errno);
	if (size >= sizeof(address.sun_path))
		return untried("the name is too long");
	memcpy(address.sun_path + 1, arguments[0] + 1, size - 1);
	if (connect(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) == 0)
		return succeeded("connected to %s", arguments[0]);
	return refused("connect", errno);
}

/* Errnos with which a kernel says that it lacks the protocol, or this user the privilege (EPERM is left to refused()). */
static int kernel_lacks(int error)
{
	return error == EAFNOSUPPORT || error == EPROTONOSUPPORT || error == ESOCKTNOSUPPORT || error == ENOPROTOOPT;
}

static enum outcome attack_socket(char *const *arguments)
{
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		if (strcmp(sockets[i].name, arguments[0]) != 0)
			continue;
		if (socket(sockets[i].family, sockets[i].type | SOCK_CLOEXEC, sockets[i].protocol) >= 0)
			return succeeded("made a %s socket", arguments[0]);
		return kernel_lacks(errno) ? untried("this kernel has no %s", arguments[0]) : refused("socket", errno);
	}
	return untried("no such kind: %s", arguments[0]);
}

/* T13: domain and type are ints; what stands above bit 31 is not for the filter to be confused by. */
static enum outcome attack_socket_wide(char *const *arguments)
{
	(void)arguments;
	if (syscall(SYS_socket, AF_UNIX | 1L << 40, SOCK_STREAM | 1L << 40, 0L) >= 0)
		return succeeded("made a unix socket with bit 40 set");
	return refused("socket", errno);
}

static const struct attack items[] = {
	{ "connect", "PORT", "connect out by TCP", attack_connect },
	{ "mptcp", "PORT", "connect out by MPTCP", attack_mptcp },
	{ "fastopen", "PORT", "connect out by sendto with MSG_FASTOPEN", attack_fastopen },
	{ "fastopen-msg", "PORT", "connect out by sendmsg with MSG_FASTOPEN", attack_fastopen_msg },
	{ "bind", "PORT", "listen on a port", attack_bind },
	{ "listen", "", "listen on a socket that was never bound", attack_listen },
	{ "udp", "PORT", "send a datagram", attack_udp },
	{ "udp-message", "PORT", "send a datagram by sendmsg", attack_udp_message },
	{ "unix", "PATH", "connect to a unix socket", attack_unix },
	{ "abstract", "@NAME", "connect to an abstract unix socket", attack_abstract },
	{ "socket", "KIND", "make a socket of a kind", attack_socket },
	{ "socket-wide", "", "make a unix socket with unknown upper bits", attack_socket_wide },
};
const struct attacks network_attacks = { items, sizeof(items) / sizeof(items[0]) };
