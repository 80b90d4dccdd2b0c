/* decision.h - one request put to a policy, with the reasons: what every layer says, which line decides, and which line
 * would allow it. Shared by `cordon explain`, cordon_policy_decide() and the log of denials. Pure. */
#ifndef CORDON_POLICY_DECISION_H
#define CORDON_POLICY_DECISION_H

#include "base/cleanup.h"
#include "base/diag.h"
#include "policy/resolve.h"

struct layer_decision {
	const struct layer *layer;
	struct verdict verdict;
	const struct rule *rule; /* NULL: no rule matches, the class's default holds */
	const char *line;        /* the rule as it is written, NULL with @rule */
	const char *fix;         /* the line that would allow it in this layer; NULL: allowed already, or none would */
	bool fix_replaces;       /* @fix takes the place of @line, otherwise it is added */
	const char *note;        /* where @fix doesn't tell everything, else NULL */
};

struct decision {
	struct request request;
	const char *request_text; /* canonical */
	struct verdict verdict;   /* strongest over all layers */
	size_t deciding;          /* index into @layers */
	LAYER_LIST(struct layer_decision) layers;
};

/* Ask @model about @text ("file read /etc/shadow"). Returns 0 and *ret in @arena, or -EINVAL with diagnostics about the
 * request. */
must_check int decision_make(const struct model *model, const char *text, const struct surroundings *surroundings,
			     struct arena *arena, struct diags *diags, struct decision *ret);

/* The same for a request that is there already. @text: how it is shown. Never fails. */
void decision_take(const struct model *model, const struct request *request, const char *text, struct arena *arena,
		   struct decision *ret);

#endif
