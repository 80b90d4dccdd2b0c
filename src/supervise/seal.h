/* seal.h - `wx sealed`: which images of programs are done with loading.
 *
 * An image is what one exec made of a process. The kernel keeps a vector of facts about it (/proc/PID/auxv: where the
 * program, the loader, the vdso and 16 random bytes lie) that the program can't change, that a fork copies, and that
 * the next exec makes anew; where addresses are random, so is this. A sealed image is remembered by it. What can't be
 * looked at counts as sealed, and when the memory for images is full every image does. */
#ifndef CORDON_SUPERVISE_SEAL_H
#define CORDON_SUPERVISE_SEAL_H

#include "supervise/event.h"

struct seal {
	uint64_t *images; /* open addressing, 0: free; NULL: no memory, so everything is sealed */
	size_t count;
};

/* Call it once in the process that answers. */
void seal_init(struct seal *seal);
void seal_release(struct seal *seal);

/* The image that makes the waiting call @event has loaded what it needs: the call may go on. */
void seal_close(struct seal *seal, int listener, const struct event *event);
/* Did it, or isn't it to be found out? */
bool seal_is_closed(const struct seal *seal, int listener, const struct event *event);

#endif
