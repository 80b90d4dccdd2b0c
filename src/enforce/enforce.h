/* enforce.h - programs -> kernel: the only folder that makes irreversible calls.
 *
 * Two halves. confinement_prepare() runs in the caller: it allocates, emits, opens, looks up, and can fail with words.
 * confinement_start() makes only async-signal-safe calls between the first irreversible one and exec, follows a list of
 * steps that was made before, and reports a failure as (step, errno). Either everything is applied or nothing runs. */
#ifndef CORDON_ENFORCE_ENFORCE_H
#define CORDON_ENFORCE_ENFORCE_H

#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "plan/cbpf.h"
#include "plan/plan.h"

/* Whether somebody who stays with the program goes on. */
enum attendance {
	ATTEND_ON,
	ATTEND_DROP, /* he has nothing left to do, or can't: he isn't woken again */
	ATTEND_END,  /* the program has to end now, with all that it started */
};

/* What the parent can tell those who stay with the program. */
struct attended {
	pid_t program; /* the program's first process, as the parent sees it; not waited for yet, so the number is its own */
	pid_t init; /* process 1 of the domain's pid namespace, or 0 */
};

/* Somebody who stays with the program, in the parent: answers, counts, watches a clock (src/supervise/). The parent wakes
 * him when @fd can be read or has hung up, and when @wake_ns has come. He must not block. */
struct attendant {
	int fd;          /* -1: none */
	short wanted;    /* what to wait for, as poll() has it; 0 means POLLIN */
	bool lingers;    /* may have something left to do when the program has ended: he is woken until he is dropped */
	int64_t wake_ns; /* CLOCK_MONOTONIC; INT64_MAX: never */
	/* The program is about to run. NULL: nothing to do */
	void (*begin)(struct attendant *attendant, const struct attended *attended);
	/* @events as poll() says of @fd; 0: it is time. */
	enum attendance (*attend)(struct attendant *attendant, short events, const struct attended *attended);
	/* The program has ended with @wait_status (as waitpid gives it), and used @usage with all children that were waited
	 * for. With launch.ends_domain nothing of the domain runs any more, else orphans may. Those who linger are still
	 * woken after this. NULL: nothing to do */
	void (*end)(struct attendant *attendant, int wait_status, const struct rusage *usage);
};

#define ATTENDANTS_MAX 8
#define KEEPER_FDS_MAX 8

/* Who sets up and takes down what the attendants need, in the process that stays where confinement_spawn() makes it. */
struct keeper {
	/* Right before the start. 0 or -errno */
	int (*start)(struct keeper *keeper);
	/* The program has ended, or wasn't started. The exit status to leave with, or -1: the program's. */
	int (*finish)(struct keeper *keeper);
	int fds[KEEPER_FDS_MAX]; /* descriptors of the attendants, above 2 */
	size_t fd_count;
};

struct launch {
	const char *program; /* path of what to execute (already looked up in PATH) */
	char *const *argv;
	char *const *envp;   /* the caller's environment; the plan's env statements are applied to it */
	const int *keep_fds; /* descriptors above 2 that stay open */
	size_t keep_fd_count;
	/* What becomes 0, 1 and 2 of the program (-1: /dev/null), for confinement_spawn(); NULL: they are as in this process. */
	const int *standard_fds;
	/* Who answers what the filter hands over; needed where the plan hands something over (plan_asks). His fd is set
	 * to the listener before begin(). */
	struct attendant *supervisor;
	/* With a supervisor: the policies of all layers as one (call_policy_join), and what of it is handed over besides what
	 * the plan asks: the kernel gives a task one listener, so there is one filter then. */
	const struct call_policy *calls;
	enum hand_over hand_over;
	bool keeps_capabilities; /* leave them as they are: nothing is enforced */
	bool audited;            /* somebody reads the kernel's records of Landlock's denials */
	/* Writing "0" here makes the program's processes members of a control group; -1 or 0: none is made. */
	int group;
	/* The domain ends with its first process, or when somebody who stays says so (ATTEND_END). Needs Landlock's scope for
	 * signals or a pid namespace. */
	bool ends_domain;
	/* Others who stay; each keeps the parent. */
	struct attendant *const *attendants;
	size_t attendant_count; /* at most ATTENDANTS_MAX */
	struct keeper *keeper;  /* for confinement_spawn(), or NULL */
};

struct confinement;

/* Returns 0 and *ret (in @arena; descriptors are closed by confinement_release), or -errno with a C06xx
 * diagnostic: -EINVAL a plan or launch that can't be carried out, -E2BIG a filter that is too long, -ENOENT the
 * program is not there, -EACCES it can't be executed, -EBADF a descriptor. Of 0, 1 and 2, those that are closed
 * become /dev/null. */
must_check int confinement_prepare(const struct plan *plan, const struct launch *launch, struct arena *arena,
				   struct diags *diags, struct confinement **ret);
void confinement_release(struct confinement *confinement);

/* The list of steps as `--dry-run` shows it. */
void confinement_print(const struct confinement *confinement, struct str *out);
void confinement_json(const struct confinement *confinement, struct json *json);

/* Apply and execute. Where nothing is left to do afterwards it executes in place and returns only on failure;
 * otherwise it keeps this process as the parent (forwards signals, keeps job control, wakes those who stay) and
 * returns 0 with the wait status of the program in *ret_status (as waitpid gives it). Failure: -errno with a C06xx
 * diagnostic that names the step; nothing of the program ran. -ENOENT and -EACCES are about the program's file,
 * -ECANCELED is any other step. What was applied to this process before stays: leave soon. When the program's file
 * can't be executed once a filter stands, there is no way back: a short message, and the process ends. The parent
 * gives up its privileges but those for signals and answers, and can't be dumped or traced any more. */
must_check int confinement_start(struct confinement *confinement, struct diags *diags, int *ret_status);

/* The exit status that a failed prepare or start means: 127 not found, 126 not executable, 125 not set up. */
int confinement_exit_status(int result);

#endif
