/* completion_scripts.h - what `cordon completion SHELL` prints. */
#ifndef CORDON_CLI_COMPLETION_SCRIPTS_H
#define CORDON_CLI_COMPLETION_SCRIPTS_H

#include <stddef.h>

struct completion_script {
	const char *shell, *text;
};
extern const struct completion_script completion_scripts[];
extern const size_t completion_script_count;

#endif
