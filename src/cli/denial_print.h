/* denial_print.h - denials that were read from a log, for people and as JSON. Bytes that a terminal would obey are escaped. */
#ifndef CORDON_CLI_DENIAL_PRINT_H
#define CORDON_CLI_DENIAL_PRINT_H

#include "base/str.h"
#include "cli/denial_record.h"

/* A paragraph: what happened, and what to do. */
void denial_record_explain(const struct denial_record *record, struct str *out);
/* Two or three lines of a list. */
void denial_record_list(const struct denial_record *record, struct str *out);
/* A value, with the members of the schema. */
void denial_record_json(const struct denial_record *record, struct json *json);

#endif
