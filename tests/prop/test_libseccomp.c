/* test_libseccomp.c - an independent compiler as oracle: equality-only policies over 64-bit parameters.
 *
 * Equality only, because libseccomp miscompiles some ordered comparisons (two `>=`, `<=` rules on one call); 64 bits
 * only, because it knows no widths. Both programs run in our interpreter. Seeded: PROP_SEED, PROP_COUNT. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "generate.h"
#include "plan/cbpf.h"
#include "tap.h"

#define POLICIES 1500
#define CALLS 8
#define RULES_MAX 4
#define REQUESTS 40
#define BYTES 3072

/* libseccomp 2.5.4 loses some memory of rules that others make redundant: not ours to find. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp";
}

/* One rule: every argument in @used equals its value. */
struct rule_spec {
	unsigned used; /* bit per argument; 0: always */
	uint64_t values[6];
	struct cond atoms[6], ands[6];
};
struct call_spec {
	uint32_t nr;
	uint16_t call;
	struct verdict verdict;
	struct rule_spec rules[RULES_MAX];
	size_t rule_count;
};
struct policy_spec {
	struct verdict otherwise;
	struct call_spec calls[CALLS];
	size_t count;
};

static uint64_t small_world(struct stream *stream)
{
	static const uint64_t values[] = { 0,
					   1,
					   2,
					   0x80000000,
					   0xffffffff,
					   0x100000000,
					   0x100000001,
					   0x8000000000000000,
					   0xffffffff00000000,
					   UINT64_MAX };

	return values[stream_below(stream, ARRAY_SIZE(values))];
}

static void generate_spec(struct stream *stream, struct policy_spec *ret)
{
	static const struct verdict verdicts[] = {
		{ .kind = VERDICT_ALLOW, .error = 0 },  { .kind = VERDICT_ALLOW, .error = 0 },
		{ .kind = VERDICT_DENY, .error = 200 }, { .kind = VERDICT_DENY, .error = 201 },
		{ .kind = VERDICT_KILL, .error = 0 },   { .kind = VERDICT_ASK, .error = 0 }
	};
	int nr = -1;

	memset(ret, 0, sizeof(*ret));
	ret->otherwise = (struct verdict){ .kind = VERDICT_DENY, .error = 77 };
	while (ret->count < CALLS) {
		struct call_spec *call = &ret->calls[ret->count];

		nr += 1 + (int)stream_below(stream, 30);
		if (call_find_nr(arch_native(), (uint32_t)nr) < 0)
			continue;
		*call = (struct call_spec){ .nr = (uint32_t)nr };
		call->call = (uint16_t)call_find_nr(arch_native(), call->nr);
		call->verdict = verdicts[stream_below(stream, ARRAY_SIZE(verdicts))];
		call->rule_count = 1 + stream_below(stream, RULES_MAX);
		for (size_t i = 0; i < call->rule_count; i++) {
			call->rules[i].used = stream_below(stream, 4) ? stream_below(stream, 8)
								      : stream_below(stream, 64);
			for (unsigned arg = 0; arg < 6; arg++)
				call->rules[i].values[arg] = small_world(stream);
		}
		ret->count++;
	}
}

/* ---- ours ---- */

static const struct cond *make_cond(struct rule_spec *rule)
{
	const struct cond *all = NULL;

	for (unsigned arg = 0; arg < 6; arg++) {
		if (!(rule->used & 1U << arg))
			continue;
		rule->atoms[arg] = (struct cond){ .kind = COND_ATOM,
						  .arg = (uint8_t)arg,
						  .bits = 64,
						  .compare = COMPARE_EQ,
						  .value = rule->values[arg] };
		rule->ands[arg] = (struct cond){ .kind = COND_AND, .left = all, .right = &rule->atoms[arg] };
		all = all ? &rule->ands[arg] : &rule->atoms[arg];
	}
	return all;
}

static void make_policy(struct policy_spec *spec, struct arena *arena, struct call_policy *ret)
{
	struct call_entries entries = { 0 };

	for (size_t i = 0; i < spec->count; i++) {
		struct call_spec *call = &spec->calls[i];
		struct call_entry entry = { .nr = call->nr, .call = call->call, .otherwise = spec->otherwise };

		entry.cases = arena_alloc(arena, call->rule_count * sizeof(entry.cases[0]));
		while (entry.case_count < call->rule_count) {
			struct call_case *item = &entry.cases[entry.case_count];

			*item = (struct call_case){ make_cond(&call->rules[entry.case_count]), call->verdict };
			entry.case_count++;
			if (!item->cond)
				break;
		}
		*arena_push(arena, &entries) = entry;
	}
	*ret = (struct call_policy){ .arches = 1U << arch_native(), .unknown = spec->otherwise };
	ret->entries[arch_native()] = entries;
}

/* ---- theirs ---- */

static int add_their_rule(scmp_filter_ctx context, const struct call_spec *call, const struct rule_spec *rule)
{
	struct scmp_arg_cmp compares[6];
	unsigned count = 0;

	for (unsigned arg = 0; arg < 6; arg++)
		if (rule->used & 1U << arg)
			compares[count++] =
				(struct scmp_arg_cmp){ .arg = arg, .op = SCMP_CMP_EQ, .datum_a = rule->values[arg] };
	return seccomp_rule_add_exact_array(context, verdict_to_action(call->verdict), (int)call->nr, count, compares);
}

/* The program as libseccomp writes it. */
static size_t their_program(const struct policy_spec *spec, struct sock_filter *ret)
{
	const uint32_t otherwise = verdict_to_action(spec->otherwise);
	scmp_filter_ctx context = seccomp_init(otherwise);
	const int fd = memfd_create("program", 0);
	ssize_t size;

	REQUIRE(context != NULL && fd >= 0);
	REQUIRE(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, otherwise) == 0);
	for (size_t i = 0; i < spec->count; i++) {
		for (size_t r = 0; r < spec->calls[i].rule_count; r++) {
			const int result = add_their_rule(context, &spec->calls[i], &spec->calls[i].rules[r]);

			REQUIRE(result == 0 || result == -EEXIST);
		}
	}
	REQUIRE(seccomp_export_bpf(context, fd) == 0);
	size = pread(fd, ret, CBPF_MAX * sizeof(*ret), 0);
	seccomp_release(context);
	close(fd);
	REQUIRE(size > 0 && (size_t)size % sizeof(*ret) == 0);
	return (size_t)size / sizeof(*ret);
}

/* ---- side by side ---- */

static void generate_data(struct stream *stream, const struct policy_spec *spec, struct seccomp_data *ret)
{
	const struct call_spec *call = &spec->calls[stream_below(stream, (uint32_t)spec->count)];
	const struct rule_spec *rule = &call->rules[stream_below(stream, (uint32_t)call->rule_count)];

	*ret = (struct seccomp_data){ .arch = arch_table[arch_native()].audit_arch, .nr = (int)call->nr };
	for (unsigned arg = 0; arg < 6; arg++)
		ret->args[arg] = stream_once_in(stream, 6) ? small_world(stream) : rule->values[arg];
	if (stream_once_in(stream, 16))
		ret->nr += 1;
	if (stream_once_in(stream, 32))
		ret->arch ^= stream_byte(stream);
	if (stream_once_in(stream, 32))
		ret->nr |= (int)X32_SYSCALL_BIT;
}

static bool check_spec(struct stream *stream, struct arena *arena)
{
	static struct sock_filter theirs[CBPF_MAX];
	struct policy_spec *spec = arena_new_of(arena, struct policy_spec);
	struct call_policy policy;
	struct cbpf ours;
	size_t their_count;
	bool held = true;

	generate_spec(stream, spec);
	make_policy(spec, arena, &policy);
	REQUIRE(cbpf_emit(&policy, NULL, arena, &ours) == 0);
	their_count = their_program(spec, theirs);
	for (unsigned i = 0; i < REQUESTS && held; i++) {
		struct seccomp_data data;
		uint32_t our_action = 1, their_action = 2;

		generate_data(stream, spec, &data);
		REQUIRE(cbpf_run(ours.code, ours.count, &data, &our_action, NULL) == 0);
		REQUIRE(cbpf_run(theirs, their_count, &data, &their_action, NULL) == 0);
		held = CHECK_INT(our_action, their_action);
		if (!held)
			fprintf(stderr, "# request %u: nr %d arch 0x%x args 0x%llx 0x%llx 0x%llx\n", i, data.nr,
				data.arch, (unsigned long long)data.args[0], (unsigned long long)data.args[1],
				(unsigned long long)data.args[2]);
	}
	return held;
}

TEST(libseccomp_agrees_on_equality)
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
		held = check_spec(&stream, arena);
		arena_free(arena);
		if (!held) {
			fprintf(stderr, "# policy %zu: run again with PROP_SEED=%llu PROP_COUNT=1\n", i,
				(unsigned long long)seed);
			return;
		}
	}
}
