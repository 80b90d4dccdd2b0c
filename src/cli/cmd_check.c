/* cmd_check.c - `cordon check`: is each profile and template right, and does it mean what its tests say? */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/host_check.h"
#include "enforce/facts.h"
#include "platform/probe.h"
#include "policy/load.h"

struct check_settings {
	bool host, plan, strict;
};

static const struct option options[] = {
	{ 0, "host", NULL, "warn of granted paths that are absent here, and of restricted files with hard links",
	  OPTION_FLAG, offsetof(struct check_settings, host), NULL },
	{ 0, "plan", NULL, "warn of rules that nothing on this kernel carries", OPTION_FLAG,
	  offsetof(struct check_settings, plan), NULL },
	{ 0, "strict", NULL, "exit 1 when there are warnings", OPTION_FLAG, offsetof(struct check_settings, strict),
	  NULL },
};

static const struct example examples[] = {
	{ "cordon check web.cordon", "parse it, look up every name, run its tests and theorems" },
	{ "cordon check --strict --host --plan *.cordon", "for a build server: also what this host would make of it" },
	{ NULL, NULL },
};

struct checker {
	struct cli *cli;
	const struct check_settings *settings;
	struct kernel_caps caps; /* --plan */
	size_t profiles, tests, theorems, skipped;
};

static void check_plan(struct checker *checker, const struct model *model)
{
	struct cli *cli = checker->cli;
	struct host_facts facts;
	struct plan *plan;

	if (host_facts_gather(model, NULL, cli->arena, &cli->diags, &facts) == 0 &&
	    plan_make(model, &checker->caps, &facts, cli->arena, &plan) == 0)
		plan_diagnose(plan, true, &cli->diags);
}

/* One profile by itself. */
static void check_layer(struct checker *checker, const struct loaded *loaded, size_t index)
{
	struct cli *cli = checker->cli;
	struct model *model;

	if (resolve(&loaded->sources.items[index], 1, &loaded->surroundings, cli->arena, &cli->diags, &model) < 0)
		return;
	checker->profiles++;
	checker->tests += model->items[0]->tests.count;
	checker->theorems += model->items[0]->nevers.count;
	if (model_check(model, &cli->diags) < 0)
		return;
	if (checker->settings->host)
		host_check(model, &cli->diags);
	if (checker->settings->plan)
		check_plan(checker, model);
}

static void check_file(struct checker *checker, const char *name)
{
	struct cli *cli = checker->cli;
	struct loaded loaded;
	struct ast_file *file;
	size_t skipped;

	if (load_file(name, true, cli->arena, &cli->diags, &file, NULL) < 0)
		return;
	load_each(file, cli->arena, &loaded, &skipped);
	checker->skipped += skipped;
	for (size_t i = 0; i < loaded.sources.count; i++)
		check_layer(checker, &loaded, i);
}

static bool same_finding(const struct diag *a, const struct diag *b)
{
	return !strcmp(a->code, b->code) && a->span.offset == b->span.offset && !strcmp(a->message, b->message) &&
	       (a->span.source ? b->span.source && !strcmp(a->span.source->name, b->span.source->name)
			       : !b->span.source);
}

/* A mistake in a template is found again in every profile that uses it. */
static void forget_repeats(struct diags *diags)
{
	size_t kept = 0;

	diags->errors = 0;
	for (size_t i = 0; i < diags->count; i++) {
		bool known = false;

		for (size_t k = 0; k < kept && !known; k++)
			known = same_finding(&diags->items[k], &diags->items[i]);
		if (known)
			continue;
		diags->errors += diags->items[i].severity == SEVERITY_ERROR;
		diags->items[kept++] = diags->items[i];
	}
	diags->count = kept;
}

static int report_json(struct checker *checker, bool ok)
{
	struct cli *cli = checker->cli;
	struct json json;
	struct str out;

	cli_json(cli, &out, &json, "cordon.check/1");
	json_kv_bool(&json, "ok", ok);
	json_kv_int(&json, "profiles", (long long)checker->profiles);
	json_kv_int(&json, "tests", (long long)checker->tests);
	json_kv_int(&json, "theorems", (long long)checker->theorems);
	json_kv_int(&json, "skipped", (long long)checker->skipped);
	json_key(&json, "diagnostics");
	diags_json(&cli->diags, &json);
	return cli_json_end(cli, &out, &json);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void report_text(const struct checker *checker)
{
	cli_report(checker->cli);
	if (checker->skipped)
		cli_note(checker->cli, "note: %zu template%s with a parameter that has no default: checked where used",
			 checker->skipped, plural(checker->skipped));
}

static int cmd_check(struct cli *cli, const void *settings_)
{
	const struct check_settings *settings = settings_;
	struct checker checker = { .cli = cli, .settings = settings };
	size_t errors, warnings;
	int status = 0;

	if (cli->operand_count == 0) {
		diag_help(&cli->diags, cli_error(cli, "C0706", "which policies?"), "write `cordon check FILE...`");
		return cli_fail(cli);
	}
	if (settings->plan && probe_kernel_quick(PROBE_ALL, &checker.caps) < 0) {
		cli_error(cli, "C0713", "cannot find out what this kernel offers");
		return cli_fail(cli);
	}
	for (size_t i = 0; i < cli->operand_count; i++)
		check_file(&checker, cli->operands[i]);
	forget_repeats(&cli->diags);
	errors = cli->diags.errors;
	warnings = cli->diags.count - errors;
	if (cli->common.json)
		status = report_json(&checker, errors == 0);
	else
		report_text(&checker);
	if (errors)
		return EXIT_SETUP;
	if (!cli->common.json)
		cli_note(cli, "ok: %zu profile%s, %zu test%s, %zu theorem%s", checker.profiles,
			 plural(checker.profiles), checker.tests, plural(checker.tests), checker.theorems,
			 plural(checker.theorems));
	return status ? status : settings->strict && warnings ? EXIT_NEGATIVE : 0;
}

const struct verb verb_check = {
	.name = "check",
	.operands = "FILE...",
	.summary = "is the policy right, and do its tests and theorems hold?",
	.about = "Reads each file (- is standard input), resolves every profile and every template with its\n"
		 "defaults by itself, runs `test` lines and proves `never` lines. Exits 0 when all is well, 125\n"
		 "when there are errors.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.examples = examples,
	.settings_size = sizeof(struct check_settings),
	.run = cmd_check,
};
