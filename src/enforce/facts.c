/* facts.c - what the planner asks about, and the head of an ELF file or a script. */
#include "enforce/facts.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "enforce/objects.h"
#include "platform/cgroup.h"
#include "policy/resolve.h"

#define SCRIPT_DEPTH_MAX 5 /* as in the kernel (fs/exec.c): a script's interpreter may be a script */

/* ---- the head of a program ---- */

static bool read_at(int fd, void *buffer, size_t size, off_t offset)
{
	return pread(fd, buffer, size, offset) == (ssize_t)size;
}

/* Where the program headers of an ELF file are. */
struct headers {
	int fd;
	bool wide;
	off_t start;
	unsigned count, step;
};

struct header {
	uint32_t type, flags;
	off_t offset;
	size_t size;
};

/* Both classes of ELF differ in the width of the fields only. */
static bool read_headers(int fd, struct headers *ret)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf64_Ehdr wide;
		Elf32_Ehdr narrow;
	} head;
	bool wide;

	if (!read_at(fd, &head, sizeof(head.narrow), 0) || memcmp(head.ident, ELFMAG, SELFMAG))
		return false;
	wide = head.ident[EI_CLASS] == ELFCLASS64;
	if (wide && !read_at(fd, &head, sizeof(head.wide), 0))
		return false;
	*ret = (struct headers){
		.fd = fd,
		.wide = wide,
		.start = wide ? (off_t)head.wide.e_phoff : (off_t)head.narrow.e_phoff,
		.count = wide ? head.wide.e_phnum : head.narrow.e_phnum,
		.step = wide ? head.wide.e_phentsize : head.narrow.e_phentsize,
	};
	return true;
}

/* The first header of @type. */
static bool find_header(const struct headers *headers, uint32_t type, struct header *ret)
{
	union {
		Elf64_Phdr wide;
		Elf32_Phdr narrow;
	} row;

	for (unsigned i = 0; i < headers->count; i++) {
		const off_t at = headers->start + (off_t)i * headers->step;

		if (!read_at(headers->fd, &row, headers->wide ? sizeof(row.wide) : sizeof(row.narrow), at))
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

/* The interpreter's path into @ret; an empty string when there is none. */
static void read_interpreter(int fd, char ret[PATH_MAX], bool *ret_script)
{
	char head[256] = "";
	ssize_t got = pread(fd, head, sizeof(head) - 1, 0);
	struct headers headers;
	struct header interp;

	ret[0] = '\0';
	if (got > 2 && head[0] == '#' && head[1] == '!') {
		const char *word = head + 2 + strspn(head + 2, " \t");

		const size_t size = strcspn(word, " \t\n");

		memcpy(ret, word, size);
		ret[size] = '\0';
		*ret_script = true;
	} else if (read_headers(fd, &headers) && find_header(&headers, PT_INTERP, &interp) && interp.size > 1 &&
		   interp.size <= PATH_MAX && read_at(fd, ret, interp.size, interp.offset)) {
		ret[interp.size - 1] = '\0';
	} else {
		ret[0] = '\0';
	}
}

const char *program_interpreter(const char *path, struct arena *arena, bool *ret_script)
{
	char interpreter[PATH_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*ret_script = false;
	if (fd < 0)
		return NULL;
	read_interpreter(fd, interpreter, ret_script);
	close(fd);
	return interpreter[0] ? arena_strdup(arena, interpreter) : NULL;
}

/* Does the kernel make the stack of this binary executable? On 32 bits that is so unless the binary says no
 * (elf_read_implies_exec() in arch/x86/include/asm/elf.h). */
static bool stack_is_code(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct headers headers;
	struct header stack;

	if (fd < 0 || !read_headers(fd, &headers))
		return false;
	return find_header(&headers, PT_GNU_STACK, &stack) ? stack.flags & PF_X : !headers.wide;
}

static const char *real_path(const char *path, struct arena *arena)
{
	char real[PATH_MAX];

	return path && realpath(path, real) ? arena_strdup(arena, real) : path;
}

/* Scripts that scripts interpret: the first interpreter is named; the loader is that of the binary at the end. */
static void look_at_program(const char *program, struct arena *arena, struct host_facts *facts)
{
	const char *at = program;

	facts->program = program;
	for (unsigned depth = 0; at && depth < SCRIPT_DEPTH_MAX; depth++) {
		bool script;
		const char *interpreter = real_path(program_interpreter(at, arena, &script), arena);

		if (!script) {
			facts->loader = interpreter;
			facts->stack_is_code = stack_is_code(at);
			return;
		}
		if (!facts->script_interpreter)
			facts->script_interpreter = interpreter;
		at = interpreter;
	}
}

/* ---- what belongs to Cordon ---- */

/* Flags and mounts don't matter for what must not be changed at all. */
static void look_at_own(struct object_walk *walk, const char *path, struct arena *arena, struct host_facts *facts)
{
	struct host_object object = { .path = path };

	object_look(walk, &object);
	if (object.type == OBJECT_ABSENT)
		return;
	*arena_push(arena, &facts->own) = object;
	/* Whoever can change a link on the way puts something else there. */
	for (size_t i = 0; i < object.links.count; i++)
		*arena_push(arena, &facts->own) = (struct host_object){ .path = object.links.items[i].path,
									.real = object.links.items[i].path,
									.type = object.type };
}

void host_facts_own(const char *path, struct arena *arena, struct host_facts *facts)
{
	const struct mount_view none = { 0 };

	look_at_own(object_walk_new(&none, arena), path, arena, facts);
}

/* Policies that were read from files are Cordon's own, whoever wrote them: a template's name leads to no file. */
static void own_policy(struct object_walk *walk, const struct source *source, struct arena *arena,
		       struct host_facts *facts)
{
	char here[PATH_MAX];

	if (*source->name == '/')
		look_at_own(walk, source->name, arena, facts);
	else if (getcwd(here, sizeof(here)))
		look_at_own(walk, arena_printf(arena, "%s/%s", here, source->name), arena, facts);
}

/* Who writes there leaves the group that holds his limits. */
static void own_groups(struct object_walk *walk, const struct model *model, struct arena *arena,
		       struct host_facts *facts)
{
	char mount[PATH_MAX];

	for (size_t l = 0; l < model->count; l++)
		for (size_t i = 0; i < model->items[l]->limits.count; i++)
			if (limit_is_of_domain(model->items[l]->limits.items[i].name)) {
				if (cgroup_mount(mount) == 0)
					look_at_own(walk, arena_strdup(arena, mount), arena, facts);
				return;
			}
}

static void own_policies(struct object_walk *walk, const struct model *model, struct arena *arena,
			 struct host_facts *facts)
{
	const struct source *last = NULL;

	for (size_t l = 0; l < model->count; l++) {
		const struct layer *layer = model->items[l];

		for (size_t i = 0; i <= layer->rules.count; i++) {
			const struct source *source = i ? layer->rules.items[i - 1].span.source : layer->span.source;

			if (source && source != last)
				own_policy(walk, source, arena, facts);
			last = source;
		}
	}
}

void host_facts_gather(const struct model *model, const char *program, struct arena *arena, struct host_facts *ret)
{
	struct host_facts facts = { 0 };
	struct object_walk *walk;
	struct mount_view mounts;

	mount_view_read(arena, &mounts);
	walk = object_walk_new(&mounts, arena);
	for (size_t i = 0; i < mounts.count; i++)
		if (mounts.items[i].proc)
			*arena_push(arena, &facts.procs) = mounts.items[i].path;
	plan_wanted_paths(model, arena, &facts);
	for (size_t i = 0; i < facts.count; i++)
		object_look(walk, &facts.items[i]);
	for (size_t i = 0; i < own_directories.count; i++)
		look_at_own(walk, own_directories.items[i], arena, &facts);
	own_policies(walk, model, arena, &facts);
	own_groups(walk, model, arena, &facts);
	if (program)
		look_at_program(program, arena, &facts);
	*ret = facts;
}
