/* cmd_log.c - `cordon log` and `cordon explain ID`: what stands in a log of denials. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/denial_log.h"
#include "cli/denial_print.h"
#include "cli/log_verbs.h"

#define BROKEN_SHOWN 20

/* ---- read ---- */

struct reading {
	struct cli *cli;
	const char *name; /* as shown */
	unsigned long broken;
};

static void say_broken(void *context, unsigned long line, const char *why)
{
	struct reading *reading = context;

	if (reading->broken++ < BROKEN_SHOWN)
		cli_warn(reading->cli, "%s:%lu: skipped, this is no denial: %s", reading->name, line, why);
}

/* @path NULL: $CORDON_LOG. 0, or EXIT_SETUP after a message. */
static int read_log(struct cli *cli, const char *path, struct denial_records *ret)
{
	auto_fclose FILE *file = NULL;
	struct reading reading = { .cli = cli };
	struct str name;
	int error;

	if (!path)
		path = getenv("CORDON_LOG");
	if (!path || !*path) {
		diag_help(&cli->diags, cli_error(cli, "C0706", "which log?"),
			  "name the file of `cordon run --log FILE`, or set CORDON_LOG");
		return cli_fail(cli);
	}
	file = strcmp(path, "-") ? fopen(path, "re") : fdopen(dup(STDIN_FILENO), "re");
	if (!file) {
		cli_error(cli, "C0719", "the log `%s` cannot be read: %s", path, strerror(errno));
		return cli_fail(cli);
	}
	str_init(&name, cli->arena);
	str_add_visible(&name, path, strlen(path));
	reading.name = name.text;
	error = denial_records_read(file, cli->arena, say_broken, &reading, ret);
	if (reading.broken > BROKEN_SHOWN)
		cli_warn(cli, "%s: %lu more lines skipped", reading.name, reading.broken - BROKEN_SHOWN);
	if (error) {
		cli_error(cli, "C0719", "the log `%s` cannot be read: %s", path, strerror(-error));
		return cli_fail(cli);
	}
	return 0;
}

/* ---- log ---- */

struct log_settings {
	const char *request, *program, *since, *domain;
};

static const struct option log_options[] = {
	{ 0, "request", "TEXT", "only requests that hold TEXT", OPTION_TEXT, offsetof(struct log_settings, request),
	  NULL },
	{ 0, "program", "TEXT", "only programs whose path holds TEXT", OPTION_TEXT,
	  offsetof(struct log_settings, program), NULL },
	{ 0, "since", "TIME", "only what was denied at TIME or later (2026-11-25, 2026-11-25T18:00)", OPTION_TEXT,
	  offsetof(struct log_settings, since), NULL },
	{ 0, "domain", "DOMAIN", "only one run: the part of an id before the `-`", OPTION_TEXT,
	  offsetof(struct log_settings, domain), NULL },
};

static const struct example log_examples[] = {
	{ "cordon log denials.jsonl", "each denial once, with its count and the line that would allow it" },
	{ "cordon log denials.jsonl --request 'net ' --json", "those about the network, as JSON" },
	{ NULL, NULL },
};

static bool holds(const char *text, const char *part)
{
	return !part || (text && strstr(text, part));
}

/* Times of one format in UTC: their order is that of the texts. */
static bool wanted(const struct log_settings *settings, const struct denial_record *record)
{
	return holds(record->request, settings->request) && holds(record->program, settings->program) &&
	       (!settings->domain || (record->domain && !strcmp(record->domain, settings->domain))) &&
	       (!settings->since || (record->last && strcmp(record->last, settings->since) >= 0));
}

static int cmd_log(struct cli *cli, const void *settings_)
{
	const struct log_settings *settings = settings_;
	struct denial_records records = { 0 };
	struct json json;
	struct str out;
	int status = read_log(cli, cli->operands[0], &records);

	if (status)
		return status;
	if (cli->common.json) {
		cli_json(cli, &out, &json, "cordon.denials/1");
		json_key(&json, "denials");
		json_array(&json);
	} else {
		str_init(&out, cli->arena);
	}
	for (size_t i = 0; i < records.count; i++) {
		if (!wanted(settings, &records.items[i]))
			continue;
		if (cli->common.json)
			denial_record_json(&records.items[i], &json);
		else
			denial_record_list(&records.items[i], &out);
	}
	if (!cli->common.json)
		return cli_write(cli, &out);
	json_end_array(&json);
	return cli_json_end(cli, &out, &json);
}

const struct verb verb_log = {
	.name = "log",
	.operands = "[FILE]",
	.summary = "list and filter the denials of a log",
	.about = "Lists what `cordon run --log FILE` has written, each denial once. FILE is $CORDON_LOG where it is "
		 "left\n"
		 "out, `-` is standard input. Lines that are no denials are named on standard error and skipped.",
	.options = log_options,
	.option_count = ARRAY_SIZE(log_options),
	.examples = log_examples,
	.settings_size = sizeof(struct log_settings),
	.run = cmd_log,
};

/* ---- explain ID ---- */

struct explain_settings {
	const char *log;
};

static const struct option explain_options[] = {
	{ 0, "log", "FILE", "the log that has it; default $CORDON_LOG", OPTION_TEXT,
	  offsetof(struct explain_settings, log), NULL },
};

static const struct example explain_examples[] = {
	{ "cordon explain d3f9a2c1-12 --log denials.jsonl", "what was denied, why, and what would allow it" },
	{ NULL, NULL },
};

static int cmd_explain_denial(struct cli *cli, const void *settings_)
{
	const struct explain_settings *settings = settings_;
	const char *id = cli->operand_count ? cli->operands[0] : "";
	struct denial_records records = { 0 };
	struct str out;
	int status = read_log(cli, settings->log, &records);

	if (status)
		return status;
	str_init(&out, cli->arena);
	for (size_t i = 0; i < records.count; i++) {
		if (!records.items[i].id || strcmp(records.items[i].id, id) != 0)
			continue;
		if (cli->common.json) {
			struct json json;

			json_init(&json, &out, true);
			denial_record_json(&records.items[i], &json);
			str_addc(&out, '\n');
		} else {
			denial_record_explain(&records.items[i], &out);
		}
		return cli_write(cli, &out);
	}
	diag_help(&cli->diags, cli_error(cli, "C0717", "the log has no denial `%s`", id),
		  "`cordon log FILE` lists those that it has");
	return cli_fail(cli);
}

const struct verb verb_explain_denial = {
	.name = "explain",
	.operands = "ID",
	.summary = "what was denied, why, and what would allow it",
	.about = "Tells a person what one entry of a log of denials says.",
	.options = explain_options,
	.option_count = ARRAY_SIZE(explain_options),
	.examples = explain_examples,
	.settings_size = sizeof(struct explain_settings),
	.run = cmd_explain_denial,
};
