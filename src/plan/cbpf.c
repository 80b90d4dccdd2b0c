/* cbpf.c - a call policy as one classic BPF program: leaves, the tree of each architecture, and the way to them. */
#include "plan/cbpf.h"

#include <errno.h>
#include <stddef.h>

#include "plan/cbpf_node.h"

/* Every range weighs something, or the tree would bury what tables call rare arbitrarily deep. */
#define WEIGHT_SCALE (WEIGHT_ALL / 10000)
/* Programs for other architectures are rare where the native one is allowed too. */
#define FOREIGN_WEIGHT_DIVISOR 64

static const struct held arch_word = { offsetof(struct seccomp_data, arch), UINT32_MAX };
static const struct held nr_word = { offsetof(struct seccomp_data, nr), UINT32_MAX };

/* The unused upper halves of execveat's fd and flags. */
static const struct held token_words[2] = {
	{ offsetof(struct seccomp_data, args[0]) + 4, UINT32_MAX },
	{ offsetof(struct seccomp_data, args[4]) + 4, UINT32_MAX },
};

struct leaf {
	uint32_t nr;
	uint32_t node; /* index into emitter->nodes */
	uint64_t weight;
};
struct leaves {
	struct leaf *items; /* ascending by nr */
	size_t count, capacity;
};

struct emitter {
	struct graph graph;
	const struct call_policy *policy;
	const struct cbpf_options *options;
	node_id unknown;
	struct leaves leaves[ARCH_COUNT];
	struct {
		node_id *items;
		size_t count, capacity;
	} nodes;           /* of all leaves */
	uint32_t token_nr; /* execveat on the native architecture */
	bool with_token;
};

uint32_t verdict_to_action(struct verdict verdict)
{
	switch (verdict.kind) {
	case VERDICT_ALLOW: return SECCOMP_RET_ALLOW;
	case VERDICT_ASK: return SECCOMP_RET_USER_NOTIF;
	case VERDICT_DENY: return SECCOMP_RET_ERRNO | (verdict.error ? verdict.error : EPERM);
	case VERDICT_KILL: return SECCOMP_RET_KILL_PROCESS;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

/* Foreign actions too. What the kernel doesn't know kills; so does SIGSYS; TRACE without a tracer is ENOSYS. */
struct verdict verdict_from_action(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG: return (struct verdict){ .kind = VERDICT_ALLOW };
	case SECCOMP_RET_USER_NOTIF: return (struct verdict){ .kind = VERDICT_ASK };
	case SECCOMP_RET_TRACE: return (struct verdict){ .kind = VERDICT_DENY, .error = ENOSYS };
	case SECCOMP_RET_ERRNO: return (struct verdict){ .kind = VERDICT_DENY, .error = action & SECCOMP_RET_DATA };
	}
	return (struct verdict){ .kind = VERDICT_KILL };
}

static node_id emit_verdict(struct emitter *emitter, struct verdict verdict)
{
	return graph_return(&emitter->graph, verdict_to_action(verdict));
}

/* Rules of one kind open a call under the same few conditions, over and over. Looking back this far finds them. */
#define REPEATS_MAX 8

static bool is_repeated(const struct call_case *cases, size_t at)
{
	for (size_t i = at > REPEATS_MAX ? at - REPEATS_MAX : 0; i < at; i++)
		if (cases[i].cond == cases[at].cond && cases[i].verdict.kind == cases[at].verdict.kind &&
		    cases[i].verdict.error == cases[at].verdict.error)
			return true;
	return false;
}

static node_id emit_cases(struct emitter *emitter, const struct call_entry *entry)
{
	node_id node = emit_verdict(emitter, entry->otherwise);

	for (size_t i = entry->case_count; i-- > 0;) {
		const struct call_case *item = &entry->cases[i];
		node_id verdict;

		if (is_repeated(entry->cases, i))
			continue;
		verdict = emit_verdict(emitter, item->verdict);

		node = item->cond ? graph_cond(&emitter->graph, item->cond, verdict, node) : verdict;
	}
	return node;
}

/* The start of the confined program passes, whatever @node says about other execveats. */
static node_id emit_token(struct emitter *emitter, node_id node)
{
	struct graph *graph = &emitter->graph;
	const node_id allow = graph_return(graph, SECCOMP_RET_ALLOW);
	node_id match = allow;

	if (node == allow)
		return node;
	for (unsigned which = 2; which-- > 0;) {
		match = graph_test_token(graph, token_words[which], which, emitter->options->token[which], match, node);
		match = graph_load(graph, token_words[which], match);
	}
	return match;
}

static uint64_t entry_weight(const struct emitter *emitter, enum arch arch, const struct call_entry *entry)
{
	const uint64_t weight = entry->call < call_count ? call_table[entry->call].weight * WEIGHT_SCALE : 0;
	const bool foreign = arch != arch_native() && emitter->policy->arches & 1U << arch_native();

	return foreign ? weight / FOREIGN_WEIGHT_DIVISOR : weight;
}

/* ---- leaves ---- */

static void add_leaf(struct emitter *emitter, struct leaves *leaves, uint32_t nr, node_id node, uint64_t weight)
{
	*arena_push(emitter->graph.arena, &emitter->nodes) = node;
	*arena_push(emitter->graph.arena, leaves) = (struct leaf){ nr, (uint32_t)emitter->nodes.count - 1, weight };
}

/* execveat is there even where the policy has no entry for it (a filter for foreign architectures only). */
static void add_missing_token(struct emitter *emitter, struct leaves *leaves)
{
	size_t at;

	add_leaf(emitter, leaves, emitter->token_nr, emit_token(emitter, emitter->unknown), 0);
	for (at = leaves->count - 1; at > 0 && leaves->items[at - 1].nr > leaves->items[at].nr; at--) {
		const struct leaf swap = leaves->items[at];

		leaves->items[at] = leaves->items[at - 1];
		leaves->items[at - 1] = swap;
	}
}

static void collect_leaves(struct emitter *emitter, enum arch arch)
{
	const struct call_entries *entries = &emitter->policy->entries[arch];
	const bool wanted = emitter->policy->arches & 1U << arch;
	bool token_due = arch == arch_native() && emitter->with_token;

	for (size_t i = 0; wanted && i < entries->count; i++) {
		const struct call_entry *entry = &entries->items[i];
		node_id node;

		if (!call_nr_belongs(arch, entry->nr))
			continue;
		node = emit_cases(emitter, entry);
		if (token_due && entry->nr == emitter->token_nr) {
			node = emit_token(emitter, node);
			token_due = false;
		}
		add_leaf(emitter, &emitter->leaves[arch], entry->nr, node, entry_weight(emitter, arch, entry));
	}
	if (token_due)
		add_missing_token(emitter, &emitter->leaves[arch]);
}

/* ---- the tree of each architecture ---- */

static void add_range(struct emitter *emitter, struct ranges *ranges, uint32_t first, node_id leaf, uint64_t weight)
{
	if (ranges->count > 0 && ranges->items[ranges->count - 1].leaf == leaf) {
		ranges->items[ranges->count - 1].weight += weight;
		return;
	}
	*arena_push(emitter->graph.arena, ranges) = (struct range){ first, leaf, weight + 1 };
}

/* From single numbers to ranges from @next on; what is between is unknown. Returns what all weigh. */
static uint64_t add_ranges(struct emitter *emitter, const struct leaves *leaves, uint64_t next, struct ranges *ranges)
{
	uint64_t weight = 0;

	for (size_t i = 0; i < leaves->count; i++) {
		const struct leaf *leaf = &leaves->items[i];

		if (leaf->nr > next)
			add_range(emitter, ranges, (uint32_t)next, emitter->unknown, 0);
		add_range(emitter, ranges, leaf->nr, emitter->nodes.items[leaf->node], leaf->weight);
		next = (uint64_t)leaf->nr + 1;
		weight += leaf->weight;
	}
	if (next <= UINT32_MAX)
		add_range(emitter, ranges, (uint32_t)next, emitter->unknown, 0);
	return weight;
}

/* All architectures that the kernel shows as @audit_arch. Numbers of x32 lie above those of x86-64 and are a tree of
 * their own there: it could hardly be better as a part of the whole, and two small trees are made faster. */
static node_id emit_numbers(struct emitter *emitter, uint32_t audit_arch)
{
	struct ranges ranges = { 0 };

	for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
		const uint32_t base = arch_table[arch].nr_base;
		struct ranges own = { 0 };
		uint64_t weight;

		if (arch_table[arch].audit_arch != audit_arch || !emitter->leaves[arch].count)
			continue;
		if (!base) {
			add_ranges(emitter, &emitter->leaves[arch], 0, &ranges);
			continue;
		}
		if (!ranges.count)
			add_range(emitter, &ranges, 0, emitter->unknown, 0);
		weight = add_ranges(emitter, &emitter->leaves[arch], base, &own);
		add_range(emitter, &ranges, base, graph_tree(&emitter->graph, nr_word, &own), weight);
	}
	return graph_tree(&emitter->graph, nr_word, &ranges);
}

static bool audit_arch_wanted(const struct emitter *emitter, uint32_t audit_arch)
{
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
		if (arch_table[arch].audit_arch == audit_arch && emitter->leaves[arch].count)
			return true;
	return false;
}

/* Tests for one architecture in front of @otherwise. */
static node_id emit_arch(struct emitter *emitter, enum arch arch, node_id otherwise)
{
	const uint32_t audit_arch = arch_table[arch].audit_arch;
	node_id node;

	if (!audit_arch_wanted(emitter, audit_arch))
		return otherwise;
	node = graph_load(&emitter->graph, nr_word, emit_numbers(emitter, audit_arch));
	node = graph_test(&emitter->graph, arch_word, BPF_JEQ, audit_arch, node, otherwise);
	return graph_load(&emitter->graph, arch_word, node);
}

/* True for one architecture of each group with the same audit number. */
static bool speaks_for_group(enum arch arch)
{
	for (enum arch other = 0; other < arch; other++)
		if (arch_table[other].audit_arch == arch_table[arch].audit_arch)
			return false;
	return true;
}

static node_id emit_all(struct emitter *emitter)
{
	const uint32_t native = arch_table[arch_native()].audit_arch;
	node_id node = emitter->unknown;

	for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
		collect_leaves(emitter, arch);
	graph_simplify(&emitter->graph, emitter->nodes.items, emitter->nodes.count);
	/* the native one last, so that it is asked first */
	for (int pass = 0; pass < 2; pass++)
		for (enum arch arch = ARCH_COUNT; arch-- > 0;)
			if (speaks_for_group(arch) && (arch_table[arch].audit_arch == native) == pass)
				node = emit_arch(emitter, arch, node);
	return node;
}

static void emitter_init(struct emitter *emitter, struct arena *arena)
{
	const int execveat = call_find("execveat");
	const enum arch native = arch_native();

	graph_init(&emitter->graph, arena);
	emitter->unknown = emit_verdict(emitter, emitter->policy->unknown);
	if (!emitter->options || !emitter->options->with_token || execveat < 0)
		return;
	emitter->with_token = true;
	emitter->token_nr = arch_table[native].nr_base + (uint32_t)call_table[execveat].nr[native];
}

int cbpf_emit(const struct call_policy *policy, const struct cbpf_options *options, struct arena *arena,
	      struct cbpf *ret)
{
	struct emitter emitter = { .policy = policy, .options = options };
	node_id root;

	emitter_init(&emitter, arena);
	root = emit_all(&emitter);
	if (emitter.graph.too_big)
		return -E2BIG;
	return graph_place(&emitter.graph, root, ret);
}

void cbpf_set_token(struct cbpf *program, const uint32_t token[2])
{
	for (int i = 0; i < 2; i++)
		if (program->token_at[i] >= 0)
			program->code[program->token_at[i]].k = token[i];
}
