/* confine.h - threads to be confined, and what they try: cordon.h alone, as its users see it. */
#ifndef CORDON_TESTS_CONFINE_H
#define CORDON_TESTS_CONFINE_H

#include <pthread.h>
#include <stdbool.h>

#include "cordon/cordon.h"
#include "tap.h"

#define NOBODY 65534

/* std/c-runtime, /etc/hostname, and @lines ("" or "  LINE\n..."). */
struct cordon_policy *confine_policy(const char *lines);
/* The whole policy. */
struct cordon_policy *confine_policy_text(const char *text);
/* cordon_confine() with a message on failure. */
int confine_now(const struct cordon_policy *policy);
/* It must give @expected and an error that has @words (NULL: none is looked at). */
void confine_refused(const struct cordon_policy *policy, const struct cordon_confine_options *options, int expected,
		     const char *words);
/* From now on a user without privileges, whom /proc still shows everything of his own. */
void become_nobody(void);

/* What the calling thread can do. NULL: exactly what confine_policy("") allows; else what is wrong. */
const char *confined_wrongly(void);
/* The same for a thread that nobody has confined. */
const char *free_wrongly(void);
/* Has the process no_new_privs or a filter that it hadn't when the test began? */
bool has_begun_to_confine(void);

enum pastime { BUSY, IN_READ, IN_FUTEX, IN_POLL, IN_SLEEP, PASTIMES };

/* A thread that does something, and tells what it can do when it is asked. */
struct worker {
	pthread_t thread;
	enum pastime pastime;
	int pipe[2];
	bool ready;
	int go_on; /* a futex */
	const char *before, *after;
	const char *disturbed; /* how its pastime ended, if not as it should */
};
void worker_start(struct worker *worker, enum pastime pastime);
/* Ends the pastime, and the thread; then @after is set. */
void worker_end(struct worker *worker);

#endif
