/* facts.c - what the planner asks about, and the head of an ELF file or a script. */
#include "enforce/facts.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "enforce/objects.h"
#include "platform/cgroup.h"
#include "policy/resolve.h"

#define SCRIPT_DEPTH_MAX 5 /* as in the kernel (fs/exec.c): a script's interpreter may be a script */

/* ---- the head of a program ---- */

/* Where the program headers of an ELF file are. */
struct headers {
	int fd;
	int error; /* errno of a read that should have worked */
	bool wide;
	off_t start;
	unsigned count, step;
};

struct header {
	uint32_t type, flags;
	off_t offset;
	size_t size;
};

static bool read_at(struct headers *headers, void *buffer, size_t size, off_t offset)
{
	const ssize_t got = pread(headers->fd, buffer, size, offset);

	if (got < 0)
		headers->error = errno;
	return got == (ssize_t)size;
}

/* Both classes of ELF differ in the width of the fields only. */
static bool read_headers(int fd, struct headers *ret)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf64_Ehdr wide;
		Elf32_Ehdr narrow;
	} head;
	bool wide;

	*ret = (struct headers){ .fd = fd };
	if (!read_at(ret, &head, sizeof(head.narrow), 0) || memcmp(head.ident, ELFMAG, SELFMAG))
		return false;
	wide = head.ident[EI_CLASS] == ELFCLASS64;
	if (wide && !read_at(ret, &head, sizeof(head.wide), 0))
		return false;
	ret->wide = wide;
	ret->start = wide ? (off_t)head.wide.e_phoff : (off_t)head.narrow.e_phoff;
	ret->count = wide ? head.wide.e_phnum : head.narrow.e_phnum;
	ret->step = wide ? head.wide.e_phentsize : head.narrow.e_phentsize;
	return true;
}

/* The first header of @type. */
static bool find_header(struct headers *headers, uint32_t type, struct header *ret)
{
	union {
		Elf64_Phdr wide;
		Elf32_Phdr narrow;
	} row;

	for (unsigned i = 0; i < headers->count; i++) {
		const off_t at = headers->start + (off_t)i * headers->step;

		if (!read_at(headers, &row, headers->wide ? sizeof(row.wide) : sizeof(row.narrow), at))
			return false;
		if ((headers->wide ? row.wide.p_type : row.narrow.p_type) != type)
			continue;
		*ret = (struct header){
			.type = type,
			.flags = headers->wide ? row.wide.p_flags : row.narrow.p_flags,
			.offset = headers->wide ? (off_t)row.wide.p_offset : (off_t)row.narrow.p_offset,
			.size = headers->wide ? (size_t)row.wide.p_filesz : row.narrow.p_filesz,
		};
		return true;
	}
	return false;
}

/* What the first bytes of a file say. */
struct head {
	char interpreter[PATH_MAX]; /* PT_INTERP, or the word after "#!"; "": none */
	bool script;
	bool stack_is_code; /* does the kernel make the stack of this binary executable? */
};

static void read_script(const char *line, struct head *ret)
{
	const char *word = line + strspn(line, " \t");
	const size_t size = strcspn(word, " \t\n");

	memcpy(ret->interpreter, word, size);
	ret->script = true;
}

/* On 32 bits the stack is executable unless the binary says no (elf_read_implies_exec() in arch/x86/include/asm/elf.h). */
static void read_binary(struct headers *headers, struct head *ret)
{
	struct header interp, stack;

	if (find_header(headers, PT_INTERP, &interp) && interp.size > 1 && interp.size <= PATH_MAX &&
	    read_at(headers, ret->interpreter, interp.size, interp.offset))
		ret->interpreter[interp.size - 1] = '\0';
	else
		ret->interpreter[0] = '\0';
	ret->stack_is_code = find_header(headers, PT_GNU_STACK, &stack) ? stack.flags & PF_X : !headers->wide;
}

/* 0, or -errno. A file that this user may not read is what it may be: nothing is known of it. */
static int read_head(const char *path, struct head *ret)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct headers headers;
	char line[256] = "";
	ssize_t got;

	memset(ret, 0, sizeof(*ret));
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
	got = pread(fd, line, sizeof(line) - 1, 0);
	if (got < 0)
		return errno == EISDIR ? 0 : -errno;
	if (got > 2 && line[0] == '#' && line[1] == '!') {
		read_script(line + 2, ret);
		return 0;
	}
	if (read_headers(fd, &headers))
		read_binary(&headers, ret);
	return -headers.error;
}

const char *program_interpreter(const char *path, struct arena *arena, bool *ret_script)
{
	struct head head;
	const int result = read_head(path, &head);

	*ret_script = head.script;
	return result == 0 && head.interpreter[0] ? arena_strdup(arena, head.interpreter) : NULL;
}

static const char *real_path(const char *path, struct arena *arena)
{
	char real[PATH_MAX];

	return path && realpath(path, real) ? arena_strdup(arena, real) : path;
}

static int refuse(struct diags *diags, const char *path, int error, const char *help)
{
	struct diag *diag = diag_error(diags, "C0518", (struct span){ 0 }, "cannot look at `%s`: %s", path,
				       strerror(-error));

	diag_note(diags, diag, "what a policy means depends on what is there; nothing is taken for granted");
	diag_help(diags, diag, "%s", help);
	return -ECANCELED;
}

/* What keeps one from looking where one may look. */
static int refuse_path(struct diags *diags, const char *path, int error)
{
	return refuse(diags, path, error, "raise `ulimit -n`, free memory, or see what the file system has to say");
}

/* Scripts that scripts interpret: the first interpreter is named; the loader is that of the binary at the end. */
static int look_at_program(const char *program, struct arena *arena, struct diags *diags, struct host_facts *facts)
{
	const char *at = program;

	facts->program = program;
	for (unsigned depth = 0; at && depth < SCRIPT_DEPTH_MAX; depth++) {
		struct head head;
		const int result = read_head(at, &head);
		const char *interpreter;

		if (result < 0)
			return refuse_path(diags, at, result);
		interpreter = head.interpreter[0] ? real_path(arena_strdup(arena, head.interpreter), arena) : NULL;
		if (!head.script) {
			facts->loader = interpreter;
			facts->stack_is_code = head.stack_is_code;
			return 0;
		}
		if (!facts->script_interpreter)
			facts->script_interpreter = interpreter;
		at = interpreter;
	}
	return 0;
}

/* ---- what belongs to Cordon ---- */

/* Flags and mounts don't matter for what must not be changed at all. */
static int look_at_own(struct object_walk *walk, const char *path, struct arena *arena, struct diags *diags,
		       struct host_facts *facts)
{
	struct host_object object = { .path = path };
	const int result = object_look(walk, &object);

	if (result < 0)
		return refuse_path(diags, path, result);
	if (object.type == OBJECT_ABSENT)
		return 0;
	*arena_push(arena, &facts->own) = object;
	/* Whoever can change a link on the way puts something else there. */
	for (size_t i = 0; i < object.links.count; i++)
		*arena_push(arena, &facts->own) = (struct host_object){ .path = object.links.items[i].path,
									.real = object.links.items[i].path,
									.type = object.type };
	return 0;
}

int host_facts_own(const char *path, struct arena *arena, struct diags *diags, struct host_facts *facts)
{
	const struct mount_view none = { 0 };

	return look_at_own(object_walk_new(&none, arena), path, arena, diags, facts);
}

/* Policies that were read from files are Cordon's own, whoever wrote them: a template's name leads to no file. */
static int own_policy(struct object_walk *walk, const struct source *source, struct arena *arena, struct diags *diags,
		      struct host_facts *facts)
{
	char here[PATH_MAX];

	if (*source->name == '/')
		return look_at_own(walk, source->name, arena, diags, facts);
	if (getcwd(here, sizeof(here)))
		return look_at_own(walk, arena_printf(arena, "%s/%s", here, source->name), arena, diags, facts);
	/* Nothing is read by a relative name where the directory is gone: this source is no file. */
	return errno == ENOENT ? 0 : refuse_path(diags, ".", -errno);
}

/* Who writes there leaves the group that holds his limits. */
static int own_groups(struct object_walk *walk, const struct model *model, struct arena *arena, struct diags *diags,
		      struct host_facts *facts)
{
	char mount[PATH_MAX];
	bool limited = false;
	int result;

	for (size_t l = 0; l < model->count; l++)
		for (size_t i = 0; i < model->items[l]->limits.count; i++)
			limited |= limit_is_of_domain(model->items[l]->limits.items[i].name);
	result = limited ? cgroup_mount(mount) : -ENOENT;
	if (result == -ENOENT)
		return 0;
	return result < 0 ? refuse_path(diags, "/proc/self/cgroup", result)
			  : look_at_own(walk, arena_strdup(arena, mount), arena, diags, facts);
}

static int own_policies(struct object_walk *walk, const struct model *model, struct arena *arena, struct diags *diags,
			struct host_facts *facts)
{
	const struct source *last = NULL;
	int result = 0;

	for (size_t l = 0; l < model->count; l++) {
		const struct layer *layer = model->items[l];

		for (size_t i = 0; i <= layer->rules.count && result == 0; i++) {
			const struct source *source = i ? layer->rules.items[i - 1].span.source : layer->span.source;

			if (source && source != last)
				result = own_policy(walk, source, arena, diags, facts);
			last = source;
		}
	}
	return result;
}

static int look_at_objects(struct object_walk *walk, struct arena *arena, struct diags *diags, struct host_facts *facts)
{
	int result = 0;

	for (size_t i = 0; i < facts->count; i++) {
		const char *path = facts->items[i].path;

		result = object_look(walk, &facts->items[i]);
		if (result < 0)
			return refuse_path(diags, path, result);
	}
	for (size_t i = 0; i < own_directories.count && result == 0; i++)
		result = look_at_own(walk, own_directories.items[i], arena, diags, facts);
	return result;
}

int host_facts_gather(const struct model *model, const char *program, struct arena *arena, struct diags *diags,
		      struct host_facts *ret)
{
	struct host_facts facts = { 0 };
	struct object_walk *walk;
	struct mount_view mounts;
	int result = mount_view_read(arena, &mounts);

	if (result < 0)
		return refuse(diags, "/proc/thread-self/mountinfo", result, "mount /proc");
	walk = object_walk_new(&mounts, arena);
	for (size_t i = 0; i < mounts.count; i++)
		if (mounts.items[i].proc)
			*arena_push(arena, &facts.procs) = mounts.items[i].path;
	plan_wanted_paths(model, arena, &facts);
	result = look_at_objects(walk, arena, diags, &facts);
	if (result == 0)
		result = own_policies(walk, model, arena, diags, &facts);
	if (result == 0)
		result = own_groups(walk, model, arena, diags, &facts);
	if (result == 0 && program)
		result = look_at_program(program, arena, diags, &facts);
	if (result == 0)
		*ret = facts;
	return result;
}
