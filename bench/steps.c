/* steps.c - instructions that a filter executes per call, over the recorded mix, beside the optimal threshold tree.
 *
 * All programs run in our interpreter, which counts. The filter is docker's default list for x86-64, i386 and x32; the
 * calls are those of x86-64 programs. The optimum is computed here, by dynamic programming over the intervals of call
 * numbers that need the same answer, for exactly the recorded weights; it has the same way in (architecture, number) and the
 * same tests on arguments as the filter, which no tree can save. It is given twice: for what our filter tells apart
 * (calls that don't exist answer ENOSYS), and for libseccomp's, which answers them as any other denied call. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "compile.h"
#include "measure.h"
#include "mix.h"
#include "peer.h"

#define POLICY "bench/policies/docker-default.cordon"
#define TARGET 1.04
#define WAY_IN 3 /* load and test the architecture, load the number */
#define INTERVALS_MAX 512

struct program {
	const char *name;
	struct sock_filter code[BPF_MAXINSNS];
	size_t count;
};

/* Arguments as programs pass them, where a filter may look; all others are 0. */
static const struct {
	const char *call;
	uint64_t args[2];
} usual[] = {
	{ "clone", { 0x1200011, 0 } },
	{ "ioctl", { 0, 0x5401 } },
	{ "personality", { 0xffffffff, 0 } },
	{ "socket", { 2, 1 } },
};

static struct seccomp_data call_data(size_t call)
{
	struct seccomp_data data = { .nr = call_table[call].nr[ARCH_X86_64],
				     .arch = arch_table[ARCH_X86_64].audit_arch };

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if ((int)call == call_find(usual[i].call)) {
			data.args[0] = usual[i].args[0];
			data.args[1] = usual[i].args[1];
		}
	return data;
}

static unsigned run_steps(const struct sock_filter *code, size_t count, size_t call)
{
	const struct seccomp_data data = call_data(call);
	uint32_t action;
	unsigned steps;

	if (cbpf_run(code, count, &data, &action, &steps) != 0)
		measure_fail("a program that the kernel would not take");
	return steps;
}

static double mean_steps(const struct program *program, const double *shares)
{
	double sum = 0;

	for (size_t call = 0; call < call_count; call++)
		if (shares[call] > 0)
			sum += shares[call] * run_steps(program->code, program->count, call);
	return sum;
}

/* ---- the optimum ---- */

struct intervals {
	double weight[INTERVALS_MAX];
	long behaviour[INTERVALS_MAX]; /* equal: the same answer */
	size_t count;
};

static void add_interval(struct intervals *intervals, long behaviour, double weight)
{
	if (intervals->count == 0 || intervals->behaviour[intervals->count - 1] != behaviour) {
		if (intervals->count == INTERVALS_MAX)
			measure_fail("more than %d intervals", INTERVALS_MAX);
		intervals->behaviour[intervals->count++] = behaviour;
	}
	intervals->weight[intervals->count - 1] += weight;
}

/* What is done with the call; @coarse: errno values are not told apart. */
static long entry_behaviour(const struct call_entry *entry, bool coarse)
{
	if (entry->case_count > 0)
		return -1 - (long)entry->nr;
	return coarse ? entry->otherwise.kind : (long)verdict_to_action(entry->otherwise);
}

static void find_intervals(const struct call_policy *policy, const double *shares, bool coarse, struct intervals *ret)
{
	const struct call_entries *entries = &policy->entries[ARCH_X86_64];
	const long unknown = coarse ? VERDICT_DENY : (long)verdict_to_action(policy->unknown);
	uint32_t next = 0;

	*ret = (struct intervals){ 0 };
	for (size_t i = 0; i < entries->count; i++) {
		if (entries->items[i].nr > next)
			add_interval(ret, unknown, 0);
		add_interval(ret, entry_behaviour(&entries->items[i], coarse), shares[entries->items[i].call]);
		next = entries->items[i].nr + 1;
	}
	add_interval(ret, unknown, 0);
	add_interval(ret, INT64_MIN, 0); /* x32, whatever it is */
}

/* Mean depth of the best tree of thresholds, by trying every cut of every run. */
static double best_depth(const struct intervals *intervals)
{
	static double cost[INTERVALS_MAX][INTERVALS_MAX];
	const size_t count = intervals->count;

	for (size_t first = count; first-- > 0;) {
		double weight = intervals->weight[first];

		cost[first][first] = 0;
		for (size_t last = first + 1; last < count; last++) {
			double best = cost[first][first] + cost[first + 1][last];

			for (size_t cut = first + 2; cut <= last; cut++)
				if (cost[first][cut - 1] + cost[cut][last] < best)
					best = cost[first][cut - 1] + cost[cut][last];
			weight += intervals->weight[last];
			cost[first][last] = best + weight;
		}
	}
	return cost[0][count - 1];
}

/* Steps behind the tree: the tests on arguments, and the return. Seen in a filter for this call alone. */
static unsigned leaf_steps(const struct call_entry *entry)
{
	struct call_policy alone = { .arches = 1U << ARCH_X86_64,
				     .unknown = { .kind = VERDICT_DENY, .error = ENOSYS } };
	struct arena *arena = arena_new(0);
	struct cbpf program;
	unsigned steps;

	*arena_push(arena, &alone.entries[ARCH_X86_64]) = *entry;
	if (cbpf_emit(&alone, NULL, arena, &program) != 0)
		measure_fail("no filter for one call");
	steps = run_steps(program.code, program.count, entry->call) - WAY_IN - 1;
	arena_free(arena);
	return steps;
}

static double best_steps(const struct call_policy *policy, const double *shares, bool coarse, size_t *ret_intervals)
{
	const struct call_entries *entries = &policy->entries[ARCH_X86_64];
	struct intervals intervals;
	double sum = WAY_IN;

	for (size_t i = 0; i < entries->count; i++)
		if (shares[entries->items[i].call] > 0)
			sum += shares[entries->items[i].call] *
			       (entries->items[i].case_count ? leaf_steps(&entries->items[i]) : 1);
	find_intervals(policy, shares, coarse, &intervals);
	*ret_intervals = intervals.count;
	return sum + best_depth(&intervals);
}

/* ---- the filters ---- */

static void their_program(const struct compiled *compiled, struct arena *arena, uint32_t level, struct program *ret)
{
	auto_close int fd = memfd_create("program", MFD_CLOEXEC);
	scmp_filter_ctx context = peer_context(compiled->model->items[0]->arches, SCMP_ACT_ERRNO(EPERM), level);
	struct peer_rules rules;

	if (fd < 0 || !context || !peer_rules(compiled->model->items[0], arena, &rules))
		measure_fail("libseccomp can't be told the rules");
	peer_allow(&rules, "socketcall", arena); /* Docker's list has it, see the policy */
	if (!peer_add(context, &rules))
		measure_fail("libseccomp does not take the rules");
	ret->count = peer_export(context, fd, ret->code);
	seccomp_release(context);
	if (!ret->count)
		measure_fail("libseccomp exports nothing");
}

static void report(const struct program programs[3], const struct call_policy *policy, const struct mix *mix)
{
	double best, ours;
	size_t fine, coarse;

	printf("docker's default list, instructions per call of x86-64 programs\n");
	printf("  %-28s %7s  %9s %9s %9s\n", "", "optimum", programs[0].name, programs[1].name, programs[2].name);
	for (size_t i = 0; i <= mix->count; i++) {
		const double *shares = i < mix->count ? mix->shares[i] : mix->all;

		printf("  %-28s %7.2f  %9.2f %9.2f %9.2f\n",
		       i < mix->count ? mix->programs[i] : "all, each counts alike",
		       best_steps(policy, shares, false, &fine), mean_steps(&programs[0], shares),
		       mean_steps(&programs[1], shares), mean_steps(&programs[2], shares));
	}
	printf("  %-28s %7s  %9zu %9zu %9zu\n", "instructions in all", "", programs[0].count, programs[1].count,
	       programs[2].count);
	best = best_steps(policy, mix->all, false, &fine);
	ours = mean_steps(&programs[0], mix->all);
	printf("  ratio to the optimum for these weights (%zu intervals)", fine);
	measure_target(ours / best, TARGET);
	best = best_steps(policy, mix->all, true, &coarse);
	printf("\n  optimum where unknown calls are denied as others (%zu intervals): %.2f, ratio %.4f\n", coarse, best,
	       ours / best);
}

int main(void)
{
	static struct program programs[3] = { { .name = "cordon" }, { .name = "linear" }, { .name = "tree" } };
	struct arena *arena = arena_new(0);
	const struct source text = compile_read(POLICY, arena);
	struct compiled compiled;
	struct mix mix;

	if (!text.text || compile_text(&text, arena, &compiled) != 0)
		measure_fail("%s can't be read, or does not compile", POLICY);
	mix_read(&mix, arena);
	programs[0].count = compiled.filter.count;
	for (size_t i = 0; i < compiled.filter.count; i++)
		programs[0].code[i] = compiled.filter.code[i];
	their_program(&compiled, arena, 1, &programs[1]);
	their_program(&compiled, arena, 2, &programs[2]);
	report(programs, &compiled.plan->layers[0].calls, &mix);
	arena_free(arena);
	return 0;
}
