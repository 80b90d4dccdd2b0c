/* log_verbs.h - the verbs of the program cordon-log, which reads JSON with a library. */
#ifndef CORDON_CLI_LOG_VERBS_H
#define CORDON_CLI_LOG_VERBS_H

#include "cli/cli.h"

extern const struct verb verb_log, verb_explain_denial;

#endif
