/* test_emit.c - for every call policy and every request: the emitted program says what direct inspection says.
 *
 * And on the way: the kernel would take the program, nothing in it is unreachable, and calls that are always allowed
 * stay in the kernel's bitmap. Seeded: PROP_SEED, PROP_COUNT. */
#include <stdio.h>

#include "program_check.h"
#include "tap.h"

#define POLICIES 20000
#define REQUESTS 10
#define BYTES 6000

static bool check_policy(struct stream *stream, struct arena *arena)
{
	struct call_policy policy;
	struct call_request request;
	struct cbpf program;
	bool held = true;

	generate_call_policy(stream, arena, &policy);
	if (!CHECK_INT(cbpf_emit(&policy, NULL, arena, &program), 0))
		return false;
	held &= CHECK_STR(program_fault(&policy, &program), NULL);
	for (unsigned i = 0; i < REQUESTS && held; i++) {
		generate_call_request(stream, &policy, &request);
		held = CHECK(program_agrees(&policy, &program, &request));
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
		0,
		1,
		0x7f,
		0x80,
		0xff,
		0x7fff,
		0x8000,
		0xffff,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000000,
		0x7fffffffffffffff,
		0x8000000000000000,
		0xffffffff80000000,
		0xffffffffffffffff,
	};
	static const uint64_t masks[] = { 0, 1, 0x80, 0xff00ff00ff00ff00, 0x80000000, 0x8000000080000000, UINT64_MAX };
	const uint32_t nr = arch_table[arch_native()].nr_base + 39;
	unsigned long wrong = 0;

	for (size_t i = 0; i < 4 * 2 * 7 * ARRAY_SIZE(values) * ARRAY_SIZE(masks); i++) {
		struct arena *arena = arena_new(0);
		struct cond atom = { .kind = COND_ATOM,
				     .arg = 2,
				     .bits = widths[i % 4],
				     .is_signed = i / 4 % 2,
				     .compare = (enum compare)(i / 8 % 7),
				     .has_mask = true,
				     .mask = masks[i / 56 % ARRAY_SIZE(masks)],
				     .value = values[i / 56 / ARRAY_SIZE(masks)] };
		struct call_case item = { &atom, { .kind = VERDICT_KILL, .error = 0 } };
		struct call_entry entry = { .nr = nr, .cases = &item, .case_count = 1 };
		struct call_policy policy = { .arches = 1U << arch_native() };
		struct cbpf program;

		policy.entries[arch_native()] = (struct call_entries){ &entry, 1, 1 };
		REQUIRE(cbpf_emit(&policy, NULL, arena, &program) == 0);
		for (size_t v = 0; v < 3 * ARRAY_SIZE(values); v++) {
			const struct call_request request = { .arch = arch_native(),
							      .nr = nr,
							      .args[2] = values[v / 3] + v % 3 - 1 };

			wrong += !program_agrees(&policy, &program, &request);
		}
		arena_free(arena);
	}
	CHECK_INT(wrong, 0);
}
