/* test_calls.c - call policies: look-up, numbers that can't be, and how they are shown. */
#include "plan/calls.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "tap.h"

static const struct cond arg_one = {
	.kind = COND_ATOM, .arg = 0, .bits = 32, .is_signed = true, .compare = COMPARE_EQ, .value = 1
};
static struct call_case cases[] = {
	{ &arg_one, { .kind = VERDICT_KILL } },
	{ NULL, { .kind = VERDICT_ASK } },
};

static uint16_t row(const char *name)
{
	const int call = call_find(name);

	REQUIRE(call >= 0);
	return (uint16_t)call;
}

/* read, getpid (cases), getppid on x86-64; getpid on x32. */
static void fill(struct call_policy *policy, struct call_entry entries[4])
{
	const struct verdict allow = { .kind = VERDICT_ALLOW }, deny = { .kind = VERDICT_DENY, .error = EPERM };

	entries[0] = (struct call_entry){ .nr = 0, .call = row("read"), .otherwise = allow };
	entries[1] = (struct call_entry){
		.nr = 39, .call = row("getpid"), .cases = cases, .case_count = 2, .otherwise = allow
	};
	entries[2] = (struct call_entry){ .nr = 110, .call = row("getppid"), .otherwise = deny };
	entries[3] = (struct call_entry){ .nr = X32_SYSCALL_BIT | 39, .call = row("getpid"), .otherwise = allow };
	*policy = (struct call_policy){
		.arches = 1U << ARCH_X86_64 | 1U << ARCH_X32,
		.entries[ARCH_X86_64] = { entries, 3, 3 },
		.entries[ARCH_X32] = { entries + 3, 1, 1 },
		.unknown = { .kind = VERDICT_DENY, .error = ENOSYS },
	};
}

TEST(decide)
{
	static const struct {
		enum arch arch;
		uint32_t nr;
		uint64_t arg;
		enum verdict_kind kind;
		uint16_t error;
	} rows[] = {
		{ ARCH_X86_64, 0, 0, VERDICT_ALLOW, 0 },
		{ ARCH_X86_64, 1, 0, VERDICT_DENY, ENOSYS },
		{ ARCH_X86_64, 39, 0, VERDICT_ASK, 0 },
		{ ARCH_X86_64, 39, 1, VERDICT_KILL, 0 },
		{ ARCH_X86_64, 39, 0x700000001, VERDICT_KILL, 0 },
		{ ARCH_X86_64, 110, 0, VERDICT_DENY, EPERM },
		{ ARCH_X86_64, X32_SYSCALL_BIT | 39, 0, VERDICT_DENY, ENOSYS },
		{ ARCH_X32, X32_SYSCALL_BIT | 39, 0, VERDICT_ALLOW, 0 },
		{ ARCH_X32, 39, 0, VERDICT_DENY, ENOSYS },
		{ ARCH_I386, 0, 0, VERDICT_DENY, ENOSYS },
		{ ARCH_COUNT, 0, 0, VERDICT_DENY, ENOSYS },
		{ ARCH_X86_64, UINT32_MAX, 0, VERDICT_DENY, ENOSYS },
	};
	struct call_entry entries[4];
	struct call_policy policy;

	fill(&policy, entries);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint64_t args[6] = { rows[i].arg };
		const struct verdict verdict = call_policy_decide(&policy, rows[i].arch, rows[i].nr, args);

		CHECK_INT(verdict.kind, rows[i].kind);
		CHECK_INT(verdict.error, rows[i].error);
	}
}

TEST(numbers_that_belong)
{
	CHECK(call_nr_belongs(ARCH_X86_64, 0));
	CHECK(call_nr_belongs(ARCH_X86_64, X32_SYSCALL_BIT - 1));
	CHECK(!call_nr_belongs(ARCH_X86_64, X32_SYSCALL_BIT));
	CHECK(!call_nr_belongs(ARCH_X86_64, UINT32_MAX));
	CHECK(!call_nr_belongs(ARCH_X32, 0));
	CHECK(call_nr_belongs(ARCH_X32, X32_SYSCALL_BIT));
	CHECK(!call_nr_belongs(ARCH_X32, 2 * X32_SYSCALL_BIT));
	CHECK(call_nr_belongs(ARCH_I386, UINT32_MAX));
	CHECK(call_nr_belongs(ARCH_AARCH64, 0));
	CHECK(!call_nr_belongs(ARCH_COUNT, 0));
}

TEST(text)
{
	struct arena *arena = arena_new(0);
	struct call_entry entries[4];
	struct call_policy policy;
	struct str out;

	fill(&policy, entries);
	str_init(&out, arena);
	call_policy_print(&policy, &out);
	CHECK_STR(out.text, "calls x86_64\n"
			    "  read                     allow\n"
			    "  getpid                   kill if arg0:s32 == 1\n"
			    "                           ask\n"
			    "                           else allow\n"
			    "calls x32\n"
			    "  getpid                   allow\n"
			    "calls that are not known\n"
			    "  deny ENOSYS\n");
	arena_free(arena);
}

TEST(json)
{
	struct arena *arena = arena_new(0);
	struct call_entry entries[4];
	struct call_policy policy;
	struct json json;
	struct str out;

	fill(&policy, entries);
	str_init(&out, arena);
	json_init(&json, &out, false);
	call_policy_json(&policy, &json);
	CHECK(strstr(out.text,
		     "\"call\":\"getpid\",\"nr\":39,\"cases\":[{\"verdict\":\"kill\",\"if\":\"arg0:s32 == 1\"}") !=
	      NULL);
	CHECK(strstr(out.text, "getppid") == NULL);
	CHECK(strstr(out.text, "\"unknown\":\"deny ENOSYS\"}") != NULL);
	arena_free(arena);
}
