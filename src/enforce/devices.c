/* devices.c - a small /dev of its own: the harmless devices, links to the own descriptors, own terminals, shared
 * memory.
 *
 * The devices are the host's nodes, bind-mounted: mknod is refused in a user namespace, and one way is enough. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "enforce/confinement.h"

/* They are the host's own nodes: read-only, so that a grant of attr elsewhere doesn't reach their mode and owner. Devices
 * are written to all the same. */
#define NODE_ATTR (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

static const char *const node_names[6] = { "null", "zero", "full", "random", "urandom", "tty" };

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" }, { "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" }, { "ptmx", "pts/ptmx" },
};

/* Mounted below /dev. */
static const struct {
	const char *name, *type, *data;
	mode_t mode;
} parts[] = {
	{ "pts", "devpts", "newinstance,ptmxmode=0666,mode=0620", 0755 },
	{ "shm", "tmpfs", "mode=1777", 01777 },
};

/* @directory/@name into @ret. */
static int join(char ret[PATH_MAX], const char *directory, const char *name)
{
	char *end = ret;

	if (strlen(directory) + 1 + strlen(name) >= PATH_MAX)
		return -ENAMETOOLONG;
	end = stpcpy(end, directory);
	end = stpcpy(end, "/");
	stpcpy(end, name);
	return 0;
}

int devices_take(int nodes[6])
{
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(node_names); i++) {
		int result = join(path, "/dev", node_names[i]);

		if (result == 0)
			result = nodes[i] = sys_open_tree(path);
		if (result < 0 && result != -ENOENT)
			return result;
	}
	return 0;
}

static int make_nodes(const char *directory, int nodes[6])
{
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(node_names); i++) {
		auto_close int node = take_fd(&nodes[i]);
		int result = join(path, directory, node_names[i]);

		if (node < 0)
			continue;
		if (result == 0)
			result = mount_point_make(path, false);
		if (result == 0)
			result = sys_mount_setattr(node, "", AT_EMPTY_PATH, NODE_ATTR);
		if (result == 0)
			result = sys_move_mount(node, path);
		if (result < 0)
			return result;
	}
	return 0;
}

static int make_links(const char *directory)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		int result = join(path, directory, links[i].name);

		if (result < 0)
			return result;
		if (symlink(links[i].target, path) < 0)
			return -errno;
	}
	return 0;
}

static int make_parts(const char *directory)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int result = join(path, directory, parts[i].name);

		if (result < 0)
			return result;
		if (mkdir(path, parts[i].mode) < 0 ||
		    mount(parts[i].type, path, parts[i].type, MS_NOSUID | MS_NOEXEC, parts[i].data) < 0)
			return -errno;
	}
	return 0;
}

int devices_make(const char *path, uint64_t attr_set, int nodes[6])
{
	int result;

	if (mount("tmpfs", path, "tmpfs", mount_flags(attr_set) | MS_NOSUID | MS_NOEXEC, "mode=0755") < 0)
		return -errno;
	result = make_nodes(path, nodes);
	if (result == 0)
		result = make_links(path);
	return result == 0 ? make_parts(path) : result;
}
