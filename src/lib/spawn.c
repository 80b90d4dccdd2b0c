/* spawn.c - cordon_spawn(): load was before; here it is planned, prepared and started, as `cordon run` does. */
#include "enforce/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/host.h"
#include "lib/policy.h"
#include "lib/process.h"
#include "lib/program.h"
#include "policy/resolve.h"
#include "supervise/supervisor.h"
#include "supervise/watch.h"

#define STANDARD_FDS 3

struct spawn_call {
	struct arena *arena;
	struct diags diags;
	const struct cordon_policy *policy;
	struct cordon_spawn_options options;
	int standard_fds[STANDARD_FDS];
	struct confinement *confinement; /* to be released */
	struct watch watch;              /* likewise */
	struct spawned spawned;
};

/* ---- options ---- */

static int check_keep_fds(const struct cordon_spawn_options *options)
{
	for (size_t i = 0; i < options->keep_fd_count; i++)
		if (options->keep_fds[i] < STANDARD_FDS)
			return -EINVAL;
	return 0;
}

/* Where nothing is said they are the caller's own, or /dev/null where he has closed them. */
static void take_standard_fds(const struct cordon_spawn_options *options, int ret[STANDARD_FDS])
{
	for (int fd = 0; fd < STANDARD_FDS; fd++) {
		ret[fd] = options->standard_fds ? options->standard_fds[fd] : fd;
		if (!options->standard_fds && fcntl(fd, F_GETFD) < 0)
			ret[fd] = -1;
	}
}

static int take_options(const struct cordon_spawn_options *options, struct spawn_call *call)
{
	int error = options_take(options, sizeof(call->options), &call->options, sizeof(call->options));

	if (error)
		return error;
	if (call->options.flags || call->options.reserved || !call->options.argv || !call->options.argv[0] ||
	    (call->options.keep_fd_count && !call->options.keep_fds))
		return -EINVAL;
	take_standard_fds(&call->options, call->standard_fds);
	return check_keep_fds(&call->options);
}

/* ---- start ---- */

static int find(struct spawn_call *call, struct program *ret)
{
	const char *name = call->options.program ? call->options.program : call->options.argv[0];
	const int error = program_find(name, getenv("PATH"), call->arena, ret);

	if (error == -ENOENT)
		diag_error(&call->diags, "C0708", (struct span){ 0 }, "program `%s` not found", name);
	else if (error)
		diag_error(&call->diags, "C0715", (struct span){ 0 }, "`%s` is not executable", name);
	return error && error != -ENOENT ? -EACCES : error;
}

static int plan_for(struct spawn_call *call, const struct program *program, struct plan **ret)
{
	const struct model *model = call->policy->loaded.model;
	int error = model_check(model, &call->diags);

	if (error == 0)
		error = host_plan(model, program->real, call->arena, &call->diags, ret);
	if (error == 0 && plan_logs(*ret)) {
		diag_help(&call->diags,
			  diag_error(&call->diags, "C0601", (struct span){ 0 },
				     "nobody here records what `log` lines deny"),
			  "leave out `log`, or start it with `cordon run`");
		return -ENOTSUP;
	}
	if (error || !(*ret)->uncarried)
		return error;
	plan_diagnose(*ret, false, &call->diags);
	return -ENOTSUP;
}

static int spawn_body(void *context)
{
	extern char **environ;
	struct spawn_call *call = context;
	struct supervisor *supervisor = arena_new_of(call->arena, struct supervisor);
	struct launch *launch = arena_new_of(call->arena, struct launch);
	struct program program;
	struct plan *plan;
	int error = find(call, &program);

	if (error == 0)
		error = plan_for(call, &program, &plan);
	if (error)
		return error;
	*launch = (struct launch){ .program = program.path,
				   .argv = call->options.argv,
				   .envp = call->options.envp ? call->options.envp : environ,
				   .keep_fds = call->options.keep_fds,
				   .keep_fd_count = call->options.keep_fd_count,
				   .standard_fds = call->standard_fds };
	if (plan_asks(plan)) {
		supervisor_init(supervisor, plan, call->arena);
		launch->supervisor = &supervisor->attendant;
		launch->calls = &supervisor->calls;
	}
	error = watch_begin(&call->watch, plan, false, call->arena, &call->diags, launch);
	launch->keeper = &call->watch.keeper;
	if (error == 0)
		error = confinement_prepare(plan, launch, call->arena, &call->diags, &call->confinement);
	if (error == 0)
		error = confinement_spawn(call->confinement, &call->diags, &call->spawned);
	if (error == 0)
		watch_forget(&call->watch);
	return error;
}

int cordon_spawn(const struct cordon_policy *policy, const struct cordon_spawn_options *options,
		 struct cordon_process **ret, struct cordon_error **ret_error)
{
	auto_arena struct arena *arena = arena_new(0);
	struct spawn_call call = { .arena = arena, .policy = policy, .spawned = { .pidfd = -1 } };
	struct cordon_process *process;
	int error;

	watch_init(&call.watch);
	if (ret_error)
		*ret_error = NULL;
	error = take_options(options, &call);
	if (error)
		return error;
	/* Had before: once the program runs nothing may fail. */
	process = process_new();
	if (!process)
		return -ENOMEM;
	error = guarded(arena, &call.diags, spawn_body, &call, ret_error);
	confinement_release(call.confinement);
	if (error) {
		watch_release(&call.watch);
		free(process);
		return error;
	}
	process_set(process, &call.spawned);
	*ret = process;
	return 0;
}
