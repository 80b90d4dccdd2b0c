/* options.c - one pass over the words, by table. */
#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "cli/cli.h"

static const struct option common_table[] = {
	{ 0, "json", NULL, "print JSON with a named, versioned schema", OPTION_FLAG,
	  offsetof(struct common_options, json), NULL },
	{ 0, "color", "WHEN", "colour in messages: auto, always or never", OPTION_TEXT,
	  offsetof(struct common_options, colour), "auto|always|never" },
	{ 'q', "quiet", NULL, "say nothing but errors", OPTION_FLAG, offsetof(struct common_options, quiet), NULL },
	{ 'h', "help", NULL, "show this text", OPTION_FLAG, offsetof(struct common_options, help), NULL },
};

struct parser {
	struct cli *cli;
	const struct verb *verb;
	int argc, at;
	char *const *argv;
	char *settings;
	struct texts operands;
};

/* A row and the struct that it writes into. */
struct found {
	const struct option *option;
	char *base;
};

static struct diag *complain(struct parser *p, const char *code, const char *format, const char *word)
{
	struct diag *diag = diag_error(&p->cli->diags, code, (struct span){ 0 }, "%s `%s`", format, word);

	diag_help(&p->cli->diags, diag, "`cordon %s --help` shows what there is", p->verb->name);
	return diag;
}

/* By name of @size letters, or by @letter when @name is NULL. */
static struct found find_option(const struct parser *p, const char *name, size_t size, char letter)
{
	const struct {
		const struct option *rows;
		size_t count;
		char *base;
	} tables[] = { { p->verb->options, p->verb->option_count, p->settings },
		       { common_table, ARRAY_SIZE(common_table), p->cli ? (char *)&p->cli->common : NULL } };

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (size_t i = 0; i < tables[t].count; i++) {
			const struct option *row = &tables[t].rows[i];

			if (name ? strlen(row->name) == size && !memcmp(row->name, name, size) : row->letter == letter)
				return (struct found){ row, tables[t].base };
		}
	return (struct found){ NULL, NULL };
}

const struct option *option_find(const struct verb *verb, const char *name, size_t size, char letter)
{
	const struct parser p = { .verb = verb };

	return find_option(&p, name, size, letter).option;
}

const struct option *options_common(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(common_table);
	return common_table;
}

static void unknown_option(struct parser *p, const char *word, const char *name)
{
	struct diag *diag = complain(p, "C0701", "unknown option", word);
	struct suggestion near = { .word = name };

	for (size_t i = 0; name && i < p->verb->option_count; i++)
		suggestion_offer(&near, p->verb->options[i].name);
	for (size_t i = 0; name && i < ARRAY_SIZE(common_table); i++)
		suggestion_offer(&near, common_table[i].name);
	if (near.best)
		diag_help(&p->cli->diags, diag, "did you mean `--%s`?", near.best);
}

/* Is @value one of the words of @choices ("a|b|c")? */
static bool is_choice(const char *choices, const char *value)
{
	size_t size = strlen(value);

	for (const char *at = choices; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (strcspn(at, "|") == size && !strncmp(at, value, size))
			return true;
	return false;
}

/* @value NULL: a flag. */
static void store(struct parser *p, struct found found, const char *word, const char *value)
{
	const struct option *option = found.option;
	void *target = found.base + option->offset;
	char *end;
	long number;

	if (!value) {
		*(bool *)target = true;
		return;
	}
	if (option->choices && !is_choice(option->choices, value)) {
		diag_help(&p->cli->diags, complain(p, "C0703", "bad argument of", word), "write one of %s",
			  option->choices);
		return;
	}
	switch (option->kind) {
	case OPTION_FLAG: return;
	case OPTION_TEXT:
		if (*(const char **)target)
			complain(p, "C0704", "given twice:", word);
		*(const char **)target = value;
		return;
	case OPTION_LIST: *arena_push(p->cli->arena, (struct texts *)target) = value; return;
	case OPTION_NUMBER:
		errno = 0;
		number = strtol(value, &end, 10);
		if (errno || *end || end == value || number < 0)
			diag_help(&p->cli->diags, complain(p, "C0703", "bad argument of", word), "write a number");
		else
			*(long *)target = number;
		return;
	}
}

/* The argument: @attached, else the next word. NULL after a diagnostic. */
static const char *take_argument(struct parser *p, const struct option *option, const char *word, const char *attached)
{
	if (attached)
		return attached;
	if (p->at < p->argc)
		return p->argv[p->at++];
	diag_help(&p->cli->diags, complain(p, "C0702", "an argument is missing after", word), "write `%s %s`", word,
		  option->argument);
	return NULL;
}

static void parse_long(struct parser *p, const char *word)
{
	const char *name = word + 2;
	size_t size = strcspn(name, "=");
	const char *value = name[size] ? name + size + 1 : NULL;
	struct found found = find_option(p, name, size, 0);
	const char *shown = arena_strndup(p->cli->arena, word, size + 2);

	if (!found.option) {
		unknown_option(p, shown, shown + 2);
		return;
	}
	if (!found.option->argument && value) {
		complain(p, "C0702", "no argument belongs to", shown);
		return;
	}
	if (found.option->argument)
		value = take_argument(p, found.option, shown, value);
	if (value || !found.option->argument)
		store(p, found, shown, value);
}

/* "-qw", "-pFILE", "-p FILE" */
static void parse_short(struct parser *p, const char *word)
{
	for (const char *letter = word + 1; *letter; letter++) {
		struct found found = find_option(p, NULL, 0, *letter);
		const char *shown = arena_printf(p->cli->arena, "-%c", *letter);
		const char *value = NULL;

		if (!found.option) {
			unknown_option(p, shown, NULL);
			return;
		}
		if (!found.option->argument) {
			store(p, found, shown, NULL);
			continue;
		}
		value = take_argument(p, found.option, shown, letter[1] ? letter + 1 : NULL);
		if (value)
			store(p, found, shown, value);
		return;
	}
}

int options_parse(struct cli *cli, const struct verb *verb, int argc, char *const *argv, void *settings)
{
	struct parser p = { .cli = cli, .verb = verb, .argc = argc, .argv = argv, .settings = settings };
	size_t errors = cli->diags.errors;
	bool rest = false;

	while (p.at < argc) {
		const char *word = argv[p.at++];

		if (!rest && !strcmp(word, "--")) {
			rest = true;
		} else if (!rest && !strncmp(word, "--", 2)) {
			parse_long(&p, word);
		} else if (!rest && word[0] == '-' && word[1]) {
			parse_short(&p, word);
		} else {
			*arena_push(cli->arena, &p.operands) = word;
			rest |= verb->program_follows;
		}
	}
	if (p.operands.count && !verb->operands)
		complain(&p, "C0706", "nothing is expected here:", p.operands.items[0]);
	cli->operand_count = p.operands.count;
	*arena_push(cli->arena, &p.operands) = NULL;
	cli->operands = p.operands.items;
	return cli->diags.errors > errors ? -EINVAL : 0;
}

/* ---- help ---- */

#define HELP_COLUMN 28

static void help_rows(const struct option *rows, size_t count, struct str *out)
{
	for (size_t i = 0; i < count; i++) {
		size_t start = out->size;

		if (rows[i].letter)
			str_addf(out, "  -%c, --%s", rows[i].letter, rows[i].name);
		else
			str_addf(out, "      --%s", rows[i].name);
		if (rows[i].argument)
			str_addf(out, rows[i].letter ? " %s" : "=%s", rows[i].argument);
		if (out->size - start < HELP_COLUMN)
			str_addf(out, "%*s", (int)(HELP_COLUMN - (out->size - start)), "");
		else
			str_addf(out, "\n%*s", HELP_COLUMN, "");
		str_addf(out, "%s\n", rows[i].help);
	}
}

void options_help(const struct verb *verb, struct str *out)
{
	str_addf(out, "cordon %s - %s\n\n", verb->name, verb->summary);
	str_addf(out, "Usage: cordon %s [OPTIONS]%s%s\n\n", verb->name, verb->operands ? " " : "",
		 verb->operands ? verb->operands : "");
	str_addf(out, "%s\n\nOptions:\n", verb->about);
	help_rows(verb->options, verb->option_count, out);
	help_rows(common_table, ARRAY_SIZE(common_table), out);
	str_add(out, "\nExamples:\n");
	for (const struct example *example = verb->examples; example->command; example++)
		str_addf(out, "  %s\n      %s\n", example->command, example->what);
	str_addf(out, "\nMore: cordon-%s(1)\n", verb->name);
}

int verb_start(struct cli *cli, const struct verb *verb, int argc, char *const *argv)
{
	void *settings = arena_alloc(cli->arena, verb->settings_size);
	struct str out;

	if (options_parse(cli, verb, argc, argv, settings) < 0 && !cli->common.help)
		return cli_fail(cli);
	if (!cli->common.help)
		return verb->run(cli, settings);
	str_init(&out, cli->arena);
	options_help(verb, &out);
	return cli_write(cli, &out);
}
