/* mounts.c - the program's own view of the file system, made from the caller's.
 *
 * First a detached clone of everything that shall stay as it is, then the flags of the whole tree, then the new
 * mounts and the clones, each parent before what lies below it. Paths are resolved in the caller's view, which the
 * new table starts as a copy of. Works in a user namespace too: flags are only ever added, clones take their
 * submounts along. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "enforce/confinement.h"
#include "platform/mount_table.h"

static const struct {
	uint64_t attr;
	unsigned long flag;
	const char *name;
} flag_table[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY, "ro" },
	{ MOUNT_ATTR_NOSUID, MS_NOSUID, "nosuid" },
	{ MOUNT_ATTR_NODEV, MS_NODEV, "nodev" },
	{ MOUNT_ATTR_NOEXEC, MS_NOEXEC, "noexec" },
};

static const char *const kind_names[] = {
	[MOUNT_TREE] = "tree",   [MOUNT_ROOT] = "root", [MOUNT_TMPFS] = "tmpfs",
	[MOUNT_DEV] = "devices", [MOUNT_PROC] = "proc",
};

unsigned long mount_flags(uint64_t attr_set)
{
	unsigned long flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flag_table); i++)
		if (attr_set & flag_table[i].attr)
			flags |= flag_table[i].flag;
	return flags;
}

/* ---- mount points inside a new tmpfs ---- */

static int make_parents(const char *path)
{
	char copy[PATH_MAX];
	size_t size = strlen(path);

	if (size >= sizeof(copy))
		return -ENAMETOOLONG;
	memcpy(copy, path, size + 1);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		/* What exists may lie in a read-only mount; the next component shows whether it is a directory. */
		if (mkdir(copy, 0755) < 0 && errno != EEXIST && errno != EROFS)
			return -errno;
		*slash = '/';
	}
	return 0;
}

int mount_point_make(const char *path, bool is_directory)
{
	int result = make_parents(path), fd;

	if (result < 0)
		return result;
	if (is_directory)
		return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* ---- one function per kind ---- */

/* As for Landlock's rules, a symbolic link on the way would be somebody else's choice. */
static int put_back(int tree, const char *path)
{
	auto_close int target = sys_open_real(path);

	return target < 0 ? target : sys_move_mount_at(tree, target);
}

static int take(const char *path)
{
	auto_close int fd = sys_open_real(path);

	return fd < 0 ? fd : sys_open_tree_at(fd);
}

static int mount_tree(struct confinement *confinement, size_t index)
{
	const struct mount_op *op = &confinement->plan->mounts.items[index];
	auto_close int tree = take_fd(&confinement->trees[index]);
	int result = 0;

	if (tree < 0)
		return 0;
	if (op->attr_set)
		result = sys_mount_setattr(tree, "", AT_EMPTY_PATH | SYS_AT_RECURSIVE, op->attr_set);
	if (result == 0 && op->inside_private)
		result = mount_point_make(op->path, op->is_directory);
	return result == 0 ? put_back(tree, op->path) : result;
}

static int mount_root(struct confinement *confinement, size_t index)
{
	const struct mount_op *op = &confinement->plan->mounts.items[index];

	return sys_mount_setattr(AT_FDCWD, "/", SYS_AT_RECURSIVE, op->attr_set);
}

static int mount_tmpfs(struct confinement *confinement, size_t index)
{
	const struct mount_op *op = &confinement->plan->mounts.items[index];
	unsigned long flags = mount_flags(op->attr_set & ~(uint64_t)MOUNT_ATTR_RDONLY);

	return mount("tmpfs", op->path, "tmpfs", flags, confinement->mount_data[index]) < 0 ? -errno : 0;
}

static int mount_devices(struct confinement *confinement, size_t index)
{
	const struct mount_op *op = &confinement->plan->mounts.items[index];

	return devices_make(op->path, op->attr_set & ~(uint64_t)MOUNT_ATTR_RDONLY, confinement->nodes);
}

static int mount_proc(struct confinement *confinement, size_t index)
{
	const struct mount_op *op = &confinement->plan->mounts.items[index];
	unsigned long flags = mount_flags(op->attr_set) | MS_NOSUID | MS_NODEV | MS_NOEXEC;

	return mount("proc", op->path, "proc", flags, NULL) < 0 ? -errno : 0;
}

static int (*const kind_functions[])(struct confinement *confinement, size_t index) = {
	[MOUNT_TREE] = mount_tree,   [MOUNT_ROOT] = mount_root, [MOUNT_TMPFS] = mount_tmpfs,
	[MOUNT_DEV] = mount_devices, [MOUNT_PROC] = mount_proc,
};

/* ---- steps ---- */

int step_private_mounts(struct confinement *confinement, const struct step *step)
{
	(void)confinement;
	(void)step;
	return mount_table_make_private();
}

int step_clone(struct confinement *confinement, const struct step *step)
{
	const struct mount_op *op = &confinement->plan->mounts.items[step->index];
	int tree;

	if (op->kind == MOUNT_DEV)
		return devices_take(confinement->nodes);
	tree = take(op->path);
	confinement->trees[step->index] = tree;
	/* What is not there is neither changed nor granted. */
	return tree < 0 && tree != -ENOENT ? tree : 0;
}

int step_mount(struct confinement *confinement, const struct step *step)
{
	return kind_functions[confinement->plan->mounts.items[step->index].kind](confinement, step->index);
}

int step_seal_mount(struct confinement *confinement, const struct step *step)
{
	const struct mount_op *op = &confinement->plan->mounts.items[step->index];

	return sys_mount_setattr(AT_FDCWD, op->path, 0, MOUNT_ATTR_RDONLY);
}

/* ---- prepare ---- */

static const char *describe(const struct confinement *confinement, const struct mount_op *op)
{
	struct str text;

	str_init(&text, confinement->arena);
	str_addf(&text, "%s %s", kind_names[op->kind], op->kind == MOUNT_ROOT ? "/" : op->path);
	for (size_t i = 0; i < ARRAY_SIZE(flag_table); i++)
		if (op->attr_set & flag_table[i].attr)
			str_addf(&text, " %s", flag_table[i].name);
	return text.text;
}

/* The empty tmpfs looks like what it covers: same mode, and same owner where the new user namespace has that owner. */
static const char *tmpfs_data(const struct confinement *confinement, const struct mount_op *op)
{
	struct stat st;
	bool owner;

	if (stat(op->path, &st) < 0)
		return "mode=0755";
	owner = !(confinement->plan->isolate & ISOLATE_USER) || confinement->identity_map == MAP_ALL ||
		(st.st_uid == geteuid() && st.st_gid == getegid());
	if (!owner)
		return arena_printf(confinement->arena, "mode=%o", st.st_mode & 07777);
	return arena_printf(confinement->arena, "mode=%o,uid=%u,gid=%u", st.st_mode & 07777, st.st_uid, st.st_gid);
}

void mounts_prepare(struct confinement *confinement)
{
	size_t count = confinement->plan->mounts.count;

	confinement->trees = arena_alloc(confinement->arena, count * sizeof(*confinement->trees));
	confinement->mount_data = arena_alloc(confinement->arena, count * sizeof(*confinement->mount_data));
	for (size_t i = 0; i < count; i++) {
		const struct mount_op *op = &confinement->plan->mounts.items[i];

		confinement->trees[i] = -1;
		if (op->kind == MOUNT_TMPFS)
			confinement->mount_data[i] = tmpfs_data(confinement, op);
	}
	for (size_t i = 0; i < ARRAY_SIZE(confinement->nodes); i++)
		confinement->nodes[i] = -1;
}

struct placed {
	size_t index;
	size_t depth; /* 0: the flags of the root come first */
};

static int compare_placed(const void *left, const void *right)
{
	const struct placed *a = left, *b = right;

	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

/* A parent's path is shorter than its child's: so by length each lands on what it shall cover. */
void mounts_add_steps(struct confinement *confinement)
{
	size_t count = confinement->plan->mounts.count;
	const struct mount_op *ops = confinement->plan->mounts.items;
	struct placed *order = arena_alloc(confinement->arena, count * sizeof(*order));

	step_add(confinement, STEP_PRIVATE_MOUNTS, 0, NULL);
	for (size_t i = 0; i < count; i++) {
		order[i] = (struct placed){ i, ops[i].kind == MOUNT_ROOT ? 0 : strlen(ops[i].path) };
		if (ops[i].kind == MOUNT_TREE || ops[i].kind == MOUNT_DEV)
			step_add(confinement, STEP_CLONE, i, describe(confinement, &ops[i]));
	}
	qsort(order, count, sizeof(*order), compare_placed);
	for (size_t i = 0; i < count; i++)
		step_add(confinement, STEP_MOUNT, order[i].index, describe(confinement, &ops[order[i].index]));
	for (size_t i = 0; i < count; i++)
		if ((ops[i].kind == MOUNT_TMPFS || ops[i].kind == MOUNT_DEV) && ops[i].attr_set & MOUNT_ATTR_RDONLY)
			step_add(confinement, STEP_SEAL_MOUNT, i, ops[i].path);
}
