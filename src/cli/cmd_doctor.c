/* cmd_doctor.c - `cordon doctor`: what this kernel can do for this caller, by trying it. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "platform/probe.h"

struct doctor_settings {
	bool kernel;
};

static const struct option options[] = {
	{ 0, "kernel", NULL, "write the results in the form that `compile --kernel` and `explain --kernel` read",
	  OPTION_FLAG, offsetof(struct doctor_settings, kernel), NULL },
};

static const struct example examples[] = {
	{ "cordon doctor", "each mechanism, whether it works here, and what to do when it doesn't" },
	{ "cordon doctor --json", "the same for a bug report or a fleet" },
	{ NULL, NULL },
};

/* What `cordon run` needs at the least. */
static bool enough(const struct kernel_caps *caps)
{
	return caps->seccomp && caps->landlock > 0 && caps->execveat_token;
}

static void print_table(struct cli *cli, const struct probe_result *results, size_t count, struct str *out)
{
	static const char *const marks[2][2] = { { "missing", "ok" },
						 { "\033[31mmissing\033[0m", "\033[32mok\033[0m" } };
	bool colour = cli_colour(cli, STDOUT_FILENO);
	size_t width = 0;

	for (size_t i = 0; i < count; i++)
		if (strlen(results[i].title) > width)
			width = strlen(results[i].title);
	for (size_t i = 0; i < count; i++) {
		const struct probe_result *row = &results[i];

		str_addf(out, "%-*s  %s%*s  %s\n", (int)width, row->title, marks[colour][row->available],
			 row->available ? 5 : 0, "", row->detail ? row->detail : "");
		if (!row->available && row->remedy)
			str_addf(out, "%*s  = help: %s\n", (int)width, "", row->remedy);
	}
}

static void print_json(const struct probe_result *results, size_t count, struct json *json)
{
	json_key(json, "checks");
	json_array(json);
	for (size_t i = 0; i < count; i++) {
		json_object(json);
		json_kv_string(json, "id", results[i].name);
		json_kv_string(json, "title", results[i].title);
		json_kv_bool(json, "available", results[i].available);
		json_kv_int(json, "value", results[i].value);
		json_kv_string(json, "detail", results[i].detail);
		json_kv_string(json, "remedy", results[i].available ? NULL : results[i].remedy);
		json_kv_int(json, "duration_us", results[i].duration_us);
		json_end_object(json);
	}
	json_end_array(json);
}

static int cmd_doctor(struct cli *cli, const void *settings_)
{
	const struct doctor_settings *settings = settings_;
	struct probe_result *results;
	struct kernel_caps caps;
	struct json json;
	struct str out;
	size_t count;
	int status, error = probe_kernel(cli->arena, &caps, &results, &count);

	if (error) {
		cli_error(cli, "C0713", "cannot find out what this kernel offers: %s", strerror(-error));
		return cli_fail(cli);
	}
	str_init(&out, cli->arena);
	if (settings->kernel) {
		kernel_caps_print(&caps, &out);
		status = cli_write(cli, &out);
	} else if (cli->common.json) {
		cli_json(cli, &out, &json, "cordon.doctor/1");
		json_kv_bool(&json, "enough", enough(&caps));
		print_json(results, count, &json);
		status = cli_json_end(cli, &out, &json);
	} else {
		print_table(cli, results, count, &out);
		status = cli_write(cli, &out);
		if (!enough(&caps))
			cli_note(cli, "`cordon run` needs seccomp, Landlock and the start token: it can't work here");
	}
	return status ? status : enough(&caps) ? 0 : EXIT_NEGATIVE;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.summary = "what this kernel offers, by trying it",
	.about = "Tries each mechanism that Cordon can use, for real, as the user who asks. Exits 0 when there is\n"
		 "what `cordon run` needs at the least, else 1. A policy may need more:\n"
		 "`cordon explain --plan -p POLICY`.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.examples = examples,
	.settings_size = sizeof(struct doctor_settings),
	.run = cmd_doctor,
};
