/* watch.c - see watch.h. */
#include "supervise/watch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int add_relays(struct watch *watch, const struct plan *plan, struct arena *arena, struct launch *launch)
{
	for (int i = 0; i < 2; i++) {
		struct relay *relay = arena_new_of(arena, struct relay);
		int result = relay_init(relay, STDOUT_FILENO + i, plan->domain.output, &watch->passed,
					&watch->output_reached);

		watch->relays[i] = relay;
		if (result < 0)
			return result;
		watch->list[launch->attendant_count++] = &relay->attendant;
	}
	return 0;
}

static int begin(struct watch *watch, const struct plan *plan, bool report, struct arena *arena, struct launch *launch)
{
	int result = limits_init(&watch->limits, &plan->domain, report);

	if (result < 0)
		return result;
	launch->ends_domain |= limits_end_domain(&plan->domain);
	launch->group = watch->limits.group_procs;
	for (size_t i = 0; i < launch->attendant_count; i++)
		watch->list[i] = launch->attendants[i];
	launch->attendants = watch->list;
	watch->list[launch->attendant_count++] = &watch->limits.attendant;
	return plan->domain.limits_output ? add_relays(watch, plan, arena, launch) : 0;
}

static int fail(struct watch *watch, int error, struct diags *diags)
{
	watch_release(watch);
	diag_help(diags,
		  diag_error(diags, "C0623", (struct span){ 0 }, "the limits can't be set up: %s",
			     strerrordesc_np(-error)),
		  "`cordon doctor` says what is missing");
	return error;
}

/* ---- in a process of its own ---- */

#define STATUS_LIMIT 124

static int keeper_start(struct keeper *keeper)
{
	struct watch *watch = (struct watch *)keeper;
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(watch->relays) && result == 0; i++)
		result = watch->relays[i] ? relay_start(watch->relays[i]) : 0;
	return result;
}

static int keeper_finish(struct keeper *keeper)
{
	struct watch *watch = (struct watch *)keeper;

	watch_release(watch);
	return watch_reached(watch) == LIMIT_NONE ? -1 : STATUS_LIMIT;
}

static void add_fd(struct keeper *keeper, int fd)
{
	if (fd >= 0)
		keeper->fds[keeper->fd_count++] = fd;
}

static void set_keeper(struct watch *watch)
{
	watch->keeper = (struct keeper){ .start = keeper_start, .finish = keeper_finish };
	add_fd(&watch->keeper, watch->limits.group_procs);
	add_fd(&watch->keeper, watch->limits.group.directory);
	for (size_t i = 0; i < ARRAY_SIZE(watch->relays); i++) {
		add_fd(&watch->keeper, watch->relays[i] ? watch->relays[i]->from : -1);
		add_fd(&watch->keeper, watch->relays[i] ? watch->relays[i]->into : -1);
	}
}

void watch_forget(struct watch *watch)
{
	for (size_t i = 0; i < ARRAY_SIZE(watch->relays); i++)
		if (watch->relays[i])
			relay_release(watch->relays[i]);
	limits_forget(&watch->limits);
}

/* ---- the whole ---- */

void watch_init(struct watch *watch)
{
	*watch = (struct watch){ .limits = { .attendant.fd = -1, .group.directory = -1, .group_procs = -1 } };
}

int watch_begin(struct watch *watch, const struct plan *plan, bool report, struct arena *arena, struct diags *diags,
		struct launch *launch)
{
	int result = 0;

	watch_init(watch);
	watch->watches = report || limits_keep_parent(&plan->domain);
	if (watch->watches)
		result = begin(watch, plan, report, arena, launch);
	set_keeper(watch);
	return result < 0 ? fail(watch, result, diags) : 0;
}

int watch_start(struct watch *watch, struct diags *diags)
{
	const int result = keeper_start(&watch->keeper);

	return result < 0 ? fail(watch, result, diags) : 0;
}

void watch_release(struct watch *watch)
{
	for (size_t i = 0; i < ARRAY_SIZE(watch->relays); i++)
		if (watch->relays[i])
			relay_release(watch->relays[i]);
	limits_release(&watch->limits);
}

enum limit_kind watch_reached(const struct watch *watch)
{
	return watch->output_reached ? LIMIT_OUTPUT : watch->limits.reached;
}

struct usage watch_usage(const struct watch *watch)
{
	struct usage usage = watch->limits.usage;

	usage.output = watch->relays[0] ? watch->passed : UINT64_MAX;
	return usage;
}
