/* libexec.h - verbs that are programs of their own, because of the libraries that they need. */
#ifndef CORDON_CLI_LIBEXEC_H
#define CORDON_CLI_LIBEXEC_H

#include "cli/cli.h"

/* Becomes cordon-NAME of Cordon's own folder; it is never looked for in PATH. Returns when there is none, with a diagnostic
 * where it can't be started. */
void libexec_run(struct cli *cli, const char *name, char *const *argv);

#endif
