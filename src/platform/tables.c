/* tables.c - see tables.h. The arrays themselves are generated: tables_gen.c. */
#include "platform/tables.h"

#include <string.h>

#include "base/suggest.h"
#include "platform/tables_data.h"

enum arch arch_native(void)
{
#if defined(__x86_64__) && !defined(__ILP32__)
	return ARCH_X86_64;
#elif defined(__aarch64__) && !defined(__ILP32__)
	return ARCH_AARCH64;
#else
#error "no tables for this architecture"
#endif
}

/* How the rows of a table have their name: it begins the row, or a pointer to it does, or its place in flag_texts. */
enum named_by { NAME_HERE, NAME_POINTER, NAME_FLAG };

static const char *row_name(const void *row, enum named_by by)
{
	switch (by) {
	case NAME_HERE: return row;
	case NAME_POINTER: return *(const char *const *)row;
	case NAME_FLAG: return flag_texts + *(const uint32_t *)row;
	}
	return "";
}

/* Index of @name among @count rows of @size bytes that are sorted by name, or -1. */
static ptrdiff_t find_sorted(const void *rows, size_t count, size_t size, enum named_by by, const char *name)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, row_name((const char *)rows + middle * size, by));

		if (!order)
			return (ptrdiff_t)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

/* ---- calls ---- */

int call_find(const char *name)
{
	return (int)find_sorted(call_table, call_count, sizeof(*call_table), NAME_HERE, name);
}

int call_find_nr(enum arch arch, uint32_t nr)
{
	return nr < arch_table[arch].nr_end ? calls_by_number[arch][nr] : -1;
}

const struct call_arg *call_args(const struct call_row *row)
{
	return &all_args[row->args];
}

const char *call_pin(const struct call_row *row)
{
	return pin_texts[row->pin];
}

const struct arg_type *call_arg_type(const struct call_arg *arg)
{
	return &arg_types[arg->type];
}

const struct flag_set *call_arg_set(const struct call_arg *arg)
{
	return arg->set ? &flag_sets[arg->set - 1] : NULL;
}

enum arch call_nr_arch(enum arch arch, uint32_t nr, uint32_t arches)
{
	if (arch == ARCH_X32 && arches & 1U << ARCH_X86_64 && call_find_nr(ARCH_X32, nr) < 0 &&
	    call_find_nr(ARCH_X86_64, nr) >= 0)
		return ARCH_X86_64;
	return arch;
}

bool call_args_stable(const struct call_row *row, enum arch arch)
{
	return !(row->unstable >> arch & 1);
}

unsigned call_arg_bits(const struct call_row *row, unsigned arg, enum arch arch)
{
	return call_arg_type(&call_args(row)[arg])->bits[row->ilp32 >> arch & 1];
}

const char *call_suggest(const char *name)
{
	struct suggestion suggestion = { .word = name };

	for (size_t i = 0; i < call_count; i++)
		suggestion_offer(&suggestion, call_table[i].name);
	return suggestion.best;
}

const struct call_group *call_group_find(const char *name)
{
	ptrdiff_t i = find_sorted(call_groups, call_group_count, sizeof(*call_groups), NAME_POINTER, name);

	return i < 0 ? NULL : &call_groups[i];
}

/* ---- flag sets ---- */

const struct flag_set *flag_set_find(const char *name)
{
	ptrdiff_t i = find_sorted(flag_sets, flag_set_count, sizeof(*flag_sets), NAME_HERE, name);

	return i < 0 ? NULL : &flag_sets[i];
}

const struct flag_set *flag_set_having(const char *name)
{
	ptrdiff_t i = find_sorted(flag_names, flag_name_count, sizeof(*flag_names), NAME_FLAG, name);

	return i < 0 ? NULL : &flag_sets[flag_names[i].set];
}

const struct flag_value *flag_set_values(const struct flag_set *set)
{
	return &flag_values[set->first];
}

const char *flag_value_name(const struct flag_value *value)
{
	return flag_texts + value->name;
}

bool flag_value_find(const struct flag_set *set, const char *name, enum arch arch, uint64_t *ret_value)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct flag_value *value = &flag_set_values(set)[i];

		if (strcmp(flag_value_name(value), name) != 0)
			continue;
		if (!(value->arches >> arch & 1))
			return false;
		*ret_value = value->value[arch];
		return true;
	}
	return false;
}

/* ---- names of numbers ---- */

bool named_find(const struct named_table *table, const char *name, uint64_t *ret_value)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->rows[i].name, name) != 0)
			continue;
		*ret_value = table->rows[i].value;
		return true;
	}
	return false;
}

const char *named_name(const struct named_table *table, uint64_t value)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->rows[i].value == value)
			return table->rows[i].name;
	}
	return NULL;
}

const char *named_suggest(const struct named_table *table, const char *name)
{
	struct suggestion suggestion = { .word = name };

	for (size_t i = 0; i < table->count; i++)
		suggestion_offer(&suggestion, table->rows[i].name);
	return suggestion.best;
}

/* ---- the rest ---- */

uint64_t landlock_known(enum landlock_kind kind, int abi)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < landlock_right_count; i++) {
		if (landlock_rights[i].kind == kind && landlock_rights[i].abi <= abi)
			bits |= landlock_rights[i].bit;
	}
	return bits;
}

const struct embedded_text *embedded_find(const char *name)
{
	ptrdiff_t i = find_sorted(embedded_texts, embedded_text_count, sizeof(*embedded_texts), NAME_POINTER, name);

	return i < 0 ? NULL : &embedded_texts[i];
}

const struct diag_info *diag_info_find(const char *code)
{
	ptrdiff_t i = find_sorted(diag_infos, diag_info_count, sizeof(*diag_infos), NAME_POINTER, code);

	return i < 0 ? NULL : &diag_infos[i];
}
