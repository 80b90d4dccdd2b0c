/* test_cbpf.c - the emitter's corners: tokens, sizes, what is joined and what is shown.
 *
 * That programs mean what policies say is the business of tests/prop. */
#include "plan/cbpf.h"

#include <errno.h>
#include <linux/audit.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* ---- actions ---- */

TEST(actions)
{
	static const struct {
		uint32_t action;
		struct verdict verdict;
		bool back; /* and back again */
	} rows[] = {
		{ SECCOMP_RET_ALLOW, { .kind = VERDICT_ALLOW, .error = 0 }, true },
		{ SECCOMP_RET_USER_NOTIF, { .kind = VERDICT_ASK, .error = 0 }, true },
		{ SECCOMP_RET_ERRNO | 13, { .kind = VERDICT_DENY, .error = 13 }, true },
		{ SECCOMP_RET_KILL_PROCESS, { .kind = VERDICT_KILL, .error = 0 }, true },
		{ SECCOMP_RET_LOG, { .kind = VERDICT_ALLOW, .error = 0 }, false },
		{ SECCOMP_RET_TRACE | 5, { .kind = VERDICT_DENY, .error = ENOSYS }, false },
		{ SECCOMP_RET_TRAP, { .kind = VERDICT_KILL, .error = 0 }, false },
		{ SECCOMP_RET_KILL_THREAD, { .kind = VERDICT_KILL, .error = 0 }, false },
		{ 0x12345678, { .kind = VERDICT_KILL, .error = 0 }, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct verdict verdict = verdict_from_action(rows[i].action);

		CHECK_INT(verdict.kind, rows[i].verdict.kind);
		CHECK_INT(verdict.error, rows[i].verdict.error);
		CHECK_INT(verdict_to_action(verdict) == rows[i].action, rows[i].back);
	}
	CHECK_INT(verdict_to_action((struct verdict){ .kind = VERDICT_DENY }), SECCOMP_RET_ERRNO | EPERM);
}

/* ---- emitting ---- */

static const struct verdict allow = { .kind = VERDICT_ALLOW }, deny = { .kind = VERDICT_DENY, .error = EPERM };

static struct cbpf emit(const struct call_policy *policy, const struct cbpf_options *options, struct arena *arena)
{
	struct cbpf program = { 0 };

	REQUIRE(cbpf_emit(policy, options, arena, &program) == 0);
	REQUIRE(cbpf_validate(program.code, program.count, NULL) == 0);
	return program;
}

static uint32_t run_call(const struct cbpf *program, uint32_t audit_arch, uint32_t nr, uint64_t arg0, uint64_t arg4,
			 unsigned *ret_steps)
{
	const struct seccomp_data data = { .nr = (int)nr, .arch = audit_arch, .args = { arg0, 0, 0, 0, arg4 } };
	uint32_t action = 0;

	REQUIRE(cbpf_run(program->code, program->count, &data, &action, ret_steps) == 0);
	return action;
}

static uint32_t native(void)
{
	return arch_table[arch_native()].audit_arch;
}

static uint32_t exec_nr(void)
{
	const int call = call_find("execveat");

	REQUIRE(call >= 0);
	return arch_table[arch_native()].nr_base + (uint32_t)call_table[call].nr[arch_native()];
}

/* A policy of @count entries 0, 1, 2 ... on the native architecture. */
static struct call_policy policy_of(struct call_entry *entries, size_t count)
{
	struct call_policy policy = {
		.arches = 1U << arch_native(),
		.unknown = { .kind = VERDICT_DENY, .error = ENOSYS },
	};

	policy.entries[arch_native()] = (struct call_entries){ entries, count, count };
	return policy;
}

TEST(nothing_but_unknown)
{
	struct arena *arena = arena_new(0);
	struct call_policy policy = policy_of(NULL, 0);
	struct cbpf program = emit(&policy, NULL, arena);

	CHECK_INT(program.count, 1);
	CHECK_INT(program.code[0].k, SECCOMP_RET_ERRNO | ENOSYS);
	CHECK_INT(program.token_at[0], -1);
	policy.arches = 0;
	program = emit(&policy, NULL, arena);
	CHECK_INT(program.count, 1);
	arena_free(arena);
}

static void check_token(const struct cbpf *program, uint32_t first, uint32_t second, uint32_t otherwise)
{
	const uint64_t fd = (uint64_t)first << 32 | 7, flags = (uint64_t)second << 32 | 0x1000;

	CHECK_INT(run_call(program, native(), exec_nr(), fd, flags, NULL), SECCOMP_RET_ALLOW);
	CHECK_INT(run_call(program, native(), exec_nr(), fd ^ 1ULL << 32, flags, NULL), otherwise);
	CHECK_INT(run_call(program, native(), exec_nr(), fd, flags ^ 1ULL << 63, NULL), otherwise);
	CHECK_INT(run_call(program, native(), exec_nr(), (uint32_t)fd, (uint32_t)flags, NULL), otherwise);
	CHECK_INT(run_call(program, native(), exec_nr() + 1, fd, flags, NULL), SECCOMP_RET_ERRNO | ENOSYS);
	CHECK_INT(run_call(program, native() ^ 1, exec_nr(), fd, flags, NULL), SECCOMP_RET_ERRNO | ENOSYS);
}

TEST(token)
{
	const struct cbpf_options options = { .with_token = true, .token = { 0x11111111, 0x22222222 } };
	static const uint32_t tokens[2] = { 0xdeadbeef, 0xdeadbeef }; /* may be equal */
	struct arena *arena = arena_new(0);
	struct call_entry entry = { .nr = exec_nr(), .otherwise = { .kind = VERDICT_KILL } };
	struct call_policy policy = policy_of(&entry, 1);
	struct cbpf program = emit(&policy, &options, arena);

	REQUIRE(program.token_at[0] >= 0 && program.token_at[1] >= 0 && program.token_at[0] != program.token_at[1]);
	check_token(&program, 0x11111111, 0x22222222, SECCOMP_RET_KILL_PROCESS);
	cbpf_set_token(&program, tokens);
	check_token(&program, tokens[0], tokens[1], SECCOMP_RET_KILL_PROCESS);
	arena_free(arena);
}

TEST(token_where_execveat_has_conditions)
{
	const struct cbpf_options options = { .with_token = true, .token = { 5, 6 } };
	/* the leaf looks at the very words of the token, with the very constants */
	const struct cond high = {
		.kind = COND_ATOM, .arg = 0, .bits = 64, .compare = COMPARE_GE, .value = 5ULL << 32
	};
	struct call_case item = { .cond = &high, .verdict = { .kind = VERDICT_DENY, .error = 77 } };
	struct call_entry entry = { .nr = exec_nr(), .cases = &item, .case_count = 1, .otherwise = allow };
	struct arena *arena = arena_new(0);
	struct call_policy policy = policy_of(&entry, 1);
	struct cbpf program = emit(&policy, &options, arena);

	for (uint32_t token = 4; token < 8; token++) {
		const uint32_t tokens[2] = { token, 6 };
		const uint64_t arg = 6ULL << 32;

		cbpf_set_token(&program, tokens);
		CHECK_INT(run_call(&program, native(), exec_nr(), (uint64_t)token << 32, arg, NULL), SECCOMP_RET_ALLOW);
		CHECK_INT(run_call(&program, native(), exec_nr(), (uint64_t)token << 32, 0, NULL),
			  token >= 5 ? SECCOMP_RET_ERRNO | 77 : SECCOMP_RET_ALLOW);
	}
	arena_free(arena);
}

TEST(token_is_left_out_where_execveat_is_open)
{
	const struct cbpf_options options = { .with_token = true, .token = { 5, 6 } };
	struct call_entry entry = { .nr = exec_nr(), .otherwise = allow };
	struct arena *arena = arena_new(0);
	struct call_policy policy = policy_of(&entry, 1);
	struct cbpf program = emit(&policy, &options, arena);
	static const uint32_t tokens[2] = { 1, 2 };

	CHECK_INT(program.token_at[0], -1);
	CHECK_INT(program.token_at[1], -1);
	cbpf_set_token(&program, tokens);
	CHECK_INT(run_call(&program, native(), exec_nr(), 0, 0, NULL), SECCOMP_RET_ALLOW);
	arena_free(arena);
}

TEST(token_on_a_filter_for_foreign_architectures)
{
	const struct cbpf_options options = { .with_token = true, .token = { 5, 6 } };
	const enum arch foreign = arch_native() == ARCH_AARCH64 ? ARCH_I386 : ARCH_AARCH64;
	struct call_entry entry = { .nr = exec_nr(), .otherwise = deny };
	struct call_policy policy = { .arches = 1U << foreign, .unknown = { .kind = VERDICT_DENY, .error = ENOSYS } };
	struct arena *arena = arena_new(0);
	struct cbpf program;

	policy.entries[foreign] = (struct call_entries){ &entry, 1, 1 };
	program = emit(&policy, &options, arena);
	check_token(&program, 5, 6, SECCOMP_RET_ERRNO | ENOSYS);
	CHECK_INT(run_call(&program, arch_table[foreign].audit_arch, exec_nr(), 5ULL << 32, 6ULL << 32, NULL),
		  SECCOMP_RET_ERRNO | EPERM);
	arena_free(arena);
}

/* Numbers that the kernel can't show for an architecture open nothing elsewhere. */
TEST(numbers_that_do_not_belong)
{
	struct call_entry entries[] = { { .nr = 39, .otherwise = allow },
					{ .nr = X32_SYSCALL_BIT | 39, .otherwise = allow } };
	struct call_policy policy = { .arches = 1U << ARCH_X86_64 | 1U << ARCH_X32,
				      .unknown = { .kind = VERDICT_DENY, .error = ENOSYS } };
	struct arena *arena = arena_new(0);
	struct cbpf program;

	policy.entries[ARCH_X86_64] = (struct call_entries){ entries + 1, 1, 1 };
	policy.entries[ARCH_X32] = (struct call_entries){ entries, 1, 1 };
	program = emit(&policy, NULL, arena);
	CHECK_INT(run_call(&program, AUDIT_ARCH_X86_64, 39, 0, 0, NULL), SECCOMP_RET_ERRNO | ENOSYS);
	CHECK_INT(run_call(&program, AUDIT_ARCH_X86_64, X32_SYSCALL_BIT | 39, 0, 0, NULL), SECCOMP_RET_ERRNO | ENOSYS);
	arena_free(arena);
}

/* Weighted by how often programs make a call, a call costs less than calls do on average. */
TEST(frequent_calls_are_near)
{
	struct arena *arena = arena_new(0);
	struct call_entries entries = { 0 };
	struct call_policy policy = { .arches = 1U << arch_native() };
	double weighted = 0, weight = 0, plain = 0;
	struct cbpf program;

	for (uint32_t nr = 0; nr < arch_table[arch_native()].nr_end; nr++) {
		const int call = call_find_nr(arch_native(), nr);

		if (call >= 0)
			*arena_push(arena, &entries) = (struct call_entry){
				.nr = nr,
				.call = (uint16_t)call,
				.otherwise = { .kind = VERDICT_DENY, .error = (uint16_t)(1 + nr) }
			};
	}
	policy.entries[arch_native()] = entries;
	program = emit(&policy, NULL, arena);
	for (size_t i = 0; i < entries.count; i++) {
		unsigned steps;

		run_call(&program, native(), entries.items[i].nr, 0, 0, &steps);
		weighted += (double)steps * call_table[entries.items[i].call].weight;
		weight += call_table[entries.items[i].call].weight;
		plain += steps;
	}
	fprintf(stderr, "# %.2f steps by weight, %.2f plain\n", weighted / weight, plain / (double)entries.count);
	CHECK(weighted / weight < 0.8 * plain / (double)entries.count);
	arena_free(arena);
}

/* ---- size ---- */

#define CASES 1100

/* CASES conditions on one call; @spread: over both arguments, so that nothing is shared. */
static struct call_policy long_policy(struct arena *arena, size_t count, bool spread)
{
	struct call_entry *entry = arena_alloc(arena, sizeof(*entry));
	struct cond *conds = arena_alloc(arena, count * sizeof(*conds));

	*entry = (struct call_entry){ .nr = 7, .case_count = count, .otherwise = allow };
	entry->cases = arena_alloc(arena, count * sizeof(entry->cases[0]));
	for (size_t i = 0; i < count; i++) {
		conds[i] = (struct cond){ .kind = COND_ATOM,
					  .arg = spread ? i % 2 : 0,
					  .bits = spread ? 64 : 32,
					  .compare = COMPARE_EQ,
					  .value = 1000 + i };
		entry->cases[i] = (struct call_case){ &conds[i],
						      { .kind = VERDICT_DENY, .error = (uint16_t)(1 + i % 4000) } };
	}
	return policy_of(entry, 1);
}

TEST(far_jumps)
{
	struct arena *arena = arena_new(0);
	struct call_policy policy = long_policy(arena, CASES, false);
	struct cbpf program = emit(&policy, NULL, arena);

	for (uint64_t i = 0; i < CASES; i += 13)
		CHECK_INT(run_call(&program, native(), 7, 1000 + i, 0, NULL), SECCOMP_RET_ERRNO | (1 + i));
	CHECK_INT(run_call(&program, native(), 7, 999, 0, NULL), SECCOMP_RET_ALLOW);
	CHECK_INT(run_call(&program, native(), 6, 1000, 0, NULL), SECCOMP_RET_ERRNO | ENOSYS);
	arena_free(arena);
}

TEST(too_big)
{
	struct arena *arena = arena_new(0);
	struct call_policy policy = long_policy(arena, 3 * CASES, true);
	struct cbpf program = { .count = 77 };

	CHECK_INT(cbpf_emit(&policy, NULL, arena, &program), -E2BIG);
	CHECK_INT(program.count, 77);
	arena_free(arena);
}

TEST(too_deep)
{
	struct cond atom = { .kind = COND_ATOM, .bits = 32, .compare = COMPARE_EQ, .value = 1 };
	struct cond *nots = calloc(100000, sizeof(*nots));
	struct call_case item = { .cond = &nots[0], .verdict = deny };
	struct call_entry entry = { .nr = 7, .cases = &item, .case_count = 1, .otherwise = allow };
	struct arena *arena = arena_new(0);
	struct call_policy policy = policy_of(&entry, 1);
	struct cbpf program = { .count = 77 };

	for (size_t i = 0; i < 100000; i++)
		nots[i] = (struct cond){ .kind = COND_NOT, .left = i + 1 < 100000 ? &nots[i + 1] : &atom };
	CHECK_INT(cbpf_emit(&policy, NULL, arena, &program), -E2BIG);
	CHECK_INT(program.count, 77);
	arena_free(arena);
	free(nots);
}

TEST(deterministic)
{
	struct arena *arena = arena_new(0);
	struct call_policy policy = long_policy(arena, 300, true);
	struct cbpf one = emit(&policy, NULL, arena), two = emit(&policy, NULL, arena);

	CHECK_INT(one.count, two.count);
	CHECK(memcmp(one.code, two.code, one.count * sizeof(one.code[0])) == 0);
	arena_free(arena);
}

/* @count alternatives on argument 0, with @step between them. */
static unsigned longest_way(size_t count, uint64_t step, size_t *ret_size)
{
	struct arena *arena = arena_new(0);
	struct call_policy policy = long_policy(arena, count, false);
	struct call_entry *entry = policy.entries[arch_native()].items;
	struct cbpf program;
	unsigned longest = 0;

	for (size_t i = 0; i < count; i++) {
		((struct cond *)entry->cases[i].cond)->value = 1000 + i * step;
		entry->cases[i].verdict = deny;
	}
	program = emit(&policy, NULL, arena);
	for (uint64_t value = 998; value < 1002 + count * step; value++) {
		const bool listed = value >= 1000 && value < 1000 + count * step && (value - 1000) % step == 0;
		unsigned steps;

		CHECK_INT(run_call(&program, native(), 7, value, 0, &steps),
			  listed ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_ALLOW);
		longest = steps > longest ? steps : longest;
	}
	*ret_size = program.count;
	arena_free(arena);
	return longest;
}

/* `option in {...}` costs a logarithm of tests, and one range two. Besides: arch and nr, three each, a return. */
TEST(alternatives_become_a_tree)
{
	size_t size;

	CHECK(longest_way(64, 3, &size) <= 7 + 8);
	CHECK(size <= 8 + 64 + 32);
	CHECK(longest_way(64, 1, &size) <= 7 + 3);
	CHECK(size <= 8 + 4);
	CHECK(longest_way(2, 5, &size) <= 7 + 3);
}

/* What one JSET can say is one JSET. */
TEST(bit_tests_are_joined)
{
	static const struct cond high = {
		.kind = COND_ATOM, .arg = 1, .bits = 32, .compare = COMPARE_WITHIN, .value = 0xffff
	};
	static const struct cond low = {
		.kind = COND_ATOM, .arg = 1, .bits = 32, .has_mask = true, .mask = 6, .compare = COMPARE_EQ, .value = 0
	};
	static const struct cond both = { .kind = COND_AND, .left = &high, .right = &low };
	struct call_case item = { .cond = &both, .verdict = allow };
	struct call_entry entry = { .nr = 7, .cases = &item, .case_count = 1, .otherwise = deny };
	struct arena *arena = arena_new(0);
	struct call_policy policy = policy_of(&entry, 1);
	struct cbpf program = emit(&policy, NULL, arena);
	size_t tests = 0;

	for (size_t i = 0; i < program.count; i++) {
		tests += program.code[i].code == (BPF_JMP | BPF_JSET | BPF_K);
		if (program.code[i].code == (BPF_JMP | BPF_JSET | BPF_K))
			CHECK_INT(program.code[i].k, 0xffff0006);
	}
	CHECK_INT(tests, 1);
	arena_free(arena);
}

/* As many bit tests in a row as fit, each with an outcome of its own: nothing to join, and nothing to exhaust the stack. */
TEST(long_chain_of_bit_tests)
{
	struct arena *arena = arena_new(0);
	struct call_policy policy = long_policy(arena, CASES, false);
	struct call_entry *entry = policy.entries[arch_native()].items;
	struct cbpf program;

	for (size_t i = 0; i < CASES; i++) {
		struct cond *cond = (struct cond *)entry->cases[i].cond;

		cond->compare = COMPARE_NE;
		cond->has_mask = true;
		cond->mask = i % 32 ? 3ULL << i % 32 : 1;
		cond->value = 0;
	}
	program = emit(&policy, NULL, arena);
	CHECK_INT(run_call(&program, native(), 7, 0, 0, NULL), SECCOMP_RET_ALLOW);
	CHECK_INT(run_call(&program, native(), 7, 1, 0, NULL), SECCOMP_RET_ERRNO | 1);
	CHECK_INT(run_call(&program, native(), 7, 4, 0, NULL), SECCOMP_RET_ERRNO | 2);
	arena_free(arena);
}

/* ---- shown ---- */

TEST(text)
{
	const struct cbpf_options options = { .with_token = true, .token = { 5, 6 } };
	const struct cond one = { .kind = COND_ATOM, .arg = 1, .bits = 32, .compare = COMPARE_WITHIN, .value = 3 };
	struct call_case item = { .cond = &one, .verdict = allow };
	struct call_entry entries[] = {
		{ .nr = 9, .cases = &item, .case_count = 1, .otherwise = deny },
		{ .nr = 322, .otherwise = { .kind = VERDICT_KILL } },
	};
	struct call_policy policy = { .arches = 1U << ARCH_X86_64,
				      .unknown = { .kind = VERDICT_DENY, .error = ENOSYS },
				      .entries[ARCH_X86_64] = { entries, 2, 2 } };
	struct arena *arena = arena_new(0);
	struct cbpf program;
	struct str out;

	if (arch_native() != ARCH_X86_64)
		SKIP("numbers of x86-64");
	program = emit(&policy, &options, arena);
	str_init(&out, arena);
	cbpf_print(&program, &out);
	fprintf(stderr, "%s", out.text);
	CHECK(strstr(out.text, "jeq  x86_64") != NULL);
	CHECK(strstr(out.text, "ld   arg1  # mmap\n") != NULL);
	CHECK(strstr(out.text, "jeq  token0") != NULL);
	CHECK(strstr(out.text, "jeq  token1") != NULL);
	CHECK(strstr(out.text, "ld   arg4.high") != NULL);
	CHECK(strstr(out.text, "ret  deny ENOSYS") != NULL);
	CHECK(strstr(out.text, "ret  kill") != NULL);
	arena_free(arena);
}

TEST(json)
{
	struct sock_filter code[] = { { BPF_LD | BPF_W | BPF_LEN, 0, 0, 0 }, { BPF_RET | BPF_A, 0, 0, 0 } };
	struct cbpf program = { .code = code, .count = 2, .token_at = { -1, -1 } };
	struct arena *arena = arena_new(0);
	struct json json;
	struct str out;

	str_init(&out, arena);
	json_init(&json, &out, false);
	cbpf_json(&program, &json);
	CHECK_STR(out.text, "{\"schema\":\"cordon.cbpf/1\",\"count\":2,\"token_at\":[-1,-1],\"code\":["
			    "{\"code\":128,\"jt\":0,\"jf\":0,\"k\":0,\"text\":\"ld   length\"},"
			    "{\"code\":22,\"jt\":0,\"jf\":0,\"k\":0,\"text\":\"ret  a\"}]}");
	code[1].code = 0xff;
	str_init(&out, arena);
	cbpf_print(&program, &out);
	CHECK_STR(out.text, "# not a program that the kernel would take\n");
	arena_free(arena);
}
