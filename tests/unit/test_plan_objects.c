/* Rules that are about the same objects under different names: what the planner makes of links, of directories that are
 * mounted in two places, and of what belongs to Cordon. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "tap.h"

/* ---- a file system ---- */

/* "INODE ..." from the object up to the root, which is 1; device 1. */
static struct object_ids chain(struct arena *arena, const char *inodes)
{
	struct object_ids ids = { 0 };
	char *end;

	for (const char *at = inodes; *at; at = end)
		*arena_push(arena, &ids) = (struct object_id){ 1, strtoul(at, &end, 10) };
	return ids;
}

static struct host_object *add(struct fixture *f, const char *path, const char *real, const char *inodes)
{
	struct host_object *object;

	/* sorted by path: the rows below are written so */
	f->facts.assumed = false;
	object = arena_push(f->arena, &f->facts);
	*object = (struct host_object){
		.path = path, .real = real, .type = OBJECT_DIRECTORY, .chain = chain(f->arena, inodes)
	};
	return object;
}

static void lead_through(struct fixture *f, struct host_object *object, const char *link, const char *directory)
{
	*arena_push(f->arena, &object->links) = (struct host_link){ .path = link, .directory = directory };
}

static void expect(struct fixture *f, const char *carrier, bool carried, const char *why)
{
	const struct carrier *found = fixture_carrier(f, carrier);

	if (!CHECK(found != NULL))
		return;
	CHECK_INT(found->carried, carried);
	if (why && CHECK(found->why != NULL) && !CHECK(strstr(found->why, why) != NULL))
		CHECK_STR(found->why, why);
}

/* ---- names ---- */

TEST(T02_deny_and_grant_by_two_names)
{
	static const struct {
		const char *inodes; /* of /srv; /data is 20 1 */
		const char *real;
		const char *deny;
		bool carried;
	} rows[] = {
		{ "30 1", "/srv", "/data/**", true },        { "20 1", "/data", "/data/**", false }, /* a link */
		{ "20 1", "/srv", "/data/**", false },                                               /* mounted twice */
		{ "21 20 1", "/data/x", "/data/**", false }, { "1", "/", "/data/**", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;

		fixture_init(&f);
		add(&f, "/data", "/data", "20 1");
		add(&f, "/srv", rows[i].real, rows[i].inodes);
		fixture_plan(&f, arena_printf(f.arena, "file write /srv/**\ndeny file write %s", rows[i].deny));
		expect(&f, "deny file write", rows[i].carried, rows[i].carried ? "no rule grants" : "can't subtract");
		fixture_release(&f);
	}
}

TEST(names_that_have_nothing_to_do_with_each_other)
{
	struct fixture f;

	fixture_init(&f);
	add(&f, "/data", "/data", "20 1");
	add(&f, "/srv/a", "/srv/a", "31 30 1");
	add(&f, "/srv/b", "/srv/b", "32 30 1");
	fixture_plan(&f, "file write /srv/a/** except /data/**\ndeny file write /srv/b/**");
	expect(&f, "deny file write", true, "no rule grants");
	expect(&f, "file write", true, NULL);
	fixture_release(&f);
}

TEST(T02_except_by_another_name)
{
	struct fixture f;

	fixture_init(&f);
	add(&f, "/data", "/data", "20 1");
	add(&f, "/srv", "/data", "20 1");
	fixture_plan(&f, "file read /srv/** except /data/**");
	expect(&f, "file read", false, "can't subtract");
	fixture_release(&f);
}

/* Where the object is not there yet, what is there of its path counts. */
TEST(T02_deny_of_what_is_absent)
{
	struct fixture f;

	fixture_init(&f);
	add(&f, "/data", "/data", "20 1");
	add(&f, "/srv/new", "/data/new", "0 20 1")->type = OBJECT_ABSENT;
	fixture_plan(&f, "file write /data/**\ndeny file write /srv/new/**");
	expect(&f, "deny file write", false, "can't subtract");
	fixture_release(&f);
}

/* A grant about nothing must not open the calls that a grant about something would need: they reach further. */
TEST(T04_grants_of_what_is_absent_open_nothing)
{
	static const struct {
		const char *body, *call;
		bool open;
	} rows[] = {
		{ "file attr /absent/**", "chmod", false },
		{ "file attr /absent/** /data/**", "chmod", true },
		{ "file create,delete,rename /absent/**\nfile create,delete /data/**", "rename", false },
		{ "exec /absent/**", "execve", false },
		{ "file attr /absent/**\nfile attr /absent/*.x", "chmod", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint64_t args[6] = { 0 };
		struct fixture f;

		fixture_init(&f);
		add(&f, "/data", "/data", "20 1");
		fixture_plan(&f, arena_printf(f.arena, "isolate mount\n%s", rows[i].body));
		CHECK_INT(f.plan->uncarried, 0);
		if (!CHECK_INT(fixture_call(&f, rows[i].call, args).kind == VERDICT_ALLOW, rows[i].open))
			CHECK_STR(rows[i].body, "(the case above)");
		fixture_release(&f);
	}
}

TEST(rights_add_up_over_names)
{
	struct fixture f;

	/* /a and /b are one directory: what is created in it could be renamed by the other name */
	fixture_init(&f);
	add(&f, "/a", "/a", "20 1");
	add(&f, "/b", "/b", "20 1");
	fixture_plan(&f, "file create,delete,rename /a/**\nfile create,delete /b/**");
	expect(&f, "file create,delete,rename", true, NULL);
	fixture_release(&f);
}

TEST(deny_read_of_what_may_be_executed)
{
	struct fixture f;

	fixture_init(&f);
	fixture_plan(&f, "exec /opt/**\ndeny file read /opt/secret/**");
	expect(&f, "deny file read", false, "can't subtract");
	fixture_release(&f);
	fixture_init(&f);
	fixture_plan(&f, "exec /opt/**\ndeny file write /opt/secret/**");
	expect(&f, "deny file write", true, "no rule grants");
	fixture_release(&f);
}

/* ---- links ---- */

TEST(T02_links_where_the_program_makes_names)
{
	static const struct {
		const char *body, *carrier;
		bool carried;
	} rows[] = {
		{ "file create /w/**\nfile read /w/link", "file read /w/link", false },
		{ "file create /w/**\nexec /w/link", "exec /w/link", false },
		/* who can't make names didn't make this one */
		{ "file write /w/**\nfile read /w/link", "file read /w/link", true },
		{ "file create /elsewhere/**\nfile read /w/link", "file read /w/link", true },
		/* wherever it leads, it may be read anyway */
		{ "file create /w/**\nfile read /**\nfile read /w/link", "file read /w/link", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct host_object *link;
		struct fixture f;

		fixture_init(&f);
		add(&f, "/", "/", "1");
		add(&f, "/elsewhere", "/elsewhere", "40 1");
		add(&f, "/w", "/w", "20 1");
		link = add(&f, "/w/link", "/etc/motd", "51 50 1");
		link->type = OBJECT_FILE;
		lead_through(&f, link, "/w/link", "/w");
		fixture_plan(&f, arena_printf(f.arena, "wx allow\n%s", rows[i].body));
		expect(&f, rows[i].carrier, rows[i].carried, rows[i].carried ? NULL : "its own work");
		fixture_release(&f);
	}
}

TEST(T02_links_of_templates_lead_nowhere)
{
	struct host_object *link;
	struct fixture f;

	fixture_init(&f);
	add(&f, "/etc", "/etc", "20 1");
	link = add(&f, "/etc/localtime", "/home/u/secret", "51 50 1");
	link->type = OBJECT_FILE;
	lead_through(&f, link, "/etc/localtime", "/etc");
	fixture_plan(&f, "use std/c-runtime@1\nfile create /etc/**");
	CHECK_INT(f.plan->uncarried, 0);
	for (size_t i = 0; i < f.plan->layers[0].landlock.paths.count; i++)
		CHECK(strcmp(f.plan->layers[0].landlock.paths.items[i].path, "/home/u/secret") != 0);
	fixture_release(&f);
}

TEST(T02_links_of_others)
{
	struct host_object *link;
	struct fixture f;

	fixture_init(&f);
	link = add(&f, "/tmp/x", "/home/u/secret", "51 50 1");
	lead_through(&f, link, "/tmp/x", "/tmp");
	link->links.items[0].foreign = true;
	fixture_plan(&f, "file read /tmp/x/**");
	expect(&f, "file read", false, "another user made");
	fixture_release(&f);
}

TEST(T01_links_in_proc)
{
	struct host_object *link;
	struct fixture f;

	fixture_init(&f);
	link = add(&f, "/etc/mtab", "/proc/17/mounts", "51 50 1");
	lead_through(&f, link, "/etc/mtab", "/etc");
	lead_through(&f, link, "/proc/self", "/proc");
	fixture_plan(&f, "file read /etc/mtab");
	expect(&f, "file read", false, "another object in each process");
	fixture_release(&f);
}

/* ---- what belongs to Cordon ---- */

TEST(T25_policies_and_directories_of_cordon)
{
	static const struct {
		const char *body, *carrier, *why; /* NULL: carried */
	} rows[] = {
		{ "file write /w/**", "file write", "is the policy" },
		{ "file delete /w/**", "file delete", "is the policy" },
		{ "file read /w/**", "file read", NULL },
		{ "file write /w/other/**", "file write", NULL },
		{ "file write /etc/**", "file write", "belongs to Cordon" },
		{ "file write /link/**", "file write", "belongs to Cordon" },
		{ "isolate mount\nprivate /w\nfile write /w/**", "file write", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;

		fixture_init(&f);
		add(&f, "/etc", "/etc", "30 1");
		add(&f, "/link", "/etc/cordon/policies", "32 31 30 1");
		add(&f, "/w", "/w", "20 1");
		add(&f, "/w/other", "/w/other", "21 20 1");
		*arena_push(f.arena, &f.facts.own) = (struct host_object){ .path = "/w/p.cordon",
									   .real = "/w/p.cordon",
									   .type = OBJECT_FILE,
									   .chain = chain(f.arena, "22 20 1") };
		*arena_push(f.arena, &f.facts.own) = (struct host_object){ .path = "/etc/cordon",
									   .real = "/etc/cordon",
									   .type = OBJECT_DIRECTORY,
									   .chain = chain(f.arena, "31 30 1") };
		fixture_plan(&f, rows[i].body);
		expect(&f, rows[i].carrier, !rows[i].why, rows[i].why);
		fixture_release(&f);
	}
}

/* ---- directories ---- */

TEST(T06_a_directory_is_not_its_files)
{
	struct fixture f;

	fixture_init(&f);
	add(&f, "/opt/bin", "/opt/bin", "21 20 1");
	fixture_plan(&f, "exec /opt/bin");
	expect(&f, "exec", false, "all below it");
	fixture_release(&f);
	fixture_init(&f);
	add(&f, "/opt/bin", "/opt/bin", "21 20 1");
	fixture_plan(&f, "exec /opt/bin/**");
	expect(&f, "exec", true, NULL);
	fixture_release(&f);
}
