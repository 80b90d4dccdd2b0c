/* steps.c - the steps by name, and how a list of them is carried out and shown. */
#include <errno.h>
#include <string.h>

#include "enforce/confinement.h"

struct step_info {
	const char *name;
	const char *code; /* of the diagnostic when it fails */
	step_function *run;
};

static const struct step_info step_table[STEP_KIND_COUNT] = {
	[STEP_GROUP] = { "control group", "C0622", step_group },
	[STEP_USER_NAMESPACE] = { "user namespace", "C0610", step_user_namespace },
	[STEP_PID_NAMESPACE] = { "pid namespace", "C0611", step_pid_namespace },
	[STEP_NAMESPACES] = { "namespaces", "C0611", step_namespaces },
	[STEP_LOOPBACK] = { "loopback interface", "C0611", step_loopback },
	[STEP_PRIVATE_MOUNTS] = { "private mount table", "C0612", step_private_mounts },
	[STEP_CLONE] = { "clone", "C0612", step_clone },
	[STEP_MOUNT] = { "mount", "C0612", step_mount },
	[STEP_SEAL_MOUNT] = { "seal mount", "C0612", step_seal_mount },
	[STEP_DIRECTORY] = { "directory", "C0613", step_directory },
	[STEP_PROGRAM] = { "program in the new view", "C0614", step_program },
	[STEP_RULESET] = { "landlock ruleset", "C0615", step_ruleset },
	[STEP_NO_NEW_PRIVS] = { "no new privileges", "C0617", step_no_new_privs },
	[STEP_MDWE] = { "memory deny write execute", "C0617", step_mdwe },
	[STEP_SCRIPTS] = { "scripts are asked about", "C0617", step_scripts },
	[STEP_CAPABILITIES] = { "capabilities", "C0618", step_capabilities },
	[STEP_DESCRIPTORS] = { "descriptors", "C0619", step_descriptors },
	[STEP_DOMAIN] = { "landlock domain", "C0615", step_domain },
	[STEP_CHECK] = { "executable check", "C0604", step_check },
	[STEP_CLOSE] = { "close descriptors", "C0619", step_close },
	[STEP_LIMIT] = { "limit", "C0620", step_limit },
	[STEP_PARENT_DEATH] = { "end with parent", "C0621", step_parent_death },
	[STEP_SIGNALS] = { "signal mask", "C0621", step_signals },
	[STEP_FILTER] = { "seccomp filter", "C0616", step_filter },
	[STEP_EXECUTE] = { "execute", "C0604", step_execute },
};

const char *step_name(enum step_kind kind)
{
	return step_table[kind].name;
}

const char *step_code(enum step_kind kind)
{
	return step_table[kind].code;
}

struct step *step_add(struct confinement *confinement, enum step_kind kind, size_t index, const char *detail)
{
	struct step *step = arena_push(confinement->arena, &confinement->steps);
	struct str text;

	*step = (struct step){ .kind = kind, .index = index };
	if (!detail)
		return step;
	/* Made harmless for terminals here, since a failing step can't allocate. */
	str_init(&text, confinement->arena);
	str_add_visible(&text, detail, strlen(detail));
	step->detail = text.text;
	return step;
}

int step_run(struct confinement *confinement, const struct step *step)
{
	return step_table[step->kind].run(confinement, step);
}

int steps_run(struct confinement *confinement, size_t first, size_t last)
{
	for (size_t i = first; i < last; i++) {
		int result = step_run(confinement, &confinement->steps.items[i]);

		if (result < 0) {
			confinement->report->step = i;
			confinement->report->error = -result;
			confinement->report->failed = true;
			return result;
		}
	}
	return 0;
}

void confinement_print(const struct confinement *confinement, struct str *out)
{
	str_add(out,
		confinement->keeps_parent ? "in a child, this process stays as its parent:\n" : "in this process:\n");
	for (size_t i = 0; i < confinement->steps.count; i++) {
		const struct step *step = &confinement->steps.items[i];

		str_addf(out, "  %2zu  %s", i + 1, step_name(step->kind));
		if (step->detail) {
			str_add(out, ": ");
			str_add(out, step->detail);
		}
		str_addc(out, '\n');
	}
}

void confinement_json(const struct confinement *confinement, struct json *json)
{
	json_object(json);
	json_kv_bool(json, "keeps_parent", confinement->keeps_parent);
	json_key(json, "steps");
	json_array(json);
	for (size_t i = 0; i < confinement->steps.count; i++) {
		const struct step *step = &confinement->steps.items[i];

		json_object(json);
		json_kv_string(json, "name", step_name(step->kind));
		json_kv_string(json, "detail", step->detail);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}
