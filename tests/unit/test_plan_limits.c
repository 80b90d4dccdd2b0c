/* Limits: what holds which one, on which machine, and where it is refused. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "fixture.h"
#include "tap.h"

enum machine {
	BARE,   /* no control groups */
	COUNTS, /* a group that counts processor time */
	GROUPS, /* with memory and pids */
	ROOT,   /* no control groups, uid 0 */
	OLD     /* Landlock without scopes */
};

struct row {
	enum machine machine;
	const char *body, *limit;
	uint32_t mechanisms; /* 0: refused */
	const char *why;     /* part of it, or NULL */
};

static void set_machine(struct fixture *f, enum machine machine)
{
	f->caps.cgroup2 = machine == GROUPS;
	f->caps.cgroup2_cpu = machine == GROUPS || machine == COUNTS;
	if (machine == ROOT) {
		f->caps.uid = 0;
		f->caps.privileged = true;
	}
	if (machine == OLD)
		f->caps.landlock = 5;
}

static void expect(const struct row *row)
{
	const struct carrier *carrier;
	struct fixture f;

	fixture_init(&f);
	set_machine(&f, row->machine);
	fixture_plan(&f, row->body);
	carrier = fixture_carrier(&f, row->limit);
	if (!CHECK(carrier != NULL) || !CHECK_INT(carrier->carried, row->mechanisms != 0) ||
	    (row->mechanisms && !CHECK_INT(carrier->mechanisms, row->mechanisms)) ||
	    (row->why && (!CHECK(carrier->why != NULL) || !CHECK(strstr(carrier->why, row->why) != NULL))))
		CHECK_STR(row->body, row->limit);
	fixture_release(&f);
}

#define GROUP MECHANISM_CGROUP
#define PARENT MECHANISM_PARENT
#define RLIMIT MECHANISM_RLIMIT

TEST(what_holds_a_limit)
{
	static const struct row rows[] = {
		{ BARE, "limit files 10", "limit files 10", RLIMIT, "each process" },
		{ BARE, "limit time 300ms", "limit time 300ms", PARENT, NULL },
		{ BARE, "limit time 5", "limit time 5000ms", PARENT, NULL },
		{ OLD, "limit time 5s", "limit time", 0, "at once" },
		{ OLD, "limit time 5s\nisolate pid", "limit time", PARENT, NULL },
		{ BARE, "limit output 1K", "limit output 1024", PARENT, "pass through" },
		{ OLD, "limit output 1K", "limit output", 0, "at once" },
		{ GROUPS, "limit mem 1G", "limit mem", GROUP | PARENT, NULL },
		{ COUNTS, "limit mem 1G", "limit mem", 0, "control group" },
		{ BARE, "limit mem 1G procs 1", "limit mem", RLIMIT, "address space" },
		{ BARE, "limit mem 1G procs 2", "limit mem", 0, "control group" },
		{ BARE, "limit mem 1G procs 1\nwx allow\nsyscall memfd_create because \"x\"", "limit mem", 0,
		  "memfd_create has none" },
		{ BARE, "limit mem 1G procs 1\nisolate mount\nprivate /tmp", "limit mem", 0, "private directory" },
		{ GROUPS, "limit procs 64", "limit procs", GROUP, NULL },
		{ BARE, "limit procs 64", "limit procs", 0, "others too" },
		{ ROOT, "limit procs 64", "limit procs", 0, "root" },
		{ ROOT, "limit procs 64\nisolate user", "limit procs", 0, "root" },
		{ BARE, "limit procs 64\nisolate user", "limit procs", RLIMIT | MECHANISM_NAMESPACE, "of its own" },
		{ BARE, "limit procs 64\nisolate net", "limit procs", RLIMIT | MECHANISM_NAMESPACE, "of its own" },
		{ BARE, "limit procs 1", "limit procs", MECHANISM_SECCOMP, "makes none" },
		{ ROOT, "limit procs 1", "limit procs", MECHANISM_SECCOMP, "makes none" },
		{ COUNTS, "limit cpu 5s", "limit cpu", GROUP | PARENT, NULL },
		{ BARE, "limit cpu 5s", "limit cpu", 0, "control group" },
		{ BARE, "limit cpu 5s procs 1", "limit cpu", RLIMIT, NULL },
		{ BARE, "limit cpu 500ms procs 1", "limit cpu", RLIMIT, "whole seconds" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect(&rows[i]);
}

static uint64_t rlimit(const struct plan *plan, int resource)
{
	for (size_t i = 0; i < plan->rlimits.count; i++)
		if (plan->rlimits.items[i].resource == resource)
			return plan->rlimits.items[i].value;
	return 0;
}

TEST(values_go_where_they_are_held)
{
	struct fixture f;

	fixture_init(&f);
	set_machine(&f, GROUPS);
	fixture_plan(&f, "limit mem 1M procs 7 cpu 2s time 1500ms output 10");
	CHECK_INT(f.plan->domain.mem, 1 << 20);
	CHECK_INT(f.plan->domain.procs, 7);
	CHECK_INT(f.plan->domain.cpu_ms, 2000);
	CHECK_INT(f.plan->domain.time_ms, 1500);
	CHECK_INT(f.plan->domain.output, 10);
	CHECK(f.plan->keeps_parent && limits_keep_parent(&f.plan->domain) && limits_end_domain(&f.plan->domain));
	fixture_release(&f);

	fixture_init(&f);
	set_machine(&f, BARE);
	fixture_plan(&f, "limit procs 5\nisolate pid");
	CHECK_INT(rlimit(f.plan, RLIMIT_NPROC), 6); /* process 1 is Cordon's */
	fixture_release(&f);

	fixture_init(&f);
	set_machine(&f, BARE);
	fixture_plan(&f, "limit procs 1 mem 5M cpu 1500ms");
	CHECK_INT(rlimit(f.plan, RLIMIT_AS), 5 << 20);
	CHECK_INT(rlimit(f.plan, RLIMIT_CPU), 2);
	CHECK(!f.plan->keeps_parent);
	fixture_release(&f);
}

/* A limit of nothing is not a limit that isn't there. */
TEST(nothing_is_a_limit)
{
	struct fixture f;

	fixture_init(&f);
	set_machine(&f, GROUPS);
	fixture_plan(&f, "limit mem 0 cpu 0 time 0 output 0");
	CHECK(f.plan->domain.mem && f.plan->domain.cpu_ms && f.plan->domain.time_ms && f.plan->domain.limits_output);
	CHECK_INT(f.plan->domain.output, 0);
	fixture_release(&f);
}

/* Several layers: the least. */
TEST(layers_lower_each_other)
{
	static const char *const bodies[] = { "limit time 5s output 100", "limit time 3s output 200", "limit time 4s" };
	struct fixture f;

	fixture_init(&f);
	REQUIRE(fixture_resolve(&f, bodies, ARRAY_SIZE(bodies)) == 0);
	REQUIRE(plan_make(f.model, &f.caps, &f.facts, f.arena, &f.plan) == 0);
	CHECK_INT(f.plan->domain.time_ms, 3000);
	CHECK_INT(f.plan->domain.output, 100);
	fixture_release(&f);
}

TEST(one_task_makes_no_other)
{
	static const char *const calls[] = { "fork", "vfork", "clone" };
	struct fixture f;

	fixture_init(&f);
	fixture_plan(&f, "syscall @basic\nlimit procs 1");
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct verdict verdict = fixture_call(&f, calls[i], (uint64_t[6]){ 17 });

		CHECK_INT(verdict.kind, VERDICT_DENY);
		CHECK_INT(verdict.error, EAGAIN);
	}
	CHECK_INT(fixture_call(&f, "clone3", (uint64_t[6]){ 0 }).error, ENOSYS);
	fixture_release(&f);
}

/* The parent that stays must be out of the program's reach. */
TEST(T11_parent_that_watches)
{
	const struct carrier *carrier;
	struct fixture f;

	fixture_init(&f);
	fixture_plan(&f, "limit time 5s\nsignal other");
	carrier = fixture_carrier(&f, "signal other");
	CHECK(carrier && !carrier->carried && strstr(carrier->why, "within reach"));
	fixture_release(&f);
}

/* Only the real root's capabilities raise limits. */
TEST(what_undoes_a_limit)
{
	static const struct row rows[] = {
		{ ROOT, "cap sys_resource\nlimit files 10", "limit files", 0, "sys_resource" },
		{ ROOT, "cap sys_resource\nlimit procs 1\nlimit cpu 5s", "limit cpu", 0, "sys_resource" },
		{ ROOT, "cap ipc_lock\nlimit locked 0", "limit locked", 0, "ipc_lock" },
		{ ROOT, "cap ipc_lock\nlimit files 10", "limit files", RLIMIT, NULL },
		{ ROOT, "cap chown\nlimit files 10", "limit files", RLIMIT, NULL },
		{ ROOT, "cap sys_resource\nisolate user\nlimit files 10", "limit files", RLIMIT, NULL },
		{ ROOT, "cap sys_resource\nlimit time 300ms", "limit time", PARENT, NULL },
		{ BARE, "cap sys_resource\nlimit files 10", "limit files", RLIMIT, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect(&rows[i]);
}
