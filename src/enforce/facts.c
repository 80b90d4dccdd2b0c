/* facts.c - what the planner asks about, and the head of an ELF file or a script. */
#include "enforce/facts.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "enforce/objects.h"
#include "policy/resolve.h"

#define SCRIPT_DEPTH_MAX 5 /* as in the kernel (fs/exec.c): a script's interpreter may be a script */

/* ---- the head of a program ---- */

static bool read_at(int fd, void *buffer, size_t size, off_t offset)
{
	return pread(fd, buffer, size, offset) == (ssize_t)size;
}

/* Where PT_INTERP lies. Both classes of ELF differ in the width of the fields only. */
static bool find_interp(int fd, bool wide, off_t *ret_offset, size_t *ret_size)
{
	union {
		Elf64_Ehdr wide;
		Elf32_Ehdr narrow;
	} head;
	union {
		Elf64_Phdr wide;
		Elf32_Phdr narrow;
	} row;
	off_t start;
	unsigned count, step;

	if (!read_at(fd, &head, wide ? sizeof(head.wide) : sizeof(head.narrow), 0))
		return false;
	start = wide ? (off_t)head.wide.e_phoff : (off_t)head.narrow.e_phoff;
	count = wide ? head.wide.e_phnum : head.narrow.e_phnum;
	step = wide ? head.wide.e_phentsize : head.narrow.e_phentsize;
	for (unsigned i = 0; i < count; i++) {
		if (!read_at(fd, &row, wide ? sizeof(row.wide) : sizeof(row.narrow), start + (off_t)i * step))
			return false;
		if ((wide ? row.wide.p_type : row.narrow.p_type) != PT_INTERP)
			continue;
		*ret_offset = wide ? (off_t)row.wide.p_offset : (off_t)row.narrow.p_offset;
		*ret_size = wide ? (size_t)row.wide.p_filesz : row.narrow.p_filesz;
		return true;
	}
	return false;
}

/* The interpreter's path into @ret; an empty string when there is none. */
static void read_interpreter(int fd, char ret[PATH_MAX], bool *ret_script)
{
	char head[256] = "";
	ssize_t got = pread(fd, head, sizeof(head) - 1, 0);
	off_t offset;
	size_t size;

	ret[0] = '\0';
	if (got > 2 && head[0] == '#' && head[1] == '!') {
		const char *word = head + 2 + strspn(head + 2, " \t");

		size = strcspn(word, " \t\n");
		memcpy(ret, word, size);
		ret[size] = '\0';
		*ret_script = true;
	} else if (got > EI_CLASS && !memcmp(head, ELFMAG, SELFMAG) &&
		   find_interp(fd, head[EI_CLASS] == ELFCLASS64, &offset, &size) && size > 1 && size <= PATH_MAX &&
		   read_at(fd, ret, size, offset)) {
		ret[size - 1] = '\0';
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
			return;
		}
		if (!facts->script_interpreter)
			facts->script_interpreter = interpreter;
		at = interpreter;
	}
}

/* Flags and mounts don't matter for what must not be changed at all. */
void host_facts_own(const char *path, struct arena *arena, struct host_facts *facts)
{
	const struct mount_view none = { 0 };
	struct host_object object = { .path = path };

	object_look(&none, arena, &object);
	if (object.type != OBJECT_ABSENT)
		*arena_push(arena, &facts->own) = object;
}

void host_facts_gather(const struct model *model, const char *program, struct arena *arena, struct host_facts *ret)
{
	struct host_facts facts = { 0 };
	struct mount_view mounts;

	mount_view_read(arena, &mounts);
	plan_wanted_paths(model, arena, &facts);
	for (size_t i = 0; i < facts.count; i++)
		object_look(&mounts, arena, &facts.items[i]);
	for (size_t i = 0; i < own_directories.count; i++)
		host_facts_own(own_directories.items[i], arena, &facts);
	if (program)
		look_at_program(program, arena, &facts);
	*ret = facts;
}
