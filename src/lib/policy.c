/* policy.c - struct cordon_policy. Each call works in an arena of its own (a policy's own arena is never written after it
 * was loaded, so threads may share it), and running out of memory comes back to one place: run(). */
#include <errno.h>
#include <string.h>

#include "lib/decision_print.h"
#include "lib/host.h"
#include "lib/policy.h"
#include "lib/stages.h"
#include "policy/decision.h"

/* One call: its input and output, and where it works. */
struct call {
	struct arena *arena;
	struct diags diags;
	const struct cordon_policy *policy;
	struct cordon_load_options options; /* load */
	struct loaded loaded;
	const char *request; /* decide */
	struct decision decision;
	enum cordon_stage stage; /* compile */
	enum cordon_format format;
	struct str text;
};

static int run(struct call *call, int (*body)(void *call), struct cordon_error **ret_error)
{
	return guarded(call->arena, &call->diags, body, call, ret_error);
}

/* ---- load ---- */

static int load_body(void *context)
{
	struct call *call = context;
	const struct cordon_load_options *options = &call->options;
	struct source text = { .name = options->name ? arena_strdup(call->arena, options->name) : "<text>",
			       .size = options->text_size };
	struct load_options load = {
		.policies = &options->file,
		.policy_count = options->file ? 1 : 0,
		.texts = &text,
		.text_count = options->text ? 1 : 0,
		.additions = options->additions,
		.addition_count = options->addition_count,
		.profile = options->profile,
		.untrusted = options->flags & CORDON_LOAD_UNTRUSTED,
	};
	struct source *copy = arena_new_of(call->arena, struct source);
	int error;

	/* The model points into its texts, so they have to live as long. */
	if (options->text) {
		text.text = arena_strndup(call->arena, options->text, options->text_size);
		*copy = text;
		load.texts = copy;
	}
	error = load_model(&load, call->arena, &call->diags, &call->loaded);
	if (error == 0 && call->loaded.model->count == 0) {
		diag_error(&call->diags, "C0513", (struct span){ 0 }, "the policy that profile `%s` prefers is missing",
			   call->loaded.vanilla);
		return -ENOENT;
	}
	return error;
}

static int copy_options(const struct cordon_load_options *options, struct cordon_load_options *ret)
{
	struct cordon_load_options copy;
	int error = options_take(options, offsetof(struct cordon_load_options, reserved) + sizeof(options->reserved),
				 &copy, sizeof(copy));

	if (error)
		return error;
	if ((copy.file && copy.text) || (!copy.file && !copy.text && !copy.addition_count) || copy.reserved ||
	    (copy.flags & ~CORDON_LOAD_UNTRUSTED) || (copy.addition_count && !copy.additions))
		return -EINVAL;
	*ret = copy;
	return 0;
}

int cordon_policy_load(const struct cordon_load_options *options, struct cordon_policy **ret,
		       struct cordon_error **ret_error)
{
	struct call call = { .arena = NULL };
	struct cordon_policy *policy;
	int error;

	if (ret_error)
		*ret_error = NULL;
	error = copy_options(options, &call.options);
	if (error)
		return error;
	call.arena = arena_new(0);
	error = run(&call, load_body, ret_error);
	policy = error ? NULL : malloc(sizeof(*policy));
	if (!policy) {
		arena_free(call.arena);
		return error ? error : -ENOMEM;
	}
	*policy = (struct cordon_policy){ .arena = call.arena, .loaded = call.loaded };
	*ret = policy;
	return 0;
}

void cordon_policy_free(struct cordon_policy *policy)
{
	if (!policy)
		return;
	arena_free(policy->arena);
	free(policy);
}

/* ---- check ---- */

static int check_body(void *context)
{
	struct call *call = context;
	return model_check(call->policy->loaded.model, &call->diags);
}

int cordon_policy_check(const struct cordon_policy *policy, struct cordon_error **ret_error)
{
	auto_arena struct arena *arena = arena_new(0);
	struct call call = { .arena = arena, .policy = policy };

	if (ret_error)
		*ret_error = NULL;
	return run(&call, check_body, ret_error);
}

/* ---- decide ---- */

static int decide_body(void *context)
{
	struct call *call = context;
	return decision_make(call->policy->loaded.model, call->request, &call->policy->loaded.surroundings, call->arena,
			     &call->diags, &call->decision);
}

int cordon_policy_decide(const struct cordon_policy *policy, const char *request, enum cordon_verdict *ret_verdict,
			 int *ret_errno, char **ret_rule, struct cordon_error **ret_error)
{
	static const enum cordon_verdict verdicts[] = { [VERDICT_ALLOW] = CORDON_ALLOW,
							[VERDICT_ASK] = CORDON_ASK,
							[VERDICT_DENY] = CORDON_DENY,
							[VERDICT_KILL] = CORDON_KILL };
	auto_arena struct arena *arena = arena_new(0);
	struct call call = { .arena = arena, .policy = policy, .request = request };
	const struct layer_decision *deciding;
	char *rule = NULL;
	int error;

	if (ret_error)
		*ret_error = NULL;
	error = run(&call, decide_body, ret_error);
	if (error)
		return error;
	deciding = &call.decision.layers.items[call.decision.deciding];
	if (ret_rule && deciding->line) {
		rule = strdup(deciding->line);
		if (!rule)
			return -ENOMEM;
	}
	*ret_verdict = verdicts[call.decision.verdict.kind];
	if (ret_errno)
		*ret_errno = call.decision.verdict.error;
	if (ret_rule)
		*ret_rule = rule;
	return 0;
}

/* ---- compile ---- */

static int make_plan(struct call *call, struct stages *stages)
{
	struct plan *plan;
	int error = host_plan(stages->model, NULL, call->arena, &call->diags, &plan);

	if (error)
		return error;
	stages->plan = plan;
	if (call->stage == CORDON_STAGE_PLAN || plan->uncarried == 0)
		return 0;
	plan_diagnose(plan, false, &call->diags);
	return -ENOTSUP;
}

static int write_stage(struct call *call, const struct stages *stages, enum stage stage)
{
	struct cbpf program;
	struct json json;
	int error;

	str_init(&call->text, call->arena);
	switch (call->format) {
	case CORDON_FORMAT_TEXT: return stage_print(stages, stage, &call->diags, &call->text);
	case CORDON_FORMAT_JSON:
		json_init(&json, &call->text, true);
		return stage_json(stages, stage, &call->diags, &json);
	case CORDON_FORMAT_RAW:
		error = stage_filter(stages, 0, &call->diags, &program);
		if (error == 0)
			str_addn(&call->text, (const char *)program.code, program.count * sizeof(*program.code));
		return error;
	}
	return -EINVAL;
}

static int compile_body(void *context)
{
	struct call *call = context;
	static const enum stage stage_of[] = { [CORDON_STAGE_AST] = STAGE_AST,
					       [CORDON_STAGE_MODEL] = STAGE_MODEL,
					       [CORDON_STAGE_PLAN] = STAGE_PLAN,
					       [CORDON_STAGE_CBPF] = STAGE_CBPF,
					       [CORDON_STAGE_LANDLOCK] = STAGE_LANDLOCK };
	struct stages stages = { .arena = call->arena,
				 .loaded = &call->policy->loaded,
				 .model = call->policy->loaded.model };
	int error;

	if ((unsigned)call->stage >= ARRAY_SIZE(stage_of) ||
	    (call->format == CORDON_FORMAT_RAW && call->stage != CORDON_STAGE_CBPF))
		return -EINVAL;
	error = stage_of[call->stage] >= STAGE_PLAN ? make_plan(call, &stages) : 0;
	return error ? error : write_stage(call, &stages, stage_of[call->stage]);
}

int cordon_policy_compile(const struct cordon_policy *policy, enum cordon_stage stage, enum cordon_format format,
			  char **ret_text, size_t *ret_size, struct cordon_error **ret_error)
{
	auto_arena struct arena *arena = arena_new(0);
	struct call call = { .arena = arena, .policy = policy, .stage = stage, .format = format };
	int error;

	if (ret_error)
		*ret_error = NULL;
	error = run(&call, compile_body, ret_error);
	if (error)
		return error;
	return text_give(&call.text, ret_text, ret_size);
}

/* ---- explain ---- */

static int explain_body(void *context)
{
	struct call *call = context;
	struct plan *plan;
	struct json json;
	int error = decide_body(call);

	if (error == 0)
		error = host_plan(call->policy->loaded.model, NULL, call->arena, &call->diags, &plan);
	if (error)
		return error;
	str_init(&call->text, call->arena);
	if (call->format == CORDON_FORMAT_TEXT) {
		decision_explain(&call->decision, plan, &call->text, NULL);
		return 0;
	}
	json_init(&json, &call->text, true);
	json_object(&json);
	json_kv_string(&json, "schema", "cordon.decision/1");
	decision_explain(&call->decision, plan, &call->text, &json);
	json_end_object(&json);
	return 0;
}

int cordon_policy_explain(const struct cordon_policy *policy, const char *request, enum cordon_format format,
			  char **ret_text, size_t *ret_size, struct cordon_error **ret_error)
{
	auto_arena struct arena *arena = arena_new(0);
	struct call call = { .arena = arena, .policy = policy, .request = request, .format = format };
	int error;

	if (ret_error)
		*ret_error = NULL;
	if (format != CORDON_FORMAT_TEXT && format != CORDON_FORMAT_JSON)
		return -EINVAL;
	error = run(&call, explain_body, ret_error);
	return error ? error : text_give(&call.text, ret_text, ret_size);
}
