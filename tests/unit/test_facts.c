/* test_facts.c - what the planner is told of the file system. */
#include "enforce/facts.h"

#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/tap.h"
#include "policy/load.h"

struct host {
	struct arena *arena;
	struct diags diags;
	char directory[64];
};

static void start(struct host *host)
{
	host->arena = arena_new(0);
	diags_init(&host->diags, host->arena);
	strcpy(host->directory, "/tmp/test_facts.XXXXXX");
	REQUIRE(mkdtemp(host->directory) != NULL);
	REQUIRE(chdir(host->directory) == 0);
	umask(022);
}

static void end(struct host *host)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", host->directory);
	CHECK_INT(chdir("/"), 0);
	CHECK_INT(system(command), 0);
	arena_free(host->arena);
}

static void put(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(name, "w");

	REQUIRE(file != NULL);
	fwrite(bytes, 1, size, file);
	fclose(file);
	chmod(name, 0755);
}

static const struct host_object *find(const struct host_facts *facts, const char *path)
{
	for (size_t i = 0; i < facts->count; i++)
		if (!strcmp(facts->items[i].path, path))
			return &facts->items[i];
	return NULL;
}

TEST(objects_are_looked_at)
{
	const char *lines[1];
	struct load_options options = { .additions = lines, .addition_count = 1 };
	const struct host_object *object;
	struct host_facts facts;
	struct loaded loaded;
	struct host host;

	start(&host);
	mkdir("tree", 0755);
	put("file", "x", 1);
	CHECK_INT(symlink("tree", "link"), 0);
	lines[0] = "file read ./tree/** ./file ./link/** ./nothing /dev/null";
	REQUIRE(load_model(&options, host.arena, &host.diags, &loaded) == 0);
	REQUIRE(host_facts_gather(loaded.model, NULL, host.arena, &host.diags, &facts) == 0);
	object = find(&facts, arena_printf(host.arena, "%s/tree", host.directory));
	CHECK(object && object->type == OBJECT_DIRECTORY);
	object = find(&facts, arena_printf(host.arena, "%s/file", host.directory));
	CHECK(object && object->type == OBJECT_FILE);
	object = find(&facts, arena_printf(host.arena, "%s/link", host.directory));
	CHECK(object && object->type == OBJECT_DIRECTORY);
	CHECK_STR(object->real, arena_printf(host.arena, "%s/tree", host.directory));
	object = find(&facts, arena_printf(host.arena, "%s/nothing", host.directory));
	CHECK(object && object->type == OBJECT_ABSENT);
	CHECK_STR(object->real, object->path);
	object = find(&facts, "/dev/null");
	CHECK(object && object->type == OBJECT_DEVICE);
	CHECK(facts.program == NULL && facts.loader == NULL);
	end(&host);
}

TEST(programs_and_scripts)
{
	static const char deep[] = "#! ./script -x\n", broken[] = "#!\n", text[] = "no program\n";
	struct model model = { .count = 0 };
	struct host_facts facts;
	char sh[PATH_MAX], script[128];
	const char *loader;
	struct host host;
	bool is_script;

	start(&host);
	REQUIRE(realpath("/bin/sh", sh) != NULL);
	loader = program_interpreter(sh, host.arena, &is_script);
	CHECK(!is_script && loader && *loader == '/');
	snprintf(script, sizeof(script), "#!/bin/sh -e\n");
	put("script", script, strlen(script));
	CHECK_STR(program_interpreter("script", host.arena, &is_script), "/bin/sh");
	CHECK(is_script);
	put("deep", deep, sizeof(deep) - 1);
	put("broken", broken, sizeof(broken) - 1);
	put("text", text, sizeof(text) - 1);
	put("empty", "", 0);
	CHECK_STR(program_interpreter("deep", host.arena, &is_script), "./script");
	CHECK(program_interpreter("broken", host.arena, &is_script) == NULL);
	CHECK(program_interpreter("text", host.arena, &is_script) == NULL && !is_script);
	CHECK(program_interpreter("empty", host.arena, &is_script) == NULL);
	CHECK(program_interpreter("missing", host.arena, &is_script) == NULL);
	REQUIRE(host_facts_gather(&model, "deep", host.arena, &host.diags, &facts) == 0);
	CHECK_STR(facts.script_interpreter, arena_printf(host.arena, "%s/script", host.directory));
	CHECK(facts.loader && *facts.loader == '/');
	end(&host);
}

/* Hostile headers: nothing is believed that can't be read. */
TEST(broken_programs)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr row;
	} image = { .head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB } },
		    .row = { .p_type = PT_INTERP, .p_offset = UINT64_MAX, .p_filesz = UINT64_MAX } };
	struct host host;
	bool is_script;

	start(&host);
	put("short", &image, 10);
	CHECK(program_interpreter("short", host.arena, &is_script) == NULL);
	image.head.e_phoff = sizeof(image.head);
	image.head.e_phnum = 1;
	image.head.e_phentsize = sizeof(image.row);
	put("far", &image, sizeof(image));
	CHECK(program_interpreter("far", host.arena, &is_script) == NULL);
	image.row.p_offset = 0;
	image.row.p_filesz = PATH_MAX + 1;
	put("long", &image, sizeof(image));
	CHECK(program_interpreter("long", host.arena, &is_script) == NULL);
	image.head.e_phoff = UINT64_MAX - 7;
	image.head.e_phnum = UINT16_MAX;
	put("wrap", &image, sizeof(image));
	CHECK(program_interpreter("wrap", host.arena, &is_script) == NULL);
	image.head.e_phoff = 0;
	image.head.e_phentsize = 0;
	put("loop", &image, sizeof(image));
	CHECK(program_interpreter("loop", host.arena, &is_script) == NULL);
	end(&host);
}
