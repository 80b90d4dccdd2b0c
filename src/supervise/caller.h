/* caller.h - who made a call that was handed over: its process and the program that runs in it. For the record only: a name
 * in /proc is the program's to choose, so nothing is decided by it. */
#ifndef CORDON_SUPERVISE_CALLER_H
#define CORDON_SUPERVISE_CALLER_H

#include "base/arena.h"
#include "supervise/event.h"

struct caller {
	pid_t process;       /* as we see it; 0: not known */
	const char *program; /* path of what it executes, its bytes as they are; NULL: not known */
};

/* Who waits for the answer to @event at @listener. What can't be known is 0 and NULL. Strings in @arena. */
struct caller caller_find(int listener, const struct event *event, struct arena *arena);
/* The process of thread @tid, or -ESRCH. */
must_check pid_t caller_process(pid_t tid);
/* The program of @process, or NULL. */
const char *caller_program(pid_t process, struct arena *arena);

#endif
