/* tables_data.h - what tables_gen.c holds besides the arrays of tables.h; for tables.c and its tests only. */
#ifndef CORDON_PLATFORM_TABLES_DATA_H
#define CORDON_PLATFORM_TABLES_DATA_H

#include "platform/tables.h"

/* Rows by number: calls_by_number[arch][nr] is a row of call_table or -1, for nr below arch_table[arch].nr_end. */
extern const int16_t *const calls_by_number[ARCH_COUNT];

/* By name. */
extern const struct flag_set flag_sets[];
extern const size_t flag_set_count;

/* Every name of every set, by name, with the first set (by name) that has it. */
struct flag_name {
	const char *name;
	uint16_t set;
};
extern const struct flag_name flag_names[];
extern const size_t flag_name_count;

#endif
