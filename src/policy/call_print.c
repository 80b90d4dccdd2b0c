/* call_print.c - a call with its arguments as the language writes them: names where the tables have them. What is printed
 * can be read back as a request; an address that is not NULL is `_`, since no policy looks at which. */
#include "policy/resolve.h"

#include <string.h>

#define AT_FDCWD_VALUE (-100)

static unsigned bit_count(uint64_t value)
{
	return (unsigned)__builtin_popcountll(value);
}

/* Masks name several bits that belong together; as a value they say nothing. */
static bool is_mask(const char *name)
{
	const size_t size = strlen(name);

	return !strcmp(name, "S_IFMT") || !strcmp(name, "O_ACCMODE") || (size > 5 && !strcmp(name + size - 5, "_MASK"));
}

static const struct flag_value *exact_value(const struct flag_set *set, enum arch arch, uint64_t value, uint64_t known)
{
	const struct flag_value *values = flag_set_values(set);

	for (size_t i = 0; i < set->count; i++)
		if (values[i].arches & 1U << arch && (values[i].value[arch] & known) == value)
			return &values[i];
	return NULL;
}

/* The name that takes most of @left. */
static const struct flag_value *largest_value(const struct flag_set *set, enum arch arch, uint64_t left)
{
	const struct flag_value *best = NULL;

	for (size_t i = 0; i < set->count; i++) {
		const struct flag_value *row = &flag_set_values(set)[i];
		const uint64_t value = row->value[arch];

		if (row->arches & 1U << arch && value && (left & value) == value && !is_mask(flag_value_name(row)) &&
		    (!best || bit_count(value) > bit_count(best->value[arch])))
			best = row;
	}
	return best;
}

/* false: no name says any of it. */
static bool print_names(const struct flag_set *set, enum arch arch, uint64_t value, uint64_t low_bits, struct str *out)
{
	const struct flag_value *row = exact_value(set, arch, value, low_bits);
	const char *separator = "";

	if (row) {
		str_add(out, flag_value_name(row));
		return true;
	}
	if (!set->is_bits || !largest_value(set, arch, value))
		return false;
	while ((row = largest_value(set, arch, value))) {
		str_addf(out, "%s%s", separator, flag_value_name(row));
		value &= ~row->value[arch];
		separator = "|";
	}
	if (value)
		str_addf(out, "|0x%llx", (unsigned long long)value);
	return true;
}

static int64_t signed_value(uint64_t value, unsigned bits)
{
	const unsigned shift = 64 - bits;

	return (int64_t)(value << shift) >> shift;
}

static void print_argument(const struct call_row *row, unsigned arg, enum arch arch, uint64_t value, struct str *out)
{
	const struct call_arg *what = &call_args(row)[arg];
	const struct arg_type *type = call_arg_type(what);
	const struct flag_set *set = call_arg_set(what);
	const unsigned bits = call_arg_bits(row, arg, arch);
	const uint64_t low_bits = bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
	const int64_t number = signed_value(value, bits);

	value &= low_bits;
	/* What ioctl() gets is an address for most commands. */
	if (type->kind == ARG_POINTER || (!strcmp(row->name, "ioctl") && arg == 2 && value >= 4096))
		str_add(out, value ? "_" : "0");
	else if (type->kind == ARG_FD && number == AT_FDCWD_VALUE)
		str_add(out, "AT_FDCWD");
	else if (set && print_names(set, arch, value, low_bits, out))
		return;
	else if (type->is_signed)
		str_addf(out, "%lld", (long long)number);
	else if (!value || (value < 4096 && type->kind != ARG_FLAGS))
		str_addf(out, "%llu", (unsigned long long)value);
	else
		str_addf(out, "0x%llx", (unsigned long long)value);
}

void call_print(enum arch arch, uint32_t nr, const uint64_t args[6], struct str *out)
{
	const int call = arch < ARCH_COUNT && nr >= arch_table[arch].nr_base
				 ? call_find_nr(arch, nr - arch_table[arch].nr_base)
				 : -1;
	const struct call_row *row = call >= 0 ? &call_table[call] : NULL;

	if (row)
		str_addf(out, "syscall %s(", row->name);
	else
		str_addf(out, "syscall %u(", nr);
	for (unsigned i = 0; row && i < row->arg_count; i++) {
		str_add(out, i ? ", " : "");
		print_argument(row, i, arch, args[i], out);
	}
	str_addc(out, ')');
	if (arch != arch_native())
		str_addf(out, " on %s", arch < ARCH_COUNT ? arch_table[arch].name : "unknown");
}
