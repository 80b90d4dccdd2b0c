/* compile.c - docker's default list as a filter for x86-64, i386 and x32: text to filter here, rule_add and export there.
 *
 * Ours is everything from policy text in memory on: parse, resolve, plan, emit, and giving the memory back. Theirs is
 * seccomp_rule_add() for rules whose names are resolved already, and seccomp_export_bpf() to a memfd. Both in this
 * process, in turn. Times are CPU time, since others may work on the machine. */
#include <stdio.h>
#include <sys/mman.h>

#include "compile.h"
#include "measure.h"
#include "peer.h"

#define POLICY "bench/policies/docker-default.cordon"
#define TARGET (1.0 / 20)
#define ROUNDS 101
#define ROUNDS_MAX 10001

enum { OURS, THEIRS_ADD, THEIRS_EXPORT, THEIRS, OUR_STAGES, COLUMNS = OUR_STAGES + COMPILE_STAGES };

static uint64_t times[COLUMNS][ROUNDS_MAX];
static struct sock_filter their_program[BPF_MAXINSNS];

static size_t ours(const struct source *text, size_t round)
{
	const uint64_t before = compile_clock();
	struct arena *arena = arena_new(0);
	struct compiled compiled;
	size_t count;

	if (compile_text(text, arena, &compiled) != 0)
		measure_fail("%s does not compile", text->name);
	count = compiled.filter.count;
	arena_free(arena);
	times[OURS][round] = compile_clock() - before;
	for (int stage = 0; stage < COMPILE_STAGES; stage++)
		times[OUR_STAGES + stage][round] = compiled.nanoseconds[stage];
	return count;
}

static size_t theirs(const struct peer_rules *rules, uint32_t arches, int fd, size_t round)
{
	scmp_filter_ctx context = peer_context(arches, SCMP_ACT_ERRNO(1), 1);
	uint64_t start, added;
	int error;

	if (!context)
		measure_fail("libseccomp has not all architectures");
	start = compile_clock();
	if (!peer_add(context, rules))
		measure_fail("libseccomp refuses a rule");
	added = compile_clock();
	error = seccomp_export_bpf(context, fd);
	times[THEIRS][round] = compile_clock() - start;
	times[THEIRS_ADD][round] = added - start;
	times[THEIRS_EXPORT][round] = times[THEIRS][round] - (added - start);
	if (error)
		measure_fail("libseccomp exports nothing");
	error = (int)peer_export(context, fd, their_program);
	seccomp_release(context);
	return (size_t)error;
}

static void report(size_t rounds, size_t our_count, size_t their_count)
{
	static const char *const stages[] = { "parse", "resolve", "plan", "emit" };
	double middle[COLUMNS];

	for (int column = 0; column < COLUMNS; column++)
		middle[column] = (double)measure_median(times[column], rounds) / 1000;
	printf("docker's default list, x86-64 + i386 + x32, %zu rounds, median CPU time\n", rounds);
	printf("  cordon, text to filter    %9.1f us  (%zu instructions)\n", middle[OURS], our_count);
	for (int stage = 0; stage < COMPILE_STAGES; stage++)
		printf("    %-22s  %9.1f us\n", stages[stage], middle[OUR_STAGES + stage]);
	printf("  libseccomp, add + export  %9.1f us  (%zu instructions)\n", middle[THEIRS], their_count);
	printf("    rule_add                %9.1f us\n", middle[THEIRS_ADD]);
	printf("    export                  %9.1f us\n", middle[THEIRS_EXPORT]);
	printf("  ratio");
	measure_target(middle[OURS] / middle[THEIRS], TARGET);
	printf("\n");
}

int main(void)
{
	size_t rounds = measure_rounds(ROUNDS), our_count = 0, their_count = 0;
	struct arena *arena = arena_new(0);
	const struct source text = compile_read(POLICY, arena);
	const int fd = memfd_create("program", MFD_CLOEXEC);
	struct compiled compiled;
	struct peer_rules rules;

	rounds = rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX;
	if (!text.text || fd < 0 || compile_text(&text, arena, &compiled) != 0 ||
	    !peer_rules(compiled.model->items[0], arena, &rules))
		measure_fail("%s can't be read, or not be told to libseccomp", POLICY);
	for (size_t round = 0; round < rounds; round++) {
		our_count = ours(&text, round);
		their_count = theirs(&rules, compiled.model->items[0]->arches, fd, round);
	}
	report(rounds, our_count, their_count);
	return 0;
}
