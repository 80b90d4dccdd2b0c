/* test_denial.c - a denied call in the language's words: they can be read back, and the line that should allow it is one. */
#include "supervise/denial.h"

#include <errno.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "harness/fixture.h"
#include "harness/tap.h"

static const uint64_t values[] = { 0, 1, 3, 0x80001, (uint64_t)-100, 0x7ffd12345678, UINT64_MAX };

static const char *print(const struct event *event, struct arena *arena)
{
	struct str text;

	str_init(&text, arena);
	call_print(event->arch, event->nr, event->args, &text);
	return text.text;
}

TEST(names_of_arguments)
{
	static const struct {
		long nr;
		uint64_t args[6];
		const char *text;
	} rows[] = {
		{ SYS_ptrace, { PTRACE_ATTACH, 123 }, "syscall ptrace(PTRACE_ATTACH, 123, 0, 0)" },
		{ SYS_openat, { (uint64_t)-100, 0x7ffd0000, 0x80000 }, "syscall openat(AT_FDCWD, _, O_CLOEXEC, 0)" },
		{ SYS_socket, { 2, 0x80001, 6 }, "syscall socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP)" },
		{ SYS_unshare, { CLONE_NEWUSER | CLONE_NEWNS }, "syscall unshare(CLONE_NEWNS|CLONE_NEWUSER)" },
		{ SYS_ioctl, { 1, 0x5412, 0x7ffd0000 }, "syscall ioctl(1, TIOCSTI, _)" },
		{ 4000, { 1, 2 }, "syscall 4000()" },
	};
	struct arena *arena = arena_new(0);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct event event = { .arch = arch_native(), .nr = (uint32_t)rows[i].nr, .args = rows[i].args };

		CHECK_STR(print(&event, arena), rows[i].text);
	}
	arena_free(arena);
}

/* Every call, with several values everywhere. */
TEST(every_request_can_be_asked_again)
{
	struct fixture f;
	size_t asked = 0;

	fixture_init(&f);
	fixture_plan(&f, "file stat /x");
	for (size_t call = 0; call < call_count; call++)
		for (size_t i = 0; i < ARRAY_SIZE(values) && call_table[call].nr[arch_native()] != CALL_NR_NONE; i++) {
			const uint64_t args[6] = { values[i], values[i], values[i], values[i], values[i], values[i] };
			const struct event event = { .arch = arch_native(),
						     .nr = (uint32_t)call_table[call].nr[arch_native()],
						     .call = (int)call,
						     .args = args,
						     .verdict = { .kind = VERDICT_DENY, .error = EPERM } };
			const struct caller caller = { 0 };
			const struct denial denial = denial_of_event(f.plan, 1000, &event, EPERM, &caller, f.arena);
			struct decision decision;

			if (!CHECK_INT(decision_make(f.model, denial.request, &f.surroundings, f.arena, &f.diags,
						     &decision),
				       0) ||
			    !CHECK(decision.request.nr == event.nr))
				CHECK_STR(denial.request, "a request");
			asked++;
		}
	CHECK(asked > 2000);
	fixture_release(&f);
}

/* Whatever is proposed is a line of the language; and where it is about a call alone, it allows it. */
TEST(every_fix_is_a_line_that_resolves)
{
	struct fixture f;

	fixture_init(&f);
	fixture_plan(&f, "file stat /x");
	for (size_t call = 0; call < call_count; call++) {
		static const uint64_t no_args[6];
		struct event event = { .arch = arch_native(),
				       .nr = (uint32_t)call_table[call].nr[arch_native()],
				       .call = (int)call,
				       .args = no_args,
				       .verdict = { .kind = VERDICT_DENY, .error = EPERM } };
		const struct caller caller = { 0 };
		struct denial denial;
		struct fixture fixed;

		if (call_table[call].nr[arch_native()] == CALL_NR_NONE)
			continue;
		denial = denial_of_event(f.plan, 1000, &event, EPERM, &caller, f.arena);
		CHECK(denial.fix || denial.note);
		if (!denial.fix)
			continue;
		fixture_init(&fixed);
		if (!CHECK_INT(fixture_resolve(&fixed, &denial.fix, 1), 0))
			CHECK_STR(denial.fix, call_table[call].name);
		else if (call_table[call].class != CLASS_TYPED)
			CHECK_INT(layer_decide_call(fixed.model->items[0], event.arch, event.nr, no_args, NULL).kind,
				  VERDICT_ALLOW);
		fixture_release(&fixed);
	}
	fixture_release(&f);
}

TEST(the_rule_and_its_place)
{
	static const uint64_t args[6] = { PTRACE_ATTACH, 1 };
	const struct event event = { .arch = arch_native(),
				     .nr = SYS_ptrace,
				     .call = call_find("ptrace"),
				     .args = args,
				     .verdict = { .kind = VERDICT_DENY, .error = EIO } };
	const struct caller caller = { .process = 7, .program = "/x" };
	struct denial denial;
	struct fixture f;

	fixture_init(&f);
	fixture_plan(&f, "file stat /x\ndeny syscall ptrace errno EIO");
	denial = denial_of_event(f.plan, 1000, &event, EIO, &caller, f.arena);
	CHECK_STR(denial.rule, "deny syscall ptrace errno EIO");
	CHECK(denial.file && denial.line > 1 && !denial.missing);
	CHECK_INT(denial.verdict.error, EIO);
	CHECK_INT(denial.caller.process, 7);
	fixture_release(&f);
}

/* Names are the program's to choose; what a person pastes is not. */
TEST(T25_a_name_with_a_wildcard_makes_no_fix)
{
	static const char *const names[] = { "/a*", "/a?", "/$HOME", "/**" };
	struct fixture f;

	fixture_init(&f);
	fixture_plan(&f, "file stat /x\ndeny file write /w/**");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct request request = {
			.class = REQUEST_FILE, .operation = FILE_READ, .path = names[i], .phase = PHASE_NONE
		};
		struct decision decision;

		decision_take(f.model, &request, "file read", f.arena, &decision);
		CHECK_INT(decision.verdict.kind, VERDICT_DENY);
		CHECK(!decision.layers.items[0].fix && decision.layers.items[0].note);
	}
	fixture_release(&f);
}
