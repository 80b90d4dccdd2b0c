/* audit.c - see audit.h. */
#include "supervise/audit.h"

#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/resolve.h"

#define RECORD_MAX 9000 /* MAX_AUDIT_MESSAGE_LENGTH and the header */
#define RECORDS_AT_ONCE 64
#define BUFFER_SIZE (1 << 20)
#define PENDING_ARENA_SIZE ((size_t)1 << 20)
/* Records of an event come one behind the other; without a system call's record there is no end. */
#define PATIENCE_NS INT64_C(200000000)

/* ---- open ---- */

/* 1: auditing is on, 0: off, or -errno. */
static int is_on(void)
{
	auto_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	struct {
		struct nlmsghdr header;
		union {
			struct audit_status status;
			struct nlmsgerr error;
		} u;
	} message = {
		.header = { .nlmsg_len = sizeof(message.header), .nlmsg_type = AUDIT_GET, .nlmsg_flags = NLM_F_REQUEST }
	};
	struct pollfd polled = { .fd = fd, .events = POLLIN };

	if (fd < 0 || send(fd, &message, message.header.nlmsg_len, 0) < 0)
		return -errno;
	memset(&message, 0, sizeof(message));
	if (poll(&polled, 1, 1000) != 1 || recv(fd, &message, sizeof(message), MSG_DONTWAIT) < 0)
		return -EPERM;
	if (message.header.nlmsg_type == NLMSG_ERROR)
		return message.u.error.error ? message.u.error.error : -EPERM;
	return message.header.nlmsg_type == AUDIT_GET && message.u.status.enabled;
}

/* The kernel sends to the first network namespace only. */
static bool in_first_network(void)
{
	char here[64] = "", first[64] = "";

	return readlink("/proc/self/ns/net", here, sizeof(here) - 1) < 0 ||
	       readlink("/proc/1/ns/net", first, sizeof(first) - 1) < 0 || !strcmp(here, first);
}

static int open_socket(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1) };
	auto_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);
	const int size = BUFFER_SIZE;

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return take_fd(&fd);
}

/* ---- events ---- */

static bool is_ours(const struct audit *audit, uint64_t domain)
{
	for (size_t i = 0; i < audit->domain_count; i++)
		if (audit->domains[i] == domain)
			return true;
	return false;
}

/* Made by the program's process before it became the program. */
static void learn_domain(struct audit *audit, const struct audit_event *event)
{
	if (event->makes_domain && event->maker == audit->program && event->maker_program &&
	    !strcmp(event->maker_program, audit->self) && audit->domain_count < AUDIT_DOMAINS_MAX &&
	    !is_ours(audit, event->domain))
		audit->domains[audit->domain_count++] = event->domain;
}

static void record_kill(struct audit *audit, const struct audit_event *event, struct arena *arena)
{
	static const uint64_t no_args[6];
	enum arch arch = 0;
	struct denial denial = {
		.caller = { .process = event->process, .program = event->program },
		.verdict = { .kind = VERDICT_KILL },
		.mechanism = "seccomp",
		.note = "arguments are not told",
	};
	struct str text;

	while (arch < ARCH_COUNT && (arch_table[arch].audit_arch != event->arch ||
				     (arch == ARCH_X32) != (event->nr >= X32_SYSCALL_BIT && arch <= ARCH_X32)))
		arch++;
	str_init(&text, arena);
	call_print(arch, event->nr, no_args, &text);
	denial.request = arena_strndup(arena, text.text, strcspn(text.text, "("));
	denial_log_record(audit->log, &denial);
	audit->log->kill_told = true;
}

static void settle(struct audit *audit, struct audit_pending *pending)
{
	const struct audit_event *event = &pending->event;
	struct denial denial;

	if (!pending->arena)
		return;
	if (!setjmp(*arena_catch(pending->arena))) {
		learn_domain(audit, event);
		if (event->is_access && is_ours(audit, event->domain)) {
			denial = audit_denial(event, audit->model, geteuid(), pending->arena);
			denial_log_record(audit->log, &denial);
		} else if (event->is_kill && event->process == audit->program) {
			record_kill(audit, event, pending->arena);
		}
	}
	arena_uncatch(pending->arena);
	arena_free(pending->arena);
	pending->arena = NULL;
}

static void settle_all(struct audit *audit)
{
	for (size_t i = 0; i < AUDIT_PENDING_MAX; i++)
		settle(audit, &audit->pending[i]);
	audit->attendant.wake_ns = INT64_MAX;
}

/* ---- records ---- */

static bool matters(unsigned type)
{
	return type == AUDIT_TYPE_LANDLOCK_ACCESS || type == AUDIT_TYPE_LANDLOCK_DOMAIN || type == AUDIT_SECCOMP;
}

static struct audit_pending *find_pending(struct audit *audit, uint64_t serial)
{
	for (size_t i = 0; i < AUDIT_PENDING_MAX; i++)
		if (audit->pending[i].arena && audit->pending[i].event.serial == serial)
			return &audit->pending[i];
	return NULL;
}

static struct audit_pending *new_pending(struct audit *audit, uint64_t serial)
{
	struct audit_pending *pending = &audit->pending[audit->next++ % AUDIT_PENDING_MAX];
	struct timespec now;

	settle(audit, pending);
	*pending = (struct audit_pending){ .arena = arena_new(PENDING_ARENA_SIZE), .event = { .serial = serial } };
	clock_gettime(CLOCK_MONOTONIC, &now);
	audit->attendant.wake_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + PATIENCE_NS;
	return pending->arena ? pending : NULL;
}

static void take_record(struct audit *audit, unsigned type, const char *text)
{
	const uint64_t serial = audit_serial(text);
	struct audit_pending *pending = serial ? find_pending(audit, serial) : NULL;

	if (!pending && serial && matters(type))
		pending = new_pending(audit, serial);
	if (!pending)
		return;
	if (!setjmp(*arena_catch(pending->arena)))
		audit_event_add(&pending->event, type, text, pending->arena);
	arena_uncatch(pending->arena);
	if (type == AUDIT_EOE || type == AUDIT_SECCOMP)
		settle(audit, pending);
}

/* False: nothing more is there now. */
static bool receive(struct audit *audit)
{
	union {
		struct nlmsghdr header;
		char bytes[RECORD_MAX + 1];
	} record;
	const ssize_t size = recv(audit->attendant.fd, &record, RECORD_MAX, MSG_DONTWAIT);

	if (size < 0 && errno == ENOBUFS) {
		denial_log_suppress(audit->log);
		return true;
	}
	if (size < (ssize_t)sizeof(record.header))
		return size >= 0;
	record.bytes[size] = '\0';
	take_record(audit, record.header.nlmsg_type, record.bytes + sizeof(record.header));
	return true;
}

/* ---- attend ---- */

static void begin(struct attendant *attendant, const struct attended *attended)
{
	((struct audit *)attendant)->program = attended->program;
}

static enum attendance attend(struct attendant *attendant, short events, const struct attended *attended)
{
	struct audit *audit = (struct audit *)attendant;

	(void)attended;
	if (!events) {
		settle_all(audit);
		return ATTEND_ON;
	}
	for (unsigned i = 0; i < RECORDS_AT_ONCE && receive(audit); i++)
		;
	return ATTEND_ON;
}

/* The last records may still be on their way through the kernel's queue. */
static void end(struct attendant *attendant, int wait_status, const struct rusage *usage)
{
	struct audit *audit = (struct audit *)attendant;
	struct pollfd polled = { .fd = attendant->fd, .events = POLLIN };

	(void)wait_status;
	(void)usage;
	for (unsigned i = 0; i < 100 * RECORDS_AT_ONCE && poll(&polled, 1, 50) == 1; i++)
		(void)receive(audit);
	settle_all(audit);
}

int audit_open(struct audit *audit, struct denial_log *log, const struct model *model, struct arena *arena,
	       const char **ret_why)
{
	char self[PATH_MAX];
	const ssize_t size = readlink("/proc/self/exe", self, sizeof(self));
	const int on = is_on();
	int fd;

	*audit = (struct audit){
		.attendant = { .fd = -1, .wake_ns = INT64_MAX, .begin = begin, .attend = attend, .end = end },
		.log = log,
		.model = model,
	};
	*ret_why = on < 0 ? "the kernel's audit log can't be read" : "auditing is off";
	if (on <= 0 || size <= 0)
		return on < 0 ? on : -ENODATA;
	*ret_why = "the audit log is not readable in a network namespace of its own";
	if (!in_first_network())
		return -ENODATA;
	fd = open_socket();
	*ret_why = "the kernel's audit log can't be read";
	if (fd < 0)
		return fd;
	audit->self = arena_strndup(arena, self, (size_t)size);
	audit->attendant.fd = fd;
	return 0;
}

void audit_close(struct audit *audit)
{
	cleanup_close(&audit->attendant.fd);
	audit->attendant.fd = -1;
	for (size_t i = 0; i < AUDIT_PENDING_MAX; i++)
		arena_free(audit->pending[i].arena);
}
