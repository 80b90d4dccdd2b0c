/* probe_attempt.h - the attempts behind the probe table. Each runs in a child of its own, does the thing for real,
 * and says what it did; the child's end undoes it. */
#ifndef CORDON_PLATFORM_PROBE_ATTEMPT_H
#define CORDON_PLATFORM_PROBE_ATTEMPT_H

#include "platform/probe.h"

#define PROBE_DETAIL_SIZE 200
#define PROBE_TIMEOUT_S 3

/* In memory shared with the parent. */
struct attempt {
	int argument; /* from the table */
	int value;    /* what the attempt returned */
	bool done;    /* false: the child was killed before it could tell */
	char detail[PROBE_DETAIL_SIZE];
	struct kernel_caps caps; /* attempt_namespaces_quick only */
};

/* > 0: available (the value), else -errno or 0: not. Detail is always set. */
typedef int attempt_function(struct attempt *attempt);

/* Run @function in a child; at most PROBE_TIMEOUT_S. 0, or -errno when there could be no child. */
must_check int attempt_run(attempt_function *function, struct attempt *attempt);
/* Memory for attempt_run(); NULL when there is none. */
struct attempt *attempt_new(void);
void attempt_free(struct attempt *attempt);

__attribute__((format(printf, 2, 3))) void attempt_say(struct attempt *attempt, const char *format, ...);
/* "WHAT: ERRNO text"; returns -error. */
int attempt_fail(struct attempt *attempt, const char *what, int error);

attempt_function attempt_landlock, attempt_seccomp, attempt_notify, attempt_mdwe, attempt_token; /* probe_restrict.c */
attempt_function attempt_exec_check;                                                             /* probe_restrict.c */
attempt_function attempt_userns, attempt_privileged, attempt_namespace, attempt_mount_setattr;   /* probe_spaces.c */
attempt_function attempt_cgroup2, attempt_cgroup2_cpu, attempt_namespaces_quick;                 /* probe_spaces.c */
attempt_function attempt_bpf_lsm;                                                                /* probe_bpf.c */
attempt_function attempt_i386, attempt_x32;                                                      /* probe_arch.c */

/* Without a child: fills in what a privileged caller can make by way of namespaces and mounts. False: only an attempt tells
 * (probe_spaces.c). */
bool namespaces_look(struct kernel_caps *caps);
/* Without a child: true when execveat ignores the upper halves (probe_restrict.c). */
bool token_ignored(void);
/* Without a child: does execveat() know AT_EXECVE_CHECK? (probe_restrict.c) */
bool exec_check_known(void);

#endif
