/* threads.h - stop all other threads of this process, let each of them do something to itself, let them go on.
 *
 * The kernel keeps capabilities and Landlock domains per thread, and only a thread itself can change them. So each is
 * interrupted by a real-time signal whose disposition is the default one (it is borrowed for the moment) and waits in the
 * handler. Either all threads wait there, or all go on as if nothing had been.
 *
 * From threads_stop() on until threads_release() a stopped thread may hold any lock of libc or of the program: nothing
 * but async-signal-safe calls. The signals of the caller are blocked for as long.
 * This is the one place of the library with static data: a signal has no other way to find what it is about. */
#ifndef CORDON_ENFORCE_THREADS_H
#define CORDON_ENFORCE_THREADS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"

enum threads_obstacle {
	THREADS_NO_PROC,   /* /proc/self/task can't be read, so nobody knows which threads there are */
	THREADS_NO_SIGNAL, /* every real-time signal has a handler or is ignored */
	THREADS_BLOCKED,   /* @thread blocks the signal */
	THREADS_ASLEEP,    /* @thread is in a sleep that no signal ends, or isn't scheduled */
	THREADS_STRICT,    /* @thread is in seccomp's strict mode: it may do nothing at all */
};

/* Why not, and what has to be kept until threads_release(). */
struct threads {
	enum threads_obstacle obstacle;
	pid_t thread;  /* whom the obstacle or the failure is about, or 0 */
	char name[16]; /* its name */
	size_t count;  /* of the others; 0: there is nobody else */
	bool filtered; /* some thread, this one included, has a seccomp filter already */
	int signal;    /* borrowed; 0: none */
	uint64_t mask; /* of the caller, as the kernel keeps it */
	struct sigaction action;
};

/* One at a time: -EBUSY while another thread has claimed it. Needed for threads_stop(). */
must_check int threads_claim(void);
void threads_disclaim(void);

/* 0: every other thread waits. -EBUSY after at most @timeout_ms: see ret->obstacle; nothing has changed. */
must_check int threads_stop(unsigned timeout_ms, struct threads *ret);
/* Every stopped thread calls @work(@context), and goes on waiting. 0, or the error of one that failed (ret->thread). */
must_check int threads_run(struct threads *threads, int (*work)(void *context), void *context);
/* The signal is no longer needed: its disposition is what it was. Before a filter that may deny to say so. */
void threads_return_signal(struct threads *threads);
/* They go on. Its disposition (where not done before) and the caller's mask are what they were. */
void threads_release(struct threads *threads);

#endif
