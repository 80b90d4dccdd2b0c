/* cmd_completion.c - `cordon completion`: scripts for shells. They ask `cordon completion --complete` at each key. */
#include <string.h>

#include "cli/cli.h"
#include "cli/complete.h"
#include "cli/completion_scripts.h"
#include "cli/libexec.h"

struct completion_settings {
	bool complete;
};

static const struct option options[] = {
	{ 0, "complete", NULL, "say what could stand in the place of the last of the words that follow `--`",
	  OPTION_FLAG, offsetof(struct completion_settings, complete), NULL },
};

static const struct example examples[] = {
	{ "eval \"$(cordon completion bash)\"", "completion in this shell" },
	{ "cordon completion fish >~/.config/fish/completions/cordon.fish", "in every fish of yours" },
	{ "cordon completion --complete -- run --col", "what the scripts ask" },
	{ NULL, NULL },
};

static void complete_first(struct cli *cli, const char *current, bool help, struct completion *ret)
{
	for (size_t i = 0; i < cli_verb_count; i++)
		completion_offer(cli, ret, current, cli_verbs[i]->name, cli_verbs[i]->summary);
	for (size_t i = 0; i < cli_program_count; i++)
		completion_offer(cli, ret, current, cli_programs[i].name, cli_programs[i].summary);
	if (!help)
		return;
	completion_offer(cli, ret, current, "help", "what a verb does");
	if (*current == '-') {
		completion_offer(cli, ret, current, "--help", "all verbs");
		completion_offer(cli, ret, current, "--version", NULL);
	}
}

/* The words of a verb that is a program: it knows them. */
static void ask_program(struct cli *cli)
{
	const char **argv = arena_alloc(cli->arena, (cli->operand_count + 1) * sizeof(*argv));

	argv[0] = cli->common.json ? COMPLETE_AS_JSON : COMPLETE_AS_TEXT;
	for (size_t i = 1; i < cli->operand_count; i++)
		argv[i] = cli->operands[i];
	argv[cli->operand_count] = NULL;
	for (size_t i = 0; i < cli_program_count; i++)
		if (!strcmp(cli_programs[i].name, cli->operands[0]))
			libexec_run(cli, cli_programs[i].name, (char *const *)argv);
}

/* The operands are what stands behind `cordon`. */
static int complete(struct cli *cli)
{
	const char *const *words = cli->operands;
	struct completion completion = { 0 };
	size_t count = cli->operand_count;

	if (count == 1 || (count == 2 && !strcmp(words[0], "help"))) {
		complete_first(cli, words[count - 1], count == 1, &completion);
		return completion_write(cli, &completion);
	}
	for (size_t i = 0; i < cli_verb_count && count; i++)
		if (!strcmp(cli_verbs[i]->name, words[0])) {
			complete_verb(cli, cli_verbs[i], words + 1, count - 1, &completion);
			return completion_write(cli, &completion);
		}
	if (count)
		ask_program(cli);
	return completion_write(cli, &completion);
}

static const struct completion_script *find_script(struct cli *cli)
{
	const char *name = cli->operand_count == 1 ? cli->operands[0] : "";

	for (size_t i = 0; i < completion_script_count; i++)
		if (!strcmp(completion_scripts[i].shell, name))
			return &completion_scripts[i];
	diag_help(&cli->diags, cli_error(cli, "C0706", "for which shell?"), "write one of bash, zsh, fish");
	return NULL;
}

static int cmd_completion(struct cli *cli, const void *settings_)
{
	const struct completion_settings *settings = settings_;
	const struct completion_script *script;
	struct json json;
	struct str out;

	if (settings->complete)
		return complete(cli);
	script = find_script(cli);
	if (!script)
		return cli_fail(cli);
	if (cli->common.json) {
		cli_json(cli, &out, &json, "cordon.completion-script/1");
		json_kv_string(&json, "shell", script->shell);
		json_kv_string(&json, "script", script->text);
		return cli_json_end(cli, &out, &json);
	}
	str_init(&out, cli->arena);
	str_add(&out, script->text);
	return cli_write(cli, &out);
}

const struct verb verb_completion = {
	.name = "completion",
	.operands = "bash|zsh|fish",
	.summary = "complete words in a shell",
	.about = "Writes a script that makes the shell complete the words of `cordon`: verbs, options and their\n"
		 "arguments, templates, profiles of the policies that were named, and the words of the program that\n"
		 "`cordon run` starts. An installation brings the scripts along.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.examples = examples,
	.settings_size = sizeof(struct completion_settings),
	.run = cmd_completion,
};
