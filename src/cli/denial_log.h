/* denial_log.h - a log of denials as a whole: for each id its last line. */
#ifndef CORDON_CLI_DENIAL_LOG_H
#define CORDON_CLI_DENIAL_LOG_H

#include <stdio.h>

#include "cli/denial_record.h"

struct denial_records {
	struct denial_record *items; /* in the order in which the ids first occur; lines of events by themselves */
	size_t count, capacity;
	size_t *slots; /* hash table over the ids: index + 1, 0: free */
	size_t slot_count;
};

/* Reads @file to its end. @broken hears of each line that is none (from 1), and why (static). Returns 0, or -EIO. */
int denial_records_read(FILE *file, struct arena *arena,
			void (*broken)(void *context, unsigned long line, const char *why), void *context,
			struct denial_records *ret);

#endif
