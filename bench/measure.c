#include "measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

size_t measure_rounds(size_t rounds)
{
	const char *text = getenv("ROUNDS");
	const long given = text ? strtol(text, NULL, 10) : 0;

	return given > 0 ? (size_t)given : rounds;
}

static int by_size(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

uint64_t measure_median(uint64_t *items, size_t count)
{
	qsort(items, count, sizeof(*items), by_size);
	return items[count / 2];
}

void measure_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void measure_target(double ratio, double target)
{
	printf("  %.4f (at most %.4f)", ratio, target);
	if (ratio > target)
		printf(" missed by %.2fx", ratio / target);
}
