/* stages.c - one row per stage. */
#include "lib/stages.h"

#include <errno.h>
#include <string.h>

int stage_filter(const struct stages *stages, size_t layer, struct diags *diags, struct cbpf *ret)
{
	const struct cbpf_options options = { .with_token = false };
	int error;

	if (layer >= stages->plan->layer_count) {
		diag_error(diags, "C0710", (struct span){ 0 }, "there is no layer %zu: the policy has %zu", layer,
			   stages->plan->layer_count);
		return -EINVAL;
	}
	error = cbpf_emit(&stages->plan->layers[layer].calls, &options, stages->arena, ret);
	if (error)
		diag_help(diags,
			  diag_error(diags, "C0711", stages->model->items[layer]->span,
				     "the filter of profile `%s` is longer than the kernel takes (%d instructions)",
				     stages->model->items[layer]->name, CBPF_MAX),
			  "say less about the arguments of calls");
	return error;
}

/* ---- text ---- */

static int print_ast(const struct stages *stages, struct diags *diags, struct str *out)
{
	(void)diags;
	for (size_t i = 0; i < stages->loaded->sources.count; i++) {
		const struct layer_source *source = &stages->loaded->sources.items[i];

		print_file(source->file, out);
		if (source->extra)
			str_add(out, "# added on the command line:\n");
		for (size_t k = 0; source->extra && k < source->extra->count; k++)
			print_statement(source->extra->items[k], 0, out);
	}
	return 0;
}

static int print_model(const struct stages *stages, struct diags *diags, struct str *out)
{
	(void)diags;
	model_print(stages->model, out);
	return 0;
}

static int print_plan(const struct stages *stages, struct diags *diags, struct str *out)
{
	(void)diags;
	plan_print(stages->plan, out);
	return 0;
}

static int print_cbpf(const struct stages *stages, struct diags *diags, struct str *out)
{
	for (size_t i = 0; i < stages->plan->layer_count; i++) {
		struct cbpf program;
		int error = stage_filter(stages, i, diags, &program);

		if (error)
			return error;
		str_addf(out, "# layer %zu: profile %s, %zu instructions\n", i, stages->model->items[i]->name,
			 program.count);
		cbpf_print(&program, out);
	}
	return 0;
}

static int print_landlock(const struct stages *stages, struct diags *diags, struct str *out)
{
	(void)diags;
	landlock_plan_print(stages->plan, out);
	return 0;
}

/* ---- JSON ---- */

static int json_ast(const struct stages *stages, struct diags *diags, struct json *json)
{
	(void)diags;
	json_object(json);
	json_kv_string(json, "schema", "cordon.asts/1");
	json_key(json, "files");
	json_array(json);
	for (size_t i = 0; i < stages->loaded->sources.count; i++)
		ast_json(stages->loaded->sources.items[i].file, json);
	json_end_array(json);
	json_end_object(json);
	return 0;
}

static int json_model(const struct stages *stages, struct diags *diags, struct json *json)
{
	(void)diags;
	model_json(stages->model, json);
	return 0;
}

static int json_plan(const struct stages *stages, struct diags *diags, struct json *json)
{
	(void)diags;
	plan_json(stages->plan, json);
	return 0;
}

static int json_cbpf(const struct stages *stages, struct diags *diags, struct json *json)
{
	json_object(json);
	json_kv_string(json, "schema", "cordon.filters/1");
	json_key(json, "layers");
	json_array(json);
	for (size_t i = 0; i < stages->plan->layer_count; i++) {
		struct cbpf program;
		int error = stage_filter(stages, i, diags, &program);

		if (error)
			return error;
		json_object(json);
		json_kv_string(json, "profile", stages->model->items[i]->name);
		json_key(json, "filter");
		cbpf_json(&program, json);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
	return 0;
}

static int json_landlock(const struct stages *stages, struct diags *diags, struct json *json)
{
	(void)diags;
	landlock_plan_json(stages->plan, json);
	return 0;
}

static const struct {
	const char *name;
	int (*print)(const struct stages *stages, struct diags *diags, struct str *out);
	int (*json)(const struct stages *stages, struct diags *diags, struct json *json);
} stage_table[STAGE_COUNT] = {
	[STAGE_AST] = { "ast", print_ast, json_ast },
	[STAGE_MODEL] = { "model", print_model, json_model },
	[STAGE_PLAN] = { "plan", print_plan, json_plan },
	[STAGE_CBPF] = { "cbpf", print_cbpf, json_cbpf },
	[STAGE_LANDLOCK] = { "landlock", print_landlock, json_landlock },
};

int stage_find(const char *name)
{
	for (int i = 0; i < STAGE_COUNT; i++)
		if (!strcmp(stage_table[i].name, name))
			return i;
	return -1;
}

const char *stage_name(enum stage stage)
{
	return stage_table[stage].name;
}

int stage_print(const struct stages *stages, enum stage stage, struct diags *diags, struct str *out)
{
	return stage_table[stage].print(stages, diags, out);
}

int stage_json(const struct stages *stages, enum stage stage, struct diags *diags, struct json *json)
{
	return stage_table[stage].json(stages, diags, json);
}
