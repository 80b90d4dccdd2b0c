/* enforce.h - programs -> kernel: the only folder that makes irreversible calls.
 *
 * Two halves. confinement_prepare() runs in the caller: it allocates, emits, opens, looks up, and can fail with words.
 * confinement_start() makes only async-signal-safe calls between the first irreversible one and exec, follows a list of
 * steps that was made before, and reports a failure as (step, errno). Either everything is applied or nothing runs. */
#ifndef CORDON_ENFORCE_ENFORCE_H
#define CORDON_ENFORCE_ENFORCE_H

#include "base/cleanup.h"
#include "base/diag.h"
#include "plan/cbpf.h"
#include "plan/plan.h"

struct launch {
	const char *program; /* path of what to execute (already looked up in PATH) */
	char *const *argv;
	char *const *envp;   /* the caller's environment; the plan's env statements are applied to it */
	const int *keep_fds; /* descriptors above 2 that stay open */
	size_t keep_fd_count;
	/* Answers one pending listen() of the program (supervise/listen.h); needed where the plan has a layer that
	 * listens. @ports: bit per TCP port. 0, or -errno when the listener can't be served any more. */
	int (*serve)(int listener, const uint8_t *ports);
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
 * otherwise it keeps this process as the parent (forwards signals, keeps job control, answers listen()) and
 * returns 0 with the wait status of the program in *ret_status (as waitpid gives it). Failure: -errno with a C06xx
 * diagnostic that names the step; nothing of the program ran. -ENOENT and -EACCES are about the program's file,
 * -ECANCELED is any other step. What was applied to this process before stays: leave soon. When the program's file
 * can't be executed once a filter stands, there is no way back: a short message, and the process ends. The parent
 * gives up its privileges but those for signals and listen(), and can't be dumped or traced any more. */
must_check int confinement_start(struct confinement *confinement, struct diags *diags, int *ret_status);

/* The exit status that a failed prepare or start means: 127 not found, 126 not executable, 125 not set up. */
int confinement_exit_status(int result);

#endif
