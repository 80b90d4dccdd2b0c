/* complete.c - walk over the words as options.c does, then say what fits the last one. Verbs that are programs of their own
 * have it, too. */
#include "cli/complete.h"

#include <dirent.h>
#include <string.h>

#include "policy/load.h"

struct walk {
	struct cli *cli;
	const struct verb *verb;
	const struct option *pending; /* its argument comes next */
	bool rest;                    /* no more options */
	size_t operands, first;       /* how many, and the number of the first word */
	struct texts policies;        /* arguments of --policy */
	struct texts given;           /* names of options */
	const char *current, *prefix; /* prefix: what stands in front of the argument in the same word: "--name=" */
	struct completion *out;
};

/* ---- candidates ---- */

void completion_offer(struct cli *cli, struct completion *completion, const char *current, const char *word,
		      const char *help)
{
	if (!strncmp(word, current, strlen(current)))
		*arena_push(cli->arena, &completion->candidates) = (struct candidate){ word, help };
}

/* @size letters of @word, if what they make begins as the last word does. */
static void offer(struct walk *w, const char *word, size_t size, const char *help)
{
	completion_offer(w->cli, w->out, w->current,
			 arena_printf(w->cli->arena, "%s%.*s", w->prefix ? w->prefix : "", (int)size, word), help);
}

static void offer_choices(struct walk *w, const char *choices)
{
	for (const char *at = choices; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		offer(w, at, strcspn(at, "|"), NULL);
}

/* Templates of the administrator: NAME.cordon or NAME@VERSION.cordon. */
static void offer_own_templates(struct walk *w)
{
	DIR *directory = opendir(TEMPLATE_DIRECTORY);
	const struct dirent *entry;

	/* cppcheck-suppress readdirCalled ; the stream is ours alone */
	while (directory && (entry = readdir(directory))) {
		const char *end = strrchr(entry->d_name, '.');

		if (end && end != entry->d_name && !strcmp(end, ".cordon")) {
			const char *name = arena_strndup(w->cli->arena, entry->d_name, (size_t)(end - entry->d_name));

			offer(w, name, strlen(name), TEMPLATE_DIRECTORY);
		}
	}
	if (directory)
		closedir(directory);
}

static void offer_templates(struct walk *w)
{
	for (size_t i = 0; i < embedded_text_count; i++)
		if (!strncmp(embedded_texts[i].name, "std/", 4))
			offer(w, embedded_texts[i].name, strlen(embedded_texts[i].name), "template");
}

/* The profiles of the policies that were named; whatever is wrong with these is said when they are used. */
static void offer_profiles(struct walk *w)
{
	for (size_t i = 0; i < w->policies.count; i++) {
		struct ast_file *file;
		struct diags quiet;

		diags_init(&quiet, w->cli->arena);
		if (!strcmp(w->policies.items[i], "-") ||
		    load_file(w->policies.items[i], false, w->cli->arena, &quiet, &file, NULL) < 0)
			continue;
		for (size_t k = 0; k < file->count; k++)
			if (!file->items[k]->is_template)
				offer(w, file->items[k]->name.text, strlen(file->items[k]->name.text),
				      w->policies.items[i]);
	}
}

static void offer_argument(struct walk *w, const struct option *option)
{
	if (option->choices) {
		offer_choices(w, option->choices);
	} else if (!strcmp(option->argument, "POLICY")) {
		offer_templates(w);
		offer_own_templates(w);
		w->out->files = true;
	} else if (!strcmp(option->name, "profile")) {
		offer_profiles(w);
	} else if (!strcmp(option->argument, "DIR")) {
		w->out->directories = true;
	} else if (strstr(option->argument, "FILE")) {
		w->out->files = true;
	}
}

/* ---- what an operand can be, by what the usage calls it ---- */

static void offer_subjects(struct walk *w)
{
	static const char *const lists[] = { "templates", "groups", "codes" };

	/* with a policy it is a request, of several words */
	if (w->policies.count || w->operands)
		return;
	offer_templates(w);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		offer(w, lists[i], strlen(lists[i]), "list");
	for (size_t i = 0; i < call_group_count; i++)
		offer(w, call_groups[i].name, strlen(call_groups[i].name), call_groups[i].help);
	/* hundreds: only those that are asked for */
	for (size_t i = 0; i < call_count && *w->current; i++)
		offer(w, call_table[i].name, strlen(call_table[i].name), "system call");
	for (size_t i = 0; i < diag_info_count && *w->current; i++)
		offer(w, diag_infos[i].code, strlen(diag_infos[i].code), diag_infos[i].title);
}

static void offer_operand(struct walk *w, size_t number)
{
	const char *operands = w->verb->operands;

	if (w->verb->program_follows)
		w->out->program = w->operands ? w->first : number;
	else if (!operands)
		return;
	else if (strstr(operands, "SUBJECT"))
		offer_subjects(w);
	else if (strstr(operands, "FILE"))
		w->out->files = true;
	else if (strchr(operands, '|') && !w->operands)
		offer_choices(w, operands);
}

/* ---- options ---- */

static bool is_given(const struct walk *w, const struct option *option)
{
	for (size_t i = 0; i < w->given.count; i++)
		if (!strcmp(w->given.items[i], option->name))
			return option->kind != OPTION_LIST;
	return false;
}

static void offer_options(struct walk *w, const struct option *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *word = arena_printf(w->cli->arena, "--%s", rows[i].name);

		if (is_given(w, &rows[i]))
			continue;
		offer(w, word, strlen(word), rows[i].help);
		if (rows[i].letter && strlen(w->current) < 2) {
			word = arena_printf(w->cli->arena, "-%c", rows[i].letter);
			offer(w, word, strlen(word), rows[i].help);
		}
	}
}

static void take(struct walk *w, const struct option *option, const char *argument)
{
	*arena_push(w->cli->arena, &w->given) = option->name;
	if (!option->argument)
		return;
	w->pending = argument ? NULL : option;
	if (argument && !strcmp(option->name, "policy"))
		*arena_push(w->cli->arena, &w->policies) = argument;
}

static void walk_option(struct walk *w, const char *word)
{
	size_t size = strcspn(word + 2, "=");
	const struct option *option;

	if (word[1] == '-') {
		option = option_find(w->verb, word + 2, size, 0);
		if (option)
			take(w, option, word[2 + size] ? word + 3 + size : NULL);
		return;
	}
	for (const char *letter = word + 1; *letter; letter++) {
		option = option_find(w->verb, NULL, 0, *letter);
		if (!option)
			return;
		take(w, option, letter[1] ? letter + 1 : NULL);
		if (option->argument)
			return;
	}
}

static void walk_word(struct walk *w, const char *word, size_t number)
{
	if (w->pending) {
		const struct option *option = w->pending;

		w->pending = NULL;
		if (!strcmp(option->name, "policy"))
			*arena_push(w->cli->arena, &w->policies) = word;
	} else if (!w->rest && !strcmp(word, "--")) {
		w->rest = true;
	} else if (!w->rest && word[0] == '-' && word[1]) {
		walk_option(w, word);
	} else {
		if (w->operands++ == 0)
			w->first = number;
		w->rest |= w->verb->program_follows;
	}
}

/* ---- */

/* The last word, when the ones before are known. */
static void offer_last(struct walk *w, size_t number)
{
	const char *equals = strchr(w->current, '=');
	size_t count;
	const struct option *option, *common = options_common(&count);

	if (w->pending) {
		offer_argument(w, w->pending);
	} else if (!w->rest && !strncmp(w->current, "--", 2) && equals) {
		option = option_find(w->verb, w->current + 2, (size_t)(equals - w->current) - 2, 0);
		w->prefix = arena_strndup(w->cli->arena, w->current, (size_t)(equals - w->current) + 1);
		if (option && option->argument)
			offer_argument(w, option);
	} else if (!w->rest && w->current[0] == '-') {
		offer_options(w, w->verb->options, w->verb->option_count);
		offer_options(w, common, count);
	} else {
		offer_operand(w, number);
	}
}

void complete_verb(struct cli *cli, const struct verb *verb, const char *const *words, size_t count,
		   struct completion *ret)
{
	struct walk w = { .cli = cli, .verb = verb, .out = ret };

	*ret = (struct completion){ 0 };
	if (count == 0)
		return;
	w.current = words[count - 1];
	for (size_t i = 0; i + 1 < count; i++)
		walk_word(&w, words[i], i + 2);
	offer_last(&w, count + 1);
}

/* ---- the answer ---- */

/* One candidate a line, with a tab before its explanation; lines that begin with ":" are what the shell has to add. */
static void print_lines(const struct completion *completion, struct str *out)
{
	for (size_t i = 0; i < completion->candidates.count; i++) {
		const struct candidate *candidate = &completion->candidates.items[i];

		str_add_escaped(out, candidate->word, strlen(candidate->word));
		if (candidate->help)
			str_addc(out, '\t');
		if (candidate->help)
			str_add_escaped(out, candidate->help, strlen(candidate->help));
		str_addc(out, '\n');
	}
	if (completion->files)
		str_add(out, ":files\n");
	if (completion->directories)
		str_add(out, ":directories\n");
	if (completion->program)
		str_addf(out, ":program %zu\n", completion->program);
}

static void print_json(const struct completion *completion, struct json *json)
{
	json_key(json, "candidates");
	json_array(json);
	for (size_t i = 0; i < completion->candidates.count; i++) {
		json_object(json);
		json_kv_string(json, "word", completion->candidates.items[i].word);
		json_kv_string(json, "help", completion->candidates.items[i].help);
		json_end_object(json);
	}
	json_end_array(json);
	json_kv_bool(json, "files", completion->files);
	json_kv_bool(json, "directories", completion->directories);
	json_kv_int(json, "program", (long long)completion->program);
}

int completion_write(struct cli *cli, const struct completion *completion)
{
	struct json json;
	struct str out;

	if (cli->common.json) {
		cli_json(cli, &out, &json, "cordon.completion/1");
		print_json(completion, &json);
		return cli_json_end(cli, &out, &json);
	}
	str_init(&out, cli->arena);
	print_lines(completion, &out);
	return cli_write(cli, &out);
}
