/* fixture.h - from policy text to a model or a plan in one call, for a caller and a kernel that are fixed. */
#ifndef CORDON_TESTS_FIXTURE_H
#define CORDON_TESTS_FIXTURE_H

#include "plan/plan.h"
#include "policy/parse.h"
#include "policy/resolve.h"

struct fixture {
	struct arena *arena;
	struct diags diags;
	struct kernel_caps caps; /* Linux 6.18, unprivileged, user namespaces */
	struct host_facts facts; /* assumed */
	struct surroundings surroundings;
	struct model *model;
	struct plan *plan;
};

void fixture_init(struct fixture *f);
void fixture_release(struct fixture *f);

/* Lines as they stand in a profile, wrapped into one; several texts make several layers. Returns what resolve() does. */
int fixture_resolve(struct fixture *f, const char *const *bodies, size_t count);
/* One layer, and its plan. Fails the test when it does not resolve. */
void fixture_plan(struct fixture *f, const char *body);
/* The carrier whose canonical text starts with @text; NULL when there is none. */
const struct carrier *fixture_carrier(const struct fixture *f, const char *text);
/* Verdict of the plan's call policy of layer 0 on the native architecture. */
struct verdict fixture_call(const struct fixture *f, const char *call, const uint64_t args[6]);
/* The code of the first diagnostic, or "". */
const char *fixture_code(const struct fixture *f);

#endif
