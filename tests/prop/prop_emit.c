/* prop_emit.c - for every call policy and every request: the emitted program says what direct inspection says.
 *
 * And on the way: the kernel would take the program, nothing in it is unreachable, and calls that are always allowed
 * stay in the kernel's bitmap. Seeded: PROP_SEED, PROP_COUNT. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "generate.h"
#include "plan/cbpf.h"
#include "tap.h"

#define POLICIES 20000
#define REQUESTS 10
#define BYTES 6000

static bool all_reachable(const struct cbpf *program)
{
	static bool reached[CBPF_MAX];

	memset(reached, 0, sizeof(reached));
	reached[0] = true;
	for (size_t at = 0; at < program->count; at++) {
		const struct sock_filter *i = &program->code[at];

		if (!reached[at])
			return false;
		if (BPF_CLASS(i->code) == BPF_RET)
			continue;
		if (i->code == (BPF_JMP | BPF_JA))
			reached[at + 1 + i->k] = true;
		else if (BPF_CLASS(i->code) == BPF_JMP)
			reached[at + 1 + i->jt] = reached[at + 1 + i->jf] = true;
		else
			reached[at + 1] = true;
	}
	return true;
}

/* As the kernel decides whether to put a number into its bitmap: it runs the program knowing number and architecture,
 * and gives up at anything else (kernel/seccomp.c, seccomp_is_const_allow). */
static bool in_bitmap(const struct cbpf *program, uint32_t audit_arch, uint32_t nr)
{
	uint32_t a = 0;

	for (size_t at = 0; at < program->count; at++) {
		const struct sock_filter *i = &program->code[at];
		bool holds;

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k != offsetof(struct seccomp_data, nr) && i->k != offsetof(struct seccomp_data, arch))
				return false;
			a = i->k == offsetof(struct seccomp_data, nr) ? nr : audit_arch;
			continue;
		case BPF_RET | BPF_K: return i->k == SECCOMP_RET_ALLOW;
		case BPF_ALU | BPF_AND | BPF_K: a &= i->k; continue;
		case BPF_JMP | BPF_JA: at += i->k; continue;
		case BPF_JMP | BPF_JEQ | BPF_K: holds = a == i->k; break;
		case BPF_JMP | BPF_JGE | BPF_K: holds = a >= i->k; break;
		case BPF_JMP | BPF_JGT | BPF_K: holds = a > i->k; break;
		case BPF_JMP | BPF_JSET | BPF_K: holds = (a & i->k) != 0; break;
		default: return false;
		}
		at += holds ? i->jt : i->jf;
	}
	return false;
}

static bool allows_cached(const struct call_policy *policy, const struct cbpf *program)
{
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
		for (size_t i = 0; i < policy->entries[arch].count; i++) {
			const struct call_entry *entry = &policy->entries[arch].items[i];

			if (entry->case_count == 0 && entry->otherwise.kind == VERDICT_ALLOW &&
			    !in_bitmap(program, arch_table[arch].audit_arch, entry->nr))
				return false;
		}
	}
	return true;
}

/* x86-64 and x32 look the same but for a bit of the number. */
static enum arch shown_arch(const struct call_request *request)
{
	if (request->arch == ARCH_X86_64 || request->arch == ARCH_X32)
		return request->nr & X32_SYSCALL_BIT ? ARCH_X32 : ARCH_X86_64;
	return request->arch;
}

static bool agrees(const struct call_policy *policy, const struct cbpf *program, const struct call_request *request)
{
	const struct seccomp_data data = call_request_data(request);
	const struct verdict verdict = call_policy_decide(policy, shown_arch(request), request->nr, request->args);
	uint32_t action;

	return cbpf_run(program->code, program->count, &data, &action, NULL) == 0 && action == verdict_to_action(verdict);
}

static bool check_policy(struct stream *stream, struct arena *arena)
{
	struct call_policy policy;
	struct call_request request;
	struct cbpf program;
	bool held = true;

	generate_call_policy(stream, arena, &policy);
	if (!CHECK_INT(cbpf_emit(&policy, NULL, arena, &program), 0))
		return false;
	held &= CHECK_INT(cbpf_validate(program.code, program.count, NULL), 0);
	held &= CHECK(all_reachable(&program)) && CHECK(allows_cached(&policy, &program));
	for (unsigned i = 0; i < REQUESTS && held; i++) {
		generate_call_request(stream, &policy, &request);
		held = CHECK(agrees(&policy, &program, &request));
	}
	return held;
}

TEST(program_is_policy)
{
	static uint8_t bytes[BYTES];
	uint64_t state = random_seed();
	const size_t count = random_count(POLICIES);

	for (size_t i = 0; i < count; i++) {
		const uint64_t seed = state;
		struct stream stream = { .data = bytes, .size = sizeof(bytes) };
		struct arena *arena = arena_new(0);
		bool held;

		random_fill(&state, bytes, sizeof(bytes));
		held = check_policy(&stream, arena);
		arena_free(arena);
		if (!held) {
			fprintf(stderr, "# policy %zu: run again with PROP_SEED=%llu PROP_COUNT=1\n", i,
				(unsigned long long)seed);
			return;
		}
	}
}

/* Every width, sign, comparison and mask, at and around every landmark: the program of one atom. */
TEST(program_is_atom)
{
	static const uint8_t widths[] = { 8, 16, 32, 64 };
	static const uint64_t values[] = {
		0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
		0x7fffffffffffffff, 0x8000000000000000, 0xffffffff80000000, 0xffffffffffffffff,
	};
	static const uint64_t masks[] = { 0, 1, 0x80, 0xff00ff00ff00ff00, 0x80000000, 0x8000000080000000, UINT64_MAX };
	const uint32_t nr = arch_table[arch_native()].nr_base + 39;
	unsigned long wrong = 0;

	for (size_t i = 0; i < 4 * 2 * 7 * ARRAY_SIZE(values) * ARRAY_SIZE(masks); i++) {
		struct arena *arena = arena_new(0);
		struct cond atom = { .kind = COND_ATOM, .arg = 2, .bits = widths[i % 4], .is_signed = i / 4 % 2,
				     .compare = (enum compare)(i / 8 % 7), .has_mask = true,
				     .mask = masks[i / 56 % ARRAY_SIZE(masks)],
				     .value = values[i / 56 / ARRAY_SIZE(masks)] };
		struct call_case item = { &atom, { VERDICT_KILL, 0 } };
		struct call_entry entry = { .nr = nr, .cases = &item, .case_count = 1 };
		struct call_policy policy = { .arches = 1U << arch_native() };
		struct cbpf program;

		policy.entries[arch_native()] = (struct call_entries){ &entry, 1, 1 };
		REQUIRE(cbpf_emit(&policy, NULL, arena, &program) == 0);
		for (size_t v = 0; v < 3 * ARRAY_SIZE(values); v++) {
			const struct call_request request = { .arch = arch_native(), .nr = nr,
							      .args[2] = values[v / 3] + v % 3 - 1 };

			wrong += !agrees(&policy, &program, &request);
		}
		arena_free(arena);
	}
	CHECK_INT(wrong, 0);
}
