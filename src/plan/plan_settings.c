/* plan_settings.c - statements that are not rules: namespaces, limits, requirements, defaults, phases ... */
#include "plan/planner.h"

#include <errno.h>
#include <string.h>

/* ---- namespaces ---- */

bool planner_can_isolate(const struct planner *p, uint32_t bit)
{
	const struct kernel_caps *caps = p->caps;

	/* who isn't privileged gets everything by way of a user namespace */
	return caps->ns[__builtin_ctz(bit)] && (bit != ISOLATE_MOUNT || caps->mount_setattr) &&
	       (caps->privileged || (caps->userns && caps->ns[__builtin_ctz(ISOLATE_USER)]));
}

static void plan_isolate(struct planner *p)
{
	for (size_t i = 0; i < isolate_table.count; i++) {
		uint32_t bit = (uint32_t)isolate_table.rows[i].value;
		bool carried = planner_can_isolate(p, bit);

		if (!(p->layer->isolate & bit))
			continue;
		planner_setting(
			p, p->layer->isolate_span[__builtin_ctz(bit)],
			arena_printf(p->arena, "isolate %s", isolate_table.rows[i].name), carried, MECHANISM_NAMESPACE,
			carried ? NULL : "this caller may not make such a namespace",
			carried ? NULL
				: "run as root, allow user namespaces (`cordon doctor` says how), or leave it out");
		if (carried)
			p->plan->isolate |= bit;
	}
	for (size_t i = 0; i < p->layer->privates.count; i++) {
		bool carried = planner_can_isolate(p, ISOLATE_MOUNT);

		planner_setting(p, p->layer->private_spans.items[i],
				arena_printf(p->arena, "private %s", p->layer->privates.items[i]), carried,
				MECHANISM_MOUNT, carried ? NULL : "this caller may not make a mount namespace",
				carried ? NULL : "run as root, or allow user namespaces (`cordon doctor` says how)");
	}
}

/* ---- requirements, defaults, the rest ---- */

static long long feature_value(const struct kernel_caps *caps, const char *feature)
{
	const struct {
		const char *name;
		long long value;
	} features[] = {
		{ "landlock", caps->landlock }, { "seccomp", caps->seccomp }, { "notify", caps->notify },
		{ "mdwe", caps->mdwe },         { "userns", caps->userns },   { "mount", caps->ns[5] },
		{ "cgroup2", caps->cgroup2 },   { "bpf-lsm", caps->bpf_lsm },
	};

	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (!strcmp(features[i].name, feature))
			return features[i].value;
	return 0;
}

static void plan_requirement(struct planner *p, const struct requirement *requirement)
{
	long long have = feature_value(p->caps, requirement->feature);
	bool good = have >= 0 && (unsigned long long)have >= requirement->at_least;

	planner_setting(p, requirement->span,
			arena_printf(p->arena, "require %s >= %llu else refuse", requirement->feature,
				     (unsigned long long)requirement->at_least),
			good, MECHANISM_LAUNCH,
			good ? NULL : arena_printf(p->arena, "this kernel has %s %lld", requirement->feature, have),
			good ? NULL : "run it where the requirement holds");
}

static bool has_allow(const struct planner *p, enum request_class class)
{
	for (size_t i = 0; i < p->layer->rules.count; i++)
		if (p->layer->rules.items[i].class == class && p->layer->rules.items[i].verdict.kind == VERDICT_ALLOW &&
		    planner_active(p, i))
			return true;
	return false;
}

static void plan_default(struct planner *p, enum request_class class)
{
	const struct fallback *fallback = &p->layer->defaults[class];
	bool objects = class == REQUEST_FILE || class == REQUEST_NET || class == REQUEST_EXEC ||
		       class == REQUEST_SIGNAL;
	bool own_errno = fallback->verdict.kind == VERDICT_DENY &&
			 (!fallback->verdict.error || fallback->verdict.error == EACCES);
	struct str text;

	str_init(&text, p->arena);
	str_addf(&text, "default %s ", request_class_name(class));
	verdict_print(fallback->verdict, &text);
	if (fallback->verdict.kind == VERDICT_ASK)
		planner_setting(p, fallback->span, text.text, false, MECHANISM_SUPERVISOR,
				"asking needs somebody who answers while the program runs", NULL);
	else if (objects && !own_errno && has_allow(p, class))
		planner_setting(p, fallback->span, text.text, false, MECHANISM_SUPERVISOR,
				"what Landlock denies it answers with EACCES", "leave it out, or deny the whole class");
	else
		planner_setting(p, fallback->span, text.text, true, MECHANISM_SECCOMP, NULL, NULL);
}

/* What is done while a program starts. */
static void plan_start(struct planner *p, const char *text, const char *help)
{
	const bool carried = !p->facts->in_process;

	planner_setting(p, p->layer->span, text, carried, MECHANISM_LAUNCH,
			carried ? NULL : "it is done at a start, and this process runs already", carried ? NULL : help);
}

void plan_settings(struct planner *p)
{
	const struct layer *layer = p->layer;

	plan_isolate(p);
	plan_limits(p);
	for (size_t i = 0; i < layer->requirements.count; i++)
		plan_requirement(p, &layer->requirements.items[i]);
	for (unsigned class = 0; class < REQUEST_CLASS_COUNT; class ++)
		if (layer->defaults[class].written)
			plan_default(p, (enum request_class) class);
	for (size_t i = 0; i < layer->phases.count; i++)
		planner_setting(p, layer->phases.items[i].span,
				arena_printf(p->arena, "phase %s", layer->phases.items[i].name), false,
				MECHANISM_SUPERVISOR, "phases change while the program runs",
				"write the rules outside of phases");
	for (size_t i = 0; i < layer->deciders.count; i++)
		planner_setting(p, layer->deciders.items[i]->span,
				layer->deciders.items[i]->kind == STATEMENT_DECIDER ? "decider" : "ask-timeout", false,
				MECHANISM_SUPERVISOR, "a decider decides while the program runs", NULL);
	if (layer->env.count)
		plan_start(p, "env", "change it before, in the program");
	if (layer->chdir)
		plan_start(p, arena_printf(p->arena, "chdir %s", layer->chdir), "call chdir() before");
	planner_setting(p, layer->span, layer->capabilities ? "cap" : "cap (none)", true, MECHANISM_CAPABILITY, NULL,
			NULL);
	if (p->caps->landlock < 6 && !(layer->isolate & ISOLATE_PID))
		planner_setting(p, layer->span, "signals stay in the domain", false, MECHANISM_LANDLOCK,
				arena_printf(p->arena, "it needs Landlock ABI 6, this kernel has %d",
					     p->caps->landlock),
				"add `isolate pid`");
	if (p->out->holds_truncation)
		planner_setting(p, layer->span, "nothing is truncated without the right to write", true,
				MECHANISM_SECCOMP,
				arena_printf(p->arena,
					     "Landlock ABI %d does not see it: truncate() and openat2() are closed",
					     p->caps->landlock),
				NULL);
	if (!p->caps->seccomp || (!p->caps->execveat_token && !p->facts->in_process))
		planner_setting(p, layer->span, "system calls", false, MECHANISM_SECCOMP,
				"this kernel has no seccomp filters", "use a kernel with CONFIG_SECCOMP_FILTER");
}
