/* resolve_calls.c - what the rules of a layer say about system calls.
 *
 * A `syscall` rule speaks for itself; a typed rule brings the calls of its templates in data/grants.cordon. What a typed
 * restriction closes is less than what the same grant opens: only a restriction of everything of its kind closes calls,
 * the rest is the business of the mechanism that knows objects. */
#include "policy/resolver.h"

#include <string.h>

#include "policy/compiled.h"

static void add_call_rule(struct resolver *r, uint32_t index, uint16_t call, struct verdict verdict,
			  const struct cond *const cond[ARCH_COUNT])
{
	struct call_rule *added = arena_push(r->arena, &r->layer->calls);

	*added = (struct call_rule){ .verdict = verdict, .call = call, .rule = index };
	memcpy(added->cond, cond, sizeof(added->cond));
}

static const struct cond *always_false(struct resolver *r)
{
	struct cond *cond;

	if (r->never)
		return r->never;
	/* no value is below zero */
	cond = arena_new_of(r->arena, struct cond);
	*cond = (struct cond){ .kind = COND_ATOM, .bits = 64, .compare = COMPARE_LT, .value = 0 };
	r->never = cond;
	return cond;
}

/* Condition @place of the compiled texts. */
static const struct cond *compiled_at(struct resolver *r, uint16_t place)
{
	if (!place)
		return NULL;
	if (!r->compiled)
		r->compiled = arena_alloc(r->arena, compiled_cond_count * sizeof(struct cond *));
	if (!r->compiled[place])
		r->compiled[place] = compiled_expand(place, r->arena);
	return r->compiled[place];
}

static const struct cond *pin_of(struct resolver *r, uint16_t call, enum arch arch)
{
	const struct compiled_call *pin = compiled_pin(call);
	const struct cond *cond = pin ? compiled_at(r, pin->cond[arch]) : NULL;

	/* a pin that can't be stated keeps the call closed */
	return cond ? cond : always_false(r);
}

/* ---- `syscall` rules ---- */

/* One call under the rule's own condition, or a basic call of a group under its pin. */
static void open_call(struct resolver *r, const struct scope *scope, const struct ast_rule *ast, uint32_t index,
		      uint16_t call, bool from_group, struct verdict verdict)
{
	const struct cond *cond[ARCH_COUNT] = { 0 };
	const struct call_row *row = &call_table[call];

	for (unsigned arch = 0; arch < ARCH_COUNT; arch++) {
		if (!(r->layer->arches & 1u << arch) || row->nr[arch] == CALL_NR_NONE)
			continue;
		if (ast->cond) {
			cond[arch] = resolve_cond(r, scope, ast->cond, call, (enum arch)arch);
			if (!cond[arch])
				return;
		} else if (from_group && row->pin && verdict.kind == VERDICT_ALLOW) {
			cond[arch] = pin_of(r, call, (enum arch)arch);
		}
	}
	add_call_rule(r, index, call, verdict, cond);
}

static const char *const class_reason[CLASS_COUNT] = {
	[CLASS_TYPED] = "is opened by a typed statement (file, net, exec, signal, ioctl)",
	[CLASS_DANGEROUS] = "is dangerous",
};

static bool may_open(struct resolver *r, const struct rule *rule, const struct word *word, const struct call_row *row,
		     bool from_group)
{
	struct diag *d;

	if (rule->builtin || rule->verdict.kind != VERDICT_ALLOW || row->class == CLASS_BASIC ||
	    row->class == CLASS_PRIVILEGED)
		return true;
	if (!from_group && !rule->template_name && rule->because)
		return true;
	d = diag_error(r->diags, row->class == CLASS_TYPED ? "C0220" : "C0222", word->span, "`%s` %s: %s", row->name,
		       class_reason[row->class],
		       from_group            ? "no group can open it"
		       : rule->template_name ? "no template can open it"
					     : "it needs a reason");
	diag_help(r->diags, d, "write `syscall %s because \"...\"` in the profile itself%s", row->name,
		  row->class == CLASS_TYPED ? ", or the typed statement" : "");
	return false;
}

static void open_group(struct resolver *r, const struct scope *scope, const struct rule *rule, uint32_t index,
		       const struct word *word, const char *name)
{
	const struct call_group *group = call_group_find(name);

	if (!group) {
		diag_help(r->diags, diag_error(r->diags, "C0213", word->span, "unknown group `%s`", name),
			  "`cordon explain @` lists the groups");
		return;
	}
	for (size_t i = 0; i < group->count; i++) {
		if (!may_open(r, rule, word, &call_table[group->calls[i]], true))
			return;
		open_call(r, scope, rule->ast, index, group->calls[i], true, rule->verdict);
	}
}

static void open_named(struct resolver *r, const struct scope *scope, const struct rule *rule, uint32_t index)
{
	for (size_t i = 0; i < rule->ast->objects.count; i++) {
		const struct word *word = &rule->ast->objects.items[i];
		const char *name = resolve_word(r, scope, word);
		const char *near;
		struct diag *d;
		int call;

		if (!name)
			continue;
		if (*name == '@') {
			open_group(r, scope, rule, index, word, name);
			continue;
		}
		call = call_find(name);
		if (call >= 0) {
			if (may_open(r, rule, word, &call_table[call], false))
				open_call(r, scope, rule->ast, index, (uint16_t)call, false, rule->verdict);
			continue;
		}
		d = diag_error(r->diags, "C0212", word->span, "unknown system call `%s`", name);
		near = call_suggest(name);
		if (near)
			diag_help(r->diags, d, "did you mean `%s`?", near);
		else
			diag_help(r->diags, d, "the tables know the calls of Linux up to 6.18");
	}
}

/* ---- typed rules: through the grant tables ---- */

/* The calls of grant/@kind@name with @verdict, in the name of rule @index. */
static void apply_grant(struct resolver *r, uint32_t index, const char *kind, const char *name, struct verdict verdict)
{
	char whole[sizeof(compiled_grants->name)] = "grant/";
	const struct compiled_grant *grant;

	if (strlen(whole) + strlen(kind) + strlen(name) >= sizeof(whole))
		return;
	stpcpy(stpcpy(whole + strlen(whole), kind), name);
	grant = compiled_grant(whole);
	for (size_t i = 0; grant && i < grant->count; i++) {
		const struct compiled_call *call = &compiled_calls[grant->first + i];
		const struct verdict as_written = { .kind = (enum verdict_kind)call->verdict };
		const struct cond *cond[ARCH_COUNT] = { 0 };

		for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
			if ((r->layer->arches & 1u << arch) && call_table[call->call].nr[arch] != CALL_NR_NONE)
				cond[arch] = compiled_at(r, call->cond[arch]);
		add_call_rule(r, index, call->call, call->has_verdict ? as_written : verdict, cond);
	}
}

static void grant_file(struct resolver *r, uint32_t index, const struct rule *rule)
{
	bool everything = !rule->objects.count && !rule->excepts.count;

	if (rule->verdict.kind != VERDICT_ALLOW && !everything)
		return;
	for (size_t i = 0; i < file_operation_table.count; i++) {
		const struct named_number *row = &file_operation_table.rows[i];

		/* opens stay possible for what is not restricted: only a rule about all operations closes them */
		if (row->value == FILE_EDIT || !(rule->operations & row->value))
			continue;
		if (rule->verdict.kind != VERDICT_ALLOW && rule->operations != FILE_ALL &&
		    (row->value & (FILE_READ | FILE_WRITE | FILE_APPEND | FILE_CREATE | FILE_EXEC_MAP)))
			continue;
		apply_grant(r, index, "file-", row->name, rule->verdict);
	}
}

static void grant_net_operation(struct resolver *r, uint32_t index, const struct rule *rule, const char *protocol)
{
	if (rule->verdict.kind == VERDICT_ALLOW || rule->operations == NET_ALL)
		apply_grant(r, index, "net-", protocol, rule->verdict);
	/* bind and connect are shared by all protocols: a restriction of one protocol can't close them */
	if (rule->verdict.kind != VERDICT_ALLOW && !rule->all_protocols)
		return;
	if ((rule->operations & NET_CONNECT) && (rule->protocol != NET_TCP || rule->all_protocols))
		apply_grant(r, index, "net-connect-udp", "", rule->verdict);
	else if (rule->operations & NET_CONNECT)
		apply_grant(r, index, "net-connect", "", rule->verdict);
	if (rule->operations & NET_BIND)
		apply_grant(r, index, "net-bind", "", rule->verdict);
	if (rule->operations & NET_ACCEPT)
		apply_grant(r, index, "net-accept", "", rule->verdict);
}

static void grant_net(struct resolver *r, uint32_t index, const struct rule *rule)
{
	bool everything = !rule->addresses.count && !rule->except_addresses.count;

	if (rule->verdict.kind != VERDICT_ALLOW && !everything)
		return;
	for (size_t i = 0; i < net_protocol_table.count; i++)
		if (rule->all_protocols || net_protocol_table.rows[i].value == (uint64_t)rule->protocol)
			grant_net_operation(r, index, rule, net_protocol_table.rows[i].name);
}

static void grant_ioctl(struct resolver *r, uint32_t index, const struct rule *rule)
{
	const struct cond *cond[ARCH_COUNT] = { 0 };
	const struct cond *any = NULL;
	int call = call_find("ioctl");

	/* a kind other than `any` is seen by the supervisor alone; it grants nothing here */
	if (call < 0 || strcmp(rule->ioctl_kind, "any") != 0)
		return;
	for (size_t i = 0; i < rule->commands.count; i++) {
		struct cond *atom = arena_new_of(r->arena, struct cond);
		struct cond *either = arena_new_of(r->arena, struct cond);

		*atom = (struct cond){
			.kind = COND_ATOM, .arg = 1, .bits = 32, .compare = COMPARE_EQ, .value = rule->commands.items[i]
		};
		*either = (struct cond){ .kind = COND_OR, .left = any, .right = atom };
		any = any ? either : atom;
	}
	for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
		cond[arch] = any;
	add_call_rule(r, index, (uint16_t)call, rule->verdict, cond);
}

static void grant_signal(struct resolver *r, uint32_t index, const struct rule *rule)
{
	uint32_t all = SIGNAL_SELF | SIGNAL_DOMAIN | SIGNAL_OTHER;

	if (rule->verdict.kind == VERDICT_ALLOW || rule->operations == all)
		apply_grant(r, index, "signal", "", rule->verdict);
}

void resolve_rule_calls(struct resolver *r, uint32_t index)
{
	const struct rule rule = r->layer->rules.items[index];
	struct scope scope = { .template_name = rule.template_name, .phase = rule.phase };

	/* what only the supervisor can decide opens nothing by itself */
	if (rule.as_user)
		return;
	switch (rule.class) {
	case REQUEST_FILE: grant_file(r, index, &rule); break;
	case REQUEST_NET: grant_net(r, index, &rule); break;
	case REQUEST_EXEC:
		if (rule.verdict.kind == VERDICT_ALLOW || !rule.objects.count)
			apply_grant(r, index, "exec", "", rule.verdict);
		break;
	case REQUEST_SIGNAL: grant_signal(r, index, &rule); break;
	case REQUEST_PTRACE: apply_grant(r, index, "ptrace", "", rule.verdict); break;
	case REQUEST_MOUNT: apply_grant(r, index, "mount", "", rule.verdict); break;
	case REQUEST_IOCTL: grant_ioctl(r, index, &rule); break;
	case REQUEST_SYSCALL: open_named(r, &scope, &rule, index); break;
	case REQUEST_CLASS_COUNT: break;
	}
}

/* ---- what is in no rule: self-protection, bits that nobody knows ---- */

static uint32_t add_builtin_rule(struct resolver *r, const char *because)
{
	struct rule *rule = arena_push(r->arena, &r->layer->rules);

	*rule = (struct rule){ .verdict.kind = VERDICT_DENY,
			       .class = REQUEST_SYSCALL,
			       .phase = PHASE_NONE,
			       .because = because,
			       .builtin = true };
	return (uint32_t)(r->layer->rules.count - 1);
}

/* Which flag arguments does @cond test? Raw registers don't count: whoever writes argN:64 sees all bits. */
static unsigned tested_flags(const struct cond *cond, const struct call_row *row, enum arch arch)
{
	if (!cond)
		return 0;
	if (cond->kind != COND_ATOM)
		return tested_flags(cond->left, row, arch) | tested_flags(cond->right, row, arch);
	if (cond->arg >= row->arg_count || call_arg_type(&call_args(row)[cond->arg])->kind != ARG_FLAGS ||
	    !call_arg_set(&call_args(row)[cond->arg]) || cond->bits != call_arg_bits(row, cond->arg, arch))
		return 0;
	return 1u << cond->arg;
}

/* A flag that the tables don't know may mean anything: where a policy looks at a flag argument, such bits are denied. */
static void deny_unknown_bits(struct resolver *r, uint32_t index, uint16_t call, const unsigned tested[ARCH_COUNT])
{
	const struct call_row *row = &call_table[call];

	for (unsigned arg = 0; arg < row->arg_count; arg++) {
		const struct cond *cond[ARCH_COUNT];
		unsigned any = 0;

		for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
			any |= tested[arch] & 1u << arg;
		for (unsigned arch = 0; any && arch < ARCH_COUNT; arch++) {
			struct cond *within, *outside;

			cond[arch] = always_false(r);
			if (!(tested[arch] & 1u << arg))
				continue;
			within = arena_new_of(r->arena, struct cond);
			outside = arena_new_of(r->arena, struct cond);
			*within = (struct cond){ .kind = COND_ATOM,
						 .arg = (uint8_t)arg,
						 .bits = (uint8_t)call_arg_bits(row, arg, (enum arch)arch),
						 .compare = COMPARE_WITHIN,
						 .value = call_arg_set(&call_args(row)[arg])->known[arch] };
			*outside = (struct cond){ .kind = COND_NOT, .left = within };
			cond[arch] = outside;
		}
		if (any)
			add_call_rule(r, index, call, (struct verdict){ .kind = VERDICT_DENY }, cond);
	}
}

/* Sort by call; those of one call stay in the order in which they were added, which is that of the rules. */
static void sort_calls(struct resolver *r, struct call_rules *rules)
{
	struct call_rule *sorted = arena_alloc(r->arena, rules->count * sizeof(*sorted));
	uint32_t *next = arena_alloc(r->arena, (call_count + 1) * sizeof(*next));

	for (size_t i = 0; i < rules->count; i++)
		next[rules->items[i].call + 1]++;
	for (size_t call = 1; call < call_count; call++)
		next[call] += next[call - 1];
	for (size_t i = 0; i < rules->count; i++)
		sorted[next[rules->items[i].call]++] = rules->items[i];
	rules->items = sorted;
	rules->capacity = rules->count;
}

void resolve_finish_calls(struct resolver *r)
{
	uint32_t self = add_builtin_rule(r, "Cordon never opens this");
	uint32_t unknown = add_builtin_rule(r, "a flag that the tables don't know may mean anything");
	unsigned(*tested)[ARCH_COUNT] = arena_alloc(r->arena, call_count * sizeof(*tested));

	apply_grant(r, self, "builtin", "", (struct verdict){ .kind = VERDICT_DENY });
	for (size_t i = 0; i < r->layer->calls.count; i++) {
		const struct call_rule *rule = &r->layer->calls.items[i];

		for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
			tested[rule->call][arch] |= tested_flags(rule->cond[arch], &call_table[rule->call],
								 (enum arch)arch);
	}
	for (size_t call = 0; call < call_count; call++)
		deny_unknown_bits(r, unknown, (uint16_t)call, tested[call]);
	sort_calls(r, &r->layer->calls);
}
