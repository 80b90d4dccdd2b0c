/* thread_list.h - the threads of this process as /proc tells them. Async-signal-safe, no memory. */
#ifndef CORDON_ENFORCE_THREAD_LIST_H
#define CORDON_ENFORCE_THREAD_LIST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"

/* One thread's /proc/self/task/TID/status. */
struct thread_status {
	pid_t thread;
	char name[16];
	char state;       /* R S D T Z ...; '\0': it has ended meanwhile */
	uint64_t blocked; /* bit n: signal n + 1 */
	uint64_t pending; /* the thread's own; same bits */
	unsigned seccomp; /* 0, 1: strict, 2: filters */
};

/* How many threads there are, from the link count of /proc/self/task: exact, where a listing can miss one while others
 * end. -errno: there is no /proc. */
must_check int thread_count(void);

/* Call @visit with each thread's id until it returns other than 0, which is the result then. -errno: there is no /proc. */
must_check int thread_list(int (*visit)(pid_t thread, void *context), void *context);

/* *ret is zero but for @thread when it has ended. */
void thread_status_read(pid_t thread, struct thread_status *ret);

#endif
