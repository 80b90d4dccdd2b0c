/* mix.h - the recorded histograms (bench/histograms): how often programs make each call. */
#ifndef CORDON_BENCH_MIX_H
#define CORDON_BENCH_MIX_H

#include <stddef.h>

#include "base/arena.h"

#define MIX_PROGRAMS_MAX 16

struct mix {
	const char *programs[MIX_PROGRAMS_MAX];
	double *shares[MIX_PROGRAMS_MAX]; /* by row of call_table: part of the program's calls */
	size_t count;
	double *all; /* each program counts alike */
};

/* Reads bench/histograms/NAME.tsv below the source tree (environment CORDON_SOURCE), by name. Ends the benchmark when one
 * can't be read, or names a call that the tables don't know. */
void mix_read(struct mix *ret, struct arena *arena);

#endif
