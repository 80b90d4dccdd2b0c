/* explain.h - the things that `cordon explain` can explain. Each writes text, or the members of a JSON object. */
#ifndef CORDON_CLI_EXPLAIN_H
#define CORDON_CLI_EXPLAIN_H

#include "base/str.h"
#include "plan/plan.h"
#include "platform/tables.h"
#include "policy/decision.h"

/* @json NULL: text to @out. */
void explain_code(const struct diag_info *info, struct str *out, struct json *json);
void explain_codes(struct str *out, struct json *json);
void explain_template(const struct embedded_text *text, struct str *out, struct json *json);
void explain_templates(struct str *out, struct json *json);
void explain_call(const struct call_row *row, struct str *out, struct json *json);
void explain_group(const struct call_group *group, struct str *out, struct json *json);
void explain_groups(struct str *out, struct json *json);
/* Where each line of the policy went. JSON is plan_json()'s affair. */
void explain_plan(const struct plan *plan, struct str *out);

#endif
