/* confine.h - ask the running kernel what a filter says: make calls in a child that carries it. */
#ifndef CORDON_TESTS_PROP_CONFINE_H
#define CORDON_TESTS_PROP_CONFINE_H

#include "generate.h"
#include "plan/cbpf.h"

/* Calls of the native architecture that do nothing whatever their arguments are; the kernel looks at none of them. */
extern const char *const harmless_calls[];
extern const size_t harmless_call_count;

struct question {
	struct call_request request;
	bool deadly; /* expected to end in SIGSYS: asked in a process of its own */
	/* the answer */
	bool asked;
	bool killed;
	long result; /* as the kernel returns it: -errno */
};

/* Install @programs (the first one first) in a child that then makes the calls. 0, or -errno when there was no child or
 * a program could not be installed. What is left unanswered has asked == false. */
must_check int confine_ask(const struct cbpf *programs, size_t count, struct question *questions,
			   size_t question_count);

#endif
