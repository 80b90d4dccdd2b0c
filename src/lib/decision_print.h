/* decision_print.h - a decision for people, or as JSON. */
#ifndef CORDON_LIB_DECISION_PRINT_H
#define CORDON_LIB_DECISION_PRINT_H

#include "plan/plan.h"
#include "policy/decision.h"

/* Text into @out, or (where @json is not NULL) members of a JSON object. @plan may be NULL: then the mechanism is not
 * shown. */
void decision_explain(const struct decision *decision, const struct plan *plan, struct str *out, struct json *json);

#endif
