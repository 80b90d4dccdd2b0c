/* decision_print.c - a decision told to a person, or as JSON. */
#include <string.h>

#include "lib/decision_print.h"
#include "policy/parse.h"

static const char *verdict_text(struct verdict verdict, struct str *buffer)
{
	str_init(buffer, buffer->arena);
	verdict_print(verdict, buffer);
	return buffer->text;
}

/* "web.cordon:3", or the template's name and line. */
static void print_place(const struct rule *rule, struct str *out)
{
	if (rule->span.source)
		str_addf(out, "%s:%u", rule->span.source->name, span_position(rule->span).line);
	else
		str_add(out, "built in");
}

/* "seccomp + landlock", "none here (missing: supervisor)", or NULL. */
static const char *mechanism_text(const struct plan *plan, size_t layer, const struct rule *rule, struct str *buffer)
{
	const struct carrier *carrier = plan && rule ? plan_carrier(plan, layer, rule) : NULL;

	str_init(buffer, buffer->arena);
	if (!carrier)
		return NULL;
	if (!carrier->carried)
		str_add(buffer, "none here (missing: ");
	mechanisms_print(carrier->mechanisms, buffer);
	if (!carrier->carried)
		str_add(buffer, ")");
	return buffer->text;
}

static void decision_json(const struct decision *decision, const struct plan *plan, struct arena *arena,
			  struct json *json)
{
	struct str text = { .arena = arena };

	json_kv_string(json, "request", decision->request_text);
	json_kv_string(json, "verdict", verdict_text(decision->verdict, &text));
	json_key(json, "layers");
	json_array(json);
	for (size_t i = 0; i < decision->layers.count; i++) {
		const struct layer_decision *d = &decision->layers.items[i];

		json_object(json);
		json_kv_string(json, "profile", d->layer->name);
		json_kv_string(json, "verdict", verdict_text(d->verdict, &text));
		json_kv_string(json, "rule", d->line);
		if (d->rule) {
			str_init(&text, arena);
			print_place(d->rule, &text);
			json_kv_string(json, "place", text.text);
		}
		json_kv_string(json, "mechanism", mechanism_text(plan, i, d->rule, &text));
		json_kv_string(json, d->fix_replaces ? "fix_replaces_rule" : "fix", d->fix);
		json_kv_string(json, "note", d->note);
		json_end_object(json);
	}
	json_end_array(json);
}

static void print_layer(const struct decision *decision, const struct plan *plan, size_t index, struct str *out)
{
	const struct layer_decision *d = &decision->layers.items[index];
	struct str text = { .arena = out->arena };
	const char *mechanism;

	str_addf(out, "  profile %s: %s\n", d->layer->name, verdict_text(d->verdict, &text));
	if (d->rule) {
		str_addf(out, "    by %s  (", d->line ? d->line : "a built-in rule");
		print_place(d->rule, out);
		str_add(out, ")\n");
	} else {
		str_addf(out, "    no line matches, so the default of `%s` holds\n",
			 request_class_name(decision->request.class));
	}
	mechanism = mechanism_text(plan, index, d->rule, &text);
	if (mechanism)
		str_addf(out, "    mechanism: %s\n", mechanism);
	if (d->fix)
		str_addf(out, "    fix: %s%s\n", d->fix, d->fix_replaces ? "   (in the place of that line)" : "");
	if (d->note)
		str_addf(out, "    note: %s\n", d->note);
}

void decision_explain(const struct decision *decision, const struct plan *plan, struct str *out, struct json *json)
{
	struct str text = { .arena = out->arena };

	if (json) {
		decision_json(decision, plan, out->arena, json);
		return;
	}
	str_addf(out, "%s: %s\n", verdict_text(decision->verdict, &text), decision->request_text);
	for (size_t i = 0; i < decision->layers.count; i++)
		print_layer(decision, plan, i, out);
}
