/* compile.c - docker's default list as a filter for x86-64, i386 and x32: text to filter here, rule_add and export there.
 *
 * Ours is everything from policy text in memory on: parse, resolve, plan, emit, and giving the memory back. Theirs is
 * seccomp_rule_add() for rules whose names are resolved already, and seccomp_export_bpf() to a memfd. Both in one process,
 * in turn; times are CPU time, since others may work on the machine. Measured twice: in a process that keeps its memory
 * (malloc gives nothing back, so neither side pays for page faults), and in a new process for each round, where both do. */
#include <malloc.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compile.h"
#include "measure.h"
#include "peer.h"

#define POLICY "bench/policies/docker-default.cordon"
#define TARGET (1.0 / 20)
#define ROUNDS 101
#define ROUNDS_MAX 10001

enum { OURS, THEIRS_ADD, THEIRS_EXPORT, THEIRS, OUR_STAGES, COLUMNS = OUR_STAGES + COMPILE_STAGES };

/* One round, and what both made. */
struct round {
	uint64_t times[COLUMNS];
	size_t our_count, their_count;
};

struct task {
	struct source text;
	struct peer_rules rules;
	uint32_t arches;
	int fd; /* for theirs */
};

static uint64_t times[COLUMNS][ROUNDS_MAX];
static struct sock_filter their_program[BPF_MAXINSNS];

static void ours(const struct task *task, struct round *ret)
{
	const uint64_t before = compile_clock();
	struct arena *arena = arena_new(0);
	struct compiled compiled;

	if (compile_text(&task->text, arena, &compiled) != 0)
		measure_fail("%s does not compile", task->text.name);
	ret->our_count = compiled.filter.count;
	arena_free(arena);
	ret->times[OURS] = compile_clock() - before;
	for (int stage = 0; stage < COMPILE_STAGES; stage++)
		ret->times[OUR_STAGES + stage] = compiled.nanoseconds[stage];
}

static void theirs(const struct task *task, struct round *ret)
{
	scmp_filter_ctx context = peer_context(task->arches, SCMP_ACT_ERRNO(1), 1);
	uint64_t start, added, exported;

	if (!context || ftruncate(task->fd, 0) != 0)
		measure_fail("libseccomp has not all architectures");
	start = compile_clock();
	if (!peer_add(context, &task->rules))
		measure_fail("libseccomp refuses a rule");
	added = compile_clock();
	if (seccomp_export_bpf(context, task->fd) != 0)
		measure_fail("libseccomp exports nothing");
	exported = compile_clock();
	ret->times[THEIRS] = exported - start;
	ret->times[THEIRS_ADD] = added - start;
	ret->times[THEIRS_EXPORT] = exported - added;
	ret->their_count = peer_export(context, task->fd, their_program);
	seccomp_release(context);
}

/* The order changes from round to round: whoever comes second finds caches full of the first's. */
static void run_round(const struct task *task, size_t number, struct round *ret)
{
	if (number % 2)
		theirs(task, ret);
	ours(task, ret);
	if (number % 2 == 0)
		theirs(task, ret);
}

static void run_apart(const struct task *task, size_t number, struct round *shared)
{
	const pid_t child = fork();
	int status;

	if (child == 0) {
		run_round(task, number, shared);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		measure_fail("no process for a round");
}

static void report(const char *title, size_t rounds, const struct round *last)
{
	static const char *const stages[] = { "parse", "resolve", "plan", "emit" };
	double middle[COLUMNS];

	for (int column = 0; column < COLUMNS; column++)
		middle[column] = (double)measure_median(times[column], rounds) / 1000;
	printf("%s, %zu rounds, median CPU time\n", title, rounds);
	printf("  cordon, text to filter    %9.1f us  (%zu instructions)\n", middle[OURS], last->our_count);
	for (int stage = 0; stage < COMPILE_STAGES; stage++)
		printf("    %-22s  %9.1f us\n", stages[stage], middle[OUR_STAGES + stage]);
	printf("  libseccomp, add + export  %9.1f us  (%zu instructions)\n", middle[THEIRS], last->their_count);
	printf("    rule_add                %9.1f us\n", middle[THEIRS_ADD]);
	printf("    export                  %9.1f us\n", middle[THEIRS_EXPORT]);
	printf("  ratio");
	measure_target(middle[OURS] / middle[THEIRS], TARGET);
	printf("\n");
}

static void measure(const struct task *task, bool apart, size_t rounds, struct round *round)
{
	for (size_t number = 0; number < rounds; number++) {
		if (apart)
			run_apart(task, number, round);
		else
			run_round(task, number, round);
		for (int column = 0; column < COLUMNS; column++)
			times[column][number] = round->times[column];
	}
	report(apart ? "a new process each round" : "one process", rounds, round);
}

int main(void)
{
	const size_t wanted = measure_rounds(ROUNDS), rounds = wanted < ROUNDS_MAX ? wanted : ROUNDS_MAX;
	struct arena *arena = arena_new(0);
	struct task task = { .text = compile_read(POLICY, arena), .fd = memfd_create("program", MFD_CLOEXEC) };
	struct round *round = mmap(NULL, sizeof(*round), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct compiled compiled;

	if (!task.text.text || task.fd < 0 || round == MAP_FAILED || compile_text(&task.text, arena, &compiled) != 0 ||
	    !peer_rules(compiled.model->items[0], arena, &task.rules))
		measure_fail("%s can't be read, or not be told to libseccomp", POLICY);
	peer_allow(&task.rules, "socketcall", arena); /* Docker's list has it, see the policy */
	task.arches = compiled.model->items[0]->arches;
	printf("docker's default list for x86-64 + i386 + x32\n");
	measure(&task, true, rounds, round);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	measure(&task, false, rounds, round);
	return 0;
}
