/* denial.c - see denial.h. */
#include "supervise/denial.h"

#include <errno.h>
#include <string.h>

#include "policy/parse.h"

/* ---- decisions ---- */

static void add_place(const struct rule *rule, struct denial *denial)
{
	if (!rule->span.source)
		return;
	denial->file = rule->span.source->name;
	denial->line = span_position(rule->span).line;
}

/* Several profiles may each need a line. */
static size_t count_denying(const struct decision *decision)
{
	size_t count = 0;

	for (size_t i = 0; i < decision->layers.count; i++)
		count += decision->layers.items[i].verdict.kind != VERDICT_ALLOW;
	return count;
}

struct denial denial_of_decision(const struct decision *decision, const struct caller *caller, const char *mechanism,
				 struct arena *arena)
{
	const struct layer_decision *d = &decision->layers.items[decision->deciding];
	const size_t denying = count_denying(decision);
	struct denial denial = {
		.caller = *caller,
		.request = decision->request_text,
		.verdict = decision->verdict,
		.mechanism = mechanism,
		.profile = d->layer->name,
		.fix = d->fix,
		.fix_replaces = d->fix && d->fix_replaces,
		.note = d->note,
	};

	if (d->rule) {
		denial.rule = d->line ? d->line : d->rule->because ? d->rule->because : "a built-in rule";
		add_place(d->rule, &denial);
	} else {
		denial.missing = request_class_name(decision->request.class);
	}
	if (denying > 1)
		denial.note = arena_printf(arena, "%s%s%zu profiles deny it", d->note ? d->note : "",
					   d->note ? "; " : "", denying);
	return denial;
}

/* ---- events ---- */

/* A call that typed rules open is missed by their class. */
static const char *missing_class(const struct event *event)
{
	return request_class_name(event->call >= 0 ? call_request_class((uint16_t)event->call) : REQUEST_SYSCALL);
}

/* The policy's meaning is yes, and the filter's no: the line that grants it was left out. */
static void add_uncarried(const struct event *event, struct denial *denial)
{
	denial->is_granted = true;
	denial->rule = denial->file = denial->fix = NULL;
	denial->line = 0;
	denial->missing = missing_class(event);
	denial->note = "a line grants it, but nothing here carries that line";
}

/* The responder has looked closer than the registers. */
static void add_responder(const struct event *event, int error, struct denial *denial)
{
	denial->verdict = (struct verdict){ .kind = VERDICT_DENY, .error = (uint16_t)error };
	denial->mechanism = "supervisor";
	denial->rule = denial->file = denial->fix = NULL;
	denial->line = 0;
	denial->fix_replaces = false;
	denial->missing = missing_class(event);
	denial->note = !strcmp(call_table[event->call].name, "listen")
			       ? "the call is granted for other objects than this one"
			       : "`wx sealed`: no new code once the loader is done";
}

struct denial denial_of_event(const struct plan *plan, uint32_t uid, const struct event *event, int error,
			      const struct caller *caller, struct arena *arena)
{
	struct request request = {
		.class = REQUEST_SYSCALL, .arch = event->arch, .nr = event->nr, .phase = PHASE_NONE, .uid = uid
	};
	struct decision decision;
	struct denial denial;
	struct str text;

	for (size_t i = 0; i < ARRAY_SIZE(request.args); i++)
		request.args[i] = event->args[i];
	str_init(&text, arena);
	call_print(event->arch, event->nr, event->args, &text);
	if (event->arch >= ARCH_COUNT)
		return (struct denial){ .caller = *caller,
					.request = text.text,
					.verdict = event->verdict,
					.mechanism = "seccomp",
					.missing = "arch",
					.note = "calls of this architecture can't be allowed" };
	decision_take(plan->model, &request, text.text, arena, &decision);
	denial = denial_of_decision(&decision, caller, "seccomp", arena);
	if (denial.missing)
		denial.missing = missing_class(event);
	if (event->verdict.kind == VERDICT_ASK && event->call >= 0) {
		add_responder(event, error, &denial);
		return denial;
	}
	if (decision.verdict.kind == VERDICT_ALLOW)
		add_uncarried(event, &denial);
	denial.verdict = event->verdict;
	return denial;
}
