/* cgroup.c - see cgroup.h. */
#include "platform/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define WAIT_ROUNDS 200
#define WAIT_NS 5000000

/* ---- where we are ---- */

int cgroup_mount(char ret[PATH_MAX])
{
	auto_fclose FILE *mounts = fopen("/proc/self/mounts", "re");
	char line[2 * PATH_MAX], type[64];

	while (mounts && fgets(line, sizeof(line), mounts)) {
		char point[PATH_MAX];

		if (sscanf(line, "%*s %4095s %63s", point, type) == 2 && !strcmp(type, "cgroup2")) {
			memcpy(ret, point, strlen(point) + 1);
			return 0;
		}
	}
	return -ENOENT;
}

/* Our group's path in the hierarchy, "" for the root. */
static int own_group(char ret[PATH_MAX])
{
	auto_fclose FILE *own = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];

	while (own && fgets(line, sizeof(line), own))
		if (!strncmp(line, "0::/", 4)) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(ret, PATH_MAX, "%s", strcmp(line, "0::/") ? line + 3 : "");
			return strstr(ret, "/..") ? -ENOENT : 0;
		}
	return -ENOENT;
}

/* ---- files ---- */

static int open_in(int directory, const char *file, int flags)
{
	int fd = openat(directory, file, flags | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

static int write_in(int directory, const char *file, const char *text)
{
	auto_close int fd = open_in(directory, file, O_WRONLY);

	if (fd < 0)
		return fd;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* The first @size - 1 bytes of @file, "" when it can't be read. */
static void read_in(int directory, const char *file, char *ret, size_t size)
{
	auto_close int fd = open_in(directory, file, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, ret, size - 1);

	ret[got > 0 ? got : 0] = '\0';
}

int cgroup_open_procs(const struct cgroup *group)
{
	return open_in(group->directory, "cgroup.procs", O_WRONLY);
}

int cgroup_write(const struct cgroup *group, const char *file, const char *text)
{
	return write_in(group->directory, file, text);
}

int cgroup_write_number(const struct cgroup *group, const char *file, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return cgroup_write(group, file, text);
}

uint64_t cgroup_read(const struct cgroup *group, const char *file, const char *key, uint64_t missing)
{
	char text[4096];
	const char *at = text;

	read_in(group->directory, file, text, sizeof(text));
	if (!key)
		return text[0] >= '0' && text[0] <= '9' ? strtoull(text, NULL, 10) : missing;
	while (*at) {
		const size_t size = strlen(key);

		if (!strncmp(at, key, size) && at[size] == ' ')
			return strtoull(at + size, NULL, 10);
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return missing;
}

/* ---- making one ---- */

static bool has_word(const char *text, const char *word)
{
	const size_t size = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if ((at == text || at[-1] == ' ') && strchr(" \n", at[size]))
			return true;
	return false;
}

/* Does @file of @directory name all @controllers? */
static bool names(int directory, const char *file, unsigned controllers)
{
	char text[1024];

	read_in(directory, file, text, sizeof(text));
	return (!(controllers & CGROUP_MEMORY) || has_word(text, "memory")) &&
	       (!(controllers & CGROUP_PIDS) || has_word(text, "pids"));
}

static int switch_on(int directory, unsigned controllers)
{
	int result = 0;

	if (controllers & CGROUP_MEMORY)
		result = write_in(directory, "cgroup.subtree_control", "+memory");
	if (result == 0 && controllers & CGROUP_PIDS)
		result = write_in(directory, "cgroup.subtree_control", "+pids");
	return result;
}

/* Are we the only process of the group? Then it was made for us. */
static bool is_ours_alone(int directory)
{
	char text[256], *end;

	read_in(directory, "cgroup.procs", text, sizeof(text));
	return strtol(text, &end, 10) == getpid() && !strcmp(end, "\n");
}

/* A group with processes can't hand controllers down: move into a child. */
static int step_aside(int directory)
{
	auto_close int child = -1;

	if (mkdirat(directory, "cordon-parent", 0755) < 0 && errno != EEXIST)
		return -errno;
	child = open_in(directory, "cordon-parent", O_RDONLY | O_DIRECTORY);
	return child < 0 ? child : write_in(child, "cgroup.procs", "0");
}

static int make_in(int directory, const char *path, unsigned controllers, struct cgroup *ret)
{
	unsigned long long number;
	int made;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -EAGAIN;
	if (snprintf(ret->path, sizeof(ret->path), "%s/cordon-%016llx", path, number) >= (int)sizeof(ret->path))
		return -ENAMETOOLONG;
	if (mkdirat(directory, strrchr(ret->path, '/') + 1, 0755) < 0)
		return -errno;
	made = open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (made >= 0 && names(made, "cgroup.controllers", controllers)) {
		ret->directory = made;
		return 0;
	}
	if (made >= 0)
		close(made);
	rmdir(ret->path);
	return -ENOENT;
}

/* The first group from ours upwards that hands the controllers down and lets us make a child. */
static int make_above(char *path, size_t root, unsigned controllers, struct cgroup *ret)
{
	int result = -ENOENT;

	for (;;) {
		auto_close int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		char *slash = strrchr(path, '/');

		if (directory >= 0 && names(directory, "cgroup.subtree_control", controllers)) {
			int made = make_in(directory, path, controllers, ret);

			if (made == 0)
				return 0;
			result = made;
		}
		if (strlen(path) <= root || slash < path + root)
			return result;
		*slash = '\0';
	}
}

static int make_here(const char *path, unsigned controllers, struct cgroup *ret)
{
	auto_close int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (directory < 0)
		return -errno;
	if (!names(directory, "cgroup.controllers", controllers))
		return -ENOENT;
	result = switch_on(directory, controllers);
	if (result == -EBUSY && is_ours_alone(directory)) {
		result = step_aside(directory);
		if (result == 0)
			result = switch_on(directory, controllers);
	}
	return result == 0 ? make_in(directory, path, controllers, ret) : result;
}

int cgroup_make(unsigned controllers, struct cgroup *ret)
{
	char mount[PATH_MAX], own[PATH_MAX], path[2 * PATH_MAX];
	struct cgroup group = { .directory = -1 };
	int result = cgroup_mount(mount);

	if (result == 0)
		result = own_group(own);
	if (result < 0)
		return result;
	snprintf(path, sizeof(path), "%s%s", mount, own);
	result = make_above(path, strlen(mount), controllers, &group);
	if (result < 0 && controllers) {
		int here;

		snprintf(path, sizeof(path), "%s%s", mount, own);
		here = make_here(path, controllers, &group);
		result = here == -ENOENT ? result : here;
	}
	if (result == 0)
		*ret = group;
	return result;
}

/* ---- the end ---- */

void cgroup_end(const struct cgroup *group)
{
	const struct timespec pause = { .tv_nsec = WAIT_NS };

	(void)!write_in(group->directory, "cgroup.kill", "1");
	for (int i = 0; i < WAIT_ROUNDS && cgroup_read(group, "cgroup.events", "populated", 0); i++)
		nanosleep(&pause, NULL);
}

int cgroup_remove(struct cgroup *group)
{
	if (group->directory < 0)
		return 0;
	if (rmdir(group->path) < 0 && errno != ENOENT)
		return -errno;
	close(group->directory);
	group->directory = -1;
	return 0;
}
