/* event.h - one system call that the filter handed over: what the kernel tells of it, and whose it is. */
#ifndef CORDON_SUPERVISE_EVENT_H
#define CORDON_SUPERVISE_EVENT_H

#include <linux/seccomp.h>

#include "base/cleanup.h"
#include "policy/model.h"

struct event {
	uint64_t id;    /* of the notification */
	pid_t thread;   /* as we see it; 0: it is in a pid namespace that we don't see into */
	enum arch arch; /* ARCH_COUNT: one that we don't know */
	uint32_t nr;    /* as in seccomp_data.nr */
	int call;       /* row of call_table, -1: unknown */
	const uint64_t *args;
	struct verdict verdict; /* of the policy, by registers alone */
};

/* What @notif says. @verdict is left to the caller. @args points into @notif. */
struct event event_read(const struct seccomp_notif *notif);

/* A pidfd of the calling thread (before Linux 6.9: of its process), or -errno. The number may be a stranger's by now: only a
 * notification that is still valid afterwards (event_is_pending) says that it was, and is, the caller's. */
must_check int event_open_thread(const struct event *event);
bool event_is_pending(int listener, const struct event *event);

#endif
