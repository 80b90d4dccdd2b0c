/* scale.c - how the cost of a policy grows with its rules: text in memory to filter, stage by stage.
 *
 * Path rules are a mix of what large policies have: trees and single files to read, trees to write to and to change below
 * `isolate mount`, and restrictions beside them. One rule in six is about a system call, under a condition of its own.
 * Times are CPU time, medians. n log n is what ten times the rules may cost. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compile.h"
#include "measure.h"

#define TARGET_MS 1000.0
#define ROUNDS 5
#define ROUNDS_MAX 1001

static const struct size {
	unsigned paths, calls;
} sizes[] = { { 10, 2 }, { 100, 20 }, { 1000, 200 }, { 10000, 2000 } };

static uint64_t times[COMPILE_STAGES + 1][ROUNDS_MAX];

/* ---- the policies ---- */

/* What stands before, between and behind the numbers of the part and of the rule. */
static const char *const paths[][3] = {
	{ "file read /srv/data/part", "/set", "/**" },
	{ "file read /usr/share/app", "/module", "/**" },
	{ "file read /etc/app", "/item", ".conf" },
	{ "file write,create,delete,rename,attr /var/spool/queue", "/job", "/**" },
	{ "file edit /var/lib/store", "/cell", "/**" },
	{ "file read /srv/data/part", "/index", ".json" },
	{ "file read /opt/tool", "/release", "/**" },
	{ "file write,create,attr /var/log/app", "/part", "/**" },
	{ "deny file write /srv/data/part", "/set", "/**" },
	{ "deny file read /home/user", "/secret", "" },
};
static const char *const calls[] = {
	"fcntl if cmd",        "madvise if advice",    "prctl if option",        "lseek if whence",
	"flock if cmd",        "msync if flags",       "clock_gettime if clock", "getpriority if which",
	"ioprio_get if which", "membarrier if cpu_id",
};

static struct source make_policy(struct size size, struct arena *arena)
{
	struct str text;

	str_init(&text, arena);
	str_add(&text, "cordon 1\n\nprofile large {\n  isolate mount\n");
	for (unsigned i = 0; i < size.paths; i++) {
		const char *const *row = paths[i % ARRAY_SIZE(paths)];

		str_addf(&text, "  %s%u%s%u%s\n", row[0], i / 100, row[1], i, row[2]);
	}
	for (unsigned i = 0; i < size.calls; i++)
		str_addf(&text, "  syscall %s == %u\n", calls[i % ARRAY_SIZE(calls)], i);
	str_add(&text, "}\n");
	return (struct source){ .name = "large", .text = text.text, .size = text.size };
}

/* ---- measured ---- */

static void measure(struct size size, size_t rounds, double ret_ms[COMPILE_STAGES + 1])
{
	struct arena *kept = arena_new(0);
	const struct source text = make_policy(size, kept);

	for (size_t round = 0; round < rounds; round++) {
		struct arena *arena = arena_new(0);
		struct compiled compiled;

		times[COMPILE_STAGES][round] = 0;
		if (compile_text(&text, arena, &compiled) != 0 || compiled.plan->uncarried)
			measure_fail("the policy of %u paths has %zu lines that nothing carries", size.paths,
				     compiled.plan ? compiled.plan->uncarried : 0);
		for (int stage = 0; stage < COMPILE_STAGES; stage++) {
			times[stage][round] = compiled.nanoseconds[stage];
			times[COMPILE_STAGES][round] += compiled.nanoseconds[stage];
		}
		arena_free(arena);
	}
	for (int stage = 0; stage <= COMPILE_STAGES; stage++)
		ret_ms[stage] = (double)measure_median(times[stage], rounds) / 1e6;
	arena_free(kept);
}

int main(void)
{
	size_t rounds = measure_rounds(ROUNDS);
	double before = 0, last = 0;

	if (rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	printf("rules of paths and calls to a filter, CPU milliseconds, medians of %zu\n", rounds);
	printf("%8s %6s %9s %9s %9s %9s %9s   growth (n log n)\n", "paths", "calls", "parse", "resolve", "plan", "emit",
	       "all");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		double ms[COMPILE_STAGES + 1];

		measure(sizes[i], rounds, ms);
		printf("%8u %6u", sizes[i].paths, sizes[i].calls);
		for (int stage = 0; stage <= COMPILE_STAGES; stage++)
			printf(" %9.2f", ms[stage]);
		last = ms[COMPILE_STAGES];
		if (i > 0)
			printf("   %.1f (%.1f)", last / before, 10 * log(sizes[i].paths) / log(sizes[i - 1].paths));
		printf("\n");
		before = last;
	}
	printf("10,000 and 2,000:");
	measure_target(last / TARGET_MS, 1);
	printf(" s\n");
	return 0;
}
