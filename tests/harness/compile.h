/* compile.h - policy text in memory -> the filter of its first layer, stage by stage, for a kernel that is fixed. */
#ifndef CORDON_TESTS_COMPILE_H
#define CORDON_TESTS_COMPILE_H

#include "plan/cbpf.h"
#include "plan/plan.h"
#include "policy/load.h"

enum compile_stage { COMPILE_PARSE, COMPILE_RESOLVE, COMPILE_PLAN, COMPILE_EMIT, COMPILE_STAGES };

struct compiled {
	struct loaded loaded;
	struct model *model;
	struct plan *plan;
	struct cbpf filter;
	uint64_t nanoseconds[COMPILE_STAGES]; /* CPU time of this process */
};

/* Everything that is made lives in @arena. Returns 0, or -errno after printing the diagnostics to stderr. */
int compile_text(const struct source *text, struct arena *arena, struct compiled *ret);

/* The text of @path below the source tree (environment CORDON_SOURCE), in @arena; text NULL when it can't be read. */
struct source compile_read(const char *path, struct arena *arena);

uint64_t compile_clock(void);

#endif
