/* limits.c - see limits.h. */
#include "supervise/limits.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "platform/sys.h"

#define SECOND_NS UINT64_C(1000000000)
#define MILLISECOND_NS UINT64_C(1000000)

const char *limit_kind_name(enum limit_kind kind)
{
	static const char *const names[] = {
		[LIMIT_MEM] = "mem", [LIMIT_CPU] = "cpu", [LIMIT_TIME] = "time", [LIMIT_OUTPUT] = "output"
	};

	return kind < ARRAY_SIZE(names) ? names[kind] : NULL;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* ---- the group ---- */

static int fill_group(const struct cgroup *group, const struct domain_limits *wanted)
{
	int result = 0;

	if (wanted->mem) {
		result = cgroup_write_number(group, "memory.max", wanted->mem);
		/* Without swap accounting there is no such file, and nothing to account. */
		if (result == 0)
			result = cgroup_write(group, "memory.swap.max", "0");
		if (result == 0 || result == -ENOENT)
			result = cgroup_write(group, "memory.oom.group", "1");
	}
	if (result == 0 && wanted->procs)
		result = cgroup_write_number(group, "pids.max", wanted->procs);
	return result;
}

static int make_group(struct limits *limits, bool report)
{
	const struct domain_limits *wanted = &limits->wanted;
	const unsigned controllers = (wanted->mem ? CGROUP_MEMORY : 0U) | (wanted->procs ? CGROUP_PIDS : 0U);
	const bool needed = controllers || wanted->cpu_ms;
	int result = -ENOENT;

	if (report)
		result = cgroup_make(CGROUP_MEMORY | CGROUP_PIDS, &limits->group);
	if (result < 0 && (needed || report))
		result = cgroup_make(controllers, &limits->group);
	if (result < 0)
		return needed ? result : 0;
	result = fill_group(&limits->group, wanted);
	if (result == 0)
		result = limits->group_procs = cgroup_open_procs(&limits->group);
	if (result >= 0)
		result = sys_above_standard(&limits->group_procs);
	if (result == 0)
		result = sys_above_standard(&limits->group.directory);
	return result < 0 ? result : 0;
}

/* ---- while it runs ---- */

static uint64_t cpu_used_ns(const struct limits *limits)
{
	return cgroup_read(&limits->group, "cpu.stat", "usage_usec", 0) * 1000;
}

/* Processors can be used all at once, so the limit can't be reached before what is left, divided by their number. */
static uint64_t next_look_at_cpu(const struct limits *limits, uint64_t now)
{
	static const uint64_t shortest = MILLISECOND_NS;
	const uint64_t limit = limits->wanted.cpu_ms * MILLISECOND_NS, used = cpu_used_ns(limits);
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t wait = used < limit ? (limit - used) / (uint64_t)(processors > 0 ? processors : 1) : 0;

	return now + (wait > shortest ? wait : shortest);
}

static void set_wake(struct limits *limits, uint64_t now)
{
	uint64_t wake = INT64_MAX;

	if (limits->wanted.time_ms)
		wake = limits->started_ns + limits->wanted.time_ms * MILLISECOND_NS;
	if (limits->wanted.cpu_ms) {
		const uint64_t look = next_look_at_cpu(limits, now);

		wake = look < wake ? look : wake;
	}
	limits->attendant.wake_ns = (int64_t)wake;
}

static void begin(struct attendant *attendant, const struct attended *attended)
{
	struct limits *limits = (struct limits *)attendant;

	(void)attended;
	limits->started_ns = now_ns();
	set_wake(limits, limits->started_ns);
}

static enum attendance attend(struct attendant *attendant, short events, const struct attended *attended)
{
	struct limits *limits = (struct limits *)attendant;
	const uint64_t now = now_ns();

	(void)events;
	(void)attended;
	if (limits->wanted.time_ms && now - limits->started_ns >= limits->wanted.time_ms * MILLISECOND_NS)
		limits->reached = LIMIT_TIME;
	else if (limits->wanted.cpu_ms && cpu_used_ns(limits) >= limits->wanted.cpu_ms * MILLISECOND_NS)
		limits->reached = LIMIT_CPU;
	if (limits->reached)
		return ATTEND_END;
	set_wake(limits, now);
	return ATTEND_ON;
}

/* ---- what was used ---- */

static uint64_t time_ns(struct timeval time)
{
	return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_usec * 1000;
}

static void take_usage(struct limits *limits, const struct rusage *rusage)
{
	const struct cgroup *group = &limits->group;
	struct usage *usage = &limits->usage;
	uint64_t user, system;

	*usage = (struct usage){
		.wall_ns = now_ns() - limits->started_ns,
		.user_ns = time_ns(rusage->ru_utime),
		.system_ns = time_ns(rusage->ru_stime),
		.mem_peak = (uint64_t)rusage->ru_maxrss * 1024,
		.procs_peak = UINT64_MAX,
		.procs_refused = UINT64_MAX,
		.output = UINT64_MAX,
	};
	if (group->directory < 0)
		return;
	user = cgroup_read(group, "cpu.stat", "user_usec", UINT64_MAX);
	system = cgroup_read(group, "cpu.stat", "system_usec", UINT64_MAX);
	usage->by_group = user != UINT64_MAX;
	if (usage->by_group) {
		usage->user_ns = user * 1000;
		usage->system_ns = system * 1000;
	}
	usage->mem_peak = cgroup_read(group, "memory.peak", NULL, usage->mem_peak);
	usage->procs_peak = cgroup_read(group, "pids.peak", NULL, UINT64_MAX);
	usage->procs_refused = cgroup_read(group, "pids.events", "max", UINT64_MAX);
}

static void end(struct attendant *attendant, int wait_status, const struct rusage *usage)
{
	struct limits *limits = (struct limits *)attendant;

	if (limits->group.directory >= 0)
		cgroup_end(&limits->group);
	take_usage(limits, usage);
	if (!limits->reached && WIFSIGNALED(wait_status) && limits->wanted.mem &&
	    cgroup_read(&limits->group, "memory.events", "oom_kill", 0))
		limits->reached = LIMIT_MEM;
}

/* ---- the whole ---- */

int limits_init(struct limits *limits, const struct domain_limits *wanted, bool report)
{
	int result;

	*limits = (struct limits){
		.attendant = { .fd = -1, .wake_ns = INT64_MAX, .begin = begin, .attend = attend, .end = end },
		.wanted = *wanted,
		.group.directory = -1,
		.group_procs = -1,
	};
	result = make_group(limits, report);
	if (result < 0)
		limits_release(limits);
	return result;
}

/* The parent has put the capability aside for this (parent.c). */
static void take_up_capabilities(void)
{
	struct sys_capabilities held;

	if (sys_capget(&held) < 0)
		return;
	held.effective = held.permitted;
	(void)!sys_capset(&held);
}

void limits_forget(struct limits *limits)
{
	cleanup_close(&limits->group_procs);
	cleanup_close(&limits->group.directory);
	limits->group_procs = limits->group.directory = -1;
}

void limits_release(struct limits *limits)
{
	if (cgroup_remove(&limits->group) == -EACCES) {
		take_up_capabilities();
		cgroup_remove(&limits->group);
	}
	limits_forget(limits);
}
