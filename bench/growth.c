/* growth.c - how the emitter's time and its program grow with the number of rules about calls.
 *
 * 100, 1,000 and 2,000 rules, each an equality of a 64-bit argument of some call of the native architecture, spread evenly over
 * 100 calls. Emit alone, and libseccomp's export of the same rules beside it. CPU time, medians. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/mman.h>

#include "compile.h"
#include "measure.h"
#include "peer.h"

#define CALLS 100
#define ROUNDS 21
#define ROUNDS_MAX 1001
#define VALUE(rule) (0x1000U + 16 * (uint32_t)(rule))

static uint64_t our_times[ROUNDS_MAX], their_times[ROUNDS_MAX];
static struct sock_filter their_code[BPF_MAXINSNS];

/* The @which-th call that the native architecture has, of the first CALLS. */
static uint32_t call_number(size_t which)
{
	uint32_t nr = 0;

	for (;; nr++)
		if (call_find_nr(arch_native(), nr) >= 0 && which-- == 0)
			return nr;
}

static void make_policy(size_t rules, struct arena *arena, struct call_policy *ret)
{
	struct call_entries *entries = &ret->entries[arch_native()];

	*ret = (struct call_policy){ .arches = 1U << arch_native(),
				     .unknown = { .kind = VERDICT_DENY, .error = ENOSYS } };
	for (size_t call = 0; call < CALLS; call++) {
		struct call_entry *entry = arena_push(arena, entries);

		*entry = (struct call_entry){ .nr = call_number(call),
					      .otherwise = { .kind = VERDICT_DENY, .error = EPERM } };
		entry->call = (uint16_t)call_find_nr(arch_native(), entry->nr);
		entry->cases = arena_alloc(arena, rules / CALLS * sizeof(entry->cases[0]));
		for (size_t rule = 0; rule < rules / CALLS; rule++) {
			struct cond *cond = arena_new_of(arena, struct cond);

			*cond = (struct cond){ .kind = COND_ATOM, .bits = 64, .compare = COMPARE_EQ };
			cond->value = VALUE(rule * CALLS + call);
			entry->cases[entry->case_count++] = (struct call_case){ .cond = cond,
										.verdict = { .kind = VERDICT_ALLOW } };
		}
	}
}

static uint64_t ours(const struct call_policy *policy, size_t *ret_count)
{
	const uint64_t before = compile_clock();
	struct arena *arena = arena_new(0);
	struct cbpf program;
	const int error = cbpf_emit(policy, NULL, arena, &program);

	*ret_count = error ? 0 : program.count;
	arena_free(arena);
	return compile_clock() - before;
}

static uint64_t theirs(size_t rules, int fd, size_t *ret_count)
{
	scmp_filter_ctx context = peer_context(1U << arch_native(), SCMP_ACT_ERRNO(EPERM), 1);
	uint64_t before;
	int error = context ? 0 : -ENOMEM;

	for (size_t rule = 0; rule < rules && !error; rule++)
		error = seccomp_rule_add(context, SCMP_ACT_ALLOW, (int)call_number(rule % CALLS), 1,
					 (struct scmp_arg_cmp){ .arg = 0, .op = SCMP_CMP_EQ, .datum_a = VALUE(rule) });
	if (error || ftruncate(fd, 0) != 0)
		measure_fail("libseccomp refuses a rule");
	before = compile_clock();
	error = seccomp_export_bpf(context, fd);
	before = compile_clock() - before;
	*ret_count = error ? 0 : peer_export(context, fd, their_code);
	seccomp_release(context);
	return before;
}

static void measure(size_t rules, size_t rounds, int fd)
{
	struct arena *arena = arena_new(0);
	size_t our_count = 0, their_count = 0;
	struct call_policy policy;

	make_policy(rules, arena, &policy);
	for (size_t round = 0; round < rounds; round++) {
		our_times[round] = ours(&policy, &our_count);
		their_times[round] = theirs(rules, fd, &their_count);
	}
	printf("  %5zu rules  cordon %9.1f us %5zu instructions   libseccomp %9.1f us %5zu instructions\n", rules,
	       (double)measure_median(our_times, rounds) / 1000, our_count,
	       (double)measure_median(their_times, rounds) / 1000, their_count);
	arena_free(arena);
}

int main(void)
{
	const size_t wanted = measure_rounds(ROUNDS), rounds = wanted < ROUNDS_MAX ? wanted : ROUNDS_MAX;
	const int fd = memfd_create("program", MFD_CLOEXEC);

	if (fd < 0)
		measure_fail("no memfd");
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	printf("rules about arguments of %d calls, emit (libseccomp: export), %zu rounds, median CPU time;\n"
	       "0 instructions: more than the kernel takes\n",
	       CALLS, rounds);
	measure(100, rounds, fd);
	measure(1000, rounds, fd);
	measure(2000, rounds, fd);
	return 0;
}
