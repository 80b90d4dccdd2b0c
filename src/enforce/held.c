/* held.c - what a process brings along into its confinement. A program that is started brings what it is given; one that
 * confines itself has been at work: files are open, code is mapped, rings are set up.
 *
 * Seen when it is asked: what other threads open meanwhile is not. Who can't trust his own threads confines before he
 * starts them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "enforce/confinement.h"
#include "enforce/self.h"

/* One line of /proc/thread-self/maps: /proc/self is the first thread, which may have ended. */
struct mapping {
	unsigned long start;
	bool writable, executable, shared;
	dev_t device;
	ino_t inode; /* 0: no file */
	const char *path;
};
struct mappings {
	struct mapping *items;
	size_t count, capacity;
};

/* A way to write or to read a file: a descriptor or a mapping. */
struct way {
	struct handed file;
	const char *name;
};
struct ways {
	struct way *items;
	size_t count, capacity;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct diags *diags, const char *help, const char *format, ...)
{
	va_list args;
	const char *text;

	va_start(args, format);
	text = arena_vprintf(diags->arena, format, args);
	va_end(args);
	diag_help(diags, diag_error(diags, "C0644", (struct span){ 0 }, "%s", text), "%s", help);
	return -EINVAL;
}

/* ---- mappings ---- */

/* The numbers of the line are those of the file below an overlay; stat() and descriptors know the one above. */
static void settle_file(struct mapping *mapping)
{
	struct stat st;

	if (mapping->inode && *mapping->path == '/' && stat(mapping->path, &st) == 0 && st.st_ino == mapping->inode)
		mapping->device = st.st_dev;
}

/* The whole of @path. Nothing is open while memory is asked for, since that may not come back. */
static const char *read_text(const char *path, struct arena *arena)
{
	for (size_t capacity = 65536;; capacity *= 2) {
		char *text = arena_alloc(arena, capacity);
		auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
		size_t size = 0;
		ssize_t got;

		while (fd >= 0 && size < capacity && (got = read(fd, text + size, capacity - size)) > 0)
			size += (size_t)got;
		if (size < capacity)
			return text;
	}
}

static void read_mappings(struct arena *arena, struct mappings *ret)
{
	const char *line = read_text("/proc/thread-self/maps", arena);

	*ret = (struct mappings){ 0 };
	for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		unsigned long start, inode;
		unsigned major_, minor_;
		char rights[8];
		int path = 0;
		struct mapping *mapping;

		if (sscanf(line, "%lx-%*x %7s %*x %x:%x %lu%n", &start, rights, &major_, &minor_, &inode, &path) < 5)
			continue;
		path += (int)strspn(line + path, " ");
		mapping = arena_push(arena, ret);
		*mapping = (struct mapping){ .start = start,
					     .writable = rights[1] == 'w',
					     .executable = rights[2] == 'x',
					     .shared = rights[3] == 's',
					     .device = makedev(major_, minor_),
					     .inode = inode,
					     .path = arena_strndup(arena, line + path, strcspn(line + path, "\n")) };
		settle_file(mapping);
	}
}

static int check_mapping(const struct plan *plan, const struct mapping *mapping, struct diags *diags)
{
	if (!strcmp(mapping->path, "anon_inode:[io_uring]"))
		return refuse(diags, "end it before", "this process has an io_uring, whose work no filter sees");
	if (plan->strict_wx && mapping->writable && mapping->executable)
		return refuse(diags, "take one of the two away before, or write `wx allow`",
			      "this process has memory that is writable and executable at 0x%lx (%s)", mapping->start,
			      *mapping->path ? mapping->path : "no file");
	return 0;
}

/* ---- descriptors ---- */

static const struct {
	const char *target, *what;
	bool wx_only;
} special_files[] = {
	{ "anon_inode:[io_uring]", "is an io_uring, whose work no filter sees", false },
	{ "anon_inode:[userfaultfd]", "fills executable memory", true },
};

static int check_special(const struct plan *plan, int fd, const char *target, const struct handed *file,
			 struct diags *diags)
{
	const size_t size = strlen(target);

	for (size_t i = 0; i < ARRAY_SIZE(special_files); i++)
		if (!strcmp(target, special_files[i].target) && (plan->strict_wx || !special_files[i].wx_only))
			return refuse(diags, "close it before", "descriptor %d %s", fd, special_files[i].what);
	if (plan->strict_wx && file->writable && size > 4 && !strncmp(target, "/proc/", 6) &&
	    !strcmp(target + size - 4, "/mem"))
		return refuse(diags, "close it before, or write `wx allow`",
			      "descriptor %d writes the memory of a process: %s", fd, target);
	return 0;
}

static int check_descriptor(const struct plan *plan, int fd, struct arena *arena, struct ways *ways,
			    struct diags *diags)
{
	char target[PATH_MAX];
	struct handed file;
	ssize_t size = readlink(arena_printf(arena, "/proc/thread-self/fd/%d", fd), target, sizeof(target) - 1);

	/* Closed meanwhile. */
	if (size < 0 || handed_look(fd, &file) < 0)
		return 0;
	target[size] = '\0';
	if (file.mappable)
		*arena_push(arena, ways) = (struct way){ file, arena_printf(arena, "descriptor %d (%s)", fd, target) };
	return check_special(plan, fd, target, &file, diags);
}

/* As many as fit into @fds; how many there are, or -1. */
static int list_descriptors(int *fds, size_t capacity)
{
	DIR *directory = opendir("/proc/thread-self/fd");
	const struct dirent *entry;
	size_t count = 0;

	if (!directory)
		return -1;
	/* cppcheck-suppress readdirCalled ; the stream is ours alone */
	while ((entry = readdir(directory))) {
		if (*entry->d_name == '.' || atoi(entry->d_name) == dirfd(directory))
			continue;
		if (count < capacity)
			fds[count] = atoi(entry->d_name);
		count++;
	}
	closedir(directory);
	return (int)count;
}

static int check_descriptors(const struct plan *plan, struct arena *arena, struct ways *ways, struct diags *diags)
{
	size_t capacity = 256;
	int *fds = arena_alloc(arena, capacity * sizeof(*fds));
	int count, result = 0;

	while ((count = list_descriptors(fds, capacity)) > (int)capacity) {
		capacity = (size_t)count * 2;
		fds = arena_alloc(arena, capacity * sizeof(*fds));
	}
	if (count < 0)
		return refuse(diags, "mount /proc", "/proc does not show the descriptors of this process");
	for (int i = 0; i < count && result == 0; i++)
		result = check_descriptor(plan, fds[i], arena, ways, diags);
	return result;
}

/* ---- one file in two ways ---- */

static void add_mapping(const struct mapping *mapping, struct arena *arena, struct ways *ways)
{
	const bool writes = mapping->writable && mapping->shared;

	if (!mapping->inode || (!writes && !mapping->executable))
		return;
	*arena_push(arena, ways) =
		(struct way){ .file = { .fd = -1,
					.device = mapping->device,
					.inode = mapping->inode,
					.readable = mapping->executable,
					.writable = writes,
					.mappable = true },
			      .name = arena_printf(arena, "the mapping at 0x%lx (%s)", mapping->start, mapping->path) };
}

/* @reader NULL: one way for both. */
static int refuse_pair(const char *writer, const char *reader, struct diags *diags)
{
	static const char help[] =
		"open files for reading or for writing, not both; keep them on a noexec mount; or write "
		"`wx allow`";

	if (!reader)
		return refuse(diags, help, "%s can be written and mapped as code", writer);
	return refuse(diags, help, "%s writes what %s can map as code", writer, reader);
}

static int check_pairs(const struct ways *ways, struct diags *diags)
{
	for (size_t i = 0; i < ways->count; i++)
		for (size_t k = 0; k < ways->count; k++) {
			const struct handed *writer = &ways->items[i].file, *reader = &ways->items[k].file;

			if (!writer->writable || !reader->readable || writer->device != reader->device ||
			    writer->inode != reader->inode)
				continue;
			return refuse_pair(ways->items[i].name, i == k ? NULL : ways->items[k].name, diags);
		}
	return 0;
}

/* Where PR_SET_MDWE is missing nothing else would refuse what this makes executable. */
static int check_personality(const struct plan *plan, struct diags *diags)
{
	const int persona = plan->strict_wx ? personality(UINT32_MAX) : 0;

	if (persona < 0 || !(persona & READ_IMPLIES_EXEC))
		return 0;
	return refuse(diags, "take it back before, or write `wx allow`",
		      "this process's personality makes readable memory executable");
}

int self_check_held(const struct plan *plan, struct diags *diags)
{
	struct arena *arena = diags->arena;
	struct mappings mappings;
	struct ways ways = { 0 };
	int result = check_personality(plan, diags);

	if (result == 0)
		result = check_descriptors(plan, arena, &ways, diags);
	read_mappings(arena, &mappings);
	if (result == 0 && mappings.count == 0)
		result = refuse(diags, "mount /proc", "/proc does not show the memory of this process");
	for (size_t i = 0; i < mappings.count && result == 0; i++) {
		result = check_mapping(plan, &mappings.items[i], diags);
		add_mapping(&mappings.items[i], arena, &ways);
	}
	return result == 0 && plan->strict_wx ? check_pairs(&ways, diags) : result;
}

void self_facts(struct arena *arena, struct host_facts *facts)
{
	struct mappings mappings;

	read_mappings(arena, &mappings);
	for (size_t i = 0; i < mappings.count; i++)
		if (mappings.items[i].executable && *mappings.items[i].path == '/')
			*arena_push(arena, &facts->mapped) = mappings.items[i].path;
}
