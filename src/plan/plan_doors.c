/* plan_doors.c - calls behind which other calls are made, with arguments in memory: io_uring above all, the older
 * asynchronous I/O, and the i386 multiplexer of sockets. No filter sees what goes through such a door.
 *
 * A ring has the credentials of whoever submits, so Landlock and mounts hold. What a filter carries does not: which calls
 * are closed, with which arguments they are open, and whose listen() the parent answers. So whoever opens a ring has to
 * open all that it does (data/uring.tbl) whatever the arguments, by name; a ring beside a narrower line is refused, and so
 * are the others. What is closed whatever a policy says stays closed: terminals take no commands from a ring.
 *
 * Calls that undo what mounts hold are refused here as well. */
#include "plan/planner.h"

#include <linux/capability.h>
#include <string.h>

#define DOOR_CALLS 3
#define BEHIND_MAX 20

static const struct door {
	const char *title;
	const char *calls[DOOR_CALLS];
	const char *behind[BEHIND_MAX]; /* all NULL: uring_calls */
} doors[] = {
	/* A ring can come from elsewhere: setup alone is not the door. */
	{ .title = "a ring", .calls = { "io_uring_setup", "io_uring_enter", "io_uring_register" } },
	/* RWF flags stand in the block, RWF_NOAPPEND among them. */
	{ "io_submit", { "io_submit" }, { "preadv2", "pwritev2", "fsync", "fdatasync", "poll" } },
	{ "socketcall",
	  { "socketcall" },
	  { "socket", "bind", "connect", "listen", "getsockname", "getpeername", "socketpair", "sendto", "recvfrom",
	    "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg" } },
};

/* The first rule that opens @door, or as many as there are rules. */
static size_t first_opening(const struct planner *p, const struct door *door)
{
	size_t first = p->layer->rules.count;

	for (size_t c = 0; c < DOOR_CALLS && door->calls[c]; c++) {
		const int call = call_find(door->calls[c]);

		for (uint32_t k = p->calls_from[call]; k < p->calls_from[call + 1]; k++) {
			const struct call_rule *opened = &p->layer->calls.items[k];

			if (opened->rule < first && opened->verdict.kind == VERDICT_ALLOW &&
			    p->layer->rules.items[opened->rule].verdict.kind == VERDICT_ALLOW &&
			    planner_active(p, opened->rule))
				first = opened->rule;
		}
	}
	return first;
}

/* Does the filter let @call through whatever its arguments, on @arch? */
static bool is_wide_open(const struct planner *p, uint16_t call, unsigned arch)
{
	bool open = false;

	if (p->out->listens && call == call_find("listen"))
		return false;
	if (p->out->holds_truncation && (call == call_find("openat") || call == call_find("openat2")))
		return false;
	for (uint32_t k = p->calls_from[call]; k < p->calls_from[call + 1]; k++) {
		const struct call_rule *rule = &p->layer->calls.items[k];

		if (!planner_active(p, rule->rule))
			continue;
		if (rule->verdict.kind == VERDICT_ALLOW)
			open |= !rule->cond[arch];
		else if (!p->layer->rules.items[rule->rule].builtin)
			return false;
	}
	return open;
}

static void note_leak(const struct planner *p, uint16_t call, struct str *names)
{
	bool open = true;

	for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
		if ((p->layer->arches & 1u << arch) && call_table[call].nr[arch] != CALL_NR_NONE)
			open &= is_wide_open(p, call, arch);
	if (!open)
		str_addf(names, "%s%s", names->size ? " " : "", call_table[call].name);
}

/* The names of the calls that go through @door and are closed or narrowed, or NULL when there are none. */
static const char *what_leaks(const struct planner *p, const struct door *door)
{
	struct str names;

	str_init(&names, p->arena);
	for (size_t i = 0; i < BEHIND_MAX && door->behind[i]; i++)
		note_leak(p, (uint16_t)call_find(door->behind[i]), &names);
	for (size_t i = 0; i < uring_call_count && !door->behind[0]; i++)
		note_leak(p, uring_calls[i], &names);
	return names.size ? names.text : NULL;
}

static bool settle(struct planner *p, const struct door *door)
{
	const size_t i = first_opening(p, door);
	const char *leak = i < p->layer->rules.count ? what_leaks(p, door) : NULL;

	if (!leak)
		return false;
	planner_refuse(p, i, MECHANISM_BPF,
		       p->out->listens
			       ? "drop this line; or grant accept on all ports, and open all these calls"
			       : arena_printf(p->arena,
					      "drop this line, or open what it opens: `syscall %s because \"...\"`",
					      leak),
		       "no filter sees what %s does, and it would also do what is closed here or open for some "
		       "arguments only: %s",
		       door->title, leak);
	return true;
}

/* ---- what undoes mounts ---- */

/* Landlock keeps a domain from mounting, but looks at none of these: whoever has CAP_SYS_ADMIN takes flags off a mount, or
 * reaches the same files through one of its own. In a user namespace of its own the flags are locked. */
static const char *const mount_calls[] = { "mount_setattr", "open_tree_attr", "fsmount" };

static void refuse_remounting(struct planner *p)
{
	const bool views = p->layer->isolate & ISOLATE_MOUNT;

	if ((!views && p->layer->wx == WX_ALLOW) || !(p->layer->capabilities & UINT64_C(1) << CAP_SYS_ADMIN))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(mount_calls); i++) {
		const int call = call_find(mount_calls[i]);

		for (uint32_t k = p->calls_from[call]; k < p->calls_from[call + 1]; k++) {
			const struct call_rule *opened = &p->layer->calls.items[k];

			if (opened->verdict.kind == VERDICT_ALLOW && planner_active(p, opened->rule))
				planner_refuse(p, opened->rule, MECHANISM_BPF,
					       views ? "drop this line, `cap sys_admin`, or `isolate mount`"
						     : "drop this line or `cap sys_admin`, or write `wx allow`",
					       "%s with CAP_SYS_ADMIN undoes what read-only and noexec mounts hold",
					       mount_calls[i]);
		}
	}
}

void plan_doors(struct planner *p)
{
	bool changed;

	refuse_remounting(p);

	/* A refused line no longer opens what the others need. */
	do {
		changed = false;
		for (size_t i = 0; i < ARRAY_SIZE(doors); i++)
			changed |= settle(p, &doors[i]);
	} while (changed);
}
