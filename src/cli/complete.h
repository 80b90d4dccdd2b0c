/* complete.h - what could stand in the place of the last word of a command line, by the tables that parse and explain the
 * same words, so that completion never drifts. */
#ifndef CORDON_CLI_COMPLETE_H
#define CORDON_CLI_COMPLETE_H

#include "cli/cli.h"

struct candidate {
	const char *word, *help; /* help: one line, or NULL */
};

struct completion {
	struct {
		struct candidate *items;
		size_t count, capacity;
	} candidates; /* all begin with the last word */
	bool files, directories;
	size_t program; /* not 0: the word of this number begins the command line of a program, the verb being number 1 */
};

/* @words: what stands behind the verb, as it is; the last word, which may be empty, is being written. Reads the policies that
 * the words name (for --profile), in silence. The candidates live in the arena of @cli. */
void complete_verb(struct cli *cli, const struct verb *verb, const char *const *words, size_t count,
		   struct completion *ret);
/* @word, if it begins as @current does. */
void completion_offer(struct cli *cli, struct completion *completion, const char *current, const char *word,
		      const char *help);
/* The answer to the scripts: cordon-completion(1). Returns the exit status. */
int completion_write(struct cli *cli, const struct completion *completion);

/* A verb that is a program of its own is started with one of these in the place of its name when the words behind it are to
 * be completed. */
#define COMPLETE_AS_TEXT "complete"
#define COMPLETE_AS_JSON "complete-json"

#endif
