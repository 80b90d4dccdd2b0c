/* look.h - which objects a call is about, read from the caller's memory: for `run --permissive` alone, where nothing is
 * enforced. The program may change that memory at any time: nothing may be allowed because of what is found here. */
#ifndef CORDON_SUPERVISE_LOOK_H
#define CORDON_SUPERVISE_LOOK_H

#include "plan/calls.h"
#include "policy/decision.h"
#include "supervise/event.h"

struct look {
	const struct model *model;
	uint32_t uid;
	const struct event *event;
	struct arena *arena;
	/* Hears of each request of the call that the policy doesn't allow. */
	void (*found)(void *context, const struct decision *decision);
	void *context;
	unsigned count; /* of them */
};

/* Puts the objects of look->event, which waits for its answer, to the model. What can't be read or found is left out: then
 * the kernel has its own no. */
void look_at(struct look *look);

/* @policy with the calls that look_at() knows handed over where they are allowed. */
void look_hand_over(const struct call_policy *policy, struct arena *arena, struct call_policy *ret);

/* ---- between look.c and look_net.c ---- */

bool look_read(const struct look *look, uint64_t address, void *buffer, size_t size);
/* @request with its text: found() hears of it unless it is allowed. */
void look_decide(struct look *look, const struct request *request, const char *text);
/* connect, bind, sendto, sendmsg, listen. False: none of them. */
bool look_at_net(struct look *look, const char *call);
extern const char *const look_net_calls[];
extern const size_t look_net_call_count;

#endif
