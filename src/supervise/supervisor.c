/* supervisor.c - see supervisor.h. */
#include "supervise/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include "supervise/listen.h"

/* ---- decide ---- */

typedef int respond_function(struct supervisor *supervisor, const struct event *event);

static int respond_listen(struct supervisor *supervisor, const struct event *event)
{
	return supervisor->listen_ports ? listen_answer(supervisor->attendant.fd, event, supervisor->listen_ports)
					: -EPERM;
}

/* Of a mapping that was asked for with PROT_EXEC the registers and the kernel's own facts about the caller decide. */
static int respond_mapping(struct supervisor *supervisor, const struct event *event)
{
	return seal_is_closed(&supervisor->seal, supervisor->attendant.fd, event) ? -EPERM : ANSWER_CONTINUE;
}

/* What a loader does when it has mapped everything, or nobody should do before. */
static int respond_loaded(struct supervisor *supervisor, const struct event *event)
{
	seal_close(&supervisor->seal, supervisor->attendant.fd, event);
	return ANSWER_CONTINUE;
}

static const struct {
	const char *call;
	respond_function *respond;
} responders[] = {
	{ "listen", respond_listen },       { "mmap", respond_mapping },          { "mmap2", respond_mapping },
	{ "mprotect", respond_mapping },    { "pkey_mprotect", respond_mapping }, { "set_tid_address", respond_loaded },
	{ "memfd_create", respond_loaded }, { "memfd_secret", respond_loaded },
};

static int respond(struct supervisor *supervisor, const struct event *event)
{
	for (size_t i = 0; i < ARRAY_SIZE(responders); i++)
		if (event->call >= 0 && !strcmp(call_table[event->call].name, responders[i].call))
			return responders[i].respond(supervisor, event);
	return -EPERM;
}

static void record(struct supervisor *supervisor, const struct event *event, int error)
{
	if (supervisor->denied)
		supervisor->denied(supervisor->recorder, event, error);
}

static int refuse(struct supervisor *supervisor, const struct event *event)
{
	const int error = event->verdict.error ? event->verdict.error : EPERM;

	record(supervisor, event, error);
	return -error;
}

/* 0, -errno or ANSWER_CONTINUE. */
static int decide(struct supervisor *supervisor, const struct event *event)
{
	int answer;

	if (supervisor->permissive) {
		supervisor->watched(supervisor->recorder, event);
		return ANSWER_CONTINUE;
	}
	switch (event->verdict.kind) {
	case VERDICT_ALLOW: return -EPERM; /* the filter doesn't hand over what is allowed */
	case VERDICT_ASK:
		answer = respond(supervisor, event);
		if (answer == -EACCES || answer == -EPERM)
			record(supervisor, event, -answer);
		return answer;
	case VERDICT_DENY:
	case VERDICT_KILL: return refuse(supervisor, event);
	}
	return -EPERM;
}

/* ---- respond ---- */

/* 0, or -errno when the listener is of no use any more. */
static int serve(struct supervisor *supervisor)
{
	const int listener = supervisor->attendant.fd;
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { 0 };
	struct event event;
	int answer;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return errno == ENOENT || errno == EINTR ? 0 : -errno;
	event = event_read(&request);
	event.verdict = call_policy_decide(&supervisor->calls, event.arch, event.nr, event.args);
	answer = decide(supervisor, &event);
	response.id = request.id;
	if (answer == ANSWER_CONTINUE)
		response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else
		response.error = answer;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT ? -errno : 0;
}

static enum attendance attend(struct attendant *attendant, short events, const struct attended *attended)
{
	struct supervisor *supervisor = (struct supervisor *)attendant;
	int result = 0;

	(void)attended;
	if (events & POLLIN)
		result = serve(supervisor);
	/* Hung up: no process has the filter any more. */
	if (result == 0 && (events & POLLIN || !(events & (POLLHUP | POLLERR))))
		return ATTEND_ON;
	cleanup_close(&attendant->fd); /* whoever waits for an answer gets ENOSYS */
	return ATTEND_DROP;
}

static void begin(struct attendant *attendant, const struct attended *attended)
{
	struct supervisor *supervisor = (struct supervisor *)attendant;

	(void)attended;
	seal_init(&supervisor->seal);
}

static void end(struct attendant *attendant, int wait_status, const struct rusage *usage)
{
	struct supervisor *supervisor = (struct supervisor *)attendant;

	(void)wait_status;
	(void)usage;
	cleanup_close(&attendant->fd);
	attendant->fd = -1;
	seal_release(&supervisor->seal);
}

void supervisor_init(struct supervisor *supervisor, const struct plan *plan, struct arena *arena)
{
	const struct call_policy **policies = arena_alloc(arena,
							  (plan->layer_count + 1) * sizeof(const struct call_policy *));

	for (size_t i = 0; i < plan->layer_count; i++)
		policies[i] = &plan->layers[i].calls;
	*supervisor = (struct supervisor){
		.attendant = { .fd = -1, .wake_ns = INT64_MAX, .begin = begin, .attend = attend, .end = end },
		.plan = plan,
		.listen_ports = plan_listen_ports(plan, arena),
	};
	call_policy_join(policies, plan->layer_count, arena, &supervisor->calls);
}
