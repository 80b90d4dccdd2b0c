/* model_print.c - a model as text and JSON: what --stop-after=model shows and the golden tests keep. */
#include "policy/resolver.h"

#include <string.h>

/* ---- conditions ---- */

static void print_number(uint64_t value, bool is_signed, struct str *out)
{
	if (is_signed && (int64_t)value < 0)
		str_addf(out, "%lld", (long long)value);
	else if (value < 10)
		str_addf(out, "%llu", (unsigned long long)value);
	else
		str_addf(out, "0x%llx", (unsigned long long)value);
}

void cond_print(const struct cond *cond, struct str *out)
{
	static const char *const compares[] = {
		[COMPARE_EQ] = "==", [COMPARE_NE] = "!=", [COMPARE_LT] = "<",         [COMPARE_LE] = "<=",
		[COMPARE_GT] = ">",  [COMPARE_GE] = ">=", [COMPARE_WITHIN] = "within"
	};

	switch (cond->kind) {
	case COND_AND:
	case COND_OR:
		str_addc(out, '(');
		cond_print(cond->left, out);
		str_add(out, cond->kind == COND_AND ? " and " : " or ");
		cond_print(cond->right, out);
		str_addc(out, ')');
		break;
	case COND_NOT:
		str_add(out, "not ");
		cond_print(cond->left, out);
		break;
	case COND_ATOM:
		str_addf(out, "arg%u:%c%u", cond->arg, cond->is_signed ? 's' : 'u', cond->bits);
		if (cond->has_mask)
			str_addf(out, " & 0x%llx", (unsigned long long)cond->mask);
		str_addf(out, " %s ", compares[cond->compare]);
		print_number(cond->value, cond->is_signed, out);
		break;
	}
}

static bool cond_same(const struct cond *a, const struct cond *b)
{
	if (!a || !b || a == b)
		return a == b;
	if (a->kind != b->kind)
		return false;
	if (a->kind != COND_ATOM)
		return cond_same(a->left, b->left) && cond_same(a->right, b->right);
	return a->arg == b->arg && a->bits == b->bits && a->is_signed == b->is_signed && a->has_mask == b->has_mask &&
	       a->mask == b->mask && a->compare == b->compare && a->value == b->value;
}

/* "openat if ... " for every architecture at once where they agree, else one line each. */
static void print_call(const struct layer *layer, const struct call_rule *rule, struct str *out)
{
	for (unsigned arch = 0; arch < ARCH_COUNT; arch++) {
		bool shown = false;

		if (!(layer->arches & 1u << arch) || call_table[rule->call].nr[arch] == CALL_NR_NONE)
			continue;
		for (unsigned before = 0; before < arch; before++)
			shown |= (layer->arches & 1u << before) && call_table[rule->call].nr[before] != CALL_NR_NONE &&
				 cond_same(rule->cond[before], rule->cond[arch]);
		if (shown)
			continue;
		str_add(out, "    ");
		verdict_print(rule->verdict, out);
		str_addf(out, " %s", call_table[rule->call].name);
		if (layer->arches & (layer->arches - 1))
			str_addf(out, " on %s", arch_table[arch].name);
		if (rule->cond[arch]) {
			str_add(out, " if ");
			cond_print(rule->cond[arch], out);
		}
		str_addf(out, "  # rule %u\n", rule->rule);
	}
}

/* ---- rules ---- */

static void print_patterns(const char *before, const struct patterns *patterns, struct str *out)
{
	if (patterns->count)
		str_add(out, before);
	for (size_t i = 0; i < patterns->count; i++) {
		str_addc(out, ' ');
		str_add_escaped(out, patterns->items[i].text, strlen(patterns->items[i].text));
	}
}

static void print_addresses(const char *before, const struct net_addresses *addresses, struct str *out)
{
	if (addresses->count)
		str_add(out, before);
	for (size_t i = 0; i < addresses->count; i++) {
		str_addc(out, ' ');
		str_add_escaped(out, addresses->items[i].text, strlen(addresses->items[i].text));
	}
}

static void print_rule_objects(const struct rule *rule, struct str *out)
{
	if (rule->operations) {
		str_addc(out, ' ');
		operations_print(rule->class, rule->operations, out);
	}
	if (rule->class == REQUEST_NET && !rule->all_protocols)
		str_addf(out, " %s", named_name(&net_protocol_table, rule->protocol));
	if (rule->class == REQUEST_IOCTL)
		str_addf(out, " %s", rule->ioctl_kind);
	print_patterns("", &rule->objects, out);
	print_addresses("", &rule->addresses, out);
	for (size_t i = 0; i < rule->commands.count; i++)
		str_addf(out, " 0x%llx", (unsigned long long)rule->commands.items[i]);
	print_patterns(" except", &rule->excepts, out);
	print_addresses(" except", &rule->except_addresses, out);
}

static void print_typed_rule(const struct layer *layer, const struct rule *rule, struct str *out)
{
	verdict_print(rule->verdict, out);
	str_addf(out, " %s", request_class_name(rule->class));
	if (rule->class == REQUEST_SYSCALL && rule->ast) {
		for (size_t i = 0; i < rule->ast->objects.count; i++)
			str_addf(out, " %s", rule->ast->objects.items[i].text);
		if (rule->ast->cond) {
			str_add(out, " if ");
			print_condition(rule->ast->cond, out);
		}
	} else {
		print_rule_objects(rule, out);
	}
	if (rule->as_user)
		str_addf(out, " as %s%s%s", rule->as_user, rule->as_group ? ":" : "",
			 rule->as_group ? rule->as_group : "");
	if (rule->log)
		str_add(out, " log");
	if (rule->has_uid)
		str_addf(out, " if uid %s %u", rule->uid_not ? "!=" : "==", rule->uid);
	if (rule->phase != PHASE_NONE)
		str_addf(out, " in phase %s", layer->phases.items[rule->phase].name);
	if (rule->builtin)
		str_addf(out, "  # built in: %s", rule->because);
	else if (rule->template_name)
		str_addf(out, "  # %s", rule->template_name);
}

/* ---- settings ---- */

static void print_settings(const struct layer *layer, struct str *out)
{
	static const char *const wx_names[] = { [WX_STRICT] = "strict", [WX_SEALED] = "sealed", [WX_ALLOW] = "allow" };
	static const char *const env_names[] = { [ENV_KEEP] = "keep", [ENV_SET] = "set", [ENV_CLEAR] = "clear" };

	str_add(out, "  arch");
	for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
		if (layer->arches & 1u << arch)
			str_addf(out, " %s", arch_table[arch].name);
	str_addf(out, "\n  wx %s\n", wx_names[layer->wx]);
	if (layer->isolate) {
		str_add(out, "  isolate");
		for (size_t i = 0; i < isolate_table.count; i++)
			if (layer->isolate & isolate_table.rows[i].value)
				str_addf(out, " %s", isolate_table.rows[i].name);
		str_addc(out, '\n');
	}
	for (size_t i = 0; i < layer->privates.count; i++)
		str_addf(out, "  private %s\n", layer->privates.items[i]);
	for (size_t i = 0; i < layer->env.count; i++)
		str_addf(out, "  env %s %s%s%s\n", env_names[layer->env.items[i].action],
			 layer->env.items[i].name ? layer->env.items[i].name : "", layer->env.items[i].value ? "=" : "",
			 layer->env.items[i].value ? layer->env.items[i].value : "");
	if (layer->chdir)
		str_addf(out, "  chdir %s\n", layer->chdir);
	if (layer->capabilities) {
		str_add(out, "  cap");
		for (unsigned i = 0; i < 64; i++)
			if (layer->capabilities & (uint64_t)1 << i)
				str_addf(out, " %s", named_name(&capability_table, i));
		str_addc(out, '\n');
	}
	for (size_t i = 0; i < layer->limits.count; i++)
		str_addf(out, "  limit %s %llu%s\n", layer->limits.items[i].name,
			 (unsigned long long)layer->limits.items[i].value, limit_unit(layer->limits.items[i].name));
	for (size_t i = 0; i < layer->requirements.count; i++)
		str_addf(out, "  require %s >= %llu\n", layer->requirements.items[i].feature,
			 (unsigned long long)layer->requirements.items[i].at_least);
	for (size_t i = 0; i < layer->preferences.count; i++)
		str_addf(out, "  prefer %s else %s\n", layer->preferences.items[i].name,
			 layer->preferences.items[i].vanilla ? "vanilla" : "die");
	for (unsigned class = 0; class < REQUEST_CLASS_COUNT; class ++)
		if (layer->defaults[class].written) {
			str_addf(out, "  default %s ", request_class_name((enum request_class) class));
			verdict_print(layer->defaults[class].verdict, out);
			str_addc(out, '\n');
		}
}

void model_print(const struct model *model, struct str *out)
{
	for (size_t l = 0; l < model->count; l++) {
		const struct layer *layer = model->items[l];

		str_addf(out, "layer %zu: %s\n", l, layer->name);
		for (size_t i = 0; i < layer->binaries.count; i++)
			str_addf(out, "  binary %s\n", layer->binaries.items[i]);
		print_settings(layer, out);
		str_add(out, "  rules\n");
		for (size_t i = 0; i < layer->rules.count; i++) {
			str_addf(out, "    %zu: ", i);
			print_typed_rule(layer, &layer->rules.items[i], out);
			str_addc(out, '\n');
		}
		str_add(out, "  calls\n");
		for (size_t i = 0; i < layer->calls.count; i++)
			print_call(layer, &layer->calls.items[i], out);
	}
}

/* ---- JSON ---- */

static void json_patterns(struct json *json, const char *key, const struct patterns *patterns)
{
	if (!patterns->count)
		return;
	json_key(json, key);
	json_array(json);
	for (size_t i = 0; i < patterns->count; i++)
		json_string(json, patterns->items[i].text);
	json_end_array(json);
}

static void json_rule(const struct layer *layer, const struct rule *rule, struct json *json)
{
	struct str text;

	str_init(&text, json->out->arena);
	print_typed_rule(layer, rule, &text);
	json_object(json);
	json_kv_string(json, "verdict", verdict_name(rule->verdict.kind));
	if (rule->verdict.error)
		json_kv_string(json, "errno", named_name(&errno_table, rule->verdict.error));
	json_kv_string(json, "class", request_class_name(rule->class));
	json_kv_string(json, "text", text.text);
	json_patterns(json, "objects", &rule->objects);
	json_patterns(json, "except", &rule->excepts);
	if (rule->template_name)
		json_kv_string(json, "template", rule->template_name);
	if (rule->phase != PHASE_NONE)
		json_kv_string(json, "phase", layer->phases.items[rule->phase].name);
	if (rule->because)
		json_kv_string(json, "because", rule->because);
	if (rule->span.source) {
		json_kv_string(json, "file", rule->span.source->name);
		json_kv_int(json, "line", span_position(rule->span).line);
	}
	json_end_object(json);
}

static void json_call(const struct layer *layer, const struct call_rule *rule, struct json *json)
{
	json_object(json);
	json_kv_string(json, "call", call_table[rule->call].name);
	json_kv_string(json, "verdict", verdict_name(rule->verdict.kind));
	json_kv_int(json, "rule", rule->rule);
	json_key(json, "if");
	json_object(json);
	for (unsigned arch = 0; arch < ARCH_COUNT; arch++) {
		struct str text;

		if (!(layer->arches & 1u << arch) || call_table[rule->call].nr[arch] == CALL_NR_NONE)
			continue;
		str_init(&text, json->out->arena);
		if (rule->cond[arch])
			cond_print(rule->cond[arch], &text);
		json_kv_string(json, arch_table[arch].name, rule->cond[arch] ? text.text : NULL);
	}
	json_end_object(json);
	json_end_object(json);
}

void model_json(const struct model *model, struct json *json)
{
	json_object(json);
	json_kv_string(json, "schema", "cordon.model/1");
	json_key(json, "layers");
	json_array(json);
	for (size_t l = 0; l < model->count; l++) {
		const struct layer *layer = model->items[l];
		struct str settings;

		str_init(&settings, json->out->arena);
		print_settings(layer, &settings);
		json_object(json);
		json_kv_string(json, "name", layer->name);
		json_kv_string(json, "settings", settings.text);
		json_key(json, "rules");
		json_array(json);
		for (size_t i = 0; i < layer->rules.count; i++)
			json_rule(layer, &layer->rules.items[i], json);
		json_end_array(json);
		json_key(json, "calls");
		json_array(json);
		for (size_t i = 0; i < layer->calls.count; i++)
			json_call(layer, &layer->calls.items[i], json);
		json_end_array(json);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}
