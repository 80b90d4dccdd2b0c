/* cli.h - what every verb of the command line has, and how it speaks.
 *
 * stdout is for data, stderr for messages. A verb returns its exit status: 0 fine, 1 a negative answer or findings,
 * EXIT_SETUP when it could not do its work (then diagnostics say why). `run` passes the program's status on and uses
 * the codes below as env(1), timeout(1) and the shells do. */
#ifndef CORDON_CLI_CLI_H
#define CORDON_CLI_CLI_H

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/str.h"
#include "cli/options.h"

#define EXIT_NEGATIVE 1
#define EXIT_LIMIT 124 /* a limit ended it */
#define EXIT_SETUP 125 /* Cordon could not do it; nothing ran */
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127
#define EXIT_SIGNAL 128 /* plus the signal's number */

struct cli {
	struct arena *arena;
	struct diags diags;
	struct common_options common;
	const char *const *operands;
	size_t operand_count;
};

struct example {
	const char *command, *what;
};

struct verb {
	const char *name;
	const char *operands; /* "[FILE...]", shown after the options; NULL: takes none */
	const char *summary;  /* one line */
	const char *about;    /* paragraphs for --help */
	const struct option *options;
	size_t option_count;
	const struct example *examples; /* ends with a NULL command */
	bool program_follows;           /* options end at the first operand: the rest belongs to a program */
	size_t settings_size;           /* of the struct that @options write into */
	int (*run)(struct cli *cli, const void *settings);
};

extern const struct verb verb_run, verb_check, verb_fmt, verb_compile, verb_explain, verb_doctor, verb_completion;
extern const struct verb *const cli_verbs[];
extern const size_t cli_verb_count;
/* Verbs that are programs in libexec, shown beside them. */
struct cli_program {
	const char *name, *summary;
};
extern const struct cli_program cli_programs[];
extern const size_t cli_program_count;

/* ---- output.c ---- */

/* Data to standard output. Returns 0, or EXIT_SETUP after saying why not. */
int cli_write(struct cli *cli, const struct str *out);
/* One JSON value that @fill writes, and a newline, to standard output. */
void cli_json(struct cli *cli, struct str *out, struct json *json, const char *schema);
int cli_json_end(struct cli *cli, struct str *out, struct json *json);
/* All diagnostics so far to standard error, as text or with --json as JSON; then forgets them. */
void cli_report(struct cli *cli);
/* cli_report() and EXIT_SETUP. */
int cli_fail(struct cli *cli);
/* A remark to standard error, not with --quiet. A newline is added. */
__attribute__((format(printf, 2, 3))) void cli_note(struct cli *cli, const char *format, ...);
/* A remark that --quiet doesn't silence. */
__attribute__((format(printf, 2, 3))) void cli_warn(struct cli *cli, const char *format, ...);
bool cli_colour(const struct cli *cli, int fd);
/* Shorthand for a diagnostic without a place. */
__attribute__((format(printf, 3, 4))) struct diag *cli_error(struct cli *cli, const char *code, const char *format,
							     ...);

#endif
