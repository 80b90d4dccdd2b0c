/* tables.h - look-ups over the platform tables of data/.
 *
 * Every fact about the kernel's interface (numbers, argument types, flag names, errno names ...) is a row of a
 * text table in data/. scripts/gen_tables.py turns the rows into constant C arrays (tables_gen.c in the
 * build tree) and into _Static_asserts against the installed headers (tables_check.c).
 * Nothing here allocates, and nothing depends on the running kernel. All strings are static.
 *
 * The large tables hold no addresses: names stand in the rows, and rows name each other by number. So the loader has
 * nothing to relocate in them, and what a start doesn't look at is never read (docs/decisions). */
#ifndef CORDON_PLATFORM_TABLES_H
#define CORDON_PLATFORM_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The four ways in which a call can reach an x86-64 or aarch64 kernel. x32 shares AUDIT_ARCH_X86_64 with ARCH_X86_64;
 * its numbers are kept without X32_SYSCALL_BIT. */
enum arch { ARCH_X86_64, ARCH_I386, ARCH_X32, ARCH_AARCH64, ARCH_COUNT };

#define X32_SYSCALL_BIT 0x40000000U

struct arch_info {
	const char *name;     /* "x86_64", "i386", "x32", "aarch64" */
	uint32_t audit_arch;  /* AUDIT_ARCH_* as seccomp_data.arch shows it */
	uint8_t pointer_bits; /* 64 or 32 */
	uint32_t nr_base;     /* X32_SYSCALL_BIT for x32, else 0 */
	uint32_t nr_end;      /* one past the greatest number in the table */
};

extern const struct arch_info arch_table[ARCH_COUNT];

/* The architecture that this binary was compiled for. */
enum arch arch_native(void);

/* What a call needs before a policy opens it (policy-language: "Calls come in four classes"). */
enum call_class {
	CLASS_BASIC, /* what any C program needs; reaches nothing outside the process (perhaps only under its pin) */
	CLASS_TYPED, /* opened only by a typed grant: file, net, exec, signal, ioctl ... */
	CLASS_PRIVILEGED, /* needs a line of its own */
	CLASS_DANGEROUS,  /* needs a line of its own with `because` */
	CLASS_COUNT
};

enum arg_kind {
	ARG_VALUE,  /* a plain number */
	ARG_FLAGS,  /* a set of bits; names and known bits in the flag set, if there is one */
	ARG_ENUM,   /* one of the names of the flag set (other values are possible) */
	ARG_FD,     /* a descriptor (32 bits, signed) */
	ARG_POINTER /* an address: only comparison with NULL makes sense, memory is never read */
};

/* How the kernel reads the register: the effective width, whatever the prototype says. */
struct arg_type {
	char name[12];
	uint8_t bits[2]; /* [0] on 64-bit architectures and most of x32, [1] on ILP32: see call_arg_bits() */
	bool is_signed;
	enum arg_kind kind;
};

struct flag_value {
	uint32_t name;              /* flag_value_name() */
	uint64_t value[ARCH_COUNT]; /* flag values differ between architectures (O_DIRECT ...) */
	uint8_t arches;             /* bit per enum arch that has the name (MAP_32BIT: not aarch64) */
};

struct flag_set {
	char name[20];
	bool is_bits; /* true: bits to be ORed; false: an enumeration */
	uint16_t count;
	uint16_t first;             /* flag_set_values() */
	uint64_t known[ARCH_COUNT]; /* OR of all values: bits outside are unknown to us */
};

struct call_arg {
	char name[20];
	uint8_t type; /* call_arg_type() */
	uint8_t set;  /* call_arg_set() */
};

#define CALL_NR_NONE (-1)

struct call_row {
	char name[30];
	char since[8];          /* first kernel release, "2.6.12" for anything older */
	int16_t nr[ARCH_COUNT]; /* CALL_NR_NONE: the architecture lacks it */
	enum call_class class;
	int16_t deny_errno; /* what "not granted" answers; 0: the default, EPERM. ENOSYS where programs fall back */
	uint16_t weight;    /* how often real programs make it, in 1/10000 of all calls; 0 = rarely */
	uint8_t arg_count;
	uint8_t pin;      /* call_pin() */
	uint16_t args;    /* call_args() */
	uint8_t ilp32;    /* bit per enum arch on which arguments have bits[1]: i386, x32 through a compat handler */
	uint8_t unstable; /* bit per enum arch for which call_args_stable() is false */
};

/* The row number is the identity of a call in every other module ("call id"). Rows are sorted by name. */
extern const struct call_row call_table[];
extern const size_t call_count;

/* Its arguments: arg_count of them, in register order of 64-bit architectures. */
const struct call_arg *call_args(const struct call_row *row);
/* Text of the condition under which a basic call reaches nothing outside; NULL: it needs none. */
const char *call_pin(const struct call_row *row);
const struct arg_type *call_arg_type(const struct call_arg *arg);
/* The names of its values, or NULL. */
const struct flag_set *call_arg_set(const struct call_arg *arg);

/* Row number, or -1 when no architecture has a call of that name. */
int call_find(const char *name);
/* Row number of @nr (for x32 without the bit) on @arch, or -1 when the tables don't know it. O(1). */
int call_find_nr(enum arch arch, uint32_t nr);
/* Whose call @nr (without the bit) of @arch is, where @arches (bit per enum arch) are open: @arch's. But x32 shares its
 * numbers up to 511 with x86-64, and what it lacks there is x86-64's: kernels before 5.4 make that call, later ones have
 * none, ever. So a filter that says the same for both is right on all of them, and shorter. */
enum arch call_nr_arch(enum arch arch, uint32_t nr, uint32_t arches);
/* True when conditions on arguments can be stated by position on @arch (false: i386 rows with 64-bit arguments that
 * are split over two registers, and multiplexers). */
bool call_args_stable(const struct call_row *row, enum arch arch);
/* How many low bits of argument @arg (below arg_count) the kernel reads on @arch. */
unsigned call_arg_bits(const struct call_row *row, unsigned arg, enum arch arch);

struct call_group {
	const char *name; /* with its "@" */
	const char *help;
	uint16_t count;
	const uint16_t *calls; /* row numbers, ascending */
};
extern const struct call_group call_groups[];
extern const size_t call_group_count;
const struct call_group *call_group_find(const char *name);

/* What operations of io_uring do as well, unseen by any filter: row numbers of call_table, ascending. */
extern const uint16_t uring_calls[];
extern const size_t uring_call_count;

/* Values of a flag set by name; false when unknown, or when @arch has no such name. Negative ones (AT_FDCWD) come as
 * two's complement of 64 bits: cut to the argument's width. The sets "signal" and "ioctl" hold those tables. */
const struct flag_set *flag_set_find(const char *name);
bool flag_value_find(const struct flag_set *set, const char *name, enum arch arch, uint64_t *ret_value);
/* The values of @set, @set->count of them. */
const struct flag_value *flag_set_values(const struct flag_set *set);
const char *flag_value_name(const struct flag_value *value);
/* Any set that has @name (for diagnostics and for arguments without a set); NULL when none. */
const struct flag_set *flag_set_having(const char *name);

/* One flat table type for names that are just numbers. */
struct named_number {
	const char *name;
	uint64_t value;
	const char *help; /* may be NULL */
};
struct named_table {
	const char *title; /* "errno", "signal" ...: for messages */
	size_t count;
	const struct named_number *rows;
};

extern const struct named_table errno_table;      /* EPERM ... */
extern const struct named_table signal_table;     /* SIGHUP ... */
extern const struct named_table capability_table; /* lower case without cap_: net_bind_service ... */
extern const struct named_table ioctl_table;      /* TCGETS ...: of 64-bit architectures; all: set "ioctl" */
extern const struct named_table rlimit_table; /* lower case: nofile, cpu, fsize, core, stack, as, nproc, memlock ... */

bool named_find(const struct named_table *table, const char *name, uint64_t *ret_value);
/* First name of @value, or NULL. */
const char *named_name(const struct named_table *table, uint64_t value);
/* The row whose name is nearest to @name in edit distance (at most 2 edits, or a third of its length), or NULL. */
const char *named_suggest(const struct named_table *table, const char *name);
const char *call_suggest(const char *name);

/* Landlock rights by ABI. kind: what the bit belongs to in struct landlock_ruleset_attr. */
enum landlock_kind { LANDLOCK_FS, LANDLOCK_NET, LANDLOCK_SCOPE };
struct landlock_right {
	const char *name; /* "execute", "write_file", ... as in LANDLOCK_ACCESS_FS_*, lower case */
	enum landlock_kind kind;
	uint64_t bit;
	uint8_t abi;       /* first ABI that has it */
	bool applies_file; /* FS only: may be granted on something that is not a directory */
};
extern const struct landlock_right landlock_rights[];
extern const size_t landlock_right_count;
/* OR of all bits of @kind that ABI @abi knows. */
uint64_t landlock_known(enum landlock_kind kind, int abi);

/* Texts of data/std and other embedded text files, by name ("std/c-runtime@1", "grants"). NULL when there is none. */
struct embedded_text {
	const char *name; /* path below data/ without ".cordon" */
	const char *text;
	size_t size;
};
extern const struct embedded_text embedded_texts[];
extern const size_t embedded_text_count;
const struct embedded_text *embedded_find(const char *name);

/* Diagnostic codes: data/diagnostics.tbl. */
struct diag_info {
	const char *code;    /* "C0101" */
	const char *title;   /* one line, lower case, no full stop */
	const char *explain; /* several paragraphs for `cordon explain CODE`, with an example */
};
extern const struct diag_info diag_infos[];
extern const size_t diag_info_count;
const struct diag_info *diag_info_find(const char *code);

#endif
