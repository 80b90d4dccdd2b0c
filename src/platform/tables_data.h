/* tables_data.h - what tables_gen.c holds besides the arrays of tables.h; for tables.c and its tests only. */
#ifndef CORDON_PLATFORM_TABLES_DATA_H
#define CORDON_PLATFORM_TABLES_DATA_H

#include "platform/tables.h"

/* Rows by number: calls_by_number[arch][nr] is a row of call_table or -1, for nr below arch_table[arch].nr_end. */
extern const int16_t *const calls_by_number[ARCH_COUNT];

/* By name. */
extern const struct flag_set flag_sets[];
extern const size_t flag_set_count;

/* The values of all sets, one set behind the other. */
extern const struct flag_value flag_values[];

/* Every name of every set, by name, with the first set (by name) that has it. */
struct flag_name {
	uint32_t name; /* where it begins in flag_texts */
	uint16_t set;
};
extern const struct flag_name flag_names[];
extern const size_t flag_name_count;
extern const char flag_texts[];

/* What rows of call_table and their arguments refer to; 0 is no set and no pin. */
extern const struct call_arg all_args[];
extern const struct arg_type arg_types[];
extern const char *const pin_texts[];

#endif
