/* cbpf.c - a call policy as one classic BPF program: leaves, the tree of each architecture, and the way to them. */
#include "plan/cbpf.h"

#include <errno.h>
#include <stddef.h>

#include "plan/cbpf_node.h"

/* Every range weighs something, or the tree would bury what tables call rare arbitrarily deep. */
#define WEIGHT_SCALE (WEIGHT_ALL / 10000)
/* Programs for other architectures are rare where the native one is allowed too. */
#define FOREIGN_WEIGHT_DIVISOR 64

/* An action that no verdict has. */
#define PLACEHOLDER SECCOMP_RET_TRACE

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
	} nodes; /* of all leaves */
	struct {
		bool known;
		uint32_t action;
		node_id node;
	} last;            /* verdict */
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

/* Neighbours often have the same: the last one is kept. */
static node_id emit_verdict(struct emitter *emitter, struct verdict verdict)
{
	const uint32_t action = verdict_to_action(verdict);

	if (!emitter->last.known || emitter->last.action != action) {
		emitter->last.known = true;
		emitter->last.action = action;
		emitter->last.node = graph_return(&emitter->graph, action);
	}
	return emitter->last.node;
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

static void reserve_leaves(struct emitter *emitter, struct leaves *leaves, size_t count)
{
	struct arena *arena = emitter->graph.arena;
	const size_t all = emitter->nodes.count + count;

	leaves->items = arena_alloc(arena, count * sizeof(leaves->items[0]));
	leaves->capacity = count;
	emitter->nodes.items = arena_resize(arena, emitter->nodes.items, emitter->nodes.count * sizeof(node_id),
					    all * sizeof(node_id));
	emitter->nodes.capacity = all;
}

static void collect_leaves(struct emitter *emitter, enum arch arch)
{
	const struct call_entries *entries = &emitter->policy->entries[arch];
	const bool wanted = emitter->policy->arches & 1U << arch;
	bool token_due = arch == arch_native() && emitter->with_token;

	reserve_leaves(emitter, &emitter->leaves[arch], (wanted ? entries->count : 0) + token_due);
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

/* From single numbers of @arch, without the architecture's base, to ranges over all; what is between is unknown. Returns
 * what all weigh. */
static uint64_t make_ranges(struct emitter *emitter, enum arch arch, struct ranges *ret)
{
	const struct leaves *leaves = &emitter->leaves[arch];
	uint32_t next = 0;
	uint64_t weight = 0;

	for (size_t i = 0; i < leaves->count; i++) {
		const struct leaf *leaf = &leaves->items[i];
		const uint32_t nr = leaf->nr - arch_table[arch].nr_base;

		if (nr > next)
			add_range(emitter, ret, next, emitter->unknown, 0);
		add_range(emitter, ret, nr, emitter->nodes.items[leaf->node], leaf->weight);
		next = nr + 1;
		weight += leaf->weight;
	}
	/* the last number there is has no next */
	if (next > 0 || !leaves->count)
		add_range(emitter, ret, next, emitter->unknown, 0);
	return weight;
}

/* x86-64 and x32 share an architecture number; x32's calls have a bit more, and are mostly x86-64's: behind the test for the
 * bit it is cut off, and what is the same is shared. No jump goes backward, so the way to x32 leads through the same
 * tests for great numbers as x86-64's once more; they are few. */
static node_id emit_x86_64(struct emitter *emitter)
{
	const struct held cut = { nr_word.at, ~X32_SYSCALL_BIT };
	struct ranges ranges = { 0 }, x32 = { 0 };
	node_id tree, placeholder;
	uint64_t weight;

	make_ranges(emitter, ARCH_X86_64, &ranges);
	if (!emitter->leaves[ARCH_X32].count)
		return graph_tree(&emitter->graph, nr_word, &ranges);
	if (ranges.items[ranges.count - 1].first == X32_SYSCALL_BIT)
		ranges.count--;
	weight = make_ranges(emitter, ARCH_X32, &x32);
	placeholder = graph_return(&emitter->graph, PLACEHOLDER);
	add_range(emitter, &ranges, X32_SYSCALL_BIT, placeholder, weight);
	tree = graph_tree(&emitter->graph, nr_word, &ranges);
	return graph_replace_last(&emitter->graph, nr_word, tree,
				  graph_and(&emitter->graph, cut, graph_overlay(&emitter->graph, cut, tree, &x32)));
}

static node_id emit_numbers(struct emitter *emitter, enum arch arch)
{
	struct ranges ranges = { 0 };

	if (arch == ARCH_X86_64)
		return emit_x86_64(emitter);
	make_ranges(emitter, arch, &ranges);
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
	node = graph_load(&emitter->graph, nr_word, emit_numbers(emitter, arch));
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
