/* host.h - from a model to a plan for this kernel and this host. */
#ifndef CORDON_LIB_HOST_H
#define CORDON_LIB_HOST_H

#include "base/cleanup.h"
#include "base/diag.h"
#include "plan/plan.h"

/* Ask the kernel what a plan for @model can depend on; everything where it has `require` lines. 0 or -errno. */
must_check int host_ask_kernel(const struct model *model, struct arena *arena, struct kernel_caps *ret);

/* Plans for @program (real path; NULL: none is known). 0, or -errno with a diagnostic. What nobody carries is in the plan. */
must_check int host_plan(const struct model *model, const char *program, struct arena *arena, struct diags *diags,
			 struct plan **ret);
/* The same for this process, which goes on running. */
must_check int host_plan_self(const struct model *model, struct arena *arena, struct diags *diags, struct plan **ret);

#endif
