/* fuzz_plan.c - any policy on any kernel and any host: each rule is in the plan once, nothing is used that the kernel
 * lacks, and a plan that carries everything is nowhere wider than the model. The first bytes make the kernel and the
 * host, the rest is the policy. */
#include <stddef.h>
#include <string.h>

#include "plan/cbpf.h"
#include "plan/plan.h"
#include "platform/sys.h"
#include "prop/generate.h"
#include "world.h"

#define HEAD 32 /* bytes of kernel and host */
#define REQUESTS 48

struct trial {
	struct stream stream;
	struct arena *arena;
	struct kernel_caps caps;
	struct host_facts facts;
	struct model *model;
	struct plan *plan;
};

/* ---- the world ---- */

static bool flag(struct stream *stream)
{
	return !stream_once_in(stream, 4);
}

static struct kernel_caps make_caps(struct stream *stream)
{
	struct kernel_caps caps = {
		.landlock = (int)stream_below(stream, 9),
		.seccomp = flag(stream),
		.notify = flag(stream),
		.mdwe = flag(stream),
		.userns = flag(stream),
		.privileged = flag(stream),
		.mount_setattr = flag(stream),
		.cgroup2 = flag(stream),
		.bpf_lsm = flag(stream),
		.execveat_token = flag(stream),
		.arches = 1U << arch_native() | stream_below(stream, 1U << ARCH_COUNT),
		.uid = stream_once_in(stream, 2) ? 0 : 1000,
	};

	for (size_t i = 0; i < ARRAY_SIZE(caps.ns); i++)
		caps.ns[i] = flag(stream);
	return caps;
}

/* An object for each path that the planner asks about. */
static void make_facts(struct trial *trial)
{
	struct stream *stream = &trial->stream;

	trial->facts = (struct host_facts){ .assumed = stream_once_in(stream, 2) };
	plan_wanted_paths(trial->model, trial->arena, &trial->facts);
	if (trial->facts.assumed)
		return;
	for (size_t i = 0; i < trial->facts.count; i++) {
		struct host_object *object = &trial->facts.items[i];

		object->real = object->path;
		object->type = (enum object_type)stream_below(stream, OBJECT_OTHER + 1);
		object->noexec = stream_once_in(stream, 3);
		for (uint32_t depth = stream_below(stream, 3); depth > 0; depth--)
			*arena_push(trial->arena, &object->chain) = (struct object_id){ 1,
											1 + stream_below(stream, 20) };
	}
	trial->facts.program = "/usr/bin/program";
	trial->facts.loader = flag(stream) ? "/lib64/ld-linux-x86-64.so.2" : NULL;
	trial->facts.script_interpreter = flag(stream) ? NULL : "/bin/sh";
	trial->facts.stack_is_code = stream_once_in(stream, 8);
}

/* ---- the plan ---- */

/* Rows with a rule's place; several grants of one line (a template's parameter lists) share a place. */
static void check_carriers(const struct plan *plan)
{
	size_t uncarried = 0;

	for (size_t i = 0; i < plan->carriers.count; i++) {
		const struct carrier *carrier = &plan->carriers.items[i];

		must(carrier->mechanisms != 0, "a row without a mechanism");
		must(carrier->layer < plan->layer_count, "a row about nothing");
		must(carrier->carried || carrier->why, "refused without a reason");
		uncarried += !carrier->carried;
	}
	must(uncarried == plan->uncarried, "refused rows are miscounted");
}

static size_t rows_of(const struct plan *plan, size_t layer, const struct span *span)
{
	size_t rows = 0;

	for (size_t i = 0; i < plan->carriers.count; i++) {
		const struct carrier *carrier = &plan->carriers.items[i];

		rows += carrier->layer == layer && carrier->span.source == span->source &&
			carrier->span.offset == span->offset;
	}
	return rows;
}

static size_t rules_at(const struct layer *layer, const struct span *span)
{
	size_t rules = 0;

	for (size_t i = 0; i < layer->rules.count; i++)
		rules += !layer->rules.items[i].builtin && layer->rules.items[i].span.source == span->source &&
			 layer->rules.items[i].span.offset == span->offset;
	return rules;
}

static void check_rules(const struct trial *trial)
{
	for (size_t l = 0; l < trial->model->count; l++) {
		const struct layer *layer = trial->model->items[l];

		for (size_t i = 0; i < layer->rules.count; i++) {
			const struct rule *rule = &layer->rules.items[i];

			if (!rule->builtin)
				must(rows_of(trial->plan, l, &rule->span) == rules_at(layer, &rule->span),
				     "a rule is not in the plan once");
		}
	}
}

static void check_landlock(const struct landlock_plan *landlock, const struct kernel_caps *caps)
{
	uint64_t known[3] = { 0 };

	for (size_t i = 0; i < landlock_right_count; i++)
		if (landlock_rights[i].abi <= caps->landlock)
			known[landlock_rights[i].kind] |= landlock_rights[i].bit;
	must(!(landlock->handled_fs & ~known[LANDLOCK_FS]), "a Landlock right that this kernel lacks");
	must(!(landlock->handled_net & ~known[LANDLOCK_NET]), "a Landlock port right that this kernel lacks");
	must(!(landlock->scoped & ~known[LANDLOCK_SCOPE]), "a Landlock scope that this kernel lacks");
	for (size_t i = 0; i < landlock->paths.count; i++)
		must(!(landlock->paths.items[i].rights & ~landlock->handled_fs), "a right that is not handled");
}

/* Of a plan that could be enforced. */
static void check_mechanisms(const struct trial *trial)
{
	const struct plan *plan = trial->plan;
	const struct kernel_caps *caps = &trial->caps;

	must(caps->seccomp, "a plan without seccomp");
	must(!plan->mdwe || caps->mdwe, "mdwe is not there");
	for (size_t i = 0; i < ARRAY_SIZE(caps->ns); i++)
		must(!(plan->isolate & 1U << i) || caps->ns[i], "a namespace that can't be had");
	must(!plan->mounts.count || plan->isolate & ISOLATE_MOUNT, "mounts without a namespace");
	must(!plan->isolate || caps->privileged || caps->userns, "namespaces for nobody");
	for (size_t i = 0; i < plan->layer_count; i++) {
		must(!plan->layers[i].listens || caps->notify, "a listener that can't be had");
		must(!plan->layers[i].listens || plan->keeps_parent, "nobody stays to answer");
		check_landlock(&plan->layers[i].landlock, caps);
	}
}

/* ---- never wider ---- */

static void sample_call(struct trial *trial, size_t index)
{
	const struct layer *layer = trial->model->items[index];
	const struct layer_plan *plan = &trial->plan->layers[index];
	struct stream *stream = &trial->stream;
	const enum arch arch = (enum arch)stream_below(stream, ARCH_COUNT);
	const struct cond *cond = NULL;
	uint64_t args[6];
	struct verdict model, planned;
	uint32_t nr = arch_table[arch].nr_base + stream_below(stream, 500);

	if (layer->calls.count > 0 && flag(stream)) {
		const struct call_rule *rule = &layer->calls.items[stream_below(stream, (uint32_t)layer->calls.count)];

		if (call_table[rule->call].nr[arch] != CALL_NR_NONE)
			nr = arch_table[arch].nr_base + (uint32_t)call_table[rule->call].nr[arch];
		cond = rule->cond[arch];
	}
	generate_args(stream, cond, args);
	model = layer_decide_call(layer, arch, nr, args, NULL);
	planned = call_policy_decide(&plan->calls, arch, nr, args);
	/* What the listener is asked is decided by the ports. */
	must(planned.kind == VERDICT_ASK || !verdict_stronger(model, planned), "a call is wider than the model");
}

static bool model_reads(const struct layer *layer, const char *path, uint32_t operation)
{
	const struct request request = {
		.class = REQUEST_FILE, .operation = operation, .path = path, .phase = PHASE_NONE, .uid = 1000
	};

	return layer_decide(layer, &request, NULL).kind == VERDICT_ALLOW;
}

/* What Landlock opens at a path, the model allows there, or below it where it is a directory. */
static void check_path(const struct trial *trial, const struct layer *layer, const struct landlock_path *path)
{
	const char *below = arena_printf(trial->arena, "%s/file", strcmp(path->path, "/") ? path->path : "");

	if (path->rights & SYS_LANDLOCK_FS_READ_FILE)
		must(model_reads(layer, path->path, FILE_READ) || model_reads(layer, below, FILE_READ),
		     "a path can be read that the model closes");
	if (path->rights & SYS_LANDLOCK_FS_WRITE_FILE)
		must(model_reads(layer, path->path, FILE_WRITE) || model_reads(layer, below, FILE_WRITE) ||
			     model_reads(layer, path->path, FILE_APPEND) || model_reads(layer, below, FILE_APPEND),
		     "a path can be written that the model closes");
}

static void check_programs(const struct trial *trial)
{
	for (size_t i = 0; i < trial->plan->layer_count; i++) {
		const struct call_policy *calls = &trial->plan->layers[i].calls;
		struct cbpf program;

		if (cbpf_emit(calls, &(struct cbpf_options){ .with_token = true }, trial->arena, &program) < 0)
			continue;
		must(cbpf_validate(program.code, program.count, NULL) == 0, "the kernel would not take the filter");
	}
}

static void check_width(struct trial *trial)
{
	for (size_t l = 0; l < trial->model->count; l++) {
		const struct layer *layer = trial->model->items[l];
		const struct landlock_plan *landlock = &trial->plan->layers[l].landlock;

		for (unsigned i = 0; i < REQUESTS; i++)
			sample_call(trial, l);
		/* mounts narrow what Landlock opens */
		for (size_t i = 0; i < landlock->paths.count && !trial->plan->mounts.count && trial->facts.assumed; i++)
			check_path(trial, layer, &landlock->paths.items[i]);
	}
}

static void check_shown(const struct trial *trial)
{
	struct json json;
	struct diags diags;
	struct str out;

	str_init(&out, trial->arena);
	plan_print(trial->plan, &out);
	landlock_plan_print(trial->plan, &out);
	must_be_shown(&out);
	str_init(&out, trial->arena);
	json_init(&json, &out, true);
	json_object(&json);
	json_key(&json, "plan");
	plan_json(trial->plan, &json);
	json_key(&json, "landlock");
	landlock_plan_json(trial->plan, &json);
	json_end_object(&json);
	must(json.depth == 0, "JSON is not closed");
	diags_init(&diags, trial->arena);
	plan_diagnose(trial->plan, false, &diags);
	must(!diags.errors == !trial->plan->uncarried, "refused rows are not told");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t head = size < HEAD ? size : HEAD;
	const struct source source = { .name = "input", .text = (const char *)data + head, .size = size - head };
	/* the whole of it, so that requests differ with the policy */
	struct trial trial = { .stream = { .data = data, .size = size }, .arena = arena_new(0) };
	struct diags diags;

	must(trial.arena != NULL, "no memory");
	diags_init(&diags, trial.arena);
	if (size > HEAD && world_model(&source, trial.arena, &diags, &trial.model) == 0) {
		trial.caps = make_caps(&trial.stream);
		make_facts(&trial);
		must(plan_make(trial.model, &trial.caps, &trial.facts, trial.arena, &trial.plan) == 0, "no plan");
		check_carriers(trial.plan);
		check_rules(&trial);
		check_shown(&trial);
		if (trial.plan->uncarried == 0) {
			check_mechanisms(&trial);
			check_programs(&trial);
			check_width(&trial);
		}
	}
	arena_free(trial.arena);
	return 0;
}
