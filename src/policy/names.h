/* names.h - the words of the language that stand for numbers. */
#ifndef CORDON_POLICY_NAMES_H
#define CORDON_POLICY_NAMES_H

#include "platform/tables.h"

extern const struct named_table file_operation_table; /* FILE_*, and edit */
extern const struct named_table net_operation_table;  /* NET_*; accept brings bind */
extern const struct named_table net_protocol_table;   /* enum net_protocol */
extern const struct named_table signal_target_table;  /* SIGNAL_* */
extern const struct named_table isolate_table;        /* enum isolate */
extern const struct named_table limit_table;          /* value: 0 a count, 1 bytes, 2 seconds */

#endif
