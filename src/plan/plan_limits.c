/* plan_limits.c - what holds a limit: an rlimit where it is about each process, a control group where it is about all of
 * them together, the parent where it is about the whole run. Without a control group some limits of the whole are held by
 * rlimits all the same: where the whole is one task (`procs 1`), or where a user namespace counts only the domain's. */
#include "plan/planner.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
	const char *name;
	int resource;
} rlimits[] = {
	{ "files", RLIMIT_NOFILE }, { "file-size", RLIMIT_FSIZE }, { "core", RLIMIT_CORE },
	{ "stack", RLIMIT_STACK },  { "locked", RLIMIT_MEMLOCK },
};

static void add_rlimit(struct planner *p, int resource, uint64_t value, const char *name)
{
	for (size_t i = 0; i < p->plan->rlimits.count; i++)
		if (p->plan->rlimits.items[i].resource == resource) {
			if (value < p->plan->rlimits.items[i].value)
				p->plan->rlimits.items[i].value = value;
			return;
		}
	*arena_push(p->arena,
		    &p->plan->rlimits) = (struct rlimit_plan){ .resource = resource, .value = value, .name = name };
}

/* 0 means that there is no limit: one of 0 is reached by the first use as well when it is 1. */
static void lower(uint64_t *held, uint64_t value)
{
	if (!*held || value < *held)
		*held = value ? value : 1;
}

/* ---- one task ---- */

static bool is_one_task(const struct planner *p)
{
	for (size_t i = 0; i < p->layer->limits.count; i++)
		if (!strcmp(p->layer->limits.items[i].name, "procs") && p->layer->limits.items[i].value <= 1)
			return true;
	return false;
}

/* Memory that belongs to no address space. */
static const char *other_memory(const struct planner *p)
{
	static const char *const calls[] = { "memfd_create", "memfd_secret", "shmget", "io_uring_setup", "bpf" };

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (planner_call_is_open(p, calls[i]))
			return calls[i];
	return p->layer->privates.count ? "a private directory" : NULL;
}

/* ---- each limit ---- */

struct outcome {
	uint32_t mechanisms; /* 0: nothing holds it */
	const char *why, *help;
};

#define GROUP_HELP "start below a delegated control group (systemd-run --user --scope -p Delegate=yes), or as root"

static struct outcome hold_mem(struct planner *p, uint64_t value)
{
	const char *other = other_memory(p);

	if (p->caps->cgroup2) {
		lower(&p->plan->domain.mem, value);
		return (struct outcome){ MECHANISM_CGROUP | MECHANISM_PARENT, NULL, NULL };
	}
	if (is_one_task(p) && !other) {
		add_rlimit(p, RLIMIT_AS, value, "mem");
		return (struct outcome){ MECHANISM_RLIMIT, "its address space: what is mapped counts, used or not",
					 NULL };
	}
	return (struct outcome){ 0,
				 is_one_task(p) ? arena_printf(p->arena,
							       "without a control group memory is counted by "
							       "address space, and %s has none",
							       other)
						: "memory of several processes is counted by a control group alone",
				 is_one_task(p) ? GROUP_HELP : GROUP_HELP "; or add `limit procs 1`" };
}

static struct outcome hold_procs(struct planner *p, uint64_t value)
{
	/* process 1 is Cordon's */
	const uint64_t own = ((p->plan->isolate | p->layer->isolate) & ISOLATE_PID) != 0;
	const bool counted_apart = ((p->plan->isolate | p->layer->isolate) & ISOLATE_USER ||
				    (!p->caps->privileged && (p->plan->isolate | p->layer->isolate))) &&
				   p->caps->userns && p->caps->uid;

	if (value <= 1) {
		p->out->one_task = true;
		return (struct outcome){ MECHANISM_SECCOMP, "it starts as one, and makes none", NULL };
	}
	if (p->caps->cgroup2) {
		lower(&p->plan->domain.procs, value + own);
		return (struct outcome){ MECHANISM_CGROUP, NULL, NULL };
	}
	if (counted_apart) {
		add_rlimit(p, RLIMIT_NPROC, value + own, "procs");
		return (struct outcome){ MECHANISM_RLIMIT | MECHANISM_NAMESPACE,
					 "counted in a user namespace of its own", NULL };
	}
	return (struct outcome){ 0,
				 p->caps->uid ? "RLIMIT_NPROC counts all processes of the user, others too"
					      : "RLIMIT_NPROC doesn't bind root",
				 p->caps->uid ? GROUP_HELP "; or add `isolate user`" : GROUP_HELP };
}

static struct outcome hold_cpu(struct planner *p, uint64_t value)
{
	if (p->caps->cgroup2_cpu) {
		lower(&p->plan->domain.cpu_ms, value);
		return (struct outcome){ MECHANISM_CGROUP | MECHANISM_PARENT, NULL, NULL };
	}
	if (is_one_task(p)) {
		add_rlimit(p, RLIMIT_CPU, (value + 999) / 1000, "cpu");
		return (struct outcome){ MECHANISM_RLIMIT,
					 value % 1000 ? "the kernel counts whole seconds: rounded up" : NULL, NULL };
	}
	return (struct outcome){ 0, "processor time of several processes is counted by a control group alone",
				 GROUP_HELP "; or add `limit procs 1`" };
}

static struct outcome hold_time(struct planner *p, uint64_t value)
{
	lower(&p->plan->domain.time_ms, value);
	return (struct outcome){ MECHANISM_PARENT, NULL, NULL };
}

static struct outcome hold_output(struct planner *p, uint64_t value)
{
	if (!p->plan->domain.limits_output || value < p->plan->domain.output)
		p->plan->domain.output = value;
	p->plan->domain.limits_output = true;
	return (struct outcome){ MECHANISM_PARENT, "standard output and error pass through the parent", NULL };
}

static const struct {
	const char *name;
	struct outcome (*hold)(struct planner *p, uint64_t value);
	uint32_t missing;
	bool ends; /* when it is reached, all processes of the domain have to end at once */
} holders[] = {
	{ "mem", hold_mem, MECHANISM_CGROUP, false },        { "procs", hold_procs, MECHANISM_CGROUP, false },
	{ "cpu", hold_cpu, MECHANISM_CGROUP, true },         { "time", hold_time, MECHANISM_LANDLOCK, true },
	{ "output", hold_output, MECHANISM_LANDLOCK, true },
};

static bool can_end_all(const struct planner *p)
{
	return p->caps->landlock >= 6 || (p->layer->isolate & ISOLATE_PID);
}

/* Whoever has one of these raises the process's own limits again, or has none. In a user namespace they mean nothing here. */
static const struct {
	uint64_t capability;
	const char *name, *limit; /* limit NULL: every one */
} undoing[] = {
	{ UINT64_C(1) << CAP_SYS_RESOURCE, "sys_resource", NULL },
	{ UINT64_C(1) << CAP_IPC_LOCK, "ipc_lock", "locked" },
};

static struct outcome unless_undone(struct planner *p, const char *limit, struct outcome outcome)
{
	if (!(outcome.mechanisms & MECHANISM_RLIMIT) || !p->caps->privileged || (p->layer->isolate & ISOLATE_USER))
		return outcome;
	for (size_t i = 0; i < ARRAY_SIZE(undoing); i++)
		if ((p->layer->capabilities & undoing[i].capability) &&
		    (!undoing[i].limit || !strcmp(undoing[i].limit, limit)))
			return (struct outcome){ 0, arena_printf(p->arena, "`cap %s` undoes it", undoing[i].name),
						 arena_printf(p->arena, "drop `cap %s`, or add `isolate user`",
							      undoing[i].name) };
	return outcome;
}

static void plan_limit(struct planner *p, const struct limit *limit)
{
	const char *text = arena_printf(p->arena, "limit %s %llu%s", limit->name, (unsigned long long)limit->value,
					limit_unit(limit->name));

	for (size_t i = 0; i < ARRAY_SIZE(rlimits); i++)
		if (!strcmp(rlimits[i].name, limit->name)) {
			const struct outcome held =
				unless_undone(p, limit->name,
					      (struct outcome){ MECHANISM_RLIMIT, "for each process", NULL });

			planner_setting(p, limit->span, text, held.mechanisms != 0,
					held.mechanisms ? held.mechanisms : (uint32_t)MECHANISM_CAPABILITY, held.why,
					held.help);
			add_rlimit(p, rlimits[i].resource, limit->value, limit->name);
			return;
		}
	for (size_t i = 0; i < ARRAY_SIZE(holders); i++) {
		struct outcome outcome;

		if (strcmp(holders[i].name, limit->name) != 0)
			continue;
		if (holders[i].ends && !can_end_all(p))
			outcome = (struct outcome){
				0, "to end all processes at once takes Landlock (ABI 6) or a pid namespace",
				"add `isolate pid`"
			};
		else
			outcome = unless_undone(p, limit->name, holders[i].hold(p, limit->value));
		planner_setting(p, limit->span, text, outcome.mechanisms != 0,
				outcome.mechanisms ? outcome.mechanisms : holders[i].missing, outcome.why,
				outcome.help);
		return;
	}
	planner_setting(p, limit->span, text, false, MECHANISM_SUPERVISOR, "nothing holds such a limit", NULL);
}

void plan_limits(struct planner *p)
{
	for (size_t i = 0; i < p->layer->limits.count; i++)
		plan_limit(p, &p->layer->limits.items[i]);
}

bool planner_is_watched(const struct planner *p)
{
	for (size_t i = 0; i < p->layer->limits.count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(holders); k++)
			if (!strcmp(p->layer->limits.items[i].name, holders[k].name))
				return true;
	return false;
}

bool limits_keep_parent(const struct domain_limits *limits)
{
	return limits->mem || limits->procs || limits->cpu_ms || limits->time_ms || limits->limits_output;
}

bool limits_end_domain(const struct domain_limits *limits)
{
	return limits->mem || limits->cpu_ms || limits->time_ms || limits->limits_output;
}
