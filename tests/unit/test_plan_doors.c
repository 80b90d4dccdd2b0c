/* Doors in the planner: io_uring, io_submit, socketcall beside a call that is closed or narrowed are refused. */
#include <string.h>

#include "fixture.h"
#include "tap.h"

/* `syscall NAME... because "x"` with what uring.tbl names, without @left_out, and @more lines. */
static const char *ring_policy(const struct fixture *f, const char *left_out, const char *more)
{
	struct str text;

	str_init(&text, f->arena);
	str_add(&text, "wx allow\nsyscall @basic\nsyscall io_uring_setup io_uring_enter io_uring_register");
	for (size_t i = 0; i < uring_call_count; i++)
		if (!left_out || strcmp(call_table[uring_calls[i]].name, left_out) != 0)
			str_addf(&text, " %s", call_table[uring_calls[i]].name);
	str_addf(&text, " because \"x\"\n%s\n", more);
	return text.text;
}

static const struct carrier *plan_ring(struct fixture *f, const char *left_out, const char *more)
{
	fixture_init(f);
	fixture_plan(f, ring_policy(f, left_out, more));
	return fixture_carrier(f, "syscall io_uring_setup");
}

TEST(T42_ring_opens_what_it_does)
{
	struct fixture f;
	const struct carrier *carrier = plan_ring(&f, NULL, "");

	CHECK(carrier && carrier->carried);
	fixture_release(&f);
	for (size_t i = 0; i < uring_call_count; i++) {
		const struct call_row *row = &call_table[uring_calls[i]];

		if (row->class == CLASS_BASIC && !row->pin)
			continue;
		carrier = plan_ring(&f, row->name, "");
		if (!CHECK(carrier && !carrier->carried && strstr(carrier->why, row->name)))
			CHECK_STR(row->name, "refused");
		fixture_release(&f);
	}
}

TEST(T42_ring_beside_restrictions)
{
	static const char *const refused[] = {
		"deny syscall socket if family == AF_VSOCK", "deny file attr",        "deny file delete", "deny net",
		"kill syscall madvise if advice == 100",     "net accept tcp *:8080",
	};
	static const char *const carried[] = {
		"deny ptrace",           "deny syscall kcmp",        "net accept tcp *:*",
		"net connect tcp *:443", "deny net for uid != 1000", /* the fixture's caller is 1000 */
	};
	struct fixture f;
	const struct carrier *carrier;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		carrier = plan_ring(&f, NULL, refused[i]);
		if (!CHECK(carrier && !carrier->carried))
			CHECK_STR(refused[i], "refused");
		fixture_release(&f);
	}
	for (size_t i = 0; i < ARRAY_SIZE(carried); i++) {
		carrier = plan_ring(&f, NULL, carried[i]);
		if (!CHECK(carrier && carrier->carried))
			CHECK_STR(carried[i], "carried");
		fixture_release(&f);
	}
}

/* One line refused takes away what another needs: both are. */
TEST(T42_rings_that_need_each_other)
{
	struct fixture f;

	fixture_init(&f);
	fixture_plan(&f, "wx allow\nsyscall io_uring_setup socket because \"x\"\nsyscall io_uring_enter because \"x\"");
	CHECK(!fixture_carrier(&f, "syscall io_uring_setup")->carried);
	CHECK(!fixture_carrier(&f, "syscall io_uring_enter")->carried);
	fixture_release(&f);
}

/* Refused means closed, also where everything else runs (--best-effort). */
TEST(T42_refused_ring_is_closed)
{
	static const uint64_t none[6];
	struct fixture f;

	fixture_init(&f);
	fixture_plan(&f, "wx allow\nsyscall io_uring_setup because \"x\"");
	CHECK_INT(fixture_call(&f, "io_uring_setup", none).kind, VERDICT_DENY);
	fixture_release(&f);
}

TEST(T42_other_doors)
{
	static const struct {
		const char *body, *line, *why; /* NULL: carried */
	} rows[] = {
		{ "syscall @basic\nsyscall io_setup io_submit", "syscall io_setup", "pwritev2" },
		{ "syscall @basic\nsyscall pwritev2\nsyscall io_setup io_submit", "syscall io_setup", NULL },
		{ "syscall @basic\nsyscall io_setup io_getevents", "syscall io_setup", NULL },
		{ "syscall @basic\narch x86_64 i386\nnet connect tcp *:443\nsyscall socketcall", "syscall socketcall",
		  "socket" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;
		const struct carrier *carrier;

		fixture_init(&f);
		fixture_plan(&f, rows[i].body);
		carrier = fixture_carrier(&f, rows[i].line);
		if (!CHECK(carrier && carrier->carried == !rows[i].why) ||
		    (rows[i].why && !CHECK(strstr(carrier->why, rows[i].why) != NULL)))
			CHECK_STR(rows[i].body, rows[i].why);
		fixture_release(&f);
	}
}

/* CAP_SYS_ADMIN takes the flags off mounts that other lines rely on. */
TEST(T07_remounting)
{
	static const struct {
		const char *body;
		bool carried;
	} rows[] = {
		{ "isolate mount\ncap sys_admin\nsyscall mount_setattr because \"x\"", false },
		{ "isolate mount\nwx allow\ncap sys_admin\nsyscall mount_setattr because \"x\"", false },
		{ "cap sys_admin\nsyscall mount_setattr because \"x\"", false },
		{ "cap sys_admin\nwx allow\nsyscall mount_setattr because \"x\"", true },
		{ "isolate mount\nsyscall mount_setattr because \"x\"", true },
		{ "isolate mount\ncap sys_admin\nsyscall open_tree_attr because \"x\"", false },
		{ "isolate mount\ncap sys_admin\nsyscall fsmount because \"x\"", false },
		{ "isolate mount\ncap sys_admin\nsyscall fsopen because \"x\"", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;
		const struct carrier *carrier;

		fixture_init(&f);
		fixture_plan(&f, rows[i].body);
		carrier = fixture_carrier(&f, "syscall ");
		if (!CHECK(carrier && carrier->carried == rows[i].carried))
			CHECK_STR(rows[i].body, rows[i].carried ? "carried" : "refused");
		fixture_release(&f);
	}
}
