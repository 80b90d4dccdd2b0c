/* plan_rest.c - signal, ptrace, mount, ioctl and syscall rules: the filter carries them, or nobody does yet. */
#include "plan/planner.h"

#include <string.h>

/* Are the signal calls open by another rule than a `signal` one (the basic group)? */
static bool signals_open(const struct planner *p)
{
	int kill = call_find("kill");

	for (size_t i = 0; i < p->layer->calls.count; i++)
		if (p->layer->calls.items[i].call == kill && p->layer->calls.items[i].verdict.kind == VERDICT_ALLOW &&
		    p->layer->rules.items[p->layer->calls.items[i].rule].class == REQUEST_SYSCALL)
			return true;
	return false;
}

static bool allows_signal(const struct planner *p, uint32_t targets)
{
	for (size_t i = 0; i < p->layer->rules.count; i++) {
		const struct rule *rule = &p->layer->rules.items[i];

		if (rule->class == REQUEST_SIGNAL && rule->verdict.kind == VERDICT_ALLOW && planner_active(p, i) &&
		    (rule->operations & targets))
			return true;
	}
	return false;
}

static void plan_signal(struct planner *p, size_t i)
{
	const struct rule *rule = &p->layer->rules.items[i];
	uint32_t all = SIGNAL_SELF | SIGNAL_DOMAIN | SIGNAL_OTHER;
	bool scoped = p->caps->landlock >= 6 || (p->layer->isolate & ISOLATE_PID);

	if (rule->verdict.kind == VERDICT_ALLOW) {
		if (!(rule->operations & SIGNAL_OTHER) && !scoped)
			planner_refuse(p, i, MECHANISM_LANDLOCK, "add `isolate pid`, or grant `signal other` too",
				       "this kernel's Landlock (ABI %d) can't keep signals inside the domain",
				       p->caps->landlock);
		else if (rule->operations == SIGNAL_SELF && !signals_open(p) &&
			 !allows_signal(p, SIGNAL_DOMAIN | SIGNAL_OTHER))
			planner_refuse(p, i, MECHANISM_SUPERVISOR, "grant `signal domain`",
				       "a filter can't tell a process's own id from its children's");
		else if ((rule->operations & SIGNAL_OTHER) && planner_is_attended(p))
			planner_refuse(p, i, MECHANISM_SUPERVISOR,
				       p->out->listens ? "drop this line, or grant accept on all ports"
						       : "drop this line",
				       "the parent that stays with the program would be within reach");
		else if ((rule->operations & SIGNAL_OTHER) && (p->layer->isolate & ISOLATE_PID))
			planner_refuse(p, i, MECHANISM_SUPERVISOR, "drop `isolate pid` or this line",
				       "with a pid namespace nobody outside can be named");
		else
			planner_carry(p, i,
				      rule->operations & SIGNAL_OTHER ? (uint32_t)MECHANISM_SECCOMP
								      : MECHANISM_SECCOMP | MECHANISM_LANDLOCK,
				      NULL);
		return;
	}
	if (rule->operations == all)
		planner_carry(p, i, MECHANISM_SECCOMP, NULL);
	else if (rule->operations == SIGNAL_OTHER && rule->verdict.kind == VERDICT_DENY && !rule->verdict.error &&
		 !allows_signal(p, SIGNAL_OTHER) && scoped)
		planner_carry(p, i, MECHANISM_LANDLOCK, NULL);
	else
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "restrict all targets with `deny signal`, or none",
			       "the filter can't see whom a process id names");
}

/* ---- calls that act on a process that they name ---- */

static const struct {
	const char *call;
	uint8_t arg; /* whom */
} acting_calls[] = {
	{ "prlimit64", 0 },      { "sched_setaffinity", 0 },  { "sched_setattr", 0 },
	{ "sched_setparam", 0 }, { "sched_setscheduler", 0 }, { "setpriority", 1 },
	{ "ioprio_set", 1 },     { "migrate_pages", 0 },      { "move_pages", 0 },
	{ "timer_create", 0 },   { "clock_nanosleep", 0 },    { "clock_nanosleep_time64", 0 },
};

static bool tests_argument(const struct cond *cond, uint8_t arg)
{
	if (!cond)
		return false;
	if (cond->kind == COND_ATOM)
		return cond->arg == arg;
	return tests_argument(cond->left, arg) || tests_argument(cond->right, arg);
}

/* Does @opened open a call on whatever process it names? Who wrote a condition on that argument has thought of it. */
static const struct call_arg *acts_on_anybody(const struct planner *p, const struct call_rule *opened)
{
	for (size_t i = 0; i < ARRAY_SIZE(acting_calls); i++) {
		if (opened->call != call_find(acting_calls[i].call))
			continue;
		for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
			if (p->layer->arches & 1u << arch && call_table[opened->call].nr[arch] != CALL_NR_NONE &&
			    !tests_argument(opened->cond[arch], acting_calls[i].arg))
				return &call_args(&call_table[opened->call])[acting_calls[i].arg];
	}
	return NULL;
}

/* The parent that answers for the program runs as the same user: no policy may bring it within reach. In a pid namespace
 * it has no number. */
static bool reaches_parent(struct planner *p, size_t i)
{
	if (!planner_is_attended(p) || p->layer->isolate & ISOLATE_PID ||
	    p->layer->rules.items[i].verdict.kind != VERDICT_ALLOW)
		return false;
	for (size_t k = 0; k < p->layer->calls.count; k++) {
		const struct call_rule *opened = &p->layer->calls.items[k];
		const struct call_arg *whom = NULL;

		if (opened->rule == i && opened->verdict.kind == VERDICT_ALLOW)
			whom = acts_on_anybody(p, opened);
		if (!whom)
			continue;
		planner_refuse(p, i, MECHANISM_SUPERVISOR,
			       arena_printf(p->arena, "add `isolate pid`, or a condition: `if %s == 0`", whom->name),
			       "%s would reach the parent that stays with the program", call_table[opened->call].name);
		return true;
	}
	return false;
}

static void plan_one(struct planner *p, size_t i)
{
	const struct rule *rule = &p->layer->rules.items[i];

	switch (rule->class) {
	case REQUEST_SIGNAL: plan_signal(p, i); break;
	case REQUEST_PTRACE:
		planner_carry(p, i,
			      MECHANISM_SECCOMP |
				      (rule->verdict.kind == VERDICT_ALLOW ? (uint32_t)MECHANISM_LANDLOCK : 0),
			      rule->verdict.kind == VERDICT_ALLOW ? "inside the domain only" : NULL);
		break;
	case REQUEST_MOUNT:
		if (rule->verdict.kind == VERDICT_ALLOW)
			planner_refuse(p, i, MECHANISM_BPF, "mount before, or with `isolate mount` and `private`",
				       "a Landlock domain can't change mounts, and file rules need the domain");
		else
			planner_carry(p, i, MECHANISM_SECCOMP, NULL);
		break;
	case REQUEST_IOCTL:
		if (!strcmp(rule->ioctl_kind, "any"))
			planner_carry(p, i, MECHANISM_SECCOMP, NULL);
		else
			planner_refuse(p, i, MECHANISM_SUPERVISOR, "write `ioctl any ...`",
				       "a filter sees the command, not what kind of file the descriptor is");
		break;
	case REQUEST_SYSCALL:
		if (!reaches_parent(p, i))
			planner_carry(p, i, MECHANISM_SECCOMP, NULL);
		break;
	case REQUEST_FILE:
	case REQUEST_NET:
	case REQUEST_EXEC:
	case REQUEST_CLASS_COUNT: break;
	}
}

void plan_rest(struct planner *p)
{
	for (size_t i = 0; i < p->layer->rules.count; i++)
		if (!p->rules[i].decided && p->layer->rules.items[i].log)
			p->out->logs = true; /* before who is within whose reach is asked */
	for (size_t i = 0; i < p->layer->rules.count; i++) {
		if (p->rules[i].decided)
			continue;
		plan_one(p, i);
		if (p->layer->rules.items[i].log)
			p->rules[i].mechanisms |= MECHANISM_SUPERVISOR;
	}
}
