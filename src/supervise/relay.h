/* relay.h - passes a domain's standard output and error on, and counts.
 *
 * The program's descriptors 1 and 2 become pipes; what comes out of them goes to where they led before, in order within each.
 * Nothing is lost while somebody reads, and a slow reader holds up the program, not the parent. */
#ifndef CORDON_SUPERVISE_RELAY_H
#define CORDON_SUPERVISE_RELAY_H

#include <signal.h>

#include "enforce/enforce.h"

#define RELAY_BUFFER 65536

struct relay {
	struct attendant attendant; /* for struct launch */
	int descriptor;             /* 1 or 2 */
	int from, into;             /* the pipe's ends to read and to write */
	int to;                     /* where the descriptor led */
	uint64_t *passed;           /* bytes; shared by the relays of one domain */
	uint64_t limit;             /* of *passed */
	bool *reached;
	bool begun;
	struct sigaction pipe_action; /* the caller's for SIGPIPE */
	size_t start, size;           /* what is in the buffer */
	char buffer[RELAY_BUFFER];
};

/* Make a pipe for @descriptor. @passed, @reached: shared with other relays; the first byte beyond @limit isn't passed on, and
 * ends the domain. Returns 0 or -errno. */
must_check int relay_init(struct relay *relay, int descriptor, uint64_t limit, uint64_t *passed, bool *reached);
/* Put it in the descriptor's place, right before the start. */
must_check int relay_start(struct relay *relay);
/* Put back what was there. */
void relay_release(struct relay *relay);

#endif
