/* cbpf_overlay.c - a tree for ranges that are nearly those of another tree: what both have in common is shared.
 *
 * The other tree is walked with the numbers that get to each place. A threshold stays, with new branches; what is below
 * the last threshold, a chain or a leaf, stays where it does the same for these numbers, and is made anew where not. Nodes
 * are hash-consed, so a branch in which nothing is new is the old one. */
#include "plan/cbpf_node.h"

struct overlay {
	struct graph *graph;
	struct held held;
	const struct ranges *ranges;
};

static const struct node *overlay_node(const struct overlay *overlay, node_id id)
{
	return &overlay->graph->items[id];
}

static bool is_test(const struct node *node, uint16_t test)
{
	return node->code == (BPF_JMP | test | BPF_K) && !node->token;
}

static uint32_t range_last(const struct ranges *ranges, size_t at)
{
	return at + 1 < ranges->count ? ranges->items[at + 1].first - 1 : UINT32_MAX;
}

/* The ranges from @first to @last, cut to these bounds. */
static struct ranges overlay_slice(const struct overlay *overlay, uint32_t first, uint32_t last)
{
	const struct ranges *ranges = overlay->ranges;
	struct ranges slice = { 0 };

	for (size_t i = 0; i < ranges->count && ranges->items[i].first <= last; i++) {
		struct range range = ranges->items[i];

		if (range_last(ranges, i) < first)
			continue;
		range.first = range.first < first ? first : range.first;
		*arena_push(overlay->graph->arena, &slice) = range;
	}
	return slice;
}

/* Does the chain (or leaf) at @id lead all numbers from @first to @last to @leaf? */
static bool chain_leads(const struct overlay *overlay, node_id id, uint32_t first, uint32_t last, node_id leaf)
{
	uint64_t others = (uint64_t)last - first + 1;
	const struct node *node = overlay_node(overlay, id);

	for (; is_test(node, BPF_JEQ); node = overlay_node(overlay, id)) {
		if (node->k >= first && node->k <= last) {
			if (node->to[1] != leaf)
				return false;
			others--;
		}
		id = node->to[0];
	}
	return others == 0 || id == leaf;
}

static bool chain_fits(const struct overlay *overlay, node_id id, const struct ranges *slice, uint32_t last)
{
	for (size_t i = 0; i < slice->count; i++) {
		const uint32_t end = i + 1 < slice->count ? slice->items[i + 1].first - 1 : last;

		if (!chain_leads(overlay, id, slice->items[i].first, end, slice->items[i].leaf))
			return false;
	}
	return true;
}

static node_id overlay_run(const struct overlay *overlay, node_id id, uint32_t first, uint32_t last)
{
	const struct node node = *overlay_node(overlay, id);
	struct ranges slice;
	node_id yes;

	if (is_test(&node, BPF_JGE)) {
		if (node.k <= first || node.k > last)
			return overlay_run(overlay, node.to[node.k <= first], first, last);
		yes = overlay_run(overlay, node.to[1], node.k, last);
		return graph_test(overlay->graph, overlay->held, BPF_JGE, node.k, yes,
				  overlay_run(overlay, node.to[0], first, node.k - 1));
	}
	slice = overlay_slice(overlay, first, last);
	if (chain_fits(overlay, id, &slice, last))
		return id;
	return graph_tree(overlay->graph, overlay->held, &slice);
}

node_id graph_overlay(struct graph *graph, struct held held, node_id tree, const struct ranges *ranges)
{
	const struct overlay overlay = { .graph = graph, .held = held, .ranges = ranges };

	return overlay_run(&overlay, tree, 0, UINT32_MAX);
}

node_id graph_replace_last(struct graph *graph, struct held held, node_id tree, node_id new)
{
	const struct node node = graph->items[tree];

	if (!is_test(&node, BPF_JGE))
		return new;
	return graph_test(graph, held, BPF_JGE, node.k, graph_replace_last(graph, held, node.to[1], new), node.to[0]);
}
