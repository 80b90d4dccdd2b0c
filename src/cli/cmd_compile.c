/* cmd_compile.c - `cordon compile`: print any stage between the text and the kernel. */
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/session.h"
#include "lib/stages.h"

struct compile_settings {
	struct policy_settings policy;
	struct world_settings world;
	const char *stage, *output;
	long layer;
	bool best_effort;
};

static const struct option options[] = {
	POLICY_OPTIONS(struct compile_settings, policy),
	{ 0, "stop-after", "STAGE", "ast, model, plan, cbpf (the default) or landlock", OPTION_TEXT,
	  offsetof(struct compile_settings, stage), "ast|model|plan|cbpf|landlock" },
	{ 0, "output", "FORM", "text (the default), or raw: one layer's filter as an array of struct sock_filter",
	  OPTION_TEXT, offsetof(struct compile_settings, output), "text|raw" },
	{ 0, "layer", "N", "which layer's filter is written raw; the first is 0", OPTION_NUMBER,
	  offsetof(struct compile_settings, layer), NULL },
	{ 0, "best-effort", NULL, "go on where a rule is carried by nothing, after saying so", OPTION_FLAG,
	  offsetof(struct compile_settings, best_effort), NULL },
	WORLD_OPTIONS(struct compile_settings, world),
};

static const struct example examples[] = {
	{ "cordon compile --stop-after=plan web.cordon", "which mechanism carries which rule" },
	{ "cordon compile -p std/readonly -a 'kill ptrace'", "the seccomp filter, disassembled" },
	{ "cordon compile --output=raw web.cordon > web.bpf", "the filter as the kernel takes it" },
	{ NULL, NULL },
};

static int write_raw(struct cli *cli, const struct stages *stages, size_t layer)
{
	struct cbpf program;
	struct str out;

	if (isatty(STDOUT_FILENO)) {
		diag_help(&cli->diags, cli_error(cli, "C0714", "a raw filter is not for a terminal"),
			  "write it to a file with `>`");
		return cli_fail(cli);
	}
	if (stage_filter(stages, layer, &cli->diags, &program) < 0)
		return cli_fail(cli);
	str_init(&out, cli->arena);
	str_addn(&out, (const char *)program.code, program.count * sizeof(*program.code));
	return cli_write(cli, &out);
}

/* The stages after the plan are made of what is carried: without all rules they would be weaker than the policy. */
static bool refuse_uncarried(struct cli *cli, const struct compile_settings *settings, const struct plan *plan,
			     int stage)
{
	if (stage == STAGE_PLAN || plan->uncarried == 0)
		return false;
	plan_diagnose(plan, settings->best_effort, &cli->diags);
	return !settings->best_effort;
}

static int cmd_compile(struct cli *cli, const void *settings_)
{
	struct compile_settings settings = *(const struct compile_settings *)settings_;
	int stage = settings.stage ? stage_find(settings.stage) : STAGE_CBPF;
	struct stages stages = { .arena = cli->arena };
	struct session session;
	struct json json;
	struct str out;
	int error;

	for (size_t i = 0; i < cli->operand_count; i++)
		*arena_push(cli->arena, &settings.policy.policies) = cli->operands[i];
	if (settings.policy.policies.count + settings.policy.additions.count == 0) {
		diag_help(&cli->diags, cli_error(cli, "C0706", "which policy?"),
			  "write `cordon compile FILE` or `-p POLICY`");
		return cli_fail(cli);
	}
	if (settings.output && !strcmp(settings.output, "raw") && stage != STAGE_CBPF) {
		cli_error(cli, "C0714", "only a filter has a raw form: leave out `--stop-after`");
		return cli_fail(cli);
	}
	if (session_load(cli, &settings.policy, &settings.world, NULL,
			 stage == STAGE_AST ? SESSION_TEXTS : SESSION_LOOK, &session))
		return EXIT_SETUP;
	if (stage > STAGE_MODEL && session_plan(cli, &settings.world, NULL, &session))
		return EXIT_SETUP;
	if (stage > STAGE_MODEL && refuse_uncarried(cli, &settings, session.plan, stage))
		return cli_fail(cli);
	stages.loaded = &session.loaded;
	stages.model = session.loaded.model;
	stages.plan = session.plan;
	if (settings.output && !strcmp(settings.output, "raw")) {
		cli_report(cli);
		return write_raw(cli, &stages, (size_t)settings.layer);
	}
	str_init(&out, cli->arena);
	json_init(&json, &out, true);
	error = cli->common.json ? stage_json(&stages, (enum stage)stage, &cli->diags, &json)
				 : stage_print(&stages, (enum stage)stage, &cli->diags, &out);
	if (error)
		return cli_fail(cli);
	if (cli->common.json)
		str_addc(&out, '\n');
	cli_report(cli);
	return cli_write(cli, &out);
}

const struct verb verb_compile = {
	.name = "compile",
	.operands = "[FILE...]",
	.summary = "print a stage of the compilation",
	.about = "Compiles a policy and prints what one stage makes of it: the syntax tree, the model with every\n"
		 "name looked up, the plan with the mechanism that carries each rule, the seccomp filters, or the\n"
		 "Landlock rulesets. Nothing is applied. With --kernel, --no-host and --surroundings the output\n"
		 "depends on the policy alone.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.examples = examples,
	.settings_size = sizeof(struct compile_settings),
	.run = cmd_compile,
};
