/* run_report.h - `cordon run --report FILE`: what the run came to and what it used, as one JSON object (cordon.report/1). */
#ifndef CORDON_CLI_RUN_REPORT_H
#define CORDON_CLI_RUN_REPORT_H

#include "cli/cli.h"
#include "supervise/watch.h"

struct run_report {
	int fd; /* -1: none is wanted */
	const char *file;
};

/* Open @file (NULL: no report) before the start, so that a place which can't be written stops the run: made if it isn't there, never
 * through a symbolic link. 0, or -errno with C0720. */
must_check int run_report_open(struct cli *cli, const char *file, struct run_report *ret);
/* Write what became of it. A failure is said; the program's status stays what it is. */
void run_report_write(struct cli *cli, struct run_report *report, const char *program, const struct plan *plan,
		      const struct watch *watch, int wait_status);
void run_report_close(struct run_report *report);

/* "the limit of time (5s) ended it" to standard error, when a limit did. */
void run_report_say(struct cli *cli, const struct plan *plan, const struct watch *watch);

#endif
