/* ring.c - do one thing through io_uring, with raw system calls: `ring OPERATION [ARGUMENT...]`. Exit status as the attacker's:
 * 0 it worked, 1 it was refused (EPERM, EACCES, EROFS, EXDEV, ENOSYS), 2 it can't be tried here, 3 it failed otherwise.
 * `--list` names the operations. With RING_SQPOLL in the environment a thread of the kernel submits. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Newer than Debian 12's headers. */
#define OP_FTRUNCATE 55
#define OP_BIND 56
#define OP_LISTEN 57
#define SOCKET_CMD_SETSOCKOPT 3

#define ENTRIES 8

struct ring {
	int fd;
	unsigned *sq_tail, *sq_mask, *sq_array, *sq_flags, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_cqe *cqes;
	struct io_uring_sqe *sqes;
	bool polled, given; /* given: submits without any system call */
};

static int end(int status, const char *outcome, const char *what, int error)
{
	printf("%s: %s%s%s\n", outcome, what, error ? ": " : "", error ? strerrorname_np(error) : "");
	return status;
}

static int outcome(const char *what, int result)
{
	static const int refusals[] = { EPERM, EACCES, EROFS, EXDEV, ENOSYS };

	if (result >= 0)
		return end(0, "succeeded", what, 0);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (-result == refusals[i])
			return end(1, "denied", what, -result);
	return end(3, "broken", what, -result);
}

static int ring_map(struct ring *ring, int fd, const struct io_uring_params *params)
{
	char *rings = mmap(NULL, params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe),
			   PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	void *sqes = mmap(NULL, params->sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED,
			  fd, IORING_OFF_SQES);

	if (rings == MAP_FAILED || sqes == MAP_FAILED)
		return -errno;
	*ring = (struct ring){
		.fd = fd,
		.sq_tail = (unsigned *)(void *)(rings + params->sq_off.tail),
		.sq_mask = (unsigned *)(void *)(rings + params->sq_off.ring_mask),
		.sq_array = (unsigned *)(void *)(rings + params->sq_off.array),
		.sq_flags = (unsigned *)(void *)(rings + params->sq_off.flags),
		.cq_head = (unsigned *)(void *)(rings + params->cq_off.head),
		.cq_tail = (unsigned *)(void *)(rings + params->cq_off.tail),
		.cq_mask = (unsigned *)(void *)(rings + params->cq_off.ring_mask),
		.cqes = (struct io_uring_cqe *)(void *)(rings + params->cq_off.cqes),
		.sqes = sqes,
		.polled = params->flags & IORING_SETUP_SQPOLL,
	};
	return 0;
}

/* A descriptor, or an errno below 0. */
static int ring_setup(struct io_uring_params *params, unsigned flags)
{
	int fd;

	*params = (struct io_uring_params){ .flags = flags, .sq_thread_idle = 10000 };
	fd = (int)syscall(SYS_io_uring_setup, ENTRIES, params);
	return fd < 0 ? -errno : fd;
}

/* 0, or an errno below 0. */
static int ring_open(struct ring *ring)
{
	struct io_uring_params params;
	int fd = ring_setup(&params, getenv("RING_SQPOLL") ? IORING_SETUP_SQPOLL : 0);

	return fd < 0 ? fd : ring_map(ring, fd, &params);
}

static void wait_given(const struct ring *ring)
{
	for (int i = 0; i < 2000 && __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == *ring->cq_head; i++)
		usleep(1000);
}

/* Submit one and wait for its result. */
static int ring_do(struct ring *ring, const struct io_uring_sqe *sqe)
{
	unsigned tail = *ring->sq_tail, slot = tail & *ring->sq_mask, head, flags = IORING_ENTER_GETEVENTS;
	int result;

	ring->sqes[slot] = *sqe;
	ring->sq_array[slot] = slot;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_SEQ_CST);
	if (ring->polled && (__atomic_load_n(ring->sq_flags, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP))
		flags |= IORING_ENTER_SQ_WAKEUP;
	if (ring->given)
		wait_given(ring);
	else if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, flags, NULL, 0) < 0)
		return -errno;
	head = *ring->cq_head;
	if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		return -EIO;
	result = ring->cqes[head & *ring->cq_mask].res;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return result;
}

static struct io_uring_sqe prepare(uint8_t opcode, int fd, const void *address, unsigned length, uint64_t offset)
{
	return (struct io_uring_sqe){
		.opcode = opcode, .fd = fd, .addr = (uint64_t)(uintptr_t)address, .len = length, .off = offset
	};
}

static uint64_t pointer(const void *address)
{
	return (uint64_t)(uintptr_t)address;
}

/* ---- files ---- */

static int open_path(struct ring *ring, const char *path, unsigned flags)
{
	struct io_uring_sqe sqe = prepare(IORING_OP_OPENAT, AT_FDCWD, path, 0600, 0);

	sqe.open_flags = flags | O_CLOEXEC;
	return ring_do(ring, &sqe);
}

static int do_read(struct ring *ring, char *const *arguments)
{
	char byte;
	int fd = open_path(ring, arguments[0], O_RDONLY);
	struct io_uring_sqe sqe = prepare(IORING_OP_READ, fd, &byte, 1, 0);

	return fd < 0 ? fd : ring_do(ring, &sqe);
}

static int do_read2(struct ring *ring, char *const *arguments)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC };
	struct io_uring_sqe sqe = prepare(IORING_OP_OPENAT2, AT_FDCWD, arguments[0], sizeof(how),
					  (uint64_t)(uintptr_t)&how);

	return ring_do(ring, &sqe);
}

static int do_create(struct ring *ring, char *const *arguments)
{
	return open_path(ring, arguments[0], O_WRONLY | O_CREAT | O_EXCL);
}

static int do_write(struct ring *ring, char *const *arguments)
{
	int fd = open_path(ring, arguments[0], O_WRONLY);
	struct io_uring_sqe sqe = prepare(IORING_OP_WRITE, fd, "x", 1, 0);

	return fd < 0 ? fd : ring_do(ring, &sqe);
}

static int do_truncate(struct ring *ring, char *const *arguments)
{
	int fd = open_path(ring, arguments[0], O_WRONLY);
	struct io_uring_sqe sqe = prepare(OP_FTRUNCATE, fd, NULL, 0, 0);

	return fd < 0 ? fd : ring_do(ring, &sqe);
}

static int do_fallocate(struct ring *ring, char *const *arguments)
{
	int fd = open_path(ring, arguments[0], O_WRONLY);
	struct io_uring_sqe sqe = prepare(IORING_OP_FALLOCATE, fd, NULL, 0, 0);

	sqe.addr = 4096;
	return fd < 0 ? fd : ring_do(ring, &sqe);
}

static int do_mkdir(struct ring *ring, char *const *arguments)
{
	struct io_uring_sqe sqe = prepare(IORING_OP_MKDIRAT, AT_FDCWD, arguments[0], 0700, 0);

	return ring_do(ring, &sqe);
}

static int do_unlink(struct ring *ring, char *const *arguments)
{
	struct io_uring_sqe sqe = prepare(IORING_OP_UNLINKAT, AT_FDCWD, arguments[0], 0, 0);

	return ring_do(ring, &sqe);
}

static int do_symlink(struct ring *ring, char *const *arguments)
{
	struct io_uring_sqe sqe = prepare(IORING_OP_SYMLINKAT, AT_FDCWD, "target", 0, pointer(arguments[0]));

	return ring_do(ring, &sqe);
}

static int do_link(struct ring *ring, char *const *arguments)
{
	struct io_uring_sqe sqe = prepare(IORING_OP_LINKAT, AT_FDCWD, arguments[0], (unsigned)AT_FDCWD,
					  pointer(arguments[1]));

	return ring_do(ring, &sqe);
}

static int do_rename(struct ring *ring, char *const *arguments)
{
	struct io_uring_sqe sqe = prepare(IORING_OP_RENAMEAT, AT_FDCWD, arguments[0], (unsigned)AT_FDCWD,
					  pointer(arguments[1]));

	return ring_do(ring, &sqe);
}

static int do_setxattr(struct ring *ring, char *const *arguments)
{
	struct io_uring_sqe sqe = prepare(IORING_OP_SETXATTR, 0, "user.ring", 1, pointer("x"));

	sqe.addr3 = pointer(arguments[0]);
	return ring_do(ring, &sqe);
}

static int do_getxattr(struct ring *ring, char *const *arguments)
{
	char value[64];
	struct io_uring_sqe sqe = prepare(IORING_OP_GETXATTR, 0, "user.ring", sizeof(value), pointer(value));

	sqe.addr3 = pointer(arguments[0]);
	return ring_do(ring, &sqe);
}

static int do_stat(struct ring *ring, char *const *arguments)
{
	struct statx buffer;
	struct io_uring_sqe sqe = prepare(IORING_OP_STATX, AT_FDCWD, arguments[0], STATX_BASIC_STATS, pointer(&buffer));

	return ring_do(ring, &sqe);
}

/* The credentials of this process, registered: they have its domain. */
static int do_read_as_personality(struct ring *ring, char *const *arguments)
{
	struct io_uring_sqe sqe = prepare(IORING_OP_OPENAT, AT_FDCWD, arguments[0], 0, 0);
	long personality = syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_PERSONALITY, NULL, 0);

	if (personality < 0)
		return -errno;
	sqe.open_flags = O_RDONLY | O_CLOEXEC;
	sqe.personality = (uint16_t)personality;
	return ring_do(ring, &sqe);
}

/* ---- sockets ---- */

static int ring_socket(struct ring *ring, int family, int type, int protocol)
{
	struct io_uring_sqe sqe = prepare(IORING_OP_SOCKET, family, NULL, (unsigned)protocol,
					  (uint64_t)(type | SOCK_CLOEXEC));

	return ring_do(ring, &sqe);
}

static struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)atoi(port)),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int connect_by(struct ring *ring, const char *port, int protocol)
{
	struct sockaddr_in address = loopback(port);
	int fd = ring_socket(ring, AF_INET, SOCK_STREAM, protocol);
	struct io_uring_sqe sqe = prepare(IORING_OP_CONNECT, fd, &address, 0, sizeof(address));

	return fd < 0 ? fd : ring_do(ring, &sqe);
}

static int do_connect(struct ring *ring, char *const *arguments)
{
	return connect_by(ring, arguments[0], 0);
}

static int do_mptcp(struct ring *ring, char *const *arguments)
{
	return connect_by(ring, arguments[0], IPPROTO_MPTCP);
}

static int bind_by(struct ring *ring, const char *port, bool listens)
{
	struct sockaddr_in address = loopback(port);
	int fd = ring_socket(ring, AF_INET, SOCK_STREAM, 0), result;
	struct io_uring_sqe sqe = prepare(OP_BIND, fd, &address, 0, sizeof(address));

	if (fd < 0)
		return fd;
	result = ring_do(ring, &sqe);
	sqe = prepare(OP_LISTEN, fd, NULL, 1, 0);
	return result < 0 || !listens ? result : ring_do(ring, &sqe);
}

static int do_bind(struct ring *ring, char *const *arguments)
{
	return bind_by(ring, arguments[0], false);
}

static int do_listen(struct ring *ring, char *const *arguments)
{
	return bind_by(ring, arguments[0], true);
}

/* The kernel chooses a port: no bind() that Landlock could look at. */
static int do_listen_unbound(struct ring *ring, char *const *arguments)
{
	int fd = ring_socket(ring, AF_INET, SOCK_STREAM, 0);
	struct io_uring_sqe sqe = prepare(OP_LISTEN, fd, NULL, 1, 0);

	(void)arguments;
	return fd < 0 ? fd : ring_do(ring, &sqe);
}

static int do_udp(struct ring *ring, char *const *arguments)
{
	struct sockaddr_in address = loopback(arguments[0]);
	int fd = ring_socket(ring, AF_INET, SOCK_DGRAM, 0);
	struct io_uring_sqe sqe = prepare(IORING_OP_SEND_ZC, fd, "x", 1, pointer(&address));

	sqe.addr_len = sizeof(address);
	return fd < 0 ? fd : ring_do(ring, &sqe);
}

static int do_unix(struct ring *ring, char *const *arguments)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = ring_socket(ring, AF_UNIX, SOCK_STREAM, 0);
	struct io_uring_sqe sqe = prepare(IORING_OP_CONNECT, fd, &address, 0, sizeof(address));

	strncpy(address.sun_path, arguments[0], sizeof(address.sun_path) - 1);
	return fd < 0 ? fd : ring_do(ring, &sqe);
}

static int do_setsockopt(struct ring *ring, char *const *arguments)
{
	int one = 1, fd = ring_socket(ring, AF_INET, SOCK_STREAM, 0);
	struct io_uring_sqe sqe = prepare(IORING_OP_URING_CMD, fd, NULL, 0, 0);
	const unsigned option[2] = { SOL_SOCKET, SO_KEEPALIVE };

	(void)arguments;
	sqe.cmd_op = SOCKET_CMD_SETSOCKOPT;
	/* level and optname lie where addr is, optlen where file_index is, optval where addr3 is */
	memcpy(&sqe.addr, option, sizeof(option));
	sqe.file_index = sizeof(one);
	sqe.addr3 = pointer(&one);
	return fd < 0 ? fd : ring_do(ring, &sqe);
}

/* ---- commands ---- */

/* What a terminal is told by ioctl can't be told by a ring. */
static int do_terminal_command(struct ring *ring, char *const *arguments)
{
	struct io_uring_sqe sqe = prepare(IORING_OP_URING_CMD, STDIN_FILENO, NULL, 0, 0);
	int result;

	(void)arguments;
	if (!isatty(STDIN_FILENO))
		return -ENOTTY;
	sqe.cmd_op = TIOCSTI;
	result = ring_do(ring, &sqe);
	return result == -EOPNOTSUPP ? -EPERM : result;
}

static int do_message(struct ring *ring, char *const *arguments)
{
	struct io_uring_sqe sqe;
	struct ring other;
	int result = ring_open(&other);

	(void)arguments;
	if (result < 0)
		return result;
	sqe = prepare(IORING_OP_MSG_RING, other.fd, NULL, 1, 2);
	return ring_do(ring, &sqe);
}

static const struct {
	const char *name;
	int arguments;
	int (*act)(struct ring *ring, char *const *arguments);
} operations[] = {
	{ "read", 1, do_read },
	{ "read2", 1, do_read2 },
	{ "create", 1, do_create },
	{ "write", 1, do_write },
	{ "truncate", 1, do_truncate },
	{ "fallocate", 1, do_fallocate },
	{ "mkdir", 1, do_mkdir },
	{ "unlink", 1, do_unlink },
	{ "symlink", 1, do_symlink },
	{ "link", 2, do_link },
	{ "rename", 2, do_rename },
	{ "setxattr", 1, do_setxattr },
	{ "getxattr", 1, do_getxattr },
	{ "stat", 1, do_stat },
	{ "read-as-personality", 1, do_read_as_personality },
	{ "connect", 1, do_connect },
	{ "mptcp", 1, do_mptcp },
	{ "bind", 1, do_bind },
	{ "listen", 1, do_listen },
	{ "listen-unbound", 0, do_listen_unbound },
	{ "udp", 1, do_udp },
	{ "unix", 1, do_unix },
	{ "setsockopt", 0, do_setsockopt },
	{ "terminal-command", 0, do_terminal_command },
	{ "message", 0, do_message },
};

/* Print how many operations this kernel has. */
static int probe(void)
{
	struct io_uring_probe *answer = calloc(1, sizeof(*answer) + 256 * sizeof(struct io_uring_probe_op));
	struct ring ring;
	int result = ring_open(&ring);

	if (!answer || result < 0)
		return outcome("io_uring_setup", result < 0 ? result : -ENOMEM);
	if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_PROBE, answer, 256) < 0)
		return outcome("IORING_REGISTER_PROBE", -errno);
	printf("%u\n", answer->last_op + 1U);
	free(answer);
	return 0;
}

/* What the holder of a ring that was handed over has to know. */
struct gift {
	struct io_uring_params params;
	uint64_t sqes; /* where the giver has them: addresses of a request are the giver's */
};

/* Hand a ring whose submissions a thread of the kernel takes, with the credentials of now, to a program as standard
 * input. */
static int give(char *const *argv)
{
	struct gift gift;
	char text[2 * sizeof(gift) + 1];
	const struct io_uring_sqe nop = prepare(IORING_OP_NOP, -1, NULL, 0, 0);
	struct ring ring;
	int fd = ring_setup(&gift.params, IORING_SETUP_SQPOLL), status;
	pid_t child;

	if (fd < 0 || ring_map(&ring, fd, &gift.params) < 0 || ring_do(&ring, &nop) < 0 || dup2(fd, STDIN_FILENO) < 0)
		return outcome("io_uring_setup", fd < 0 ? fd : -errno);
	gift.sqes = pointer(ring.sqes);
	for (size_t i = 0; i < sizeof(gift); i++)
		snprintf(text + 2 * i, 3, "%02x", ((unsigned char *)&gift)[i]);
	setenv("RING_GIVEN", text, 1);
	/* The thread belongs to whoever made the ring, and would end when that executes another program. */
	child = fork();
	if (child == 0) {
		execvp(argv[0], argv);
		_exit(3);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return outcome("fork", -errno);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

/* Read a file through such a ring, without one call that a filter could close. */
static int use_given(char *const *arguments)
{
	const char *text = getenv("RING_GIVEN");
	struct gift gift = { 0 };
	struct io_uring_sqe sqe = prepare(IORING_OP_OPENAT, AT_FDCWD, NULL, 0, 0);
	struct ring ring;
	int result;

	for (size_t i = 0; text && i < sizeof(gift); i++) {
		char byte[3] = { text[2 * i], text[2 * i + 1], 0 };

		((unsigned char *)&gift)[i] = (unsigned char)strtoul(byte, NULL, 16);
	}
	result = ring_map(&ring, STDIN_FILENO, &gift.params);
	if (result < 0)
		return outcome("mmap", result);
	ring.given = true;
	/* the path goes where the giver can read it */
	snprintf((char *)&ring.sqes[ENTRIES - 2], 2 * sizeof(sqe), "%s", arguments[0]);
	sqe.addr = gift.sqes + (ENTRIES - 2) * sizeof(sqe);
	sqe.open_flags = O_RDONLY | O_CLOEXEC;
	return outcome("given", ring_do(&ring, &sqe));
}

int main(int argc, char **argv)
{
	struct ring ring;
	int result;

	if (argc == 2 && strcmp(argv[1], "probe") == 0)
		return probe();
	if (argc > 2 && strcmp(argv[1], "give") == 0)
		return give(argv + 2);
	if (argc == 3 && strcmp(argv[1], "given") == 0)
		return use_given(argv + 2);
	for (size_t i = 0; argc > 1 && i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(argv[1], "--list") == 0)
			printf("%s\n", operations[i].name);
		if (strcmp(operations[i].name, argv[1]) != 0 || argc - 2 != operations[i].arguments)
			continue;
		result = ring_open(&ring);
		if (result < 0)
			return outcome("io_uring_setup", result);
		result = operations[i].act(&ring, argv + 2);
		/* the kernel was built without it, or is older */
		if (result == -EINVAL || result == -EOPNOTSUPP || result == -EPROTONOSUPPORT || result == -EAFNOSUPPORT)
			return end(2, "can't be tried here", argv[1], -result);
		return outcome(argv[1], result);
	}
	return argc == 2 && strcmp(argv[1], "--list") == 0 ? 0 : end(3, "broken", "usage", EINVAL);
}
