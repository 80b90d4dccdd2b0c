/* objects.c - see objects.h. */
#include "enforce/objects.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"

#define LINKS_MAX 40 /* as the kernel's MAXSYMLINKS */

/* ---- mounts ---- */

/* A blank, tab, newline or backslash in a path stands as \ooo in mountinfo (proc(5)). */
static void unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; to++) {
		if (at[0] == '\\' && at[1] && at[2] && at[3]) {
			*to = (char)((unsigned)(at[1] - '0') << 6 | (unsigned)(at[2] - '0') << 3 |
				     (unsigned)(at[3] - '0'));
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
}

/* Is @word one of the words of the comma-separated @list? */
static bool has_word(const char *list, const char *word)
{
	const size_t size = strlen(word);

	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (strcspn(at, ",") == size && memcmp(at, word, size) == 0)
			return true;
	return false;
}

/* "36 35 98:0 /root /path options [optional...] - type source options" */
static void add_mount(char *line, struct arena *arena, struct mount_view *view)
{
	char *field[6] = { 0 }, *rest = line, *type = strstr(line, " - ");

	for (size_t i = 0; i < ARRAY_SIZE(field); i++)
		field[i] = strsep(&rest, " ");
	if (!field[5] || !type)
		return;
	unescape(field[4]);
	*arena_push(arena, view) = (struct mount_entry){
		.path = arena_strdup(arena, field[4]),
		.noexec = has_word(field[5], "noexec"),
		.proc = strncmp(type + 3, "proc ", 5) == 0,
	};
}

void mount_view_read(struct arena *arena, struct mount_view *ret)
{
	auto_fclose FILE *file = fopen("/proc/self/mountinfo", "re");
	auto_free char *line = NULL;
	size_t size = 0;

	*ret = (struct mount_view){ .known = file != NULL };
	while (file && getline(&line, &size, file) > 0)
		add_mount(line, arena, ret);
}

static bool is_below(const char *path, const char *root)
{
	const size_t size = strcmp(root, "/") == 0 ? 0 : strlen(root);

	return strncmp(path, root, size) == 0 && (path[size] == '/' || !path[size]);
}

/* Nothing at the object or below it can be mapped executable. */
static bool nothing_executable(const struct mount_view *mounts, const char *real)
{
	struct statvfs mount;

	if (!mounts->known || statvfs(real, &mount) < 0 || !(mount.f_flag & ST_NOEXEC))
		return false;
	for (size_t i = 0; i < mounts->count; i++)
		if (!mounts->items[i].noexec && strcmp(mounts->items[i].path, real) != 0 &&
		    is_below(mounts->items[i].path, real))
			return false;
	return true;
}

/* ---- the walk ---- */

struct walk {
	struct arena *arena;
	char real[PATH_MAX]; /* where we are; the root is "" */
	char rest[PATH_MAX]; /* still to go */
	unsigned followed;
	bool missing;   /* what "real" ends with is not there */
	struct stat st; /* of where we are */
	struct host_links links;
	struct object_ids ids; /* from the root down */
};

static void arrive(struct walk *walk)
{
	*arena_push(walk->arena, &walk->ids) = (struct object_id){ walk->st.st_dev, walk->st.st_ino };
}

static bool go_to_root(struct walk *walk)
{
	walk->real[0] = '\0';
	walk->ids.count = 0;
	if (stat("/", &walk->st) < 0)
		return false;
	arrive(walk);
	return true;
}

static bool go_up(struct walk *walk)
{
	char *slash = strrchr(walk->real, '/');

	if (!slash)
		return true;
	*slash = '\0';
	walk->ids.count--;
	return stat(walk->real[0] ? walk->real : "/", &walk->st) == 0;
}

/* In a directory where anybody can make names a link is somebody's word (as fs.protected_symlinks has it). */
static bool is_foreign(const struct stat *directory, const struct stat *link)
{
	return directory->st_mode & S_ISVTX && directory->st_mode & S_IWOTH && link->st_uid != geteuid() &&
	       link->st_uid != directory->st_uid;
}

/* @name is the link that walk->real ends with. */
static bool follow(struct walk *walk, const struct stat *directory, size_t directory_size)
{
	char target[PATH_MAX], joined[PATH_MAX];
	const ssize_t size = readlink(walk->real, target, sizeof(target) - 1);

	if (size <= 0 || ++walk->followed > LINKS_MAX)
		return false;
	target[size] = '\0';
	*arena_push(walk->arena, &walk->links) = (struct host_link){
		.path = arena_strdup(walk->arena, walk->real),
		.directory = arena_strndup(walk->arena, walk->real, directory_size ? directory_size : 1),
		.foreign = is_foreign(directory, &walk->st),
	};
	if ((size_t)snprintf(joined, sizeof(joined), "%s/%s", target, walk->rest) >= sizeof(joined))
		return false;
	memcpy(walk->rest, joined, strlen(joined) + 1);
	walk->real[directory_size] = '\0';
	walk->st = *directory;
	return *target != '/' || go_to_root(walk);
}

/* One name further. */
static bool step(struct walk *walk, const char *name)
{
	const size_t size = strlen(walk->real);
	const struct stat directory = walk->st;

	if (strcmp(name, ".") == 0)
		return true;
	if (strcmp(name, "..") == 0)
		return go_up(walk);
	if ((size_t)snprintf(walk->real + size, sizeof(walk->real) - size, "/%s", name) >= sizeof(walk->real) - size)
		return false;
	if (!S_ISDIR(directory.st_mode) || lstat(walk->real, &walk->st) < 0) {
		walk->missing = true;
		return false;
	}
	if (S_ISLNK(walk->st.st_mode))
		return follow(walk, &directory, size);
	arrive(walk);
	return true;
}

static bool walk_to(struct walk *walk, const char *path)
{
	char name[NAME_MAX + 1];

	if (*path != '/' || strlen(path) >= sizeof(walk->rest) || !go_to_root(walk))
		return false;
	memcpy(walk->rest, path, strlen(path) + 1);
	for (;;) {
		char *start = walk->rest + strspn(walk->rest, "/");
		const size_t size = strcspn(start, "/");

		if (size == 0)
			return true;
		if (size >= sizeof(name))
			return false;
		memcpy(name, start, size);
		name[size] = '\0';
		memmove(walk->rest, start + size, strlen(start + size) + 1);
		if (!step(walk, name))
			return false;
	}
}

/* ---- the whole ---- */

static enum object_type type_of(mode_t mode)
{
	if (S_ISDIR(mode))
		return OBJECT_DIRECTORY;
	if (S_ISREG(mode))
		return OBJECT_FILE;
	return S_ISCHR(mode) || S_ISBLK(mode) ? OBJECT_DEVICE : OBJECT_OTHER;
}

/* From the object up; one that is missing has an id that nothing has. */
static struct object_ids upwards(struct arena *arena, const struct object_ids *down, bool missing)
{
	struct object_ids up = { 0 };

	if (missing)
		*arena_push(arena, &up) = (struct object_id){ 0 };

	for (size_t i = down->count; i > 0; i--)
		*arena_push(arena, &up) = down->items[i - 1];
	return up;
}

/* Where it would be if it were there. */
static const char *missing_real(struct walk *walk)
{
	const char *rest = walk->rest + strspn(walk->rest, "/");

	return arena_printf(walk->arena, "%s%s%s", walk->real, *rest ? "/" : "", rest);
}

void object_look(const struct mount_view *mounts, struct arena *arena, struct host_object *object)
{
	struct walk walk = { .arena = arena };
	bool found = walk_to(&walk, object->path);
	const char *real = walk.real[0] ? walk.real : "/";

	*object = (struct host_object){ .path = object->path, .real = object->path, .type = OBJECT_ABSENT };
	if (!found && !walk.missing)
		return;
	if (!found)
		real = missing_real(&walk);
	if (strcmp(real, object->path) != 0)
		object->real = arena_strdup(arena, real);
	object->links = walk.links;
	object->chain = upwards(arena, &walk.ids, !found);
	if (!found)
		return;
	object->type = type_of(walk.st.st_mode);
	object->noexec = nothing_executable(mounts, object->real);
}
