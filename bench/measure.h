/* measure.h - interleaved rounds, medians, and a table with the target beside each ratio. */
#ifndef CORDON_BENCH_MEASURE_H
#define CORDON_BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

/* Rounds of a benchmark: environment ROUNDS, or @rounds. */
size_t measure_rounds(size_t rounds);

/* The middle one; sorts @items. */
uint64_t measure_median(uint64_t *items, size_t count);

/* End with a message on stderr: a benchmark that can't measure says so and fails. */
__attribute__((noreturn, format(printf, 1, 2))) void measure_fail(const char *format, ...);

/* "  0.0431 (at most 0.0500)", and by how much it is missed. */
void measure_target(double ratio, double target);

#endif
