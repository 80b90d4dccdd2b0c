/* plan.c - the planner's frame: each layer in turn, then the process as a whole, then one carrier per rule. */
#include "plan/planner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/parse.h"
#include "policy/resolve.h"

/* ---- settling ---- */

void planner_carry(struct planner *p, size_t i, uint32_t mechanisms, const char *why)
{
	p->rules[i] = (struct rule_state){ .decided = true, .carried = true, .mechanisms = mechanisms, .why = why };
}

void planner_refuse(struct planner *p, size_t i, enum mechanism missing, const char *help, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	p->rules[i] = (struct rule_state){
		.decided = true, .mechanisms = missing, .help = help, .why = arena_vprintf(p->arena, why, args)
	};
	va_end(args);
}

bool planner_active(const struct planner *p, size_t i)
{
	return !p->rules[i].decided || (p->rules[i].carried && !p->rules[i].inactive);
}

void planner_setting(struct planner *p, struct span span, const char *text, bool carried, uint32_t mechanisms,
		     const char *why, const char *help)
{
	*arena_push(p->arena, &p->plan->carriers) = (struct carrier){ .layer = p->index,
								      .span = span,
								      .setting = text,
								      .carried = carried,
								      .mechanisms = mechanisms,
								      .why = why,
								      .help = help };
	p->plan->uncarried += !carried;
}

/* For golden tests, and where no host is looked at: it is there, and is what the pattern says. */
static const struct host_object *assume_object(struct planner *p, const struct pattern *pattern)
{
	static const char *const devices[] = { "/dev/null",   "/dev/zero",    "/dev/full",
					       "/dev/random", "/dev/urandom", "/dev/tty" };
	uint32_t *known = map_at(&p->assumed[pattern->subtree], p->arena, pattern->root, strlen(pattern->root));
	struct host_object *assumed;

	if (*known)
		return p->assumed_objects.items[*known - 1];
	assumed = arena_new_of(p->arena, struct host_object);
	*assumed = (struct host_object){ .path = pattern->root, .real = pattern->root, .type = OBJECT_ABSENT };
	if (p->facts->assumed)
		assumed->type = pattern->subtree ? OBJECT_DIRECTORY : OBJECT_FILE;
	for (size_t i = 0; i < ARRAY_SIZE(devices) && p->facts->assumed; i++)
		if (!strcmp(pattern->root, devices[i]))
			assumed->type = OBJECT_DEVICE;
	*arena_push(p->arena, &p->assumed_objects) = assumed;
	*known = (uint32_t)p->assumed_objects.count;
	return assumed;
}

const struct host_object *planner_object(struct planner *p, const struct pattern *pattern)
{
	for (size_t low = 0, high = p->facts->assumed ? 0 : p->facts->count; low < high;) {
		size_t middle = (low + high) / 2;
		int order = strcmp(pattern->root, p->facts->items[middle].path);

		if (!order)
			return &p->facts->items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return assume_object(p, pattern);
}

static const uint32_t *find_calls(const struct planner *p)
{
	const struct call_rules *rules = &p->layer->calls;
	uint32_t *from = arena_alloc(p->arena, (call_count + 1) * sizeof(*from)), at = 0;

	for (size_t call = 0; call <= call_count; call++) {
		while (at < rules->count && rules->items[at].call < call)
			at++;
		from[call] = at;
	}
	return from;
}

/* ---- what a modifier asks for ---- */

static bool changes_identity(const struct planner *p)
{
	const struct call_group *group = call_group_find("@setuid");

	for (size_t i = 0; group && i < p->layer->calls.count; i++)
		for (size_t k = 0; k < group->count; k++)
			if (p->layer->calls.items[i].call == group->calls[k] &&
			    p->layer->calls.items[i].verdict.kind == VERDICT_ALLOW)
				return true;
	return false;
}

/* The filter's own denials: those of calls, by registers alone. Others it doesn't see, or must not wait for. */
static bool can_log(const struct planner *p, const struct rule *rule)
{
	const bool by_filter = rule->class == REQUEST_SYSCALL || rule->class == REQUEST_PTRACE ||
			       rule->class == REQUEST_MOUNT || rule->class == REQUEST_IOCTL;

	return rule->verdict.kind == VERDICT_DENY && by_filter && p->caps->notify;
}

static void plan_modifiers(struct planner *p, size_t i)
{
	const struct rule *rule = &p->layer->rules.items[i];

	if (rule->verdict.kind == VERDICT_ASK)
		planner_refuse(p, i, MECHANISM_SUPERVISOR, NULL,
			       "asking needs somebody who answers while the program runs");
	else if (rule->as_user)
		planner_refuse(p, i, MECHANISM_SUPERVISOR, NULL,
			       "acting as %s needs somebody who acts in the program's place", rule->as_user);
	else if (rule->log && !can_log(p, rule))
		planner_refuse(p, i, MECHANISM_SUPERVISOR,
			       "leave out `log`; `cordon run --log` records what it can see of all denials",
			       "only what a filter denies can be handed over to be recorded");
	else if (rule->exec_profile)
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "leave out `profile`: it stays in this one",
			       "a change of profile at exec has to be decided when it happens");
	else if (rule->phase != PHASE_NONE)
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "write the rule outside of phases",
			       "phases change while the program runs");
	else if (rule->has_uid && changes_identity(p))
		planner_refuse(
			p, i, MECHANISM_SUPERVISOR, "leave out `if uid`",
			"the profile lets the program change its user, so the condition has to be looked at each time");
	else if (rule->has_uid && (rule->uid == p->caps->uid) == rule->uid_not) {
		planner_carry(p, i, MECHANISM_DEFAULT,
			      arena_printf(p->arena, "does not apply to uid %u", p->caps->uid));
		p->rules[i].inactive = true;
	}
}

/* ---- carriers ---- */

static void record_rules(struct planner *p)
{
	for (size_t i = 0; i < p->layer->rules.count; i++) {
		const struct rule *rule = &p->layer->rules.items[i];
		const struct rule_state *state = &p->rules[i];

		/* whatever fell through every stage is not carried: fail closed */
		*arena_push(p->arena, &p->plan->carriers) =
			(struct carrier){ .layer = p->index,
					  .span = rule->span,
					  .rule = rule,
					  .carried = state->decided && state->carried,
					  .mechanisms = state->decided ? state->mechanisms : MECHANISM_SUPERVISOR,
					  .why = state->decided ? state->why : "no mechanism carries it",
					  .help = state->help };
		p->plan->uncarried += !(state->decided && state->carried);
	}
}

static void plan_layer(struct planner *p, size_t index)
{
	p->index = index;
	p->layer = p->model->items[index];
	p->out = &p->plan->layers[index];
	p->rules = arena_alloc(p->arena, (p->layer->rules.count + 1) * sizeof(*p->rules));
	p->calls_from = find_calls(p);
	p->nodes = (struct tree_nodes){ 0 };
	p->reaches = NULL;
	p->dropped.count = 0;
	for (size_t i = 0; i < p->layer->rules.count; i++)
		plan_modifiers(p, i);
	plan_net(p);
	plan_files(p);
	plan_seal(p);
	plan_rest(p);
	plan_doors(p);
	plan_landlock(p);
	plan_wx(p);
	plan_settings(p);
	plan_calls(p);
	record_rules(p);
	p->layer_nodes[index] = p->nodes;
	for (size_t i = 0; i < p->layer->env.count; i++)
		*arena_push(p->arena, &p->plan->env) = p->layer->env.items[i];
	if (p->layer->chdir)
		p->plan->chdir = p->layer->chdir;
	p->plan->capabilities = index ? p->plan->capabilities & p->layer->capabilities : p->layer->capabilities;
}

static void plan_process(struct planner *p)
{
	struct plan *plan = p->plan;

	if ((plan->isolate & ~(uint32_t)ISOLATE_USER) && !p->caps->privileged && !(plan->isolate & ISOLATE_USER)) {
		plan->isolate |= ISOLATE_USER;
		plan->userns_implied = true;
	}
	plan->keeps_parent = plan_asks(plan) || plan->isolate & ISOLATE_PID || limits_keep_parent(&plan->domain);
	plan_mounts(p);
}

/* What only a start or a parent can do, for a process that runs already. */
static const struct {
	uint32_t mechanisms;
	const char *why, *help;
} needs_a_start[] = {
	{ MECHANISM_NAMESPACE | MECHANISM_MOUNT, "a process with several threads can't move to new namespaces",
	  "leave it out, or start a program with it (`cordon run`, cordon_spawn())" },
	{ MECHANISM_LISTENER, "nobody stays who could answer listen()",
	  "listen before; then `accept` on all ports (`tcp *:*`) together with `deny syscall listen`" },
	{ MECHANISM_CGROUP | MECHANISM_PARENT | MECHANISM_SUPERVISOR | MECHANISM_BPF, "it needs a parent that stays",
	  "leave it out, or start a program with it (`cordon run`)" },
};

/* A layer that allows accept on all ports needs nobody, though accept rules name the listener. */
static uint32_t mechanisms_in_use(const struct plan *plan, const struct carrier *carrier)
{
	return plan->layers[carrier->layer].listens ? carrier->mechanisms
						    : carrier->mechanisms & ~(uint32_t)MECHANISM_LISTENER;
}

/* @why of needs_a_start for @carrier, or -1. What isn't carried for a reason of its own keeps that; but for limits, whose
 * reasons are about starts. */
static int need_of(const struct plan *plan, const struct carrier *carrier)
{
	if (!carrier->carried && !(carrier->mechanisms & MECHANISM_CGROUP))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(needs_a_start); i++)
		if (mechanisms_in_use(plan, carrier) & needs_a_start[i].mechanisms)
			return (int)i;
	return -1;
}

static void plan_in_process(struct plan *plan)
{
	for (size_t i = 0; i < plan->carriers.count; i++) {
		struct carrier *carrier = &plan->carriers.items[i];
		const int need = need_of(plan, carrier);

		if (need < 0)
			continue;
		plan->uncarried += carrier->carried;
		carrier->carried = false;
		carrier->mechanisms &= needs_a_start[need].mechanisms;
		carrier->why = needs_a_start[need].why;
		carrier->help = needs_a_start[need].help;
	}
}

int plan_make(const struct model *model, const struct kernel_caps *caps, const struct host_facts *facts,
	      struct arena *arena, struct plan **ret)
{
	struct planner p = { .arena = arena, .model = model, .caps = caps, .facts = facts };

	p.plan = arena_new_of(arena, struct plan);
	*p.plan = (struct plan){ .arena = arena, .model = model, .layer_count = model->count };
	p.plan->layers = arena_alloc(arena, (model->count + 1) * sizeof(*p.plan->layers));
	p.layer_nodes = arena_alloc(arena, (model->count + 1) * sizeof(*p.layer_nodes));
	for (size_t i = 0; i < model->count; i++)
		plan_layer(&p, i);
	plan_process(&p);
	if (facts->in_process)
		plan_in_process(p.plan);
	*ret = p.plan;
	return 0;
}

bool layer_asks(const struct layer_plan *layer)
{
	return layer->listens || layer->logs || layer->seal == SEAL_AFTER_LOADER;
}

bool plan_logs(const struct plan *plan)
{
	for (size_t i = 0; i < plan->layer_count; i++)
		if (plan->layers[i].logs)
			return true;
	return false;
}

bool plan_asks(const struct plan *plan)
{
	for (size_t i = 0; i < plan->layer_count; i++)
		if (layer_asks(&plan->layers[i]))
			return true;
	return false;
}

const uint8_t *plan_listen_ports(const struct plan *plan, struct arena *arena)
{
	const size_t size = sizeof(plan->layers->listen_ports);
	uint8_t *ports = NULL;

	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		if (!plan->layers[layer].listens)
			continue;
		if (!ports)
			ports = memset(arena_alloc(arena, size), 0xff, size);
		for (size_t i = 0; i < size; i++)
			ports[i] &= plan->layers[layer].listen_ports[i];
	}
	return ports;
}

const struct carrier *plan_carrier(const struct plan *plan, size_t layer, const struct rule *rule)
{
	for (size_t i = 0; i < plan->carriers.count; i++) {
		const struct carrier *row = &plan->carriers.items[i];

		if (row->layer == layer && row->span.source == rule->span.source &&
		    row->span.offset == rule->span.offset)
			return row;
	}
	return NULL;
}

void plan_diagnose(const struct plan *plan, bool best_effort, struct diags *diags)
{
	for (size_t i = 0; i < plan->carriers.count; i++) {
		const struct carrier *carrier = &plan->carriers.items[i];
		struct str missing, text;
		struct diag *d;

		if (carrier->carried)
			continue;
		str_init(&missing, diags->arena);
		mechanisms_print(carrier->mechanisms, &missing);
		str_init(&text, diags->arena);
		carrier_print(carrier, &text);
		d = best_effort ? diag_warning(diags, "C0402", carrier->span, "`%s` is NOT enforced", text.text)
				: diag_error(diags, "C0401", carrier->span, "nothing here carries `%s`", text.text);
		diag_note(diags, d, "%s; missing: %s", carrier->why, missing.text);
		if (carrier->help)
			diag_help(diags, d, "%s", carrier->help);
	}
}

/* ---- what to ask the file system ---- */

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct host_object *)a)->path, ((const struct host_object *)b)->path);
}

static void want_roots(const struct patterns *patterns, struct arena *arena, struct host_facts *ret)
{
	for (size_t i = 0; i < patterns->count; i++)
		*arena_push(arena, ret) = (struct host_object){ .path = patterns->items[i].root,
								.real = patterns->items[i].root };
}

void plan_wanted_paths(const struct model *model, struct arena *arena, struct host_facts *ret)
{
	size_t kept = 0;

	for (size_t l = 0; l < model->count; l++)
		for (size_t i = 0; i < model->items[l]->rules.count; i++) {
			const struct rule *rule = &model->items[l]->rules.items[i];

			want_roots(&rule->objects, arena, ret);
			want_roots(&rule->excepts, arena, ret);
		}
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_path);
	for (size_t i = 0; i < ret->count; i++)
		if (!kept || strcmp(ret->items[kept - 1].path, ret->items[i].path) != 0)
			ret->items[kept++] = ret->items[i];
	ret->count = kept;
}
