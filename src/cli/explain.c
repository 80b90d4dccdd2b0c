/* explain.c - codes, templates, calls, groups, and verdicts, told to a person or as JSON. */
#include "cli/explain.h"

#include <string.h>

#include "policy/parse.h"

/* ---- diagnostics ---- */

void explain_code(const struct diag_info *info, struct str *out, struct json *json)
{
	if (json) {
		json_kv_string(json, "code", info->code);
		json_kv_string(json, "title", info->title);
		json_kv_string(json, "explanation", info->explain);
		return;
	}
	str_addf(out, "%s: %s\n\n%s", info->code, info->title, info->explain);
	if (out->text[out->size - 1] != '\n')
		str_addc(out, '\n');
}

void explain_codes(struct str *out, struct json *json)
{
	if (json) {
		json_key(json, "codes");
		json_object(json);
	}
	for (size_t i = 0; i < diag_info_count; i++) {
		if (json)
			json_kv_string(json, diag_infos[i].code, diag_infos[i].title);
		else
			str_addf(out, "%s  %s\n", diag_infos[i].code, diag_infos[i].title);
	}
	if (json)
		json_end_object(json);
}

/* ---- templates ---- */

void explain_template(const struct embedded_text *text, struct str *out, struct json *json)
{
	if (json) {
		json_kv_string(json, "template", text->name);
		json_kv_string(json, "text", text->text);
	} else {
		str_addn(out, text->text, text->size);
	}
}

/* The first sentence of the first comment: what the template is for. */
static const char *first_sentence(const char *text, int *ret_size)
{
	const char *line = strstr(text, "\n# ");
	size_t size = line ? strcspn(line + 3, "\n") : 0;
	const char *stop = line ? memmem(line + 3, size, ". ", 2) : NULL;

	*ret_size = (int)(stop ? (size_t)(stop + 1 - (line + 3)) : size);
	return line ? line + 3 : "";
}

void explain_templates(struct str *out, struct json *json)
{
	if (json) {
		json_key(json, "templates");
		json_array(json);
	}
	for (size_t i = 0; i < embedded_text_count; i++) {
		const struct embedded_text *text = &embedded_texts[i];
		const char *comment;
		int size;

		if (strncmp(text->name, "std/", 4) != 0)
			continue;
		comment = first_sentence(text->text, &size);
		if (json)
			json_string(json, text->name);
		else
			str_addf(out, "%-16s %.*s\n", text->name, size, comment);
	}
	if (json)
		json_end_array(json);
}

/* ---- calls ---- */

static const char *const class_names[CLASS_COUNT] = {
	[CLASS_BASIC] = "basic",
	[CLASS_TYPED] = "typed",
	[CLASS_PRIVILEGED] = "privileged",
	[CLASS_DANGEROUS] = "dangerous",
};
static const char *const class_help[CLASS_COUNT] = {
	[CLASS_BASIC] = "reaches nothing outside the process; std/c-runtime opens it",
	[CLASS_TYPED] = "opened by typed rules only",
	[CLASS_PRIVILEGED] = "needs a line of its own",
	[CLASS_DANGEROUS] = "needs a line of its own, with `because`",
};

static void call_json(const struct call_row *row, struct json *json)
{
	json_kv_string(json, "call", row->name);
	json_kv_string(json, "class", class_names[row->class]);
	json_kv_string(json, "since", row->since);
	json_kv_string(json, "pin", call_pin(row));
	json_key(json, "numbers");
	json_object(json);
	for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
		if (row->nr[arch] != CALL_NR_NONE)
			json_kv_int(json, arch_table[arch].name, row->nr[arch]);
	json_end_object(json);
	json_key(json, "arguments");
	json_array(json);
	for (unsigned i = 0; i < row->arg_count; i++) {
		const struct call_arg *arg = &call_args(row)[i];

		json_object(json);
		json_kv_string(json, "name", arg->name);
		json_kv_string(json, "type", call_arg_type(arg)->name);
		json_kv_int(json, "bits", call_arg_type(arg)->bits[0]);
		json_kv_bool(json, "signed", call_arg_type(arg)->is_signed);
		json_kv_string(json, "set", call_arg_set(arg) ? call_arg_set(arg)->name : NULL);
		json_end_object(json);
	}
	json_end_array(json);
}

static void print_argument(const struct call_arg *arg, struct str *out)
{
	const struct arg_type *type = call_arg_type(arg);
	const struct flag_set *set = call_arg_set(arg);

	str_addf(out, "    %-12s %s, %u bits%s", arg->name, type->name, type->bits[0],
		 type->is_signed ? ", signed" : "");
	if (set) {
		str_addf(out, "; %s of %s:", set->is_bits ? "bits" : "one", set->name);
		for (unsigned i = 0; i < set->count; i++) {
			if (i % 6 == 0)
				str_addf(out, "\n%*s", 17, "");
			str_addf(out, "%s%s", i % 6 ? " " : "", flag_value_name(&flag_set_values(set)[i]));
		}
	}
	str_addc(out, '\n');
}

static void list_groups(const struct call_row *row, struct str *out)
{
	const char *separator = "  groups  ";

	for (size_t i = 0; i < call_group_count; i++)
		for (unsigned k = 0; k < call_groups[i].count; k++)
			if (&call_table[call_groups[i].calls[k]] == row) {
				str_addf(out, "%s%s", separator, call_groups[i].name);
				separator = " ";
			}
	if (*separator == ' ' && !separator[1])
		str_addc(out, '\n');
}

void explain_call(const struct call_row *row, struct str *out, struct json *json)
{
	if (json) {
		call_json(row, json);
		return;
	}
	str_addf(out, "%s\n  class   %s: %s\n", row->name, class_names[row->class], class_help[row->class]);
	if (row->class == CLASS_TYPED)
		str_addf(out, "  opened  by `%s` rules\n",
			 request_class_name(call_request_class((uint16_t)(row - call_table))));
	if (call_pin(row))
		str_addf(out, "  pin     %s\n", call_pin(row));
	str_addf(out, "  since   Linux %s\n  numbers", row->since);
	for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
		if (row->nr[arch] != CALL_NR_NONE)
			str_addf(out, " %s %d", arch_table[arch].name, row->nr[arch]);
	str_addc(out, '\n');
	list_groups(row, out);
	str_add(out, row->arg_count ? "  arguments\n" : "  no arguments\n");
	for (unsigned i = 0; i < row->arg_count; i++)
		print_argument(&call_args(row)[i], out);
}

void explain_group(const struct call_group *group, struct str *out, struct json *json)
{
	if (json) {
		json_kv_string(json, "group", group->name);
		json_kv_string(json, "help", group->help);
		json_key(json, "calls");
		json_array(json);
	} else {
		str_addf(out, "%s: %s\n", group->name, group->help);
	}
	for (unsigned i = 0; i < group->count; i++) {
		const struct call_row *row = &call_table[group->calls[i]];

		if (json)
			json_string(json, row->name);
		else
			str_addf(out, "  %-24s %s%s%s\n", row->name, class_names[row->class], row->pin ? ", if " : "",
				 row->pin ? call_pin(row) : "");
	}
	if (json)
		json_end_array(json);
}

void explain_groups(struct str *out, struct json *json)
{
	if (json) {
		json_key(json, "groups");
		json_object(json);
	}
	for (size_t i = 0; i < call_group_count; i++) {
		if (json)
			json_kv_string(json, call_groups[i].name, call_groups[i].help);
		else
			str_addf(out, "%-16s %s\n", call_groups[i].name, call_groups[i].help);
	}
	if (json)
		json_end_object(json);
}

/* ---- plans ---- */

static size_t mechanisms_width(const struct plan *plan, struct arena *arena)
{
	size_t width = 0;

	for (size_t i = 0; i < plan->carriers.count; i++) {
		struct str text;

		str_init(&text, arena);
		mechanisms_print(plan->carriers.items[i].mechanisms, &text);
		if (text.size > width)
			width = text.size;
	}
	return width;
}

static void print_carrier(const struct carrier *carrier, size_t width, struct str *out)
{
	struct str mechanisms;

	str_init(&mechanisms, out->arena);
	mechanisms_print(carrier->mechanisms, &mechanisms);
	str_addf(out, "  %s %-*s  ", carrier->carried ? "ok " : "NOT", (int)width,
		 mechanisms.size ? mechanisms.text : "");
	carrier_print(carrier, out);
	if (carrier->why)
		str_addf(out, "   # %s%s", carrier->carried ? "" : "missing here: ", carrier->why);
	str_addc(out, '\n');
	if (!carrier->carried && carrier->help)
		str_addf(out, "  %*s = help: %s\n", (int)width + 3, "", carrier->help);
}

void explain_plan(const struct plan *plan, struct str *out)
{
	size_t width = mechanisms_width(plan, out->arena);

	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		str_addf(out, "profile %s\n", plan->model->items[layer]->name);
		for (size_t i = 0; i < plan->carriers.count; i++)
			if (plan->carriers.items[i].layer == layer)
				print_carrier(&plan->carriers.items[i], width, out);
	}
	if (plan->uncarried)
		str_addf(out, "%zu line%s nothing here carries\n", plan->uncarried, plan->uncarried == 1 ? "" : "s");
}
