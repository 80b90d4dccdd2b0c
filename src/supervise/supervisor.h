/* supervisor.h - answers what the filter hands over: event -> decide -> respond -> record.
 *
 * The policy of all layers, joined, says what holds by the registers alone; the kernel keeps those for the time of the
 * call, so nobody can change them any more. What the plan asks (VERDICT_ASK) goes to the call's responder, a row of a
 * table; a denial that was handed over to be recorded gets the same errno that the filter would have given. Nothing here
 * reads memory of the program, and a call without responder is denied. */
#ifndef CORDON_SUPERVISE_SUPERVISOR_H
#define CORDON_SUPERVISE_SUPERVISOR_H

#include "enforce/enforce.h"
#include "supervise/event.h"
#include "supervise/seal.h"

/* A responder's word for "let the call go on": allowed only where registers alone have decided. */
#define ANSWER_CONTINUE 1

struct supervisor {
	struct attendant attendant; /* for struct launch */
	const struct plan *plan;
	struct call_policy calls; /* for struct launch */
	const uint8_t *listen_ports;
	struct seal seal;
	/* Everything goes on: @watched hears of each call that was handed over, instead of responders and @denied. */
	bool permissive;
	void (*watched)(void *recorder, const struct event *event);
	/* Hears of each denial: the policy's, and those of responders (@error: the errno that was answered).
	 * NULL: nobody wants to know. */
	void (*denied)(void *recorder, const struct event *event, int error);
	void *recorder;
};

/* For @plan, which has to outlive it; allocates in @arena now, and nothing later. */
void supervisor_init(struct supervisor *supervisor, const struct plan *plan, struct arena *arena);

#endif
