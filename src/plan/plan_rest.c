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
		else if ((rule->operations & SIGNAL_OTHER) && p->out->listens)
			planner_refuse(p, i, MECHANISM_SUPERVISOR, "drop this line, or grant accept on all ports",
				       "the parent that answers listen() would be within reach");
		else if ((rule->operations & SIGNAL_OTHER) && (p->layer->isolate & ISOLATE_PID))
			planner_refuse(p, i, MECHANISM_SUPERVISOR, "drop `isolate pid` or this line",
				       "with a pid namespace nobody outside can be named");
		else
			planner_carry(p, i, MECHANISM_SECCOMP | MECHANISM_LANDLOCK, NULL);
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
	case REQUEST_SYSCALL: planner_carry(p, i, MECHANISM_SECCOMP, NULL); break;
	case REQUEST_FILE:
	case REQUEST_NET:
	case REQUEST_EXEC:
	case REQUEST_CLASS_COUNT: break;
	}
}

void plan_rest(struct planner *p)
{
	for (size_t i = 0; i < p->layer->rules.count; i++)
		if (!p->rules[i].decided)
			plan_one(p, i);
}
