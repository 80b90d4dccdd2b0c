/* plan_print.c - a plan as text and JSON: where each rule went, and what the process will look like. */
#include "plan/planner.h"

#include <linux/mount.h>
#include <string.h>

#include "policy/parse.h"

static const char *const names[] = { "default", "seccomp", "landlock", "mount",      "namespace", "prctl", "capability",
				     "rlimit",  "launch",  "listener", "supervisor", "cgroup",    "bpf",   "parent" };

const char *mechanism_name(enum mechanism mechanism)
{
	unsigned index = mechanism ? (unsigned)__builtin_ctz(mechanism) : 0;

	return index < ARRAY_SIZE(names) ? names[index] : "?";
}

void mechanisms_print(uint32_t mechanisms, struct str *out)
{
	const char *separator = "";

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (mechanisms & 1u << i) {
			str_addf(out, "%s%s", separator, names[i]);
			separator = " + ";
		}
}

void carrier_print(const struct carrier *carrier, struct str *out)
{
	if (!carrier->rule)
		str_add(out, carrier->setting);
	else if (carrier->rule->ast)
		print_rule(carrier->rule->ast, out);
	else
		str_addf(out, "(built in: %s)", carrier->rule->because);
}

static void print_carrier(const struct carrier *carrier, struct str *out)
{
	struct str mechanisms;

	str_init(&mechanisms, out->arena);
	mechanisms_print(carrier->mechanisms, &mechanisms);
	str_addf(out, "  %-10s %-32s ", carrier->carried ? "carried" : "UNCARRIED",
		 mechanisms.text ? mechanisms.text : "-");
	carrier_print(carrier, out);
	if (carrier->why)
		str_addf(out, "  # %s", carrier->why);
	str_addc(out, '\n');
}

static void print_attr(uint64_t attr, struct str *out)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} bits[] = { { MOUNT_ATTR_RDONLY, "ro" },
		     { MOUNT_ATTR_NOSUID, "nosuid" },
		     { MOUNT_ATTR_NODEV, "nodev" },
		     { MOUNT_ATTR_NOEXEC, "noexec" } };

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (attr & bits[i].bit)
			str_addf(out, " %s", bits[i].name);
}

static const char *const mount_names[] = { [MOUNT_TREE] = "tree",
					   [MOUNT_ROOT] = "root",
					   [MOUNT_TMPFS] = "tmpfs",
					   [MOUNT_DEV] = "dev",
					   [MOUNT_PROC] = "proc" };

static void print_domain(const struct domain_limits *limits, struct str *out)
{
	const struct {
		const char *name, *unit;
		uint64_t value;
		bool held;
	} rows[] = {
		{ "mem", "", limits->mem, limits->mem },
		{ "procs", "", limits->procs, limits->procs },
		{ "cpu", "ms", limits->cpu_ms, limits->cpu_ms },
		{ "time", "ms", limits->time_ms, limits->time_ms },
		{ "output", "", limits->output, limits->limits_output },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].held)
			str_addf(out, "  domain %s %llu%s\n", rows[i].name, (unsigned long long)rows[i].value,
				 rows[i].unit);
}

static void print_process(const struct plan *plan, struct str *out)
{
	str_add(out, "process\n");
	if (plan->isolate) {
		str_add(out, "  namespaces");
		for (size_t i = 0; i < isolate_table.count; i++)
			if (plan->isolate & isolate_table.rows[i].value)
				str_addf(out, " %s", isolate_table.rows[i].name);
		str_add(out, plan->userns_implied ? "  # user: because the caller is unprivileged\n" : "\n");
	}
	for (size_t i = 0; i < plan->mounts.count; i++) {
		str_addf(out, "  mount %s %s", mount_names[plan->mounts.items[i].kind], plan->mounts.items[i].path);
		print_attr(plan->mounts.items[i].attr_set, out);
		str_addc(out, '\n');
	}
	str_addf(out, "  prctl no_new_privs%s%s\n", plan->mdwe ? " mdwe" : "", plan->exec_check ? " exec_check" : "");
	str_add(out, "  capabilities");
	for (unsigned i = 0; i < 64; i++)
		if (plan->capabilities & (uint64_t)1 << i)
			str_addf(out, " %s", named_name(&capability_table, i));
	str_add(out, plan->capabilities ? "\n" : " none\n");
	for (size_t i = 0; i < plan->rlimits.count; i++)
		str_addf(out, "  rlimit %s %llu\n", plan->rlimits.items[i].name,
			 (unsigned long long)plan->rlimits.items[i].value);
	print_domain(&plan->domain, out);
	str_addf(out, "  %s\n", plan->keeps_parent ? "a parent stays" : "executes in place");
}

void plan_print(const struct plan *plan, struct str *out)
{
	for (size_t l = 0; l < plan->layer_count; l++) {
		str_addf(out, "layer %zu: %s\n", l, plan->model->items[l]->name);
		for (size_t i = 0; i < plan->carriers.count; i++)
			if (plan->carriers.items[i].layer == l)
				print_carrier(&plan->carriers.items[i], out);
		for (size_t i = 0; i < plan->layers[l].absent.count; i++)
			str_addf(out, "  absent     %s  # grants nothing\n", plan->layers[l].absent.items[i]);
		str_add(out, "calls\n");
		call_policy_print(&plan->layers[l].calls, out);
	}
	print_process(plan, out);
}

static void print_rights(uint64_t rights, enum landlock_kind kind, struct str *out)
{
	const char *separator = "";

	for (size_t i = 0; i < landlock_right_count; i++)
		if (landlock_rights[i].kind == kind && (rights & landlock_rights[i].bit)) {
			str_addf(out, "%s%s", separator, landlock_rights[i].name);
			separator = ",";
		}
	if (!*separator)
		str_add(out, "none");
}

void landlock_plan_print(const struct plan *plan, struct str *out)
{
	for (size_t l = 0; l < plan->layer_count; l++) {
		const struct landlock_plan *landlock = &plan->layers[l].landlock;

		str_addf(out, "layer %zu: %s\n  handled fs ", l, plan->model->items[l]->name);
		print_rights(landlock->handled_fs, LANDLOCK_FS, out);
		str_add(out, "\n  handled net ");
		print_rights(landlock->handled_net, LANDLOCK_NET, out);
		str_add(out, "\n  scoped ");
		print_rights(landlock->scoped, LANDLOCK_SCOPE, out);
		str_addc(out, '\n');
		for (size_t i = 0; i < landlock->paths.count; i++) {
			str_addf(out, "  path %s ", landlock->paths.items[i].path);
			print_rights(landlock->paths.items[i].rights, LANDLOCK_FS, out);
			str_addc(out, '\n');
		}
		for (size_t i = 0; i < landlock->ports.count; i++) {
			str_addf(out, "  port %u ", landlock->ports.items[i].port);
			print_rights(landlock->ports.items[i].rights, LANDLOCK_NET, out);
			str_addc(out, '\n');
		}
	}
}

/* ---- JSON ---- */

static void json_carrier(const struct carrier *carrier, struct json *json)
{
	struct str text;

	str_init(&text, json->out->arena);
	carrier_print(carrier, &text);
	json_object(json);
	json_kv_int(json, "layer", (long long)carrier->layer);
	json_kv_string(json, "text", text.text);
	json_kv_bool(json, "carried", carrier->carried);
	json_key(json, "mechanisms");
	json_array(json);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (carrier->mechanisms & 1u << i)
			json_string(json, names[i]);
	json_end_array(json);
	if (carrier->why)
		json_kv_string(json, "why", carrier->why);
	if (carrier->help)
		json_kv_string(json, "help", carrier->help);
	if (carrier->span.source) {
		json_kv_string(json, "file", carrier->span.source->name);
		json_kv_int(json, "line", span_position(carrier->span).line);
	}
	json_end_object(json);
}

void plan_json(const struct plan *plan, struct json *json)
{
	struct str process;

	str_init(&process, json->out->arena);
	print_process(plan, &process);
	json_object(json);
	json_kv_string(json, "schema", "cordon.plan/1");
	json_kv_int(json, "uncarried", (long long)plan->uncarried);
	json_key(json, "carriers");
	json_array(json);
	for (size_t i = 0; i < plan->carriers.count; i++)
		json_carrier(&plan->carriers.items[i], json);
	json_end_array(json);
	json_kv_bool(json, "keeps_parent", plan->keeps_parent);
	json_kv_string(json, "process", process.text);
	json_key(json, "layers");
	json_array(json);
	for (size_t l = 0; l < plan->layer_count; l++) {
		json_object(json);
		json_kv_string(json, "name", plan->model->items[l]->name);
		json_key(json, "calls");
		call_policy_json(&plan->layers[l].calls, json);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}

static void json_rights(struct json *json, const char *key, uint64_t rights, enum landlock_kind kind)
{
	json_key(json, key);
	json_array(json);
	for (size_t i = 0; i < landlock_right_count; i++)
		if (landlock_rights[i].kind == kind && (rights & landlock_rights[i].bit))
			json_string(json, landlock_rights[i].name);
	json_end_array(json);
}

void landlock_plan_json(const struct plan *plan, struct json *json)
{
	json_object(json);
	json_kv_string(json, "schema", "cordon.landlock/1");
	json_key(json, "layers");
	json_array(json);
	for (size_t l = 0; l < plan->layer_count; l++) {
		const struct landlock_plan *landlock = &plan->layers[l].landlock;

		json_object(json);
		json_kv_string(json, "name", plan->model->items[l]->name);
		json_rights(json, "handled_fs", landlock->handled_fs, LANDLOCK_FS);
		json_rights(json, "handled_net", landlock->handled_net, LANDLOCK_NET);
		json_rights(json, "scoped", landlock->scoped, LANDLOCK_SCOPE);
		json_key(json, "paths");
		json_array(json);
		for (size_t i = 0; i < landlock->paths.count; i++) {
			json_object(json);
			json_kv_string(json, "path", landlock->paths.items[i].path);
			json_rights(json, "rights", landlock->paths.items[i].rights, LANDLOCK_FS);
			json_end_object(json);
		}
		json_end_array(json);
		json_key(json, "ports");
		json_array(json);
		for (size_t i = 0; i < landlock->ports.count; i++) {
			json_object(json);
			json_kv_int(json, "port", landlock->ports.items[i].port);
			json_rights(json, "rights", landlock->ports.items[i].rights, LANDLOCK_NET);
			json_end_object(json);
		}
		json_end_array(json);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}
