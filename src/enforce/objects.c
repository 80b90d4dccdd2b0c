/* objects.c - see objects.h. */
#include "enforce/objects.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
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
		.id = strtoull(field[0], NULL, 10),
		.path = arena_strdup(arena, field[4]),
		.noexec = has_word(field[5], "noexec"),
		.proc = strncmp(type + 3, "proc ", 5) == 0,
	};
}

int mount_view_read(struct arena *arena, struct mount_view *ret)
{
	/* of this thread: the first of the process may have ended, and then has none */
	auto_fclose FILE *file = fopen("/proc/thread-self/mountinfo", "re");
	auto_free char *line = NULL;
	struct mount_view view = { .known = true };
	size_t size = 0;

	if (!file)
		return -errno;
	errno = 0;
	while (getline(&line, &size, file) > 0)
		add_mount(line, arena, &view);
	if (!feof(file))
		return errno ? -errno : -EIO;
	*ret = view;
	return 0;
}

static bool is_below(const char *path, const char *root)
{
	const size_t size = strcmp(root, "/") == 0 ? 0 : strlen(root);

	return strncmp(path, root, size) == 0 && (path[size] == '/' || !path[size]);
}

/* ---- places ---- */

/* Where a walk has got to. Places don't change: what lies below one is made from it. */
struct place {
	const char *real; /* the root is "" */
	mode_t mode;
	uid_t owner;
	uint64_t mount; /* 0: this kernel doesn't say */
	struct object_ids chain;
	struct host_links links;
	unsigned followed;
};

/* How a step ends. */
enum arrival {
	ARRIVED,
	MISSING, /* it is not there; its name and what holds it are known */
	LOST     /* nothing can be said */
};

struct object_walk {
	struct arena *arena;
	const struct mount_view *mounts;
	size_t mount; /* place in mounts of the last object's */
	struct place root;
	int error;        /* errno of what should have worked */
	const char *path; /* the walk before */
	struct {
		struct mark {
			size_t end; /* path up to here */
			struct place place;
		} * items;
		size_t count, capacity;
	} marks;
};

/* What these say of a name holds for the program too: it is no other user than we are. */
static bool is_absence(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP || error == ENAMETOOLONG;
}

/* After a call that failed. */
static void note_error(struct object_walk *walk)
{
	if (!is_absence(errno) && !walk->error)
		walk->error = errno;
}

/* Look at place->real, which lies in what @above leads up from. False: it is not there, and the rest is as before. */
static bool place_look(struct object_walk *walk, struct place *place, const struct object_ids *above)
{
	const size_t more = above->count;
	struct statx found;

	if (statx(AT_FDCWD, *place->real ? place->real : "/", AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		  STATX_TYPE | STATX_MODE | STATX_UID | STATX_INO | STATX_MNT_ID, &found) < 0) {
		note_error(walk);
		return false;
	}
	place->mode = found.stx_mode;
	place->owner = found.stx_uid;
	place->mount = found.stx_mask & STATX_MNT_ID ? found.stx_mnt_id : 0;
	place->chain = (struct object_ids){ .items = arena_alloc(walk->arena, (more + 1) * sizeof(*place->chain.items)),
					    .count = more + 1,
					    .capacity = more + 1 };
	place->chain.items[0] = (struct object_id){ makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino };
	if (more)
		memcpy(place->chain.items + 1, above->items, more * sizeof(*above->items));
	return true;
}

static enum arrival go_up(struct object_walk *walk, struct place *place)
{
	const char *slash = strrchr(place->real, '/');
	struct object_ids above = { 0 };

	/* the root holds itself */
	if (!slash)
		return ARRIVED;
	if (place->chain.count > 2)
		above = (struct object_ids){ .items = place->chain.items + 2, .count = place->chain.count - 2 };
	place->real = arena_strndup(walk->arena, place->real, (size_t)(slash - place->real));
	return place_look(walk, place, &above) ? ARRIVED : LOST;
}

/* In a directory where anybody can make names a link is somebody's word (as fs.protected_symlinks has it). */
static bool is_foreign(const struct place *directory, const struct place *link)
{
	return directory->mode & S_ISVTX && directory->mode & S_IWOTH && link->owner != geteuid() &&
	       link->owner != directory->owner;
}

static void remember_link(struct object_walk *walk, struct place *directory, const struct place *link)
{
	const struct host_links *before = &directory->links;
	struct host_links links = { .items = arena_alloc(walk->arena, (before->count + 1) * sizeof(*links.items)),
				    .count = before->count + 1,
				    .capacity = before->count + 1 };

	if (before->count)
		memcpy(links.items, before->items, before->count * sizeof(*links.items));
	links.items[before->count] = (struct host_link){
		.path = link->real,
		.directory = *directory->real ? directory->real : "/",
		.foreign = is_foreign(directory, link),
	};
	directory->links = links;
}

static enum arrival walk_names(struct object_walk *walk, struct place *place, const char *names);

/* @place, which is in @directory, is a link: go on where it leads. */
static enum arrival follow(struct object_walk *walk, struct place *directory, struct place *place)
{
	char target[PATH_MAX];
	const ssize_t size = readlink(place->real, target, sizeof(target) - 1);

	if (size < 0)
		note_error(walk);
	if (size <= 0 || ++directory->followed > LINKS_MAX)
		return LOST;
	target[size] = '\0';
	remember_link(walk, directory, place);
	*place = *target == '/' ? walk->root : *directory;
	place->links = directory->links;
	place->followed = directory->followed;
	return walk_names(walk, place, target);
}

static const char *join(struct arena *arena, const char *directory, const char *name, size_t size)
{
	const size_t before = strlen(directory);
	char *path = arena_alloc(arena, before + 1 + size + 1);

	memcpy(path, directory, before);
	path[before] = '/';
	memcpy(path + before + 1, name, size);
	return path;
}

/* One name of @size bytes further. */
static enum arrival step(struct object_walk *walk, struct place *place, const char *name, size_t size)
{
	struct place directory = *place;

	if (size == 1 && name[0] == '.')
		return ARRIVED;
	if (size == 2 && name[0] == '.' && name[1] == '.')
		return go_up(walk, place);
	if (size > NAME_MAX || strlen(place->real) + size + 1 >= PATH_MAX)
		return LOST;
	place->real = join(walk->arena, directory.real, name, size);
	if (!S_ISDIR(directory.mode) || !place_look(walk, place, &directory.chain))
		return MISSING;
	return S_ISLNK(place->mode) ? follow(walk, &directory, place) : ARRIVED;
}

/* All of @names; of what is missing place->real is where it would be. */
static enum arrival walk_names(struct object_walk *walk, struct place *place, const char *names)
{
	enum arrival arrival = ARRIVED;

	while (arrival == ARRIVED && *(names += strspn(names, "/"))) {
		const size_t size = strcspn(names, "/");

		arrival = step(walk, place, names, size);
		names += size;
	}
	names += strspn(names, "/");
	if (arrival == MISSING && *names)
		place->real = arena_printf(walk->arena, "%s/%s", place->real, names);
	return arrival;
}

/* ---- from one path to the next ---- */

struct object_walk *object_walk_new(const struct mount_view *mounts, struct arena *arena)
{
	struct object_walk *walk = arena_new_of(arena, struct object_walk);

	*walk = (struct object_walk){ .arena = arena, .mounts = mounts, .path = "", .root.real = "" };
	(void)!place_look(walk, &walk->root, &(struct object_ids){ 0 });
	return walk;
}

/* Forget the marks that @path doesn't share. */
static void keep_shared(struct object_walk *walk, const char *path)
{
	size_t count = 0;

	for (; count < walk->marks.count; count++) {
		const size_t end = walk->marks.items[count].end;

		if (strncmp(path, walk->path, end) != 0 || (path[end] != '/' && path[end]))
			break;
	}
	walk->marks.count = count;
	walk->path = path;
}

static enum arrival walk_to(struct object_walk *walk, const char *path, struct place *place)
{
	enum arrival arrival = ARRIVED;
	const char *at = path;

	if (*path != '/' || strlen(path) >= PATH_MAX || !walk->root.chain.count)
		return LOST;
	keep_shared(walk, path);
	*place = walk->marks.count ? walk->marks.items[walk->marks.count - 1].place : walk->root;
	at += walk->marks.count ? walk->marks.items[walk->marks.count - 1].end : 0;
	while (arrival == ARRIVED && *(at += strspn(at, "/"))) {
		const size_t size = strcspn(at, "/");

		arrival = step(walk, place, at, size);
		at += size;
		if (arrival == ARRIVED)
			*arena_push(walk->arena, &walk->marks) = (struct mark){ (size_t)(at - path), *place };
	}
	at += strspn(at, "/");
	if (arrival == MISSING && *at)
		place->real = arena_printf(walk->arena, "%s/%s", place->real, at);
	return arrival;
}

/* ---- the whole ---- */

static bool mount_is_noexec(struct object_walk *walk, const struct place *place)
{
	const struct mount_view *mounts = walk->mounts;
	struct statvfs mount;

	for (size_t i = 0; place->mount && i < mounts->count; i++) {
		const size_t at = (walk->mount + i) % mounts->count;

		if (mounts->items[at].id != place->mount)
			continue;
		walk->mount = at;
		return mounts->items[at].noexec;
	}
	/* a chroot's own mount is not in its table */
	return statvfs(*place->real ? place->real : "/", &mount) == 0 && mount.f_flag & ST_NOEXEC;
}

/* Nothing at the object or below it can be mapped executable. */
static bool nothing_executable(struct object_walk *walk, const struct place *place)
{
	const struct mount_view *mounts = walk->mounts;

	if (!mounts->known || !mount_is_noexec(walk, place))
		return false;
	for (size_t i = 0; i < mounts->count; i++)
		if (!mounts->items[i].noexec && strcmp(mounts->items[i].path, place->real) != 0 &&
		    is_below(mounts->items[i].path, *place->real ? place->real : "/"))
			return false;
	return true;
}

static enum object_type type_of(mode_t mode)
{
	if (S_ISDIR(mode))
		return OBJECT_DIRECTORY;
	if (S_ISREG(mode))
		return OBJECT_FILE;
	return S_ISCHR(mode) || S_ISBLK(mode) ? OBJECT_DEVICE : OBJECT_OTHER;
}

/* What is missing has an id that nothing has. */
static struct object_ids chain_of_missing(struct arena *arena, const struct object_ids *directory)
{
	struct object_ids chain = { .items = arena_alloc(arena, (directory->count + 1) * sizeof(*chain.items)),
				    .count = directory->count + 1,
				    .capacity = directory->count + 1 };

	memcpy(chain.items + 1, directory->items, directory->count * sizeof(*chain.items));
	return chain;
}

int object_look(struct object_walk *walk, struct host_object *object)
{
	struct place place;
	const enum arrival arrival = walk_to(walk, object->path, &place);

	*object = (struct host_object){ .path = object->path, .real = object->path, .type = OBJECT_ABSENT };
	if (walk->error)
		return -walk->error;
	if (arrival == LOST)
		return 0;
	if (strcmp(*place.real ? place.real : "/", object->path) != 0)
		object->real = *place.real ? place.real : "/";
	object->links = place.links;
	object->chain = place.chain;
	if (arrival == MISSING) {
		object->chain = chain_of_missing(walk->arena, &place.chain);
		return 0;
	}
	object->type = type_of(place.mode);
	object->noexec = nothing_executable(walk, &place);
	return 0;
}
