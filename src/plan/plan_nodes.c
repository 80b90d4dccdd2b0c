/* plan_nodes.c - the tree nodes of a layer, found by path and by object: what holds at a place is looked up along the way
 * up from it, however many rules there are.
 *
 * A node covers what is at its path, and below it when it is a subtree; and the same for its object, wherever that is
 * mounted. So what covers a place has one of the paths that lead to it, or is one of the objects that hold it. */
#include "plan/planner.h"

#include <string.h>

struct node_rights {
	struct {
		uint32_t operations;
		bool exec;
		uint32_t node; /* place in items + 1; of paths only */
	} of[2];               /* those of nodes that are no subtree, and of those that are */
};

static void add_rights(struct node_rights *rights, const struct tree_node *node)
{
	rights->of[node->subtree].operations |= node->operations;
	rights->of[node->subtree].exec |= node->exec;
}

/* The rights at @key of @map, made where there are none. */
static struct node_rights *rights_at(struct tree_nodes *nodes, struct arena *arena, struct map *map, const void *key,
				     size_t size)
{
	uint32_t *place = map_at(map, arena, key, size);

	if (!*place) {
		*arena_push(arena, &nodes->rights) = (struct node_rights){ 0 };
		*place = (uint32_t)nodes->rights.count;
	}
	return &nodes->rights.items[*place - 1];
}

/* What nothing is known of has no id. */
static const struct object_id *id_of(const struct tree_node *node)
{
	const struct host_object *object = node->object;

	return object && object->chain.count && object->chain.items[0].inode ? &object->chain.items[0] : NULL;
}

void tree_nodes_add(struct tree_nodes *nodes, struct arena *arena, const struct tree_node *node)
{
	struct node_rights *rights = rights_at(nodes, arena, &nodes->by_path, node->path, strlen(node->path));
	uint32_t *known = &rights->of[node->subtree].node;
	const struct object_id *id;
	struct tree_node *item;

	add_rights(rights, node);
	if (*known) {
		item = &nodes->items[*known - 1];
		item->operations |= node->operations;
		item->exec |= node->exec;
	} else {
		*known = (uint32_t)nodes->count + 1;
		item = arena_push(arena, nodes);
		*item = *node;
	}
	id = id_of(item);
	if (id)
		add_rights(rights_at(nodes, arena, &nodes->by_object, id, sizeof(*id)), node);
}

void tree_nodes_clear(struct tree_nodes *nodes)
{
	nodes->count = nodes->rights.count = 0;
	map_clear(&nodes->by_path);
	map_clear(&nodes->by_object);
}

struct effective {
	uint32_t operations;
	bool exec;
};

/* @here: at the place itself, not above it. */
static void collect(struct effective *effective, const struct tree_nodes *nodes, const uint32_t *place,
		    const struct tree_node *node, bool here)
{
	const struct node_rights *rights = place ? &nodes->rights.items[*place - 1] : NULL;

	for (int subtree = 0; rights && subtree < 2; subtree++) {
		if (!subtree && !(here && !node->subtree))
			continue;
		effective->operations |= rights->of[subtree].operations;
		effective->exec |= rights->of[subtree].exec;
	}
}

uint32_t planner_effective(const struct tree_nodes *nodes, const struct tree_node *node, bool *ret_exec)
{
	const size_t whole = strlen(node->path);
	struct effective effective = { 0 };

	for (size_t size = whole; size > 1; size--)
		if (size == whole || node->path[size] == '/')
			collect(&effective, nodes, map_find(&nodes->by_path, node->path, size), node, size == whole);
	collect(&effective, nodes, map_find(&nodes->by_path, "/", 1), node, whole == 1);
	for (size_t i = 0; node->object && i < node->object->chain.count; i++) {
		const struct object_id *id = &node->object->chain.items[i];

		collect(&effective, nodes, map_find(&nodes->by_object, id, sizeof(*id)), node, i == 0);
	}
	if (ret_exec)
		*ret_exec = effective.exec;
	return effective.operations;
}
