/* plan_objects.c - when rules are about the same objects, whatever they call them, and what stands behind a name.
 *
 * Landlock knows objects, not names: a rule on a directory holds wherever that directory is mounted, and a rule whose path
 * leads through a symbolic link holds where the link points. So do all comparisons here. */
#include "plan/planner.h"

#include <string.h>

bool path_below(const char *path, const char *root)
{
	size_t size = strlen(root);

	if (!strcmp(root, "/"))
		return true;
	return !strncmp(path, root, size) && (path[size] == '/' || !path[size]);
}

/* ---- one object, several names ---- */

/* How many steps @object is above what @chain is about, or -1. Inode 0: nothing is known. */
static int steps_above(const struct host_object *object, const struct object_ids *chain)
{
	const struct object_id *id = object->chain.items;

	if (!object->chain.count || !id->inode)
		return -1;
	for (size_t i = 0; i < chain->count; i++)
		if (chain->items[i].inode == id->inode && chain->items[i].device == id->device)
			return (int)i;
	return -1;
}

static bool node_covers(const struct tree_node *outer, const struct tree_node *inner)
{
	int above = outer->object && inner->object ? steps_above(outer->object, &inner->object->chain) : -1;

	if (!strcmp(outer->path, inner->path) || above == 0)
		return outer->subtree || !inner->subtree;
	return outer->subtree && (above > 0 || path_below(inner->path, outer->path));
}

static bool lies_in(const struct host_object *inner, const struct host_object *outer)
{
	return path_below(inner->real, outer->real) || steps_above(outer, &inner->chain) >= 0;
}

bool planner_patterns_meet(struct planner *p, const struct pattern *a, const struct pattern *b)
{
	const struct host_object *at_a, *at_b;
	bool a_in_b, b_in_a;

	if (pattern_overlap(a, b))
		return true;
	/* names of which one leads to the other: their text has decided it */
	if (path_below(a->root, b->root) || path_below(b->root, a->root))
		return false;
	at_a = planner_object(p, a);
	at_b = planner_object(p, b);
	a_in_b = lies_in(at_a, at_b);
	b_in_a = lies_in(at_b, at_a);
	/* a pattern that is no literal reaches what is below its root */
	return (a_in_b && b_in_a) || (a_in_b && (b->subtree || !b->literal_root)) ||
	       (b_in_a && (a->subtree || !a->literal_root));
}

/* What @node itself puts back inside a private directory is there. */
bool planner_is_hidden(const struct planner *p, const char *path, const struct tree_node *node)
{
	for (size_t l = 0; l < p->model->count; l++)
		for (size_t i = 0; i < p->model->items[l]->privates.count; i++) {
			const char *private = p->model->items[l]->privates.items[i];

			if (path_below(path, private) && path_below(private, node->path))
				return true;
		}
	return false;
}

/* ---- what a rule may not lead through, or to ---- */

/* Names that mean another object in each process, and what the kernel makes up behind them. */
static bool names_self(const struct host_object *object)
{
	static const char *const selves[] = { "/proc/self", "/proc/thread-self", "/dev/fd",
					      "/dev/stdin", "/dev/stdout",       "/dev/stderr" };

	for (size_t i = 0; i < ARRAY_SIZE(selves); i++)
		if (path_below(object->path, selves[i]))
			return true;
	for (size_t i = 0; i < object->links.count; i++)
		if (path_below(object->links.items[i].path, "/proc"))
			return true;
	return false;
}

bool planner_name_fits(struct planner *p, size_t i, const struct pattern *pattern)
{
	const struct host_object *object = planner_object(p, pattern);

	if (names_self(object)) {
		planner_refuse(p, i, MECHANISM_SUPERVISOR, NULL, "`%s` is another object in each process",
			       pattern->root);
		return false;
	}
	for (size_t k = 0; k < object->links.count; k++)
		if (object->links.items[k].foreign) {
			planner_refuse(p, i, MECHANISM_SUPERVISOR,
				       arena_printf(p->arena, "write `%s` if that is meant", object->real),
				       "`%s` is a symbolic link that another user made where anybody can",
				       object->links.items[k].path);
			return false;
		}
	return true;
}

bool planner_is_dropped(const struct planner *p, const struct pattern *pattern)
{
	for (size_t i = 0; i < p->dropped.count; i++)
		if (p->dropped.items[i] == pattern)
			return true;
	return false;
}

/* A link where the program can make names may be its own work: an earlier run chose what this one reaches. Who writes a
 * policy names what is meant; a template can't be changed, so there the link leads nowhere. */
static bool check_links(struct planner *p, size_t i, const struct pattern *pattern)
{
	const struct rule *rule = &p->layer->rules.items[i];
	const struct host_object *object = planner_object(p, pattern);
	const struct tree_node everything = { .path = "/", .subtree = true };
	uint32_t granted;
	bool exec;

	granted = planner_effective(&p->nodes, &everything, &exec);
	if (object->type == OBJECT_ABSENT || (rule->class == REQUEST_EXEC ? exec : !(rule->operations & ~granted)))
		return true;
	for (size_t k = 0; k < object->links.count; k++) {
		const struct tree_node directory = { .path = object->links.items[k].directory };

		if (!(planner_effective(&p->nodes, &directory, NULL) & FILE_CREATE))
			continue;
		if (rule->template_name) {
			*arena_push(p->arena, &p->dropped) = pattern;
			return false;
		}
		planner_refuse(
			p, i, MECHANISM_SUPERVISOR,
			arena_printf(p->arena, "write `%s%s` if that is meant", object->real,
				     pattern->subtree ? "/**" : ""),
			"`%s` is a symbolic link where the policy lets the program make names: it may be its own work",
			object->links.items[k].path);
		return false;
	}
	return true;
}

static void refuse_own(struct planner *p, size_t i, const struct host_object *own)
{
	if (own->type == OBJECT_DIRECTORY)
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "grant the directories that are meant",
			       "`%s` belongs to Cordon", own->real);
	else if (p->facts->log && !strcmp(own->path, p->facts->log))
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "log to another directory",
			       "`%s` is the log of what is denied: the program could change it", own->real);
	else
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "keep the policy in another directory",
			       "`%s` is the policy: the program could change it for its next run", own->real);
}

/* Whoever can change Cordon's files is not confined the next time. */
static bool check_own(struct planner *p, size_t i, const struct pattern *pattern)
{
	const struct host_object *object = planner_object(p, pattern);
	const struct tree_node node = { .path = object->real, .subtree = pattern->subtree, .object = object };

	if (!(p->layer->rules.items[i].operations & CHANGING_OPERATIONS) || object->type == OBJECT_ABSENT)
		return true;
	for (size_t k = 0; k < p->facts->own.count; k++) {
		const struct host_object *own = &p->facts->own.items[k];
		const struct tree_node at = { .path = own->real, .object = own };

		if ((!node_covers(&node, &at) && !path_below(object->real, own->real)) ||
		    planner_is_hidden(p, own->real, &node))
			continue;
		refuse_own(p, i, own);
		return false;
	}
	return true;
}

bool planner_object_fits(struct planner *p, size_t i, const struct pattern *pattern)
{
	return check_links(p, i, pattern) && check_own(p, i, pattern);
}
