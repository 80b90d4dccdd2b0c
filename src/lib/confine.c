/* confine.c - cordon_confine(): the library's face of enforce/self.h. */
#include <errno.h>
#include <string.h>

#include "enforce/self.h"
#include "lib/host.h"
#include "lib/policy.h"

#define TIMEOUT_DEFAULT_MS 5000

struct confine_call {
	struct arena *arena;
	struct diags diags;
	const struct cordon_policy *policy;
	struct self_options options;
	bool changed; /* something is in force */
	bool claimed; /* until all is in force, what the planner sees of this process has to hold */
};

static int confine_body(void *context)
{
	struct confine_call *call = context;
	struct plan *plan;
	int error = self_claim(&call->diags);

	if (error)
		return error;
	call->claimed = true;
	error = model_check(call->policy->loaded.model, &call->diags);

	if (error == 0)
		error = host_plan_self(call->policy->loaded.model, call->arena, &call->diags, &plan);

	if (error)
		return error;
	if (plan->uncarried) {
		plan_diagnose(plan, false, &call->diags);
		return -ENOTSUP;
	}
	return self_confine(plan, &call->options, call->arena, &call->diags, &call->changed);
}

static int take_options(const struct cordon_confine_options *options, struct self_options *ret)
{
	struct cordon_confine_options copy = { .size = sizeof(copy) };
	int error = options ? options_take(options, sizeof(copy), &copy, sizeof(copy)) : 0;

	if (error)
		return error;
	if (copy.flags & ~CORDON_CONFINE_CLOSE || (copy.keep_fd_count && !copy.keep_fds) ||
	    (copy.keep_fd_count && !(copy.flags & CORDON_CONFINE_CLOSE)))
		return -EINVAL;
	*ret = (struct self_options){ .timeout_ms = copy.timeout_ms ? copy.timeout_ms : TIMEOUT_DEFAULT_MS,
				      .closes = copy.flags & CORDON_CONFINE_CLOSE,
				      .keep_fds = copy.keep_fds,
				      .keep_fd_count = copy.keep_fd_count };
	return 0;
}

int cordon_confine(const struct cordon_policy *policy, const struct cordon_confine_options *options,
		   struct cordon_error **ret_error)
{
	auto_arena struct arena *arena = arena_new(0);
	struct confine_call call = { .arena = arena, .policy = policy };
	int error;

	if (ret_error)
		*ret_error = NULL;
	error = take_options(options, &call.options);
	if (error)
		return error;
	error = guarded(arena, &call.diags, confine_body, &call, ret_error);
	if (call.claimed)
		self_disclaim();
	return error && call.changed ? -ENOTRECOVERABLE : error;
}
