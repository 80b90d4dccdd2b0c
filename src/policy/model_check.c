/* model_check.c - `test` and `never` lines: does the policy mean what its author says it means?
 *
 * A test is one request. A never is a set of requests: it holds when no request of the set is allowed. For typed classes
 * that is decided on the patterns themselves; for calls by finite representatives: between two neighbouring constants of
 * all conditions on an argument nothing can change, so trying each constant, its neighbours and the combinations of the
 * masks decides it. What can't be decided within the bound is reported as failed, never as held. */
#include "policy/resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *rule_text(struct arena *arena, const struct rule *rule)
{
	struct str out;

	str_init(&out, arena);
	if (rule->ast)
		print_rule(rule->ast, &out);
	else
		str_add(&out, rule->because ? rule->because : "a built-in rule");
	return out.text;
}

/* ---- tests ---- */

static void check_test(const struct layer *layer, const struct policy_test *test, struct diags *diags)
{
	long deciding;
	struct verdict verdict = layer_decide(layer, &test->request, &deciding);
	bool same = verdict.kind == test->expected.kind &&
		    (!test->error_written || verdict.error == test->expected.error);
	struct str got;
	struct diag *d;

	if (same)
		return;
	str_init(&got, diags->arena);
	verdict_print(verdict, &got);
	d = diag_error(diags, "C0301", test->span, "this test fails: the verdict is %s", got.text);
	if (deciding >= 0) {
		const struct rule *rule = &layer->rules.items[deciding];

		diag_note(diags, d, "decided by `%s`", rule_text(diags->arena, rule));
		d->related = rule->span;
		d->related_label = "this rule";
	} else {
		diag_note(diags, d, "no rule matches, so the default holds");
	}
	diag_help(diags, d, "change the policy, or the test");
}

/* ---- never, typed ---- */

static bool any_covers(const struct patterns *outer, const struct pattern *inner)
{
	for (size_t i = 0; i < outer->count; i++)
		if (pattern_covers(&outer->items[i], inner))
			return true;
	return false;
}

static bool paths_meet(const struct rule *never, const struct rule *allow)
{
	static const struct pattern everything = { .text = "/**", .root = "/", .subtree = true, .literal_root = true };
	size_t count = never->objects.count ? never->objects.count : 1;

	for (size_t n = 0; n < count; n++) {
		const struct pattern *wanted = never->objects.count ? &never->objects.items[n] : &everything;

		if (any_covers(&allow->excepts, wanted))
			continue;
		for (size_t a = 0; a < allow->objects.count; a++)
			if (pattern_overlap(wanted, &allow->objects.items[a]) &&
			    !any_covers(&never->excepts, &allow->objects.items[a]) &&
			    !any_covers(&allow->excepts, &allow->objects.items[a]))
				return true;
	}
	return false;
}

static bool prefix_contains(const struct net_address *outer, const struct net_address *inner)
{
	unsigned bytes = outer->prefix / 8, bits = outer->prefix % 8;

	if (outer->any_address)
		return true;
	if (inner->any_address || inner->ipv6 != outer->ipv6 || inner->prefix < outer->prefix ||
	    memcmp(outer->bytes, inner->bytes, bytes) != 0)
		return false;
	return !bits || !((outer->bytes[bytes] ^ inner->bytes[bytes]) >> (8 - bits));
}

static bool address_meets(enum net_protocol protocol, const struct net_address *a, const struct net_address *b)
{
	if (protocol == NET_TCP || protocol == NET_UDP)
		return a->port_first <= b->port_last && b->port_first <= a->port_last &&
		       (prefix_contains(a, b) || prefix_contains(b, a));
	if (a->any_address || b->any_address)
		return true;
	if (protocol == NET_UNIX)
		return a->abstract || b->abstract ? a->abstract && b->abstract && !strcmp(a->abstract, b->abstract)
						  : pattern_overlap(&a->path, &b->path);
	return a->number == b->number;
}

static bool nets_meet(const struct rule *never, const struct rule *allow)
{
	if (!never->all_protocols && never->protocol != allow->protocol)
		return false;
	if (!never->addresses.count)
		return true;
	for (size_t n = 0; n < never->addresses.count; n++)
		for (size_t a = 0; a < allow->addresses.count; a++)
			if (address_meets(allow->protocol, &never->addresses.items[n], &allow->addresses.items[a]))
				return true;
	return false;
}

static bool commands_meet(const struct rule *never, const struct rule *allow)
{
	if (strcmp(never->ioctl_kind, "any") != 0 && strcmp(allow->ioctl_kind, "any") != 0 &&
	    strcmp(never->ioctl_kind, allow->ioctl_kind) != 0)
		return false;
	if (!never->commands.count)
		return true;
	for (size_t n = 0; n < never->commands.count; n++)
		for (size_t a = 0; a < allow->commands.count; a++)
			if (never->commands.items[n] == allow->commands.items[a])
				return true;
	return false;
}

static bool typed_meet(const struct rule *never, const struct rule *allow)
{
	/* what may be executed may be read */
	if (never->class == REQUEST_FILE && allow->class == REQUEST_EXEC)
		return (never->operations & FILE_READ) && paths_meet(never, allow);
	if (never->class != allow->class)
		return false;
	switch (never->class) {
	case REQUEST_FILE: return (never->operations & allow->operations) && paths_meet(never, allow);
	case REQUEST_EXEC: return paths_meet(never, allow);
	case REQUEST_NET: return (never->operations & allow->operations) && nets_meet(never, allow);
	case REQUEST_SIGNAL: return never->operations & allow->operations;
	case REQUEST_IOCTL: return commands_meet(never, allow);
	case REQUEST_PTRACE:
	case REQUEST_MOUNT: return true;
	case REQUEST_SYSCALL:
	case REQUEST_CLASS_COUNT: break;
	}
	return false;
}

/* Is everything that @never describes denied or killed by one unconditional rule? */
static bool denied_anyway(const struct layer *layer, const struct rule *never)
{
	for (size_t i = 0; i < layer->rules.count; i++) {
		const struct rule *rule = &layer->rules.items[i];
		bool all = rule->class == never->class && rule->verdict.kind >= VERDICT_DENY && !rule->has_uid &&
			   rule->phase == PHASE_NONE && !rule->excepts.count && !rule->except_addresses.count;

		if (!all || (never->operations & ~rule->operations))
			continue;
		if (never->class == REQUEST_FILE || never->class == REQUEST_EXEC) {
			for (size_t n = 0; n < never->objects.count && all; n++)
				all = !rule->objects.count || any_covers(&rule->objects, &never->objects.items[n]);
			all &= never->objects.count || !rule->objects.count;
		} else if (never->class == REQUEST_NET) {
			all = (rule->all_protocols || (!never->all_protocols && rule->protocol == never->protocol)) &&
			      !rule->addresses.count;
		} else if (never->class == REQUEST_IOCTL) {
			all = !strcmp(rule->ioctl_kind, "any") && !rule->commands.count;
		}
		if (all)
			return true;
	}
	return false;
}

static void report_never(const struct never *never, const struct rule *allow, const char *witness, struct diags *diags)
{
	struct diag *d = diag_error(diags, "C0302", never->rule.span, "this is allowed");

	if (allow) {
		diag_note(diags, d, "by `%s`", rule_text(diags->arena, allow));
		d->related = allow->span;
		d->related_label = "allowed here";
	}
	if (witness)
		diag_note(diags, d, "for example %s", witness);
	diag_help(diags, d, "narrow the rule that allows it (`except ...`), or drop the `never`");
}

static void check_typed(const struct layer *layer, const struct never *never, struct diags *diags)
{
	if (denied_anyway(layer, &never->rule))
		return;
	for (size_t i = 0; i < layer->rules.count; i++) {
		const struct rule *rule = &layer->rules.items[i];

		if (rule->verdict.kind <= VERDICT_ASK && typed_meet(&never->rule, rule)) {
			report_never(never, rule, NULL, diags);
			return;
		}
	}
}

/* ---- never, calls ---- */

#define REPRESENTATIVES_MAX 64
#define REQUESTS_MAX 500000

struct representatives {
	uint64_t values[6][REPRESENTATIVES_MAX];
	size_t count[6];
	bool overflow;
};

static void add_value(struct representatives *set, unsigned arg, uint64_t value)
{
	for (size_t i = 0; i < set->count[arg]; i++)
		if (set->values[arg][i] == value)
			return;
	if (set->count[arg] == REPRESENTATIVES_MAX)
		set->overflow = true;
	else
		set->values[arg][set->count[arg]++] = value;
}

static void add_cond(struct representatives *set, const struct cond *cond)
{
	if (!cond)
		return;
	if (cond->kind != COND_ATOM) {
		add_cond(set, cond->left);
		add_cond(set, cond->right);
		return;
	}
	add_value(set, cond->arg, cond->value);
	add_value(set, cond->arg, cond->value + 1);
	add_value(set, cond->arg, cond->value - 1);
	if (cond->has_mask) {
		add_value(set, cond->arg, cond->mask);
		add_value(set, cond->arg, cond->mask | cond->value);
	}
	if (cond->compare == COMPARE_WITHIN) {
		add_value(set, cond->arg, ~cond->value);
		add_value(set, cond->arg, ~cond->value & (cond->value + 1));
	}
}

/* Masks of one argument may be wanted together: every union of two values. */
static void add_unions(struct representatives *set)
{
	for (unsigned arg = 0; arg < 6; arg++) {
		size_t count = set->count[arg];

		for (size_t a = 0; a < count && count <= 12; a++)
			for (size_t b = a + 1; b < count; b++)
				add_value(set, arg, set->values[arg][a] | set->values[arg][b]);
	}
}

/* For any user: those that conditions name, and one that none names. */
static bool allowed_for_somebody(const struct layer *layer, struct request *request, long *ret_rule)
{
	uint32_t unnamed = 1;

	for (size_t i = 0; i < layer->rules.count; i++) {
		if (!layer->rules.items[i].has_uid)
			continue;
		request->uid = layer->rules.items[i].uid;
		if (unnamed <= request->uid)
			unnamed = request->uid + 1;
		if (layer_decide(layer, request, ret_rule).kind <= VERDICT_ASK)
			return true;
	}
	request->uid = unnamed;
	return layer_decide(layer, request, ret_rule).kind <= VERDICT_ASK;
}

static const char *search(const struct layer *layer, const struct call_rule *never, enum arch arch, struct diags *diags,
			  long *ret_rule)
{
	const struct call_row *row = &call_table[never->call];
	struct representatives *set = arena_new_of(diags->arena, struct representatives);
	size_t at[6] = { 0 }, total = 1;
	uint32_t nr = (uint32_t)row->nr[arch] | arch_table[arch].nr_base;

	add_cond(set, never->cond[arch]);
	for (size_t i = 0; i < layer->calls.count; i++)
		if (layer->calls.items[i].call == never->call)
			add_cond(set, layer->calls.items[i].cond[arch]);
	add_unions(set);
	for (unsigned arg = 0; arg < 6; arg++) {
		if (!set->count[arg])
			add_value(set, arg, 0);
		total *= set->count[arg];
		if (set->overflow || total > REQUESTS_MAX)
			return "(too many combinations to decide: simplify the conditions on this call)";
	}
	for (;;) {
		struct request request = { .class = REQUEST_SYSCALL, .arch = arch, .nr = nr, .phase = PHASE_NONE };
		unsigned arg = 0;

		for (unsigned i = 0; i < 6; i++)
			request.args[i] = set->values[i][at[i]];
		if ((!never->cond[arch] || cond_holds(never->cond[arch], request.args)) &&
		    allowed_for_somebody(layer, &request, ret_rule)) {
			struct str out;

			str_init(&out, diags->arena);
			request_print(&request, &out);
			return out.text;
		}
		while (arg < 6 && ++at[arg] == set->count[arg])
			at[arg++] = 0;
		if (arg == 6)
			return NULL;
	}
}

static void check_calls(const struct layer *layer, const struct never *never, struct diags *diags)
{
	for (size_t i = 0; i < never->calls.count; i++)
		for (unsigned arch = 0; arch < ARCH_COUNT; arch++) {
			const struct call_rule *rule = &never->calls.items[i];
			const char *witness;
			long deciding = -1;

			if (!(layer->arches & 1u << arch) || call_table[rule->call].nr[arch] == CALL_NR_NONE)
				continue;
			witness = search(layer, rule, (enum arch)arch, diags, &deciding);
			if (!witness)
				continue;
			report_never(never, deciding >= 0 ? &layer->rules.items[deciding] : NULL, witness, diags);
			return;
		}
}

int model_check(const struct model *model, struct diags *diags)
{
	size_t errors = diags->errors;

	for (size_t l = 0; l < model->count; l++) {
		const struct layer *layer = model->items[l];

		for (size_t i = 0; i < layer->tests.count; i++)
			check_test(layer, &layer->tests.items[i], diags);
		for (size_t i = 0; i < layer->nevers.count; i++) {
			if (layer->nevers.items[i].rule.class == REQUEST_SYSCALL)
				check_calls(layer, &layer->nevers.items[i], diags);
			else
				check_typed(layer, &layer->nevers.items[i], diags);
		}
	}
	return diags->errors > errors ? -EINVAL : 0;
}
