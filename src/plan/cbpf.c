/* cbpf.c - a call policy as one classic BPF program: leaves, the tree of each architecture, and the way to them. */
#include "plan/cbpf.h"

#include <errno.h>
#include <stddef.h>

#include "plan/cbpf_node.h"

/* Every range weighs something, or the tree would bury what tables call rare arbitrarily deep. */
#define WEIGHT_SCALE 256
/* x32 shares its tree with x86-64; programs of that kind are rare where both are allowed. */
#define X32_WEIGHT_DIVISOR 64

static const struct held arch_word = { offsetof(struct seccomp_data, arch), UINT32_MAX };
static const struct held nr_word = { offsetof(struct seccomp_data, nr), UINT32_MAX };

/* The unused upper halves of execveat's fd and flags. */
static const struct held token_words[2] = {
	{ offsetof(struct seccomp_data, args[0]) + 4, UINT32_MAX },
	{ offsetof(struct seccomp_data, args[4]) + 4, UINT32_MAX },
};

struct emitter {
	struct graph graph;
	const struct call_policy *policy;
	const struct cbpf_options *options;
	node_id unknown;
	uint32_t token_nr; /* execveat on the native architecture */
	bool with_token;
	bool token_due; /* in the native architecture's numbers, and not placed yet */
};

struct leaf {
	uint32_t nr;
	node_id node;
	uint64_t weight;
};
struct leaves {
	struct leaf *items; /* ascending by nr */
	size_t count, capacity;
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

static node_id emit_cases(struct emitter *emitter, const struct call_entry *entry)
{
	node_id node = emit_verdict(emitter, entry->otherwise);

	for (size_t i = entry->case_count; i-- > 0;) {
		const struct call_case *item = &entry->cases[i];
		const node_id verdict = emit_verdict(emitter, item->verdict);

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
	uint64_t weight = entry->call < call_count ? call_table[entry->call].weight * (uint64_t)WEIGHT_SCALE : 0;

	if (arch == ARCH_X32 && emitter->policy->arches & 1U << ARCH_X86_64)
		weight /= X32_WEIGHT_DIVISOR;
	return weight;
}

static void add_leaf(struct emitter *emitter, struct leaves *leaves, uint32_t nr, node_id node, uint64_t weight)
{
	if (emitter->token_due && nr == emitter->token_nr) {
		node = emit_token(emitter, node);
		emitter->token_due = false;
	}
	*arena_push(emitter->graph.arena, leaves) = (struct leaf){ nr, node, weight };
}

/* execveat is there even where the policy has no entry for it (a filter for foreign architectures only). */
static void add_missing_token(struct emitter *emitter, struct leaves *leaves)
{
	size_t at;

	if (!emitter->token_due)
		return;
	add_leaf(emitter, leaves, emitter->token_nr, emitter->unknown, 0);
	for (at = leaves->count - 1; at > 0 && leaves->items[at - 1].nr > leaves->items[at].nr; at--) {
		const struct leaf swap = leaves->items[at];

		leaves->items[at] = leaves->items[at - 1];
		leaves->items[at - 1] = swap;
	}
}

static void add_range(struct emitter *emitter, struct ranges *ranges, uint32_t first, node_id leaf, uint64_t weight)
{
	if (ranges->count > 0 && ranges->items[ranges->count - 1].leaf == leaf) {
		ranges->items[ranges->count - 1].weight += weight;
		return;
	}
	*arena_push(emitter->graph.arena, ranges) = (struct range){ first, leaf, weight + 1 };
}

/* From single numbers to ranges over all of them; what is between is unknown. */
static struct ranges make_ranges(struct emitter *emitter, const struct leaves *leaves)
{
	struct ranges ranges = { 0 };
	uint64_t next = 0;

	for (size_t i = 0; i < leaves->count; i++) {
		const struct leaf *leaf = &leaves->items[i];

		if (leaf->nr > next)
			add_range(emitter, &ranges, (uint32_t)next, emitter->unknown, 0);
		add_range(emitter, &ranges, leaf->nr, leaf->node, leaf->weight);
		next = (uint64_t)leaf->nr + 1;
	}
	if (next <= UINT32_MAX)
		add_range(emitter, &ranges, (uint32_t)next, emitter->unknown, 0);
	return ranges;
}

/* Numbers of all architectures that the kernel shows as @audit_arch (x32 numbers lie above those of x86-64). */
static struct ranges collect_ranges(struct emitter *emitter, uint32_t audit_arch, bool native)
{
	struct leaves leaves = { 0 };

	emitter->token_due = native && emitter->with_token;
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
		const struct call_entries *entries = &emitter->policy->entries[arch];

		if (arch_table[arch].audit_arch != audit_arch || !(emitter->policy->arches & 1U << arch))
			continue;
		for (size_t i = 0; i < entries->count; i++) {
			const struct call_entry *entry = &entries->items[i];

			if (call_nr_belongs(arch, entry->nr))
				add_leaf(emitter, &leaves, entry->nr, emit_cases(emitter, entry),
					 entry_weight(emitter, arch, entry));
		}
	}
	add_missing_token(emitter, &leaves);
	return make_ranges(emitter, &leaves);
}

static bool audit_arch_wanted(const struct emitter *emitter, uint32_t audit_arch, bool native)
{
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
		if (arch_table[arch].audit_arch == audit_arch && emitter->policy->arches & 1U << arch)
			return true;
	return native && emitter->with_token;
}

/* Tests for one architecture in front of @otherwise. */
static node_id emit_arch(struct emitter *emitter, enum arch arch, node_id otherwise)
{
	const uint32_t audit_arch = arch_table[arch].audit_arch;
	const bool native = audit_arch == arch_table[arch_native()].audit_arch;
	struct ranges ranges;
	node_id node;

	if (!audit_arch_wanted(emitter, audit_arch, native))
		return otherwise;
	ranges = collect_ranges(emitter, audit_arch, native);
	node = graph_load(&emitter->graph, nr_word, graph_tree(&emitter->graph, nr_word, &ranges));
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
	root = graph_simplify(&emitter.graph, emit_all(&emitter));
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
