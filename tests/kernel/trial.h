/* trial.h - start a payload under a plan that is made by hand, and see what became of it.
 *
 * A payload is a function of the test program itself: the program executes itself, and a constructor runs the payload
 * instead of the tests. Its result is its exit status; so it runs with nothing but what the plan leaves it. */
#ifndef CORDON_TESTS_TRIAL_H
#define CORDON_TESTS_TRIAL_H

#include "supervise/supervisor.h"
#include "tap.h"

#define TRIAL_LAYERS 3

struct trial {
	struct arena *arena;
	struct diags diags;
	struct plan plan; /* allows everything until it is told otherwise */
	struct layer_plan layers[TRIAL_LAYERS];
	struct launch launch;
	struct supervisor supervisor; /* used where the plan asks */
	/* answers one notification in the supervisor's place, or NULL: 0, or -errno when it can't go on */
	int (*serve)(int listener, const uint8_t *ports);
	bool unattended; /* no supervisor, though the plan asks */
	char *argv[8];
	unsigned uid; /* run as; 0: as the test */
	/* what became of it */
	struct trial_end *end;
};

struct trial_end {
	int result;      /* of prepare or start; 1: start came back with a status, 0: it executed in place */
	int status;      /* wait status of the program */
	char code[8];    /* first diagnostic */
	char text[1024]; /* all of them */
	pid_t pid;       /* of the process that called start */
};

/* @layers layers, all calls allowed on the native architecture. */
void trial_init(struct trial *trial, size_t layers);
void trial_release(struct trial *trial);
/* What @layer answers to @call; deny and kill with @error. */
void trial_call(struct trial *trial, size_t layer, const char *call, enum verdict_kind kind, uint16_t error);
/* Nothing of @layer's calls is allowed. */
void trial_close(struct trial *trial, size_t layer);
/* Landlock: handle @handled; grant @rights at @path. */
void trial_path(struct trial *trial, size_t layer, const char *path, uint64_t rights);
/* The program is payload @name with one argument (may be NULL). */
void trial_payload(struct trial *trial, const char *name, const char *argument);
/* Start and wait. Returns the exit status of the program, 128 + n for a signal, or -1 when the start failed. */
int trial_run(struct trial *trial);
/* Start without waiting: the pid of the process that called start; then trial_wait(). */
pid_t trial_begin(struct trial *trial);
int trial_wait(struct trial *trial, pid_t pid);

/* The same program without any confinement, as the same user: the baseline (T60). */
int trial_baseline(struct trial *trial);

struct payload {
	const char *name;
	int (*run)(const char *argument);
	struct payload *next;
};
void payload_register(struct payload *payload);

#define PAYLOAD(name_)                                                               \
	static int payload_##name_(const char *argument);                            \
	static struct payload entry_##name_ = { #name_, payload_##name_, NULL };     \
	__attribute__((constructor(101))) static void register_payload_##name_(void) \
	{                                                                            \
		payload_register(&entry_##name_);                                    \
	}                                                                            \
	static int payload_##name_(__attribute__((unused)) const char *argument)

#endif
