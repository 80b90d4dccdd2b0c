/* compiled.h - what the resolver makes of Cordon's own texts, made when Cordon is built: the pins of the basic calls
 * (data/pins.tbl), and the calls that typed grants open (data/grants.cordon), for every architecture.
 *
 * The texts stay the source. scripts/tables_cond.py writes the tables; tests/unit/test_compiled.c holds them against what
 * the parser and the resolver make of the same texts. They hold numbers only, so that loading them costs no relocation.
 * A condition is a run of nodes in postfix order: the operands stand before what joins them. */
#ifndef CORDON_POLICY_COMPILED_H
#define CORDON_POLICY_COMPILED_H

#include "policy/model.h"

struct compiled_node {
	uint64_t value, mask;
	uint8_t kind; /* enum cond_kind; the rest is of atoms only, as in struct cond */
	uint8_t arg, bits, compare;
	bool is_signed, has_mask;
};
extern const struct compiled_node compiled_nodes[];

struct compiled_cond {
	uint16_t first, count; /* of compiled_nodes */
};
extern const struct compiled_cond compiled_conds[];
extern const size_t compiled_cond_count;

/* One call under its condition. */
struct compiled_call {
	uint16_t call;             /* row of call_table */
	bool has_verdict;          /* false: that of the rule which uses the grant */
	uint8_t verdict;           /* enum verdict_kind */
	uint16_t cond[ARCH_COUNT]; /* places in compiled_conds; 0: none */
};
extern const struct compiled_call compiled_pins[]; /* by call */
extern const size_t compiled_pin_count;
extern const struct compiled_call compiled_calls[];

struct compiled_grant {
	char name[28];         /* "grant/file-read" */
	uint16_t first, count; /* of compiled_calls, in the order of the text */
};
extern const struct compiled_grant compiled_grants[]; /* by name */
extern const size_t compiled_grant_count;

/* The pin of @call, or NULL. */
const struct compiled_call *compiled_pin(uint16_t call);
/* The grant of that name, or NULL. */
const struct compiled_grant *compiled_grant(const char *name);
/* Condition @place (not 0) as the evaluator and the emitter take it. */
const struct cond *compiled_expand(uint16_t place, struct arena *arena);

#endif
