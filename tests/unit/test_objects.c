/* What lies at a path, and what the way there leads through: against a real directory. */
#include "enforce/objects.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/mount_table.h"
#include "tap.h"

struct place {
	struct arena *arena;
	char *directory; /* real */
};

static void start(struct place *place)
{
	char name[] = "/tmp/test_objects.XXXXXX";

	place->arena = arena_new(0);
	REQUIRE(mkdtemp(name) && chdir(name) == 0);
	place->directory = realpath(name, NULL);
	REQUIRE(place->directory != NULL);
	umask(022);
}

static void end(struct place *place)
{
	char command[128];

	snprintf(command, sizeof(command), "chmod -R u+rwx '%s' && rm -rf '%s'", place->directory, place->directory);
	CHECK_INT(chdir("/"), 0);
	CHECK_INT(system(command), 0);
	free(place->directory);
	arena_free(place->arena);
}

static struct host_object look(struct place *place, const char *name)
{
	const struct mount_view none = { 0 };
	struct host_object object = { .path = arena_printf(place->arena, "%s/%s", place->directory, name) };

	REQUIRE(object_look(object_walk_new(&none, place->arena), &object) == 0);
	return object;
}

static void check_real(struct place *place, const struct host_object *object, const char *name)
{
	CHECK_STR(object->real, arena_printf(place->arena, "%s%s%s", place->directory, *name ? "/" : "", name));
}

static bool is_at(const struct object_id *id, const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 && id->device == st.st_dev && id->inode == st.st_ino;
}

TEST(chain_leads_to_the_root)
{
	struct host_object object;
	struct place place;

	start(&place);
	REQUIRE(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0);
	object = look(&place, "a/b");
	CHECK_INT(object.type, OBJECT_DIRECTORY);
	check_real(&place, &object, "a/b");
	REQUIRE(object.chain.count >= 4);
	CHECK(is_at(&object.chain.items[0], "a/b"));
	CHECK(is_at(&object.chain.items[1], "a"));
	CHECK(is_at(&object.chain.items[2], "."));
	CHECK(is_at(&object.chain.items[object.chain.count - 1], "/"));
	CHECK_INT(object.links.count, 0);
	end(&place);
}

TEST(links_are_remembered)
{
	struct host_object object;
	struct place place;

	start(&place);
	REQUIRE(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0 && mkdir("c", 0755) == 0);
	REQUIRE(symlink("../a", "c/up") == 0);
	REQUIRE(symlink(arena_printf(place.arena, "%s/c/up/b/.", place.directory), "start") == 0);
	object = look(&place, "start");
	CHECK_INT(object.type, OBJECT_DIRECTORY);
	check_real(&place, &object, "a/b");
	REQUIRE(object.links.count == 2);
	CHECK_STR(object.links.items[0].path, arena_printf(place.arena, "%s/start", place.directory));
	CHECK_STR(object.links.items[0].directory, place.directory);
	CHECK_STR(object.links.items[1].path, arena_printf(place.arena, "%s/c/up", place.directory));
	CHECK_STR(object.links.items[1].directory, arena_printf(place.arena, "%s/c", place.directory));
	CHECK(is_at(&object.chain.items[0], "a/b"));
	CHECK(is_at(&object.chain.items[1], "a"));
	CHECK(!object.links.items[0].foreign);
	end(&place);
}

TEST(links_to_the_root)
{
	struct host_object object;
	struct place place;

	start(&place);
	REQUIRE(symlink("/", "root") == 0 && symlink("/../..", "above") == 0);
	object = look(&place, "root");
	CHECK_STR(object.real, "/");
	CHECK_INT(object.chain.count, 1);
	object = look(&place, "above");
	CHECK_STR(object.real, "/");
	CHECK(is_at(&object.chain.items[0], "/"));
	end(&place);
}

/* Of what isn't there the beginning is known. */
TEST(what_is_absent)
{
	static const char *const names[] = { "missing", "file/below", "loop", "a/missing" };
	struct host_object object;
	struct place place;
	FILE *file;

	start(&place);
	file = fopen("file", "w");
	REQUIRE(file && fclose(file) == 0 && mkdir("a", 0755) == 0);
	REQUIRE(symlink("loop", "loop") == 0 && symlink("a", "link") == 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		CHECK_INT(look(&place, names[i]).type, OBJECT_ABSENT);
	object = look(&place, "link/new/x");
	CHECK_INT(object.type, OBJECT_ABSENT);
	check_real(&place, &object, "a/new/x");
	REQUIRE(object.chain.count >= 3);
	CHECK_INT(object.chain.items[0].inode, 0);
	CHECK(is_at(&object.chain.items[1], "a"));
	CHECK_INT(object.links.count, 1);
	end(&place);
}

TEST(links_of_others)
{
	struct host_object object;
	struct place place;

	NEED("root");
	start(&place);
	REQUIRE(mkdir("sticky", 0755) == 0 && chmod("sticky", 01777) == 0);
	REQUIRE(symlink("/etc", "sticky/mine") == 0 && symlink("/etc", "sticky/foreign") == 0);
	REQUIRE(symlink("/etc", "plain") == 0);
	REQUIRE(lchown("sticky/foreign", 65534, 65534) == 0 && lchown("plain", 65534, 65534) == 0);
	object = look(&place, "sticky/foreign");
	CHECK(object.links.count == 1 && object.links.items[0].foreign);
	object = look(&place, "sticky/mine");
	CHECK(object.links.count == 1 && !object.links.items[0].foreign);
	object = look(&place, "plain");
	CHECK(object.links.count == 1 && !object.links.items[0].foreign);
	end(&place);
}

/* A tree is noexec when all that is mounted in it is. */
TEST(T07_mounts_below_count)
{
	struct mount_view view = { 0 };
	struct host_object object;
	struct place place;

	NEED("root");
	start(&place);
	REQUIRE(unshare(CLONE_NEWNS) == 0 && mount_table_make_private() == 0 && chdir(place.directory) == 0);
	REQUIRE(mkdir("a b", 0755) == 0 && mount("tmpfs", "a b", "tmpfs", MS_NOEXEC, NULL) == 0);
	REQUIRE(mount_view_read(place.arena, &view) == 0);
	object = (struct host_object){ .path = arena_printf(place.arena, "%s/a b", place.directory) };
	REQUIRE(object_look(object_walk_new(&view, place.arena), &object) == 0);
	CHECK(object.noexec);
	REQUIRE(mkdir("a b/c", 0755) == 0 && mount("tmpfs", "a b/c", "tmpfs", 0, NULL) == 0);
	REQUIRE(mount_view_read(place.arena, &view) == 0);
	REQUIRE(object_look(object_walk_new(&view, place.arena), &object) == 0);
	CHECK(!object.noexec);
	view.known = false;
	REQUIRE(object_look(object_walk_new(&view, place.arena), &object) == 0);
	CHECK(!object.noexec);
	CHECK_INT(umount("a b/c") | umount("a b"), 0);
	end(&place);
}

TEST(the_mount_table_is_read)
{
	struct mount_view view;
	struct place place;
	bool root = false, proc = false;

	start(&place);
	REQUIRE(mount_view_read(place.arena, &view) == 0);
	CHECK(view.known);
	for (size_t i = 0; i < view.count; i++) {
		root |= !strcmp(view.items[i].path, "/");
		proc |= view.items[i].proc && !strcmp(view.items[i].path, "/proc");
	}
	CHECK_INT(root, mount_table_has_root()); /* in a chroot it is none */
	CHECK(proc);
	end(&place);
}
