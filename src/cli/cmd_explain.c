/* cmd_explain.c - `cordon explain`: a code, a template, a call, a group; or why a policy says what it says. */
#include <string.h>

#include "base/suggest.h"
#include "cli/cli.h"
#include "cli/denial_record.h"
#include "cli/explain.h"
#include "cli/libexec.h"
#include "cli/session.h"
#include "lib/decision_print.h"

struct explain_settings {
	struct policy_settings policy;
	struct world_settings world;
	const char *log;
	bool plan;
};

static const struct option options[] = {
	POLICY_OPTIONS(struct explain_settings, policy),
	{ 0, "plan", NULL, "where each line of the policy went, and what carries it", OPTION_FLAG,
	  offsetof(struct explain_settings, plan), NULL },
	{ 0, "log", "FILE", "the log that has the denial ID; default $CORDON_LOG", OPTION_TEXT,
	  offsetof(struct explain_settings, log), NULL },
	WORLD_OPTIONS(struct explain_settings, world),
};

static const struct example examples[] = {
	{ "cordon explain C0101", "what a diagnostic means, with an example" },
	{ "cordon explain std/tmp", "the text of a template; `templates` lists them" },
	{ "cordon explain openat", "a system call: class, arguments, flags; @network: a group; `groups` lists them" },
	{ "cordon explain -p web.cordon 'file read \"/etc/shadow\"'",
	  "the verdict, the line that decides, and the line that would allow it" },
	{ "cordon explain d3f9a2c1-12 --log denials.jsonl", "a denial that `cordon run --log` has recorded" },
	{ "cordon explain --plan -p web.cordon", "which mechanism carries which line" },
	{ NULL, NULL },
};

static const char *subject(struct cli *cli)
{
	struct str out;

	str_init(&out, cli->arena);
	for (size_t i = 0; i < cli->operand_count; i++)
		str_addf(&out, "%s%s", i ? " " : "", cli->operands[i]);
	return out.text ? out.text : "";
}

/* ---- by name ---- */

/* std/tmp and std/tmp@1 */
static const struct embedded_text *find_template(struct cli *cli, const char *name)
{
	const char *at = strchr(name, '@');

	if (strncmp(name, "std/", 4) != 0)
		return NULL;
	return embedded_find(at ? arena_strndup(cli->arena, name, (size_t)(at - name)) : name);
}

/* Explain @name into @out or @json. false: nothing is called so. */
static bool explain_name(struct cli *cli, const char *name, struct str *out, struct json *json)
{
	static const struct {
		const char *name;
		void (*explain)(struct str *out, struct json *json);
	} lists[] = { { "templates", explain_templates }, { "groups", explain_groups }, { "codes", explain_codes } };
	const struct embedded_text *template = find_template(cli, name);
	const struct diag_info *info = diag_info_find(name);
	const struct call_group *group = call_group_find(name);
	int call = call_find(name);

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (!strcmp(lists[i].name, name)) {
			lists[i].explain(out, json);
			return true;
		}
	if (info)
		explain_code(info, out, json);
	else if (template)
		explain_template(template, out, json);
	else if (group)
		explain_group(group, out, json);
	else if (call >= 0)
		explain_call(&call_table[call], out, json);
	return info || template || group || call >= 0;
}

static const char *suggest(const char *name)
{
	struct suggestion near = { .word = name };

	for (size_t i = 0; i < embedded_text_count; i++)
		if (!strncmp(embedded_texts[i].name, "std/", 4))
			suggestion_offer(&near, embedded_texts[i].name);
	for (size_t i = 0; i < call_group_count; i++)
		suggestion_offer(&near, call_groups[i].name);
	for (size_t i = 0; i < diag_info_count; i++)
		suggestion_offer(&near, diag_infos[i].code);
	return near.best ? near.best : call_suggest(name);
}

static int unknown_subject(struct cli *cli, const char *name)
{
	struct diag *diag = cli_error(cli, "C0717", "nothing is called `%s`", name);
	const char *near = strchr(name, ' ') ? NULL : suggest(name);

	if (near)
		diag_help(&cli->diags, diag, "did you mean `cordon explain %s`?", near);
	else
		diag_help(&cli->diags, diag,
			  "`cordon explain templates` (or groups, codes) lists what there is; a request needs `-p "
			  "POLICY`");
	return cli_fail(cli);
}

static int explain_subject(struct cli *cli, const char *name)
{
	struct json json;
	struct str out;

	if (cli->common.json)
		cli_json(cli, &out, &json, "cordon.explain/1");
	else
		str_init(&out, cli->arena);
	if (!explain_name(cli, name, &out, cli->common.json ? &json : NULL))
		return unknown_subject(cli, name);
	return cli->common.json ? cli_json_end(cli, &out, &json) : cli_write(cli, &out);
}

/* ---- with a policy ---- */

static int show_plan(struct cli *cli, const struct plan *plan)
{
	struct json json;
	struct str out;

	str_init(&out, cli->arena);
	if (cli->common.json) {
		json_init(&json, &out, true);
		plan_json(plan, &json);
		str_addc(&out, '\n');
	} else {
		explain_plan(plan, &out);
	}
	return cli_write(cli, &out);
}

static int explain_request(struct cli *cli, const struct session *session, const char *text)
{
	struct decision decision;
	struct json json;
	struct str out;
	int status;

	if (decision_make(session->loaded.model, text, &session->loaded.surroundings, cli->arena, &cli->diags,
			  &decision) < 0)
		return cli_fail(cli);
	if (cli->common.json) {
		cli_json(cli, &out, &json, "cordon.decision/1");
		decision_explain(&decision, session->plan, &out, &json);
		status = cli_json_end(cli, &out, &json);
	} else {
		str_init(&out, cli->arena);
		decision_explain(&decision, session->plan, &out, NULL);
		status = cli_write(cli, &out);
	}
	return status ? status : decision.verdict.kind == VERDICT_ALLOW ? 0 : EXIT_NEGATIVE;
}

/* The log is JSON: a program with a library for that reads it. */
static int explain_denial(struct cli *cli, const char *log, const char *id)
{
	const char *argv[8] = { "explain", id };
	size_t count = 2;

	if (cli->common.json)
		argv[count++] = "--json";
	if (log) {
		argv[count++] = "--log";
		argv[count++] = log;
	}
	libexec_run(cli, "log", (char *const *)argv);
	if (!cli->diags.errors)
		cli_error(cli, "C0705", "`cordon log` is not installed");
	return cli_fail(cli);
}

static int cmd_explain(struct cli *cli, const void *settings_)
{
	const struct explain_settings *settings = settings_;
	const char *text = subject(cli);
	struct session session;
	int status;

	if (!*text && !settings->plan) {
		diag_help(&cli->diags, cli_error(cli, "C0706", "explain what?"),
			  "write for example `cordon explain C0101`, or std/tmp, or openat");
		return cli_fail(cli);
	}
	if (denial_id_is(text))
		return explain_denial(cli, settings->log, text);
	if (settings->policy.policies.count + settings->policy.additions.count == 0) {
		if (!settings->plan)
			return explain_subject(cli, text);
		diag_help(&cli->diags, cli_error(cli, "C0706", "the plan of which policy?"), "add `-p POLICY`");
		return cli_fail(cli);
	}
	status = session_load(cli, &settings->policy, &settings->world, NULL, SESSION_LOOK, &session);
	if (status == 0)
		status = session_plan(cli, &settings->world, NULL, &session);
	if (status)
		return status;
	cli_report(cli);
	return *text ? explain_request(cli, &session, text) : show_plan(cli, session.plan);
}

const struct verb verb_explain = {
	.name = "explain",
	.operands = "[SUBJECT...]",
	.summary = "a diagnostic, a template, a system call; or why a policy says what it says",
	.about =
		"Explains a denial by its id; without -p a code (C0101), a template (std/tmp), a system call (openat)\n"
		"or a group (@network). With -p, puts a request (as in a `test` line) to the policy; exits 0 when it "
		"is\n"
		"allowed, 1 when it is not.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.examples = examples,
	.settings_size = sizeof(struct explain_settings),
	.run = cmd_explain,
};
