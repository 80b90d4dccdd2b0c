/* options.h - options as a table: parsed from it, and explained from it by --help, so that help never drifts. */
#ifndef CORDON_CLI_OPTIONS_H
#define CORDON_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/str.h"

struct cli;
struct verb;

enum option_kind {
	OPTION_FLAG,   /* bool at @offset */
	OPTION_TEXT,   /* const char * at @offset; given twice is an error */
	OPTION_LIST,   /* struct texts at @offset; may be given again */
	OPTION_NUMBER, /* long at @offset, not negative */
};

struct texts {
	const char **items;
	size_t count, capacity;
};

struct option {
	char letter;          /* 0: none */
	const char *name;     /* without "--" */
	const char *argument; /* as shown; NULL for flags */
	const char *help;
	enum option_kind kind;
	size_t offset;
	const char *choices; /* "auto|always|never": other arguments are refused; NULL: any */
};

/* Every verb has these. */
struct common_options {
	bool json, quiet, help;
	const char *colour; /* auto always never; NULL: auto */
};

/* Parse the words after the verb. Fills @settings (zeroed by the caller), cli->common and the operands (they end with
 * NULL, as an argv does). Returns 0, or -EINVAL with C07xx diagnostics. */
must_check int options_parse(struct cli *cli, const struct verb *verb, int argc, char *const *argv, void *settings);

/* Parse the words after the verb, and do what it does or show its help. Returns the exit status. */
int verb_start(struct cli *cli, const struct verb *verb, int argc, char *const *argv);

/* The row of @verb, or of the common ones, that is called so: by name of @size letters, or by @letter when @name is NULL. */
const struct option *option_find(const struct verb *verb, const char *name, size_t size, char letter);
const struct option *options_common(size_t *ret_count);

/* The text of `cordon VERB --help`. */
void options_help(const struct verb *verb, struct str *out);

#endif
