/* plan_mounts.c - the view of the file system under `isolate mount`: everything read-only but what rules let change,
 * what may be written is noexec, private directories are empty. One view for the process, so all layers together: a tree
 * is writable only where every layer with a view of its own lets something change. */
#include "plan/planner.h"

#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>

/* What all isolating layers agree on for @node. */
static uint32_t joint_operations(const struct planner *p, const struct tree_node *node, bool *ret_exec)
{
	uint32_t joint = UINT32_MAX;

	*ret_exec = true;
	for (size_t l = 0; l < p->model->count; l++) {
		bool exec;

		if (!(p->model->items[l]->isolate & ISOLATE_MOUNT))
			continue;
		joint &= planner_effective(&p->layer_nodes[l], node, &exec);
		*ret_exec &= exec;
	}
	return joint;
}

static bool any_exec_map(const struct planner *p)
{
	for (size_t l = 0; l < p->model->count; l++)
		for (size_t i = 0; i < p->layer_nodes[l].count; i++)
			if (p->layer_nodes[l].items[i].operations & FILE_EXEC_MAP)
				return true;
	return false;
}

/* The private directory that @path lies in, or NULL; *ret_same when it is that directory. */
static const char *private_above(const struct planner *p, const char *path, bool *ret_same)
{
	const size_t end = p->privates_end ? p->privates_end : p->plan->mounts.count;

	*ret_same = false;
	for (size_t i = 0; i < end; i++) {
		const struct mount_op *op = &p->plan->mounts.items[i];

		if ((op->kind != MOUNT_TMPFS && op->kind != MOUNT_DEV) || !path_below(path, op->path))
			continue;
		*ret_same = !strcmp(path, op->path);
		return op->path;
	}
	return NULL;
}

/* Is what is at @path put back already, by itself or with a tree that holds it, under the same flags? */
static bool is_put_back(const struct planner *p, const char *path, uint64_t attr)
{
	for (size_t size = strlen(path), whole = size; size > 0; size--) {
		const uint32_t *at = !path[size] || path[size] == '/' ? map_find(&p->trees, path, size) : NULL;
		const struct mount_op *op = at ? &p->plan->mounts.items[*at - 1] : NULL;

		if (op && (size == whole || (op->is_directory && op->attr_set == attr)))
			return true;
	}
	return false;
}

static void add_tree(struct planner *p, const struct tree_node *node, uint64_t attr, bool inside)
{
	if (is_put_back(p, node->path, attr))
		return;
	*arena_push(p->arena, &p->plan->mounts) = (struct mount_op){ .kind = MOUNT_TREE,
								     .path = node->path,
								     .attr_set = attr,
								     .is_directory = node->type == OBJECT_DIRECTORY,
								     .inside_private = inside };
	*map_at(&p->trees, p->arena, node->path, strlen(node->path)) = (uint32_t)p->plan->mounts.count;
}

/* What a private /dev brings by itself (enforce/devices.c), as any tree below it would be mounted: read-only. */
static bool comes_with_devices(const struct planner *p, const char *path)
{
	static const char *const names[] = { "/dev/null",   "/dev/zero",    "/dev/full",
					     "/dev/random", "/dev/urandom", "/dev/tty" };
	bool same;
	const char *private = private_above(p, path, &same);

	for (size_t i = 0; private && !strcmp(private, "/dev") && i < ARRAY_SIZE(names); i++)
		if (!strcmp(path, names[i]))
			return true;
	return false;
}

static void plan_tree(struct planner *p, const struct tree_node *node, bool strict, bool mapped)
{
	bool exec, same;
	uint32_t operations = joint_operations(p, node, &exec);
	bool changes = (operations & CHANGING_OPERATIONS) && node->type != OBJECT_DEVICE;
	bool runs = exec || (operations & FILE_EXEC_MAP);
	const char *private = private_above(p, node->path, &same);
	uint64_t attr = MOUNT_ATTR_NOSUID | (changes ? 0u : MOUNT_ATTR_RDONLY);

	if (same || node->type == OBJECT_ABSENT || !strcmp(node->path, "/"))
		return;
	if (node->type == OBJECT_DEVICE && comes_with_devices(p, node->path))
		return;
	if ((changes && strict) || (mapped && !runs))
		attr |= MOUNT_ATTR_NOEXEC;
	if (private || changes || (mapped && runs))
		add_tree(p, node, attr, private != NULL);
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(const struct tree_node *const *)a)->path, (*(const struct tree_node *const *)b)->path);
}

/* Parents before what is in them. */
static void plan_trees(struct planner *p, bool strict, bool mapped)
{
	size_t count = 0;
	const struct tree_node **sorted;

	for (size_t l = 0; l < p->model->count; l++)
		count += p->layer_nodes[l].count;
	sorted = arena_alloc(p->arena, (count + 1) * sizeof(*sorted));
	count = 0;
	for (size_t l = 0; l < p->model->count; l++)
		for (size_t i = 0; (p->model->items[l]->isolate & ISOLATE_MOUNT) && i < p->layer_nodes[l].count; i++)
			sorted[count++] = &p->layer_nodes[l].items[i];
	qsort(sorted, count, sizeof(*sorted), by_path);
	for (size_t i = 0; i < count; i++)
		plan_tree(p, sorted[i], strict, mapped);
}

static void plan_privates(struct planner *p, bool noexec)
{
	for (size_t l = 0; l < p->model->count; l++)
		for (size_t i = 0; i < p->model->items[l]->privates.count; i++) {
			const char *path = p->model->items[l]->privates.items[i];
			bool same, dev = !strcmp(path, "/dev");

			if (private_above(p, path, &same))
				continue;
			*arena_push(p->arena, &p->plan->mounts) =
				(struct mount_op){ .kind = dev ? MOUNT_DEV : MOUNT_TMPFS,
						   .path = path,
						   .is_directory = true,
						   .attr_set = MOUNT_ATTR_NOSUID | (dev ? 0u : MOUNT_ATTR_NODEV) |
							       (noexec ? MOUNT_ATTR_NOEXEC : 0u) };
		}
}

/* Under a noexec root the start's own files have to stay executable. */
static void plan_start(struct planner *p)
{
	const char *const files[] = { p->facts->program, p->facts->loader, p->facts->script_interpreter };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct tree_node node = { .path = files[i], .type = OBJECT_FILE };

		if (files[i])
			add_tree(p, &node, MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY, false);
	}
}

/* What `file write /**` may change is everything. W^X never goes with that: /proc lies there. */
static uint64_t root_attr(const struct planner *p, bool mapped)
{
	const struct tree_node root = { .path = "/", .subtree = true };
	bool exec;
	bool changes = joint_operations(p, &root, &exec) & CHANGING_OPERATIONS;

	return MOUNT_ATTR_NOSUID | (changes ? 0u : MOUNT_ATTR_RDONLY) | (mapped ? MOUNT_ATTR_NOEXEC : 0u);
}

void plan_mounts(struct planner *p)
{
	bool mapped = any_exec_map(p);
	bool strict = p->plan->strict_wx;

	if (!(p->plan->isolate & ISOLATE_MOUNT))
		return;
	*arena_push(p->arena, &p->plan->mounts) = (struct mount_op){
		.kind = MOUNT_ROOT, .path = "/", .is_directory = true, .attr_set = root_attr(p, mapped)
	};
	plan_privates(p, strict || mapped);
	p->privates_end = p->plan->mounts.count;
	if (mapped)
		plan_start(p);
	plan_trees(p, strict, mapped);
	if (p->plan->isolate & ISOLATE_PID)
		*arena_push(p->arena, &p->plan->mounts) =
			(struct mount_op){ .kind = MOUNT_PROC, .path = "/proc", .is_directory = true };
}
