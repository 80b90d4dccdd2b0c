/* evaluate.c - the meaning of a policy: which verdict a request gets, found by looking at every rule.
 *
 * Nothing here is fast or clever: the planner, the emitter and their proofs are held against it. */
#include <errno.h>
#include <string.h>

#include "policy/model.h"

/* ---- strength ---- */

bool verdict_stronger(struct verdict a, struct verdict b)
{
	if (a.kind != b.kind)
		return a.kind > b.kind;
	/* among denials the answer must not depend on the order of rules: an explicit errno wins, then the smaller one */
	if (!a.error || !b.error)
		return a.error && !b.error;
	return a.error < b.error;
}

/* What has been found so far. rule -1: nothing. */
struct decision {
	struct verdict verdict;
	long rule;
};

static void decision_offer(struct decision *decision, struct verdict verdict, long rule)
{
	const bool stronger = verdict_stronger(verdict, decision->verdict);
	const bool equal = !stronger && !verdict_stronger(decision->verdict, verdict);

	if (decision->rule < 0 || stronger || (equal && rule < decision->rule))
		*decision = (struct decision){ verdict, rule };
}

/* ---- conditions on call arguments ---- */

static uint64_t low_bits(uint64_t value, unsigned bits)
{
	return bits >= 64 ? value : value & (((uint64_t)1 << bits) - 1);
}

static int64_t sign_extended(uint64_t value, unsigned bits)
{
	const uint64_t sign = (uint64_t)1 << (bits - 1);

	return (int64_t)((low_bits(value, bits) ^ sign) - sign);
}

/* -1, 0, 1 as @value is below, at, above the atom's constant, in the atom's own type. */
static int atom_order(const struct cond *atom, uint64_t value)
{
	const uint64_t constant = low_bits(atom->value, atom->bits);
	const int64_t left = sign_extended(value, atom->bits), right = sign_extended(constant, atom->bits);

	if (atom->is_signed)
		return left < right ? -1 : left > right;
	return value < constant ? -1 : value > constant;
}

static bool atom_holds(const struct cond *atom, const uint64_t args[6])
{
	uint64_t value = low_bits(args[atom->arg], atom->bits);

	if (atom->has_mask)
		value &= atom->mask;
	switch (atom->compare) {
	case COMPARE_EQ: return atom_order(atom, value) == 0;
	case COMPARE_NE: return atom_order(atom, value) != 0;
	case COMPARE_LT: return atom_order(atom, value) < 0;
	case COMPARE_LE: return atom_order(atom, value) <= 0;
	case COMPARE_GT: return atom_order(atom, value) > 0;
	case COMPARE_GE: return atom_order(atom, value) >= 0;
	case COMPARE_WITHIN: return (value & ~atom->value) == 0;
	}
	return false;
}

bool cond_holds(const struct cond *cond, const uint64_t args[6])
{
	switch (cond->kind) {
	case COND_AND: return cond_holds(cond->left, args) && cond_holds(cond->right, args);
	case COND_OR: return cond_holds(cond->left, args) || cond_holds(cond->right, args);
	case COND_NOT: return !cond_holds(cond->left, args);
	case COND_ATOM: return atom_holds(cond, args);
	}
	return false;
}

/* ---- when a rule speaks at all ---- */

/* Who asks. Where the uid is not known, grants under a uid don't count and restrictions do. */
struct asker {
	int phase;
	bool uid_known;
	uint32_t uid;
};

static bool is_grant(const struct rule *rule)
{
	return rule->verdict.kind == VERDICT_ALLOW;
}

/* Grants of a phase hold until it ends, everything else from its beginning on: later phases are narrower. */
static bool rule_in_phase(const struct rule *rule, int phase)
{
	if (rule->phase == PHASE_NONE)
		return true;
	if (phase == PHASE_NONE)
		phase = 0;
	return is_grant(rule) ? phase <= rule->phase : phase >= rule->phase;
}

static bool rule_for_uid(const struct rule *rule, const struct asker *asker)
{
	if (!rule->has_uid)
		return true;
	if (!asker->uid_known)
		return !is_grant(rule);
	return (asker->uid == rule->uid) != rule->uid_not;
}

static bool rule_speaks(const struct rule *rule, const struct asker *asker)
{
	return rule_in_phase(rule, asker->phase) && rule_for_uid(rule, asker);
}

/* ---- calls ---- */

/* Row of call_table, or -1; *@arch becomes that whose conditions hold. @nr as the kernel sees it: x32 numbers carry their
 * bit, others don't. */
static int call_of_nr(const struct layer *layer, enum arch *arch, uint32_t nr)
{
	const uint32_t base = *arch < ARCH_COUNT ? arch_table[*arch].nr_base : 0;

	if (*arch >= ARCH_COUNT || !(layer->arches & 1U << *arch) || nr < base)
		return -1;
	*arch = call_nr_arch(*arch, nr - base, layer->arches);
	return call_find_nr(*arch, nr - base);
}

static struct verdict call_default(const struct layer *layer, uint16_t call)
{
	const struct fallback *fallback = &layer->defaults[call_request_class(call)];

	if (fallback->written)
		return fallback->verdict;
	return (struct verdict){ .kind = VERDICT_DENY, .error = (uint16_t)call_table[call].deny_errno };
}

/* A call that is denied without an errno of its own gets EPERM. */
static struct verdict call_verdict(struct verdict verdict)
{
	if (verdict.kind == VERDICT_DENY && !verdict.error)
		verdict.error = EPERM;
	return verdict;
}

static struct decision decide_call(const struct layer *layer, enum arch arch, uint32_t nr, const uint64_t args[6],
				   const struct asker *asker)
{
	struct decision decision = { .verdict = { .kind = VERDICT_DENY, .error = ENOSYS }, .rule = -1 };
	const int call = call_of_nr(layer, &arch, nr);

	if (call < 0)
		return decision;
	for (size_t i = 0; i < layer->calls.count; i++) {
		const struct call_rule *item = &layer->calls.items[i];

		if (item->call == call && rule_speaks(&layer->rules.items[item->rule], asker) &&
		    (!item->cond[arch] || cond_holds(item->cond[arch], args)))
			decision_offer(&decision, item->verdict, item->rule);
	}
	if (decision.rule < 0)
		decision.verdict = call_default(layer, (uint16_t)call);
	decision.verdict = call_verdict(decision.verdict);
	return decision;
}

struct verdict layer_decide_call(const struct layer *layer, enum arch arch, uint32_t nr, const uint64_t args[6],
				 long *ret_rule)
{
	const struct asker asker = { .phase = PHASE_NONE };
	const struct decision decision = decide_call(layer, arch, nr, args, &asker);

	if (ret_rule)
		*ret_rule = decision.rule;
	return decision.verdict;
}

/* ---- typed requests ---- */

/* A grant has to cover what is asked for, a restriction only to touch it; exceptions the other way round. @wide: touch. */
typedef bool rule_match(const struct rule *rule, const struct request *request, bool wide);

static bool any_pattern(const struct patterns *patterns, const char *path)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (pattern_match(&patterns->items[i], path))
			return true;
	return false;
}

static bool match_path(const struct rule *rule, const struct request *request, bool wide)
{
	if (!request->path)
		return wide;
	if (any_pattern(&rule->excepts, request->path))
		return false;
	return rule->objects.count ? any_pattern(&rule->objects, request->path) : wide;
}

static bool match_file(const struct rule *rule, const struct request *request, bool wide)
{
	return (rule->operations & request->operation) && match_path(rule, request, wide);
}

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	const unsigned bytes = bits / 8, rest = bits % 8;

	return memcmp(a, b, bytes) == 0 && (rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0);
}

/* ::ffff:a.b.c.d reaches a.b.c.d: one object, however it is named. */
static struct net_address plain_address(const struct net_address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct net_address plain = *address;

	if (plain.any_address || !plain.ipv6 || plain.prefix < 96 || memcmp(plain.bytes, mapped, sizeof(mapped)) != 0)
		return plain;
	plain.ipv6 = false;
	plain.prefix = (uint8_t)(plain.prefix - 96);
	memcpy(plain.bytes, address->bytes + sizeof(mapped), 4);
	return plain;
}

static unsigned prefix_bits(const struct net_address *address)
{
	const unsigned most = address->ipv6 ? 128 : 32;

	return address->prefix < most ? address->prefix : most;
}

/* Does @have cover @want, or (@wide) have anything in common with it? */
static bool match_prefix(const struct net_address *have, const struct net_address *want, bool wide)
{
	const unsigned have_bits = prefix_bits(have), want_bits = prefix_bits(want);

	if (have->any_address)
		return true;
	if (want->any_address)
		return wide;
	if (have->ipv6 != want->ipv6 || (have_bits > want_bits && !wide))
		return false;
	return bits_equal(have->bytes, want->bytes, have_bits < want_bits ? have_bits : want_bits);
}

static bool match_ports(const struct net_address *have, const struct net_address *want, bool wide)
{
	/* one port unless a range is written */
	const unsigned last = want->port_last > want->port_first ? want->port_last : want->port_first;

	if (wide)
		return want->port_first <= have->port_last && have->port_first <= last;
	return have->port_first <= want->port_first && last <= have->port_last;
}

static bool match_inet(const struct net_address *address, const struct net_address *wanted, bool wide)
{
	const struct net_address have = plain_address(address), want = plain_address(wanted);

	return match_ports(&have, &want, wide) && match_prefix(&have, &want, wide);
}

static bool match_unix(const struct net_address *address, const struct net_address *wanted, bool wide)
{
	if (address->abstract && wanted->abstract)
		return address->any_address || strcmp(address->abstract, wanted->abstract) == 0;
	if (address->path.text && wanted->path.text)
		return pattern_match(&address->path, wanted->path.text);
	if (address->abstract || address->path.text) /* of the other kind, or asked for any */
		return wide && wanted->any_address;
	return address->any_address;
}

static bool match_address(enum net_protocol protocol, const struct net_address *address,
			  const struct net_address *wanted, bool wide)
{
	switch (protocol) {
	case NET_TCP:
	case NET_UDP: return match_inet(address, wanted, wide);
	case NET_UNIX: return match_unix(address, wanted, wide);
	case NET_NETLINK:
	case NET_PACKET:
	case NET_VSOCK:
		if (wanted->any_address)
			return wide || address->any_address;
		return address->any_address || address->number == wanted->number;
	case NET_PROTOCOL_COUNT: break;
	}
	return wide;
}

static bool any_address(const struct net_addresses *addresses, const struct request *request, bool wide)
{
	for (size_t i = 0; i < addresses->count; i++)
		if (match_address(request->protocol, &addresses->items[i], &request->address, wide))
			return true;
	return false;
}

static bool match_net(const struct rule *rule, const struct request *request, bool wide)
{
	if (!(rule->operations & request->operation) || (!rule->all_protocols && rule->protocol != request->protocol))
		return false;
	if (any_address(&rule->except_addresses, request, !wide))
		return false;
	return rule->addresses.count ? any_address(&rule->addresses, request, wide) : wide;
}

static bool match_signal(const struct rule *rule, const struct request *request, bool wide)
{
	(void)wide;
	return rule->operations & (uint32_t)request->number;
}

static bool match_ioctl(const struct rule *rule, const struct request *request, bool wide)
{
	const char *have = rule->ioctl_kind, *want = request->ioctl_kind;

	if (have && strcmp(have, "any") != 0 && (!want || strcmp(have, want) != 0))
		return false;
	for (size_t i = 0; i < rule->commands.count; i++)
		if (rule->commands.items[i] == request->number)
			return true;
	return rule->commands.count == 0 && wide;
}

static bool match_always(const struct rule *rule, const struct request *request, bool wide)
{
	(void)rule;
	(void)request;
	(void)wide;
	return true;
}

static rule_match *const matches[REQUEST_CLASS_COUNT] = {
	[REQUEST_FILE] = match_file,     [REQUEST_NET] = match_net,       [REQUEST_EXEC] = match_path,
	[REQUEST_SIGNAL] = match_signal, [REQUEST_PTRACE] = match_always, [REQUEST_IOCTL] = match_ioctl,
	[REQUEST_MOUNT] = match_always,
};

/* What may be executed may be read: the kernel opens it for both, and Landlock asks for both rights. */
static bool match_rule(const struct rule *rule, const struct request *request)
{
	if (rule->class == request->class)
		return matches[rule->class](rule, request, !is_grant(rule));
	return rule->class == REQUEST_EXEC && is_grant(rule) && request->class == REQUEST_FILE &&
	       request->operation == FILE_READ && match_path(rule, request, false);
}

static struct decision decide_one(const struct layer *layer, const struct request *request, const struct asker *asker)
{
	struct decision decision = { .verdict = { .kind = VERDICT_DENY }, .rule = -1 };

	for (size_t i = 0; i < layer->rules.count; i++) {
		const struct rule *rule = &layer->rules.items[i];

		if (rule_speaks(rule, asker) && match_rule(rule, request))
			decision_offer(&decision, rule->verdict, (long)i);
	}
	if (decision.rule < 0 && layer->defaults[request->class].written)
		decision.verdict = layer->defaults[request->class].verdict;
	return decision;
}

/* A request for several operations at once (`file edit`) is as permitted as the least permitted of them. */
static struct decision decide_typed(const struct layer *layer, const struct request *request, const struct asker *asker)
{
	struct request one = *request;
	uint32_t left = request->operation;
	struct decision strongest;

	one.operation = left & -left;
	strongest = decide_one(layer, &one, asker);
	for (left &= left - 1; left; left &= left - 1) {
		struct decision decision;

		one.operation = left & -left;
		decision = decide_one(layer, &one, asker);
		if (verdict_stronger(decision.verdict, strongest.verdict))
			strongest = decision;
	}
	return strongest;
}

struct verdict layer_decide(const struct layer *layer, const struct request *request, long *ret_rule)
{
	const struct asker asker = { .phase = request->phase, .uid_known = true, .uid = request->uid };
	struct decision decision = { .verdict = { .kind = VERDICT_DENY }, .rule = -1 };

	if (request->class == REQUEST_SYSCALL)
		decision = decide_call(layer, request->arch, request->nr, request->args, &asker);
	else if (request->class < REQUEST_CLASS_COUNT)
		decision = decide_typed(layer, request, &asker);
	if (ret_rule)
		*ret_rule = decision.rule;
	return decision.verdict;
}

/* Kinds alone decide between layers, as in the kernel: of two filters that both say errno, the later one's is taken. */
struct verdict model_decide(const struct model *model, const struct request *request, size_t *ret_layer, long *ret_rule)
{
	struct verdict strongest = { .kind = VERDICT_DENY };
	size_t layer = 0;
	long rule = -1;

	for (size_t i = 0; i < model->count; i++) {
		long deciding;
		const struct verdict verdict = layer_decide(model->items[i], request, &deciding);

		if (i > 0 && verdict.kind < strongest.kind)
			continue;
		strongest = verdict;
		layer = i;
		rule = deciding;
	}
	if (ret_layer)
		*ret_layer = layer;
	if (ret_rule)
		*ret_rule = rule;
	return strongest;
}
