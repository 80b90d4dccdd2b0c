/* relay.c - see relay.h. Either there is something in the buffer, and we wait until it can be written, or there is nothing, and
 * we wait for more: so at most one bufferful is on its way. */
#include "supervise/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "platform/sys.h"

/* What can be written without waiting when poll() says that something can: a pipe has room for this much then. */
#define CHUNK 4096

static void wait_for_more(struct relay *relay)
{
	relay->start = relay->size = 0;
	relay->attendant.fd = relay->from;
	relay->attendant.wanted = POLLIN;
}

static void wait_for_room(struct relay *relay)
{
	relay->attendant.fd = relay->to;
	relay->attendant.wanted = POLLOUT;
}

static enum attendance take(struct relay *relay)
{
	const ssize_t size = *relay->reached ? 0 : read(relay->from, relay->buffer, sizeof(relay->buffer));
	const uint64_t left = relay->limit - *relay->passed;

	if (size < 0)
		return errno == EINTR || errno == EAGAIN ? ATTEND_ON : ATTEND_DROP;
	if (size == 0)
		return ATTEND_DROP;
	if ((uint64_t)size > left)
		*relay->reached = true;
	relay->size = (uint64_t)size > left ? (size_t)left : (size_t)size;
	*relay->passed += relay->size;
	if (relay->size)
		wait_for_room(relay);
	return *relay->reached ? ATTEND_END : ATTEND_ON;
}

/* Nobody reads any more: the program shall find out, as it would without us. */
static enum attendance give_up(struct relay *relay)
{
	cleanup_close(&relay->from);
	relay->from = -1;
	return ATTEND_DROP;
}

static enum attendance pass(struct relay *relay)
{
	const size_t chunk = relay->size - relay->start < CHUNK ? relay->size - relay->start : CHUNK;
	const ssize_t size = write(relay->to, relay->buffer + relay->start, chunk);

	if (size < 0)
		return errno == EINTR || errno == EAGAIN ? ATTEND_ON : give_up(relay);
	relay->start += (size_t)size;
	if (relay->start == relay->size)
		wait_for_more(relay);
	return ATTEND_ON;
}

static enum attendance attend(struct attendant *attendant, short events, const struct attended *attended)
{
	struct relay *relay = (struct relay *)attendant;

	(void)events;
	(void)attended;
	return attendant->fd == relay->from ? take(relay) : pass(relay);
}

/* Only the program shall die of a pipe that nobody reads. Not before it was started: it would inherit that. */
static void begin(struct attendant *attendant, const struct attended *attended)
{
	struct relay *relay = (struct relay *)attendant;
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	(void)attended;
	relay->begun = sigaction(SIGPIPE, &ignore, &relay->pipe_action) == 0;
}

/* Until now a supervised program may have shared our descriptors, and ours were the pipe's ends to write, too. From now on
 * the pipe has no writer, and its end can be seen. */
static void end(struct attendant *attendant, int wait_status, const struct rusage *usage)
{
	struct relay *relay = (struct relay *)attendant;

	(void)wait_status;
	(void)usage;
	dup2(relay->to, relay->descriptor);
}

int relay_init(struct relay *relay, int descriptor, uint64_t limit, uint64_t *passed, bool *reached)
{
	int ends[2];

	*relay = (struct relay){
		.attendant = { .fd = -1,
			       .wake_ns = INT64_MAX,
			       .lingers = true,
			       .begin = begin,
			       .attend = attend,
			       .end = end },
		.descriptor = descriptor,
		.from = -1,
		.into = -1,
		.to = -1,
		.passed = passed,
		.limit = limit,
		.reached = reached,
	};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	relay->from = ends[0];
	relay->into = ends[1];
	if (sys_above_standard(&relay->from) < 0 || sys_above_standard(&relay->into) < 0 ||
	    fcntl(relay->from, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	wait_for_more(relay);
	return 0;
}

int relay_start(struct relay *relay)
{
	relay->to = fcntl(relay->descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (relay->to < 0 || dup2(relay->into, relay->descriptor) < 0)
		return -errno;
	cleanup_close(&relay->into);
	relay->into = -1;
	return 0;
}

void relay_release(struct relay *relay)
{
	if (relay->to >= 0)
		dup2(relay->to, relay->descriptor);
	if (relay->begun)
		sigaction(SIGPIPE, &relay->pipe_action, NULL);
	relay->begun = false;
	cleanup_close(&relay->to);
	cleanup_close(&relay->from);
	cleanup_close(&relay->into);
	relay->to = relay->from = relay->into = relay->attendant.fd = -1;
}
