/* libexec.h - programs of Cordon's own beside `cordon`: verbs that need libraries, and helpers. */
#ifndef CORDON_CLI_LIBEXEC_H
#define CORDON_CLI_LIBEXEC_H

#include "cli/cli.h"

/* Where they are: the folder beside this executable when it stands in a build tree, else the installed one. */
const char *libexec_folder(struct arena *arena);

/* Becomes cordon-NAME of Cordon's own folder; it is never looked for in PATH. Returns when there is none, with a diagnostic
 * where it can't be started. */
void libexec_run(struct cli *cli, const char *name, char *const *argv);

#endif
