/* `wx sealed`: who holds it, what the filter asks or refuses of each call, and where it can't be held. */
#include <errno.h>
#include <linux/prctl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>

#include "fixture.h"
#include "tap.h"

/* Every call may be made; so what is refused is refused by a guard. */
#define OPEN "wx sealed\nsyscall @basic\nsyscall prctl personality remap_file_pages\n"

struct row {
	const char *call;
	uint64_t args[6];
	struct verdict at_start, later;
};

#define ALLOW                           \
	{                               \
		VERDICT_ALLOW, 0, false \
	}
#define ASK                           \
	{                             \
		VERDICT_ASK, 0, false \
	}
#define DENY(error)                        \
	{                                  \
		VERDICT_DENY, error, false \
	}

static const struct row rows[] = {
	{ "mmap", { 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS }, ALLOW, ALLOW },
	{ "mmap", { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, 3 }, DENY(EPERM), ASK },
	{ "mmap", { 0, 4096, PROT_EXEC, MAP_PRIVATE, 3 }, DENY(EPERM), ASK },
	{ "mprotect", { 4096, 4096, PROT_READ }, ALLOW, ALLOW },
	{ "mprotect", { 4096, 4096, PROT_READ | PROT_EXEC }, DENY(EPERM), ASK },
	{ "pkey_mprotect", { 4096, 4096, PROT_EXEC, 0 }, DENY(EPERM), ASK },
	{ "mremap", { 4096, 4096, 8192, MREMAP_MAYMOVE }, DENY(ENOMEM), DENY(ENOMEM) },
	{ "remap_file_pages", { 4096, 4096, 0, 1, 0 }, DENY(EPERM), DENY(EPERM) },
	{ "set_tid_address", { 4096 }, ALLOW, ASK },
	{ "personality", { READ_IMPLIES_EXEC }, DENY(EPERM), DENY(EPERM) },
	{ "personality", { READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE }, DENY(EPERM), DENY(EPERM) },
	{ "personality", { 0xffffffff }, ALLOW, ALLOW },
	{ "personality", { 0 }, ALLOW, ALLOW },
	{ "prctl", { PR_SET_MM, PR_SET_MM_AUXV, 4096, 16 }, DENY(EPERM), DENY(EPERM) },
	{ "prctl", { PR_SET_NAME, 4096 }, ALLOW, ALLOW },
	{ "getpid", { 0 }, ALLOW, ALLOW },
};

static void check_rows(const struct fixture *f, bool at_start)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct verdict wanted = at_start ? rows[i].at_start : rows[i].later;
		const struct verdict found = fixture_call(f, rows[i].call, rows[i].args);

		if (!CHECK_INT(found.kind, wanted.kind) || !CHECK_INT(found.error, wanted.error))
			CHECK_STR(rows[i].call, NULL);
	}
}

static void make(struct fixture *f, const char *program, const char *loader, const char *body)
{
	fixture_init(f);
	f->facts.program = program;
	f->facts.loader = loader;
	fixture_plan(f, body);
}

static void expect_carrier(const struct fixture *f, bool carried, uint32_t mechanisms, const char *why)
{
	const struct carrier *carrier = fixture_carrier(f, "wx sealed");

	REQUIRE(carrier != NULL);
	CHECK_INT(carrier->carried, carried);
	CHECK_INT(carrier->mechanisms, mechanisms);
	if (why)
		CHECK(carrier->why && strstr(carrier->why, why));
}

TEST(program_with_a_loader_is_sealed_by_the_parent)
{
	struct fixture f;

	make(&f, "/usr/bin/x", "/lib64/ld-linux-x86-64.so.2", OPEN);
	check_rows(&f, false);
	expect_carrier(&f, true, MECHANISM_PRCTL | MECHANISM_SECCOMP | MECHANISM_LISTENER, NULL);
	CHECK(plan_asks(f.plan) && f.plan->keeps_parent && f.plan->exec_check);
	fixture_release(&f);
}

TEST(static_program_is_sealed_by_the_filter)
{
	struct fixture f;

	make(&f, "/usr/bin/x", NULL, OPEN);
	check_rows(&f, true);
	expect_carrier(&f, true, MECHANISM_PRCTL | MECHANISM_SECCOMP, NULL);
	CHECK(!plan_asks(f.plan) && !f.plan->keeps_parent);
	fixture_release(&f);
}

/* What it executes may have a loader. */
TEST(static_program_that_executes_others)
{
	struct fixture f;

	make(&f, "/usr/bin/x", NULL, OPEN "exec /usr/bin/y /lib64/ld-linux-x86-64.so.2\n");
	check_rows(&f, false);
	CHECK(plan_asks(f.plan));
	fixture_release(&f);
}

TEST(where_it_is_not_held)
{
	struct fixture f;

	make(&f, "/usr/bin/x", "/lib/ld-musl-x86_64.so.1", "wx sealed");
	expect_carrier(&f, false, MECHANISM_LISTENER, "ld-musl");
	fixture_release(&f);
	fixture_init(&f);
	f.caps.notify = false;
	fixture_plan(&f, "wx sealed");
	expect_carrier(&f, false, MECHANISM_LISTENER, "notification");
	fixture_release(&f);
}

/* A restriction of the policy's own stays what it is. */
TEST(restrictions_outweigh_guards)
{
	struct fixture f;

	make(&f, NULL, NULL,
	     OPEN "kill syscall mmap if prot & PROT_EXEC != 0\ndeny syscall set_tid_address errno ENOSYS\n");
	CHECK_INT(fixture_call(&f, "mmap", (uint64_t[6]){ 0, 4096, PROT_EXEC }).kind, VERDICT_KILL);
	CHECK_INT(fixture_call(&f, "set_tid_address", (uint64_t[6]){ 4096 }).kind, VERDICT_DENY);
	CHECK_INT(fixture_call(&f, "set_tid_address", (uint64_t[6]){ 4096 }).error, ENOSYS);
	fixture_release(&f);
}

TEST(memfd_is_harmless_after_the_seal)
{
	struct fixture f;

	make(&f, NULL, NULL, "wx sealed\nsyscall memfd_create because \"x\"");
	expect_carrier(&f, true, MECHANISM_PRCTL | MECHANISM_SECCOMP | MECHANISM_LISTENER, NULL);
	CHECK_INT(fixture_call(&f, "memfd_create", (uint64_t[6]){ 4096, 0 }).kind, VERDICT_ASK);
	fixture_release(&f);
	make(&f, NULL, NULL,
	     "wx sealed\nexec /usr/bin/y /lib64/ld-linux-x86-64.so.2\nsyscall memfd_create because \"x\"");
	expect_carrier(&f, false, MECHANISM_SUPERVISOR, "memfd_create makes");
	fixture_release(&f);
}

/* The parent that stays must be out of the program's reach. */
TEST(T11_parent_of_a_sealed_program)
{
	struct fixture f;
	const struct carrier *carrier;

	make(&f, "/usr/bin/x", "/lib64/ld-linux-x86-64.so.2", "wx sealed\nsignal other");
	carrier = fixture_carrier(&f, "signal other");
	CHECK(carrier && !carrier->carried && strstr(carrier->why, "within reach"));
	fixture_release(&f);
}
