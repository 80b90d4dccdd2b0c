/* fault.h - start a program whose system calls are failed one by one: a tracer that lets everything happen but one call,
 * which returns an errno without reaching the kernel.
 *
 * Calls are counted per task from the first exec on, tasks in the order in which they were made. A task that executes
 * again is the program that the first one was to start: its calls are not counted, and neither are those of its
 * children. */
#ifndef CORDON_TESTS_FAULT_H
#define CORDON_TESTS_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#define FAULT_TASKS 16
#define FAULT_CALLS 1024

struct fault {
	unsigned task; /* 0: the program itself, 1: its first child ... */
	unsigned call; /* of this task, from 0 */
	int error;     /* errno to return; 0: fail nothing, only count */
};

/* Which calls a run made: what there is to fail. */
struct fault_record {
	unsigned tasks;
	unsigned begins; /* the first call of task 0 that is Cordon's own: it opens /dev/null */
	unsigned counts[FAULT_TASKS];
	long calls[FAULT_TASKS][FAULT_CALLS]; /* numbers */
};

struct fault_outcome {
	bool reached; /* the fault */
	bool hung;    /* ended by the tracer */
	bool left;    /* ended by the tracer, but the first task had ended by itself */
	long call;    /* number of the failed one */
	int status;   /* of the first task, as waitpid gives it */
	char out[16384], err[16384];
};

/* Run @argv with @envp. @record may be NULL. The caller has no other children. */
void fault_run(char *const *argv, char *const *envp, const struct fault *fault, struct fault_record *record,
	       struct fault_outcome *ret);

#endif
