/* stages.h - the stages of one compilation, printed: what `cordon compile --stop-after` and cordon_policy_compile() show.
 *
 * text --parse--> ast --resolve--> model --plan--> plan --emit--> cbpf, landlock */
#ifndef CORDON_LIB_STAGES_H
#define CORDON_LIB_STAGES_H

#include "base/cleanup.h"
#include "base/diag.h"
#include "plan/cbpf.h"
#include "plan/plan.h"
#include "policy/load.h"

enum stage { STAGE_AST, STAGE_MODEL, STAGE_PLAN, STAGE_CBPF, STAGE_LANDLOCK, STAGE_COUNT };

/* What there is so far; a stage needs what stands before it. */
struct stages {
	struct arena *arena;
	const struct loaded *loaded; /* ast */
	const struct model *model;
	const struct plan *plan;
};

/* "ast" ... ; -1 when unknown. */
int stage_find(const char *name);
const char *stage_name(enum stage stage);

/* Text, or one JSON value. Return 0, or -E2BIG with a diagnostic when a filter would be too long (cbpf). The filters are
 * printed without the start token (plan/cbpf.h), which is drawn anew at each start. */
must_check int stage_print(const struct stages *stages, enum stage stage, struct diags *diags, struct str *out);
must_check int stage_json(const struct stages *stages, enum stage stage, struct diags *diags, struct json *json);
/* The filter of one layer. -EINVAL: no such layer, -E2BIG as above, each with a diagnostic. */
must_check int stage_filter(const struct stages *stages, size_t layer, struct diags *diags, struct cbpf *ret);

#endif
