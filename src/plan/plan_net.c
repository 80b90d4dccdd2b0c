/* plan_net.c - net rules: sockets by family and protocol in the filter, TCP ports in Landlock, listen() by the parent.
 *
 * The filter's gates for bind, connect, listen and accept are shared by all protocols. TCP's bind and connect are held
 * by Landlock whatever the gates say; a protocol that nothing else holds is carried only when it may do at least
 * everything that the gates let through. */
#include "plan/planner.h"

#include <errno.h>
#include <string.h>

#define PORTS 65536

struct port_set {
	uint8_t bits[PORTS / 8];
};

static void ports_change(struct port_set *set, unsigned first, unsigned last, bool present)
{
	for (unsigned port = first; port <= last; port++) {
		const uint8_t bit = (uint8_t)(1u << (port & 7));
		uint8_t *byte = &set->bits[port >> 3];

		if (bit == 1 && last - port >= 7) {
			*byte = present ? UINT8_MAX : 0;
			port += 7;
		} else {
			*byte = present ? *byte | bit : (uint8_t)(*byte & ~bit);
		}
	}
}

static bool ports_all(const struct port_set *set)
{
	for (size_t i = 0; i < sizeof(set->bits); i++)
		if (set->bits[i] != UINT8_MAX)
			return false;
	return true;
}

static bool all_ports(const struct net_address *address)
{
	return address->any_address && address->port_first == 0 && address->port_last == UINT16_MAX;
}

/* ---- each rule by itself ---- */

static void refuse_address(struct planner *p, size_t i, const struct net_address *address)
{
	const struct rule *rule = &p->layer->rules.items[i];
	const char *protocol = named_name(&net_protocol_table, rule->protocol);

	if (rule->protocol == NET_TCP)
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "write `*` as the address if any will do",
			       "Landlock knows ports, not the address `%s`", address->text);
	else if (rule->protocol == NET_UDP)
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "write `*:*` if any will do",
			       "no kernel mechanism here knows ports or addresses of UDP (`%s`)", address->text);
	else
		planner_refuse(p, i, MECHANISM_SUPERVISOR, NULL,
			       "the address of a %s socket (`%s`) stands in memory, where no filter may look", protocol,
			       address->text);
}

static bool address_fits(const struct rule *rule, const struct net_address *address)
{
	switch (rule->protocol) {
	case NET_TCP: return address->any_address;
	case NET_UDP: return all_ports(address);
	case NET_UNIX: return false;
	case NET_NETLINK:
	case NET_PACKET:
	case NET_VSOCK: return address->any_address;
	case NET_PROTOCOL_COUNT: break;
	}
	return false;
}

static void check_alone(struct planner *p, size_t i)
{
	const struct rule *rule = &p->layer->rules.items[i];

	for (size_t k = 0; k < rule->addresses.count; k++) {
		const struct net_address *address = &rule->addresses.items[k];

		if (!address_fits(rule, address)) {
			refuse_address(p, i, address);
			return;
		}
		if (rule->protocol == NET_TCP && !all_ports(address) && p->caps->landlock < 4) {
			planner_refuse(p, i, MECHANISM_LANDLOCK, "use a newer kernel, or `isolate net`",
				       "TCP ports need Landlock ABI 4, this kernel has %d", p->caps->landlock);
			return;
		}
	}
	for (size_t k = 0; k < rule->except_addresses.count; k++)
		if (rule->protocol != NET_TCP || !rule->except_addresses.items[k].any_address) {
			planner_refuse(p, i, MECHANISM_SUPERVISOR, "name what is meant, without `except`",
				       "only TCP ports can be left out of a grant");
			return;
		}
	if ((rule->operations & NET_ACCEPT) && rule->protocol == NET_TCP && !p->caps->notify)
		planner_refuse(p, i, MECHANISM_LISTENER, "use a newer kernel",
			       "listen() on a socket that was never bound takes a port of its own, and only a user "
			       "notification can stop that");
}

static bool is_allow(const struct planner *p, size_t i)
{
	return p->layer->rules.items[i].class == REQUEST_NET && p->layer->rules.items[i].verdict.kind == VERDICT_ALLOW;
}

/* ---- all rules together ---- */

struct net_state {
	uint32_t gates; /* operations that the filter lets through */
	uint32_t granted[NET_PROTOCOL_COUNT];
	bool open[NET_PROTOCOL_COUNT];
};

static void collect(const struct planner *p, struct net_state *state)
{
	*state = (struct net_state){ 0 };
	for (size_t i = 0; i < p->layer->rules.count; i++) {
		const struct rule *rule = &p->layer->rules.items[i];

		if (!is_allow(p, i) || !planner_active(p, i))
			continue;
		state->gates |= rule->operations;
		state->granted[rule->protocol] |= rule->operations;
		state->open[rule->protocol] = true;
	}
}

/* The calls that send with an address in memory, where no filter may look. */
static bool sends_anywhere(const struct planner *p)
{
	static const char *const names[] = { "sendmsg", "sendmmsg", "sendto" };

	for (size_t k = 0; k < ARRAY_SIZE(names); k++)
		if (planner_call_is_open(p, names[k]))
			return true;
	return false;
}

/* A datagram needs no connect(): who has the socket can send to anybody. TCP's sendmsg() has nothing but MSG_FASTOPEN for
 * that, which is pinned. */
static bool check_datagrams(struct planner *p, size_t i, const struct net_state *state)
{
	const struct rule *rule = &p->layer->rules.items[i];

	if (rule->protocol == NET_TCP || (state->granted[rule->protocol] & NET_CONNECT) || !sends_anywhere(p))
		return true;
	planner_refuse(
		p, i, MECHANISM_SUPERVISOR,
		arena_printf(p->arena, "grant `net connect %s *%s` as well",
			     named_name(&net_protocol_table, rule->protocol), rule->protocol == NET_UDP ? ":*" : ""),
		"whoever has such a socket can send to anybody: sendmsg has the address in memory, where no filter "
		"may look");
	return false;
}

static bool settle(struct planner *p, size_t i, const struct net_state *state)
{
	const struct rule *rule = &p->layer->rules.items[i];
	uint32_t held = rule->protocol == NET_TCP ? (p->caps->landlock >= 4 ? NET_BIND | NET_CONNECT : 0u) : 0u;
	uint32_t leak = state->gates & ~state->granted[rule->protocol] & ~held;
	struct str names;

	/* the parent that answers listen() answers for TCP, and UDP has no listen() */
	if (rule->protocol == NET_TCP || rule->protocol == NET_UDP)
		leak &= ~(uint32_t)NET_ACCEPT;
	if (rule->protocol != NET_TCP && (rule->operations & NET_ACCEPT) && state->open[NET_TCP]) {
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "grant accept on TCP only, or use another profile",
			       "listen() is answered for TCP sockets only");
		return true;
	}
	if (!check_datagrams(p, i, state))
		return true;
	if (!leak)
		return false;
	str_init(&names, p->arena);
	operations_print(REQUEST_NET, leak, &names);
	planner_refuse(p, i, MECHANISM_SUPERVISOR,
		       arena_printf(p->arena, "grant `net %s %s *...` as well, or not for other protocols either",
				    names.text, named_name(&net_protocol_table, rule->protocol)),
		       "the filter opens %s for another protocol, and can't tell on which socket it is called",
		       names.text);
	return true;
}

/* ---- ports ---- */

static void rule_ports(const struct rule *rule, bool present, struct port_set *set)
{
	for (size_t k = 0; k < rule->addresses.count; k++)
		ports_change(set, rule->addresses.items[k].port_first, rule->addresses.items[k].port_last, present);
	for (size_t k = 0; k < rule->except_addresses.count; k++)
		ports_change(set, rule->except_addresses.items[k].port_first, rule->except_addresses.items[k].port_last,
			     !present);
}

/* What @rule leaves out is left out of that rule only. */
static void add_rule_ports(const struct planner *p, const struct rule *rule, struct port_set *set)
{
	struct port_set *one;

	if (!rule->except_addresses.count) {
		rule_ports(rule, true, set);
		return;
	}
	one = arena_new_of(p->arena, struct port_set);
	rule_ports(rule, true, one);
	for (size_t i = 0; i < sizeof(set->bits); i++)
		set->bits[i] |= one->bits[i];
}

/* All allows, then all denies taken away. */
static void tcp_ports(const struct planner *p, uint32_t operation, struct port_set *set)
{
	memset(set, 0, sizeof(*set));
	for (size_t i = 0; i < p->layer->rules.count; i++) {
		const struct rule *rule = &p->layer->rules.items[i];

		if (is_allow(p, i) && planner_active(p, i) && rule->protocol == NET_TCP &&
		    (rule->operations & operation))
			add_rule_ports(p, rule, set);
	}
	for (size_t i = 0; i < p->layer->rules.count; i++) {
		const struct rule *rule = &p->layer->rules.items[i];

		if (rule->class == REQUEST_NET && rule->verdict.kind == VERDICT_DENY && planner_active(p, i) &&
		    p->rules[i].mechanisms == MECHANISM_LANDLOCK && (rule->operations & operation))
			rule_ports(rule, false, set);
	}
}

static void grant_ports(struct planner *p, const struct port_set *set, uint64_t right)
{
	struct landlock_plan *plan = &p->out->landlock;

	plan->handled_net |= right;
	for (size_t i = 0; i < sizeof(set->bits); i++) {
		uint64_t ahead = 1;

		/* most ports are not there: eight bytes at a time */
		if (i % sizeof(ahead) == 0)
			memcpy(&ahead, set->bits + i, sizeof(ahead));
		if (!ahead) {
			i += sizeof(ahead) - 1;
			continue;
		}
		for (unsigned bits = set->bits[i]; bits; bits &= bits - 1)
			*arena_push(p->arena, &plan->ports) = (struct landlock_port){
				.port = (uint16_t)(8 * i + (unsigned)__builtin_ctz(bits)), .rights = right
			};
	}
}

static void plan_tcp(struct planner *p, const struct net_state *state)
{
	static const struct {
		uint32_t operation;
		const char *right;
	} held[] = { { NET_CONNECT, "connect_tcp" }, { NET_BIND, "bind_tcp" } };
	struct port_set *set = arena_new_of(p->arena, struct port_set);

	for (size_t h = 0; h < ARRAY_SIZE(held); h++) {
		uint64_t bit = 0;

		for (size_t i = 0; i < landlock_right_count; i++)
			if (landlock_rights[i].kind == LANDLOCK_NET && !strcmp(landlock_rights[i].name, held[h].right))
				bit = landlock_rights[i].bit;
		if (!(landlock_known(LANDLOCK_NET, p->caps->landlock) & bit))
			continue;
		tcp_ports(p, held[h].operation, set);
		/* every port: leave it to the filter alone, 65536 rules would say the same */
		if (!ports_all(set))
			grant_ports(p, set, bit);
	}
	if (!state->open[NET_TCP] || !(state->gates & NET_ACCEPT))
		return;
	tcp_ports(p, NET_ACCEPT, set);
	p->out->listens = !ports_all(set);
	memcpy(p->out->listen_ports, set->bits, sizeof(p->out->listen_ports));
}

/* ---- restrictions ---- */

static bool overlaps_allow(const struct planner *p, const struct rule *rule)
{
	for (size_t i = 0; i < p->layer->rules.count; i++) {
		const struct rule *other = &p->layer->rules.items[i];

		if (is_allow(p, i) && planner_active(p, i) && (other->operations & rule->operations) &&
		    (rule->all_protocols || rule->protocol == other->protocol))
			return true;
	}
	return false;
}

static bool ports_only(const struct rule *rule)
{
	for (size_t k = 0; k < rule->addresses.count; k++)
		if (!rule->addresses.items[k].any_address)
			return false;
	return rule->protocol == NET_TCP && !rule->all_protocols && rule->addresses.count &&
	       !rule->except_addresses.count && !(rule->operations & NET_ACCEPT && !(rule->operations & NET_BIND));
}

static void plan_restriction(struct planner *p, size_t i)
{
	const struct rule *rule = &p->layer->rules.items[i];
	bool everything = !rule->addresses.count && !rule->except_addresses.count;
	bool own_errno = rule->verdict.kind == VERDICT_DENY && (!rule->verdict.error || rule->verdict.error == EACCES);

	if (everything && (rule->all_protocols || rule->operations == NET_ALL))
		planner_carry(p, i, MECHANISM_SECCOMP, NULL);
	else if (own_errno && !overlaps_allow(p, rule))
		planner_carry(p, i, MECHANISM_DEFAULT, "no rule grants it");
	else if (own_errno && ports_only(rule) && p->caps->landlock >= 4)
		planner_carry(p, i, MECHANISM_LANDLOCK, NULL);
	else
		planner_refuse(p, i, MECHANISM_SUPERVISOR,
			       own_errno ? "grant what is meant instead of denying inside a grant"
					 : "leave out the errno",
			       own_errno ? "neither the filter nor Landlock can take this out of a grant"
					 : "Landlock has one answer, EACCES, and a filter can't see addresses");
}

void plan_net(struct planner *p)
{
	struct net_state state;
	bool changed;

	for (size_t i = 0; i < p->layer->rules.count; i++)
		if (is_allow(p, i) && !p->rules[i].decided)
			check_alone(p, i);
	do {
		changed = false;
		collect(p, &state);
		for (size_t i = 0; i < p->layer->rules.count && !changed; i++)
			if (is_allow(p, i) && !p->rules[i].decided)
				changed = settle(p, i, &state);
	} while (changed);
	for (size_t i = 0; i < p->layer->rules.count; i++) {
		const struct rule *rule = &p->layer->rules.items[i];
		uint32_t mechanisms = MECHANISM_SECCOMP;

		if (rule->class != REQUEST_NET || p->rules[i].decided)
			continue;
		if (rule->verdict.kind != VERDICT_ALLOW) {
			plan_restriction(p, i);
			continue;
		}
		if (rule->protocol == NET_TCP)
			mechanisms |= MECHANISM_LANDLOCK |
				      (rule->operations & NET_ACCEPT ? (uint32_t)MECHANISM_LISTENER : 0);
		planner_carry(p, i, mechanisms, NULL);
	}
	plan_tcp(p, &state);
}
