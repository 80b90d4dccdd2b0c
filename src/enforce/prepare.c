/* prepare.c - everything that can be done, and can fail with words, before the first irreversible call. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "enforce/confinement.h"

static int refuse(struct diags *diags, const char *what, const char *help)
{
	struct diag *diag = diag_error(diags, "C0601", (struct span){ 0 }, "%s", what);

	if (help)
		diag_help(diags, diag, "%s", help);
	return -EINVAL;
}

bool landlock_is_used(const struct landlock_plan *plan)
{
	return plan->handled_fs || plan->handled_net || plan->scoped;
}

static int check(const struct plan *plan, const struct launch *launch, struct diags *diags)
{
	if (plan->uncarried)
		return refuse(diags, "the plan has rules that nothing carries",
			      "change the rules, or accept less with --best-effort");
	if (plan_asks(plan) && !launch->supervisor)
		return refuse(diags, "the plan hands calls to a process that answers, and there is none", NULL);
	if (launch->supervisor && !launch->calls)
		return refuse(diags, "there is somebody who answers, and nothing to answer", NULL);
	if (limits_keep_parent(&plan->domain) && !launch->attendant_count)
		return refuse(diags, "the plan has limits that somebody has to watch, and there is nobody", NULL);
	if (limits_end_domain(&plan->domain) && !launch->ends_domain)
		return refuse(diags, "the plan has limits that end the domain, and nobody ends it", NULL);
	if ((plan->domain.mem || plan->domain.procs || plan->domain.cpu_ms) && launch->group <= 0)
		return refuse(diags, "the plan has limits of a control group, and there is none", NULL);
	if (launch->attendant_count > ATTENDANTS_MAX)
		return refuse(diags, "too many want to stay with the program", NULL);
	if (!plan->keeps_parent && (plan_asks(plan) || plan->isolate & ISOLATE_PID))
		return refuse(diags, "the plan needs a parent and doesn't keep one", NULL);
	return 0;
}

/* ---- where the program starts ---- */

/* After mounts the current directory would be that of the old table: go to where it is in the new one. */
static int start_directory(struct confinement *confinement, struct diags *diags)
{
	const struct plan *plan = confinement->plan;
	char directory[PATH_MAX];
	struct diag *diag;

	confinement->directory = plan->chdir;
	if (plan->chdir || !(plan->isolate & ISOLATE_MOUNT))
		return 0;
	if (!getcwd(directory, sizeof(directory))) {
		diag = diag_error(diags, "C0613", (struct span){ 0 },
				  "the current directory has no name to find it by in the new view: %s",
				  strerror(errno));
		diag_help(diags, diag, "go to another directory first, or write `chdir /`");
		return -ECANCELED;
	}
	confinement->directory = arena_strdup(confinement->arena, directory);
	return 0;
}

/* ---- the list of steps ---- */

static const struct {
	uint32_t bit;
	const char *name;
} isolate_names[] = {
	{ ISOLATE_NET, "net" },
	{ ISOLATE_IPC, "ipc" },
	{ ISOLATE_UTS, "uts" },
	{ ISOLATE_MOUNT, "mount" },
};

static const char *namespaces_text(const struct plan *plan, struct arena *arena)
{
	struct str text;

	str_init(&text, arena);
	for (size_t i = 0; i < ARRAY_SIZE(isolate_names); i++)
		if (plan->isolate & isolate_names[i].bit)
			str_addf(&text, "%s%s", text.size ? " " : "", isolate_names[i].name);
	return text.text;
}

static void add_namespaces(struct confinement *confinement)
{
	const struct plan *plan = confinement->plan;

	if (plan->isolate & ISOLATE_USER)
		step_add(confinement, STEP_USER_NAMESPACE, 0,
			 confinement->identity_map == MAP_ALL ? "all ids" : "own id only");
	if (plan->isolate & ISOLATE_PID) {
		step_add(confinement, STEP_PID_NAMESPACE, 0, NULL);
		confinement->fork_at = confinement->steps.count;
	}
	if (plan->isolate & (ISOLATE_NET | ISOLATE_IPC | ISOLATE_UTS | ISOLATE_MOUNT))
		step_add(confinement, STEP_NAMESPACES, 0, namespaces_text(plan, confinement->arena));
	if (plan->isolate & ISOLATE_NET)
		step_add(confinement, STEP_LOOPBACK, 0, NULL);
	if (plan->isolate & ISOLATE_MOUNT)
		mounts_add_steps(confinement);
}

static void add_landlock(struct confinement *confinement, enum step_kind kind)
{
	for (size_t i = 0; i < confinement->plan->layer_count; i++) {
		const struct landlock_plan *plan = &confinement->plan->layers[i].landlock;

		if (landlock_is_used(plan))
			step_add(confinement, kind, i,
				 arena_printf(confinement->arena, "layer %zu, %zu paths, %zu ports", i + 1,
					      plan->paths.count, plan->ports.count));
	}
}

static void add_filters(struct confinement *confinement)
{
	for (size_t i = 0; i < confinement->filter_count; i++) {
		const struct filter *filter = &confinement->filters[i];

		step_add(confinement, STEP_FILTER, i,
			 filter->listener
				 ? arena_printf(confinement->arena, "all layers, %zu instructions, hands calls over",
						filter->program.count)
				 : arena_printf(confinement->arena, "layer %zu, %zu instructions", filter->layer + 1,
						filter->program.count));
	}
}

/* The order: what needs privileges or the old view first; what restricts us later; what may forbid everything last. */
static void add_steps(struct confinement *confinement)
{
	const struct plan *plan = confinement->plan;

	if (confinement->launch->group > 0)
		step_add(confinement, STEP_GROUP, 0, NULL);
	add_namespaces(confinement);
	if (confinement->directory)
		step_add(confinement, STEP_DIRECTORY, 0, confinement->directory);
	if (plan->isolate & ISOLATE_MOUNT)
		step_add(confinement, STEP_PROGRAM, 0, confinement->image.absolute);
	add_landlock(confinement, STEP_RULESET);
	step_add(confinement, STEP_NO_NEW_PRIVS, 0, NULL);
	if (plan->mdwe)
		step_add(confinement, STEP_MDWE, 0, NULL);
	if (plan->exec_check)
		step_add(confinement, STEP_SCRIPTS, 0, NULL);
	step_add(confinement, STEP_CAPABILITIES, 0, NULL);
	step_add(confinement, STEP_DESCRIPTORS, 0, NULL);
	add_landlock(confinement, STEP_DOMAIN);
	step_add(confinement, STEP_CHECK, 0, confinement->image.path);
	if (confinement->image.interpreter)
		step_add(confinement, STEP_CHECK, 1, confinement->image.interpreter);
	for (size_t i = 0; i < plan->rlimits.count; i++)
		step_add(confinement, STEP_LIMIT, i,
			 arena_printf(confinement->arena, "%s %llu", plan->rlimits.items[i].name,
				      (unsigned long long)plan->rlimits.items[i].value));
	if (confinement->keeps_parent) {
		step_add(confinement, STEP_PARENT_DEATH, 0, NULL);
		step_add(confinement, STEP_SIGNALS, 0, NULL);
	}
	add_filters(confinement);
	step_add(confinement, STEP_EXECUTE, 0, confinement->image.path);
}

/* ---- the whole ---- */

static void prepare_parts(struct confinement *confinement, const struct launch *launch)
{
	const struct plan *plan = confinement->plan;

	confinement->argv = launch->argv;
	confinement->envp = environment_make(plan, launch->envp, confinement->arena);
	confinement->keep_fds = launch->keep_fds;
	confinement->keep_fd_count = launch->keep_fd_count;
	confinement->report = arena_new_of(confinement->arena, struct report);
	confinement->report->listener = -1;
	confinement->parent_pidfd = -1;
	confinement->rulesets = arena_alloc(confinement->arena, plan->layer_count * sizeof(int));
	for (size_t i = 0; i < plan->layer_count; i++) {
		confinement->rulesets[i] = -1;
		if (landlock_is_used(&plan->layers[i].landlock) && !confinement->abi)
			confinement->abi = sys_landlock_abi();
	}
	namespaces_prepare(confinement);
	mounts_prepare(confinement);
	limits_prepare(confinement);
}

int confinement_prepare(const struct plan *plan, const struct launch *launch, struct arena *arena, struct diags *diags,
			struct confinement **ret)
{
	struct confinement *confinement = arena_new_of(arena, struct confinement);
	int result = check(plan, launch, diags);

	confinement->plan = plan;
	confinement->launch = launch;
	confinement->keeps_parent = plan->keeps_parent || launch->supervisor || launch->attendant_count ||
				    launch->ends_domain;
	confinement->arena = arena;
	if (result == 0 && !launch->standard_fds)
		result = descriptors_fill();
	if (result == 0)
		result = descriptors_check(plan, launch, diags);
	if (result < 0)
		return result;
	prepare_parts(confinement, launch);
	result = start_directory(confinement, diags);
	if (result == 0)
		result = filters_make(confinement, diags);
	if (result == 0)
		result = image_open(launch, plan, arena, diags, &confinement->image);
	if (result < 0)
		return result;
	add_steps(confinement);
	*ret = confinement;
	return 0;
}

void confinement_release(struct confinement *confinement)
{
	if (!confinement)
		return;
	cleanup_close(&confinement->image.fd);
	confinement->image.fd = -1;
}
