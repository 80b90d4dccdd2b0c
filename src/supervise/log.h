/* log.h - denials as JSON lines (schema cordon.denial/1, cordon-denial(5)): one event, one line.
 *
 * The first of equal denials is written at once; repeats are counted, and a line with the same id and the count so far
 * follows once a second and at the end. How many different ones are remembered, and how many lines a second are written, is
 * bounded: what exceeds that is counted in a line of its own ("event": "suppressed"). Nothing here blocks. */
#ifndef CORDON_SUPERVISE_LOG_H
#define CORDON_SUPERVISE_LOG_H

#include <time.h>

#include "enforce/enforce.h"
#include "supervise/denial.h"
#include "supervise/sink.h"

#define LOG_ENTRIES_MAX 512
#define LOG_LINES_PER_SECOND 100
#define LOG_DOMAIN_SIZE 9 /* eight hexadecimal digits and the end */

struct log_entry {
	uint64_t hash;
	char *body;      /* the line without what changes; NULL: free */
	unsigned number; /* of the id */
	pid_t process;   /* of the first */
	uint64_t count, written;
	struct timespec first, last; /* CLOCK_REALTIME */
};

struct denial_log {
	struct attendant attendant; /* for struct launch: wakes once a second while something is left to say */
	struct sink sink;
	char domain[LOG_DOMAIN_SIZE];
	bool permissive;
	struct log_entry entries[LOG_ENTRIES_MAX];
	unsigned next_number;
	int64_t second_ns;   /* CLOCK_MONOTONIC: when the current second began */
	unsigned lines;      /* written in it */
	uint64_t suppressed; /* not said yet */
	struct timespec suppressed_first, suppressed_last;
	bool kill_told; /* which call a `kill` was about is recorded */
	uint64_t total; /* denials so far */
};

/* Opens @where (sink.h) and draws the domain's name. Returns 0, or -errno with a diagnostic. */
must_check int denial_log_open(struct denial_log *log, const char *where, struct diags *diags);
/* Everything that is left to say is written, and the sink closed. */
void denial_log_close(struct denial_log *log);

/* Calls @body with memory that is freed afterwards. Where there is none left, the denial counts as suppressed. */
void denial_log_with_arena(struct denial_log *log,
			   void (*body)(struct denial_log *log, struct arena *arena, void *context), void *context);
/* Counts one that couldn't be looked at. */
void denial_log_suppress(struct denial_log *log);

void denial_log_record(struct denial_log *log, const struct denial *denial);

#endif
