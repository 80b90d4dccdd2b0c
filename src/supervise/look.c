/* look.c - see look.h. Paths are walked by the kernel, from the caller's own root and directory (proc/PID/root, cwd, fd). */
#include "supervise/look.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "policy/resolve.h"

/* ---- memory ---- */

bool look_read(const struct look *look, uint64_t address, void *buffer, size_t size)
{
	const struct iovec local = { buffer, size }, remote = { (void *)(uintptr_t)address, size };

	return process_vm_readv(look->event->thread, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

/* Page by page: what lies behind the string need not be readable. */
static bool read_string(const struct look *look, uint64_t address, char text[PATH_MAX])
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t at = 0; at < PATH_MAX;) {
		size_t size = page - (size_t)((address + at) % page);

		if (size > PATH_MAX - at)
			size = PATH_MAX - at;
		if (!look_read(look, address + at, text + at, size))
			return false;
		if (memchr(text + at, '\0', size))
			return true;
		at += size;
	}
	return false;
}

/* ---- objects ---- */

struct object {
	const char *real;  /* as the kernel reaches it */
	const char *named; /* as the caller wrote it, from the root on */
	bool exists;
};

static const char *read_link(const char *link, struct arena *arena)
{
	char target[PATH_MAX];
	const ssize_t size = readlink(link, target, sizeof(target));

	return size > 0 && *target == '/' ? arena_strndup(arena, target, (size_t)size) : NULL;
}

static const char *path_of_fd(int fd, struct arena *arena)
{
	return read_link(arena_printf(arena, "/proc/self/fd/%d", fd), arena);
}

/* What the caller's name is for us. */
static const char *our_name(const struct look *look, int dirfd, const char *path)
{
	const pid_t thread = look->event->thread;
	const size_t self = !strncmp(path, "/proc/self/", 11) ? 10 : !strncmp(path, "/proc/thread-self/", 18) ? 17 : 0;

	if (self)
		return arena_printf(look->arena, "/proc/%d%s", thread, path + self);
	if (*path == '/')
		return arena_printf(look->arena, "/proc/%d/root%s", thread, path);
	if (dirfd == AT_FDCWD)
		return arena_printf(look->arena, "/proc/%d/cwd/%s", thread, path);
	return arena_printf(look->arena, *path ? "/proc/%d/fd/%d/%s" : "/proc/%d/fd/%d", thread, dirfd, path);
}

static const char *full_name(const struct look *look, int dirfd, const char *path)
{
	const char *directory;

	if (*path == '/')
		return path;
	directory = read_link(our_name(look, dirfd, ""), look->arena);
	if (dirfd == AT_FDCWD)
		directory = read_link(arena_printf(look->arena, "/proc/%d/cwd", look->event->thread), look->arena);
	return directory && *path ? arena_printf(look->arena, "%s/%s", directory, path) : directory;
}

static bool find_followed(const struct look *look, const char *name, struct object *ret)
{
	auto_close int fd = open(name, O_PATH | O_CLOEXEC);

	ret->real = fd < 0 ? NULL : path_of_fd(fd, look->arena);
	ret->exists = true;
	return ret->real != NULL;
}

/* The entry itself, which need not be there, in the directory that is. */
static bool find_entry(const struct look *look, const char *name, struct object *ret)
{
	char *directory = arena_strdup(look->arena, name), *slash = strrchr(directory, '/');
	const char *real;
	struct stat st;
	auto_close int fd = -1;

	while (slash && slash > directory && !slash[1]) {
		*slash = '\0';
		slash = strrchr(directory, '/');
	}
	if (!slash || !strcmp(slash, "/.") || !strcmp(slash, "/.."))
		return find_followed(look, name, ret);
	*slash = '\0';
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	real = fd < 0 ? NULL : path_of_fd(fd, look->arena);
	if (!real)
		return false;
	ret->real = arena_printf(look->arena, "%s/%s", strcmp(real, "/") ? real : "", slash + 1);
	ret->exists = fstatat(fd, slash + 1, &st, AT_SYMLINK_NOFOLLOW) == 0;
	return true;
}

static bool find_object(const struct look *look, int dirfd, const char *path, bool follow, struct object *ret)
{
	const char *name = our_name(look, dirfd, path);

	*ret = (struct object){ .named = full_name(look, dirfd, path) };
	return follow ? find_followed(look, name, ret) : find_entry(look, name, ret);
}

/* ---- decide ---- */

void look_decide(struct look *look, const struct request *request, const char *text)
{
	struct decision decision;

	decision_take(look->model, request, text, look->arena, &decision);
	if (decision.verdict.kind == VERDICT_ALLOW)
		return;
	look->count++;
	look->found(look->context, &decision);
}

static bool is_allowed(const struct look *look, const struct request *request)
{
	return model_decide(look->model, request, NULL, NULL).kind == VERDICT_ALLOW;
}

/* A rule may name the object by a link, which the planner follows and the meaning of a request doesn't: what is allowed
 * by the caller's name, and by no rule denied by the real one, is allowed. */
static bool allowed_by_name(const struct look *look, struct request request, const char *named)
{
	long rule;

	if (model_decide(look->model, &request, NULL, &rule).kind != VERDICT_ALLOW && rule >= 0)
		return false;
	request.path = named;
	return named && is_allowed(look, &request);
}

static void decide_path(struct look *look, enum request_class class, uint32_t operation, const struct object *object)
{
	struct request request = {
		.class = class, .operation = operation, .path = object->real, .phase = PHASE_NONE, .uid = look->uid
	};
	struct str text;

	if (is_allowed(look, &request) || allowed_by_name(look, request, object->named))
		return;
	str_init(&text, look->arena);
	request_print(&request, &text);
	look_decide(look, &request, text.text);
}

/* ---- open ---- */

/* Who may write may also append. */
static void decide_append(struct look *look, const struct object *object)
{
	const struct request write = { .class = REQUEST_FILE,
				       .operation = FILE_WRITE,
				       .path = object->real,
				       .phase = PHASE_NONE,
				       .uid = look->uid };

	if (!is_allowed(look, &write))
		decide_path(look, REQUEST_FILE, FILE_APPEND, object);
}

static void look_at_open(struct look *look, int dirfd, const char *path, uint64_t flags)
{
	const uint64_t mode = flags & O_ACCMODE;
	const bool makes = flags & O_CREAT;
	struct object object, entry;

	if (flags & O_PATH)
		return;
	if (makes && (!find_object(look, dirfd, path, false, &entry) || !entry.exists)) {
		if (!entry.real)
			return;
		object = entry;
		decide_path(look, REQUEST_FILE, FILE_CREATE, &object);
	} else if (!find_object(look, dirfd, path, !(flags & O_NOFOLLOW), &object) || !object.exists) {
		return;
	}
	if (mode == O_RDONLY || mode == O_RDWR)
		decide_path(look, REQUEST_FILE, FILE_READ, &object);
	if (mode != O_RDONLY && flags & O_APPEND && !(flags & O_TRUNC))
		decide_append(look, &object);
	else if (mode != O_RDONLY || flags & O_TRUNC)
		decide_path(look, REQUEST_FILE, FILE_WRITE, &object);
}

/* ---- calls ---- */

enum path_kind { PATH_FOLLOWED, PATH_ENTRY, PATH_OPEN, PATH_OPEN_HOW, PATH_FD, PATH_EXEC };
#define CWD (-1)
#define NO_FLAGS (-1)

static const struct path_call {
	const char *call;
	enum path_kind kind;
	uint32_t operation;
	int8_t dirfd, path, flags; /* arguments */
} path_calls[] = {
	{ "open", PATH_OPEN, 0, CWD, 0, 1 },
	{ "openat", PATH_OPEN, 0, 0, 1, 2 },
	{ "openat2", PATH_OPEN_HOW, 0, 0, 1, 2 },
	{ "creat", PATH_OPEN, 0, CWD, 0, NO_FLAGS },
	{ "execve", PATH_EXEC, 0, CWD, 0, NO_FLAGS },
	{ "execveat", PATH_EXEC, 0, 0, 1, NO_FLAGS },
	{ "mkdir", PATH_ENTRY, FILE_CREATE, CWD, 0, NO_FLAGS },
	{ "mkdirat", PATH_ENTRY, FILE_CREATE, 0, 1, NO_FLAGS },
	{ "mknod", PATH_ENTRY, FILE_CREATE, CWD, 0, NO_FLAGS },
	{ "mknodat", PATH_ENTRY, FILE_CREATE, 0, 1, NO_FLAGS },
	{ "symlink", PATH_ENTRY, FILE_CREATE, CWD, 1, NO_FLAGS },
	{ "symlinkat", PATH_ENTRY, FILE_CREATE, 1, 2, NO_FLAGS },
	{ "unlink", PATH_ENTRY, FILE_DELETE, CWD, 0, NO_FLAGS },
	{ "unlinkat", PATH_ENTRY, FILE_DELETE, 0, 1, NO_FLAGS },
	{ "rmdir", PATH_ENTRY, FILE_DELETE, CWD, 0, NO_FLAGS },
	{ "rename", PATH_ENTRY, FILE_RENAME, CWD, 0, NO_FLAGS },
	{ "rename", PATH_ENTRY, FILE_RENAME, CWD, 1, NO_FLAGS },
	{ "renameat", PATH_ENTRY, FILE_RENAME, 0, 1, NO_FLAGS },
	{ "renameat", PATH_ENTRY, FILE_RENAME, 2, 3, NO_FLAGS },
	{ "renameat2", PATH_ENTRY, FILE_RENAME, 0, 1, NO_FLAGS },
	{ "renameat2", PATH_ENTRY, FILE_RENAME, 2, 3, NO_FLAGS },
	{ "link", PATH_ENTRY, FILE_LINK, CWD, 1, NO_FLAGS },
	{ "linkat", PATH_ENTRY, FILE_LINK, 2, 3, NO_FLAGS },
	{ "truncate", PATH_FOLLOWED, FILE_WRITE, CWD, 0, NO_FLAGS },
	{ "chmod", PATH_FOLLOWED, FILE_ATTR, CWD, 0, NO_FLAGS },
	{ "fchmodat", PATH_FOLLOWED, FILE_ATTR, 0, 1, NO_FLAGS },
	{ "fchmodat2", PATH_FOLLOWED, FILE_ATTR, 0, 1, NO_FLAGS },
	{ "fchmod", PATH_FD, FILE_ATTR, 0, 0, NO_FLAGS },
	{ "chown", PATH_FOLLOWED, FILE_ATTR, CWD, 0, NO_FLAGS },
	{ "lchown", PATH_ENTRY, FILE_ATTR, CWD, 0, NO_FLAGS },
	{ "fchownat", PATH_FOLLOWED, FILE_ATTR, 0, 1, NO_FLAGS },
	{ "fchown", PATH_FD, FILE_ATTR, 0, 0, NO_FLAGS },
	{ "utime", PATH_FOLLOWED, FILE_ATTR, CWD, 0, NO_FLAGS },
	{ "utimes", PATH_FOLLOWED, FILE_ATTR, CWD, 0, NO_FLAGS },
	{ "futimesat", PATH_FOLLOWED, FILE_ATTR, 0, 1, NO_FLAGS },
	{ "utimensat", PATH_FOLLOWED, FILE_ATTR, 0, 1, NO_FLAGS },
	{ "setxattr", PATH_FOLLOWED, FILE_ATTR, CWD, 0, NO_FLAGS },
	{ "lsetxattr", PATH_ENTRY, FILE_ATTR, CWD, 0, NO_FLAGS },
	{ "fsetxattr", PATH_FD, FILE_ATTR, 0, 0, NO_FLAGS },
	{ "removexattr", PATH_FOLLOWED, FILE_ATTR, CWD, 0, NO_FLAGS },
	{ "lremovexattr", PATH_ENTRY, FILE_ATTR, CWD, 0, NO_FLAGS },
	{ "fremovexattr", PATH_FD, FILE_ATTR, 0, 0, NO_FLAGS },
};

static void look_at_path(struct look *look, const struct path_call *row)
{
	const uint64_t *args = look->event->args;
	const int dirfd = row->dirfd == CWD ? AT_FDCWD : (int)args[row->dirfd];
	struct open_how how = { .flags = O_CREAT | O_WRONLY | O_TRUNC };
	char path[PATH_MAX] = "";
	struct object object;

	/* A NULL path means the descriptor itself (utimensat). */
	if (row->kind != PATH_FD && args[row->path] && !read_string(look, args[row->path], path))
		return;
	switch (row->kind) {
	case PATH_OPEN_HOW:
		if (!look_read(look, args[row->flags], &how, sizeof(how)))
			return;
		look_at_open(look, dirfd, path, how.flags);
		return;
	case PATH_OPEN:
		look_at_open(look, dirfd, path, row->flags < 0 ? how.flags : (uint32_t)args[row->flags]);
		return;
	case PATH_FD:
	case PATH_FOLLOWED:
	case PATH_EXEC:
	case PATH_ENTRY:
		if (find_object(look, dirfd, path, row->kind != PATH_ENTRY, &object) &&
		    (object.exists || row->operation != FILE_ATTR))
			decide_path(look, row->kind == PATH_EXEC ? REQUEST_EXEC : REQUEST_FILE, row->operation,
				    &object);
		return;
	}
}

void look_at(struct look *look)
{
	const char *call = look->event->call >= 0 ? call_table[look->event->call].name : "";

	if (look->event->arch != arch_native() || look_at_net(look, call))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(path_calls); i++)
		if (!strcmp(path_calls[i].call, call))
			look_at_path(look, &path_calls[i]);
}

/* ---- hand over ---- */

static bool is_looked_at(const char *call)
{
	for (size_t i = 0; i < ARRAY_SIZE(path_calls); i++)
		if (!strcmp(path_calls[i].call, call))
			return true;
	for (size_t i = 0; i < look_net_call_count; i++)
		if (!strcmp(look_net_calls[i], call))
			return true;
	return false;
}

static void ask_entry(struct call_entry *entry, struct arena *arena)
{
	struct call_case *cases = arena_alloc(arena, (entry->case_count + 1) * sizeof(*cases));

	for (size_t i = 0; i < entry->case_count; i++)
		cases[i] = (struct call_case){ .cond = entry->cases[i].cond, .verdict = { .kind = VERDICT_ASK } };
	entry->cases = cases;
	entry->otherwise = (struct verdict){ .kind = VERDICT_ASK };
}

void look_hand_over(const struct call_policy *policy, struct arena *arena, struct call_policy *ret)
{
	const enum arch arch = arch_native();
	struct call_entries entries = { 0 };

	*ret = *policy;
	for (size_t i = 0; i < policy->entries[arch].count; i++) {
		struct call_entry *entry = arena_push(arena, &entries);

		*entry = policy->entries[arch].items[i];
		if (entry->call < call_count && is_looked_at(call_table[entry->call].name))
			ask_entry(entry, arena);
	}
	ret->entries[arch] = entries;
}
