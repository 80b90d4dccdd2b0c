/* test_load.c - load.c and policy_file.c: names, trust, choice of the profile, preferred policies. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/tap.h"
#include "policy/load.h"

#define STRANGER 65534

/* A directory of the test's own; everything in it goes away with the test's process group's end. */
struct fixture {
	struct arena *arena;
	struct diags diags;
	char directory[64];
};

static void start(struct fixture *f)
{
	f->arena = arena_new(0);
	diags_init(&f->diags, f->arena);
	strcpy(f->directory, "/tmp/test_load.XXXXXX");
	REQUIRE(mkdtemp(f->directory) != NULL);
	umask(022);
}

static void end(struct fixture *f)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", f->directory);
	CHECK_INT(system(command), 0);
	arena_free(f->arena);
}

static const char *path(const struct fixture *f, const char *name)
{
	return arena_printf(f->arena, "%s/%s", f->directory, name);
}

static const char *put(const struct fixture *f, const char *name, const char *text)
{
	const char *where = path(f, name);
	FILE *file = fopen(where, "w");

	REQUIRE(file != NULL);
	fputs(text, file);
	fclose(file);
	return where;
}

static int load(struct fixture *f, const char *name, const struct load_options *more, struct loaded *ret)
{
	struct load_options options = more ? *more : (struct load_options){ 0 };

	options.policies = &name;
	options.policy_count = name ? 1 : 0;
	diags_init(&f->diags, f->arena);
	return load_model(&options, f->arena, &f->diags, ret);
}

/* Code of the first diagnostic. */
static const char *code(const struct fixture *f)
{
	return f->diags.count ? f->diags.items[0].code : "none";
}

#define EMPTY(name) "cordon 1\n\nprofile " name " {\n  use std/c-runtime@1\n}\n"

/* ---- names ---- */

TEST(a_file_is_loaded)
{
	struct loaded loaded;
	struct fixture f;

	start(&f);
	CHECK_INT(load(&f, put(&f, "web.cordon", EMPTY("web")), NULL, &loaded), 0);
	CHECK_INT(loaded.model->count, 1);
	CHECK_STR(loaded.model->items[0]->name, "web");
	end(&f);
}

TEST(a_template_becomes_a_profile)
{
	struct loaded loaded;
	struct fixture f;

	start(&f);
	CHECK_INT(load(&f, "std/readonly", NULL, &loaded), 0);
	CHECK_STR(loaded.model->items[0]->name, "std/readonly");
	CHECK_INT(load(&f, "std/readonly@1", NULL, &loaded), 0);
	CHECK_INT(load(&f, "std/readonly@2", NULL, &loaded), -ENOENT);
	CHECK_STR(code(&f), "C0508");
	end(&f);
}

TEST(no_file_takes_the_place_of_std)
{
	struct loaded loaded;
	struct fixture f;

	start(&f);
	mkdir(path(&f, "std"), 0755);
	put(&f, "std/readonly", EMPTY("trap"));
	put(&f, "std/own.cordon", EMPTY("trap"));
	CHECK_INT(chdir(f.directory), 0);
	CHECK_INT(load(&f, "std/readonly", NULL, &loaded), 0);
	CHECK_STR(loaded.model->items[0]->name, "std/readonly");
	CHECK_INT(load(&f, "./std/own.cordon", NULL, &loaded), 0);
	CHECK_STR(loaded.model->items[0]->name, "trap");
	CHECK_INT(chdir("/"), 0);
	end(&f);
}

TEST(unknown_names_say_so)
{
	struct loaded loaded;
	struct fixture f;

	start(&f);
	CHECK_INT(load(&f, "std/nothing", NULL, &loaded), -ENOENT);
	CHECK_STR(code(&f), "C0508");
	CHECK_INT(load(&f, "nothing", NULL, &loaded), -ENOENT);
	CHECK_STR(code(&f), "C0508");
	CHECK_INT(load(&f, "/nowhere/nothing.cordon", NULL, &loaded), -ENOENT);
	CHECK_STR(code(&f), "C0501");
	CHECK_INT(load(&f, "../../../etc/nothing", NULL, &loaded), -ENOENT);
	end(&f);
}

TEST(templates_of_the_administrator)
{
	struct load_options options = { 0 };
	struct loaded loaded;
	struct fixture f;

	start(&f);
	options.template_directory = f.directory;
	mkdir(path(&f, "site"), 0755);
	put(&f, "site/base@2.cordon", "cordon 1\n\ntemplate site/base@2 {\n  use std/c-runtime@1\n}\n");
	put(&f, "other.cordon", "cordon 1\n\ntemplate other@1 {\n  use site/base@2\n}\n");
	CHECK_INT(load(&f, "site/base@2", &options, &loaded), 0);
	CHECK_INT(load(&f, "other", &options, &loaded), 0);
	CHECK_INT(load(&f, "site/../other", &options, &loaded), -ENOENT);
	/* they are trusted no more than other files */
	chmod(path(&f, "other.cordon"), 0666);
	CHECK_INT(load(&f, "other", &options, &loaded), -EINVAL);
	CHECK_STR(code(&f), "C0504");
	end(&f);
}

/* ---- lines of the command line ---- */

TEST(lines_alone_make_a_policy)
{
	const char *lines[] = { "use std/c-runtime@1", "file read /etc/hostname" };
	struct load_options options = { .additions = lines, .addition_count = 2 };
	struct loaded loaded;
	struct fixture f;

	start(&f);
	CHECK_INT(load(&f, NULL, &options, &loaded), 0);
	CHECK_STR(loaded.model->items[0]->name, "command-line");
	lines[1] = "fiel read /etc/hostname";
	CHECK_INT(load(&f, NULL, &options, &loaded), -EINVAL);
	CHECK_STR(f.diags.items[0].span.source->name, "-a");
	end(&f);
}

TEST(lines_are_added_to_the_last_policy)
{
	const char *lines[] = { "file read /etc/hostname" };
	const char *policies[] = { "std/c-runtime", "std/tty" };
	struct load_options options = {
		.policies = policies, .policy_count = 2, .additions = lines, .addition_count = 1
	};
	struct loaded plain, loaded;
	struct fixture f;

	start(&f);
	CHECK_INT(load_model(&options, f.arena, &f.diags, &loaded), 0);
	options.addition_count = 0;
	CHECK_INT(load_model(&options, f.arena, &f.diags, &plain), 0);
	REQUIRE(loaded.model && plain.model && loaded.model->count == 2);
	CHECK_INT(loaded.model->items[0]->rules.count, plain.model->items[0]->rules.count);
	CHECK_INT(loaded.model->items[1]->rules.count, plain.model->items[1]->rules.count + 1);
	end(&f);
}

/* ---- trust ---- */

TEST(what_others_can_write_is_refused)
{
	struct load_options look = { .untrusted = true };
	struct loaded loaded;
	struct fixture f;
	const char *file;

	start(&f);
	file = put(&f, "web.cordon", EMPTY("web"));
	chmod(file, 0664);
	CHECK_INT(load(&f, file, NULL, &loaded), -EPERM);
	CHECK_STR(code(&f), "C0504");
	CHECK(f.diags.items[0].help && strstr(f.diags.items[0].help, "chmod go-w"));
	chmod(file, 0646);
	CHECK_INT(load(&f, file, NULL, &loaded), -EPERM);
	CHECK_INT(load(&f, file, &look, &loaded), 0);
	chmod(file, 0600);
	CHECK_INT(load(&f, file, NULL, &loaded), 0);
	end(&f);
}

TEST(a_directory_that_others_can_write_is_refused)
{
	struct loaded loaded;
	struct fixture f;

	start(&f);
	mkdir(path(&f, "open"), 0755);
	mkdir(path(&f, "open/shut"), 0755);
	put(&f, "open/shut/web.cordon", EMPTY("web"));
	CHECK_INT(load(&f, path(&f, "open/shut/web.cordon"), NULL, &loaded), 0);
	/* not the last one, but one on the way */
	chmod(path(&f, "open"), 0777);
	CHECK_INT(load(&f, path(&f, "open/shut/web.cordon"), NULL, &loaded), -EPERM);
	CHECK_STR(code(&f), "C0505");
	CHECK_INT(chdir(path(&f, "open/shut")), 0);
	CHECK_INT(load(&f, "web.cordon", NULL, &loaded), -EPERM);
	/* sticky: names that are taken stay, and what lies here is ours */
	chmod(path(&f, "open"), 01777);
	CHECK_INT(load(&f, "web.cordon", NULL, &loaded), 0);
	CHECK_INT(chdir("/"), 0);
	end(&f);
}

TEST(links_are_followed_and_their_way_is_checked)
{
	struct loaded loaded;
	struct fixture f;

	start(&f);
	mkdir(path(&f, "open"), 0755);
	put(&f, "web.cordon", EMPTY("web"));
	CHECK_INT(symlink("../web.cordon", path(&f, "open/link.cordon")), 0);
	CHECK_INT(symlink(path(&f, "open"), path(&f, "way")), 0);
	CHECK_INT(symlink("loop.cordon", path(&f, "loop.cordon")), 0);
	CHECK_INT(load(&f, path(&f, "way/link.cordon"), NULL, &loaded), 0);
	chmod(path(&f, "open"), 0777);
	CHECK_INT(load(&f, path(&f, "way/link.cordon"), NULL, &loaded), -EPERM);
	CHECK_STR(code(&f), "C0505");
	CHECK_INT(load(&f, path(&f, "loop.cordon"), NULL, &loaded), -ELOOP);
	end(&f);
}

TEST(in_a_sticky_directory_only_root_and_the_caller_are_trusted)
{
	struct loaded loaded;
	struct fixture f;

	NEED("root");
	start(&f);
	mkdir(path(&f, "tmp"), 0755);
	chmod(path(&f, "tmp"), 01777);
	put(&f, "tmp/web.cordon", EMPTY("web"));
	put(&f, "ours.cordon", EMPTY("web"));
	CHECK_INT(load(&f, path(&f, "tmp/web.cordon"), NULL, &loaded), 0);
	CHECK_INT(chown(path(&f, "tmp/web.cordon"), STRANGER, STRANGER), 0);
	CHECK_INT(load(&f, path(&f, "tmp/web.cordon"), NULL, &loaded), -EPERM);
	CHECK_STR(code(&f), "C0506");
	/* a stranger's link or directory there is no better than a stranger's file */
	CHECK_INT(symlink("../ours.cordon", path(&f, "tmp/link.cordon")), 0);
	CHECK_INT(load(&f, path(&f, "tmp/link.cordon"), NULL, &loaded), 0);
	CHECK_INT(lchown(path(&f, "tmp/link.cordon"), STRANGER, STRANGER), 0);
	CHECK_INT(load(&f, path(&f, "tmp/link.cordon"), NULL, &loaded), -EPERM);
	/* elsewhere the owner may be anybody: nobody but he and root can write it */
	CHECK_INT(chown(path(&f, "ours.cordon"), STRANGER, STRANGER), 0);
	CHECK_INT(load(&f, path(&f, "ours.cordon"), NULL, &loaded), 0);
	end(&f);
}

TEST(only_regular_files_of_moderate_size)
{
	struct loaded loaded;
	struct fixture f;
	const char *large;

	start(&f);
	CHECK_INT(load(&f, f.directory, NULL, &loaded), -EINVAL);
	CHECK_STR(code(&f), "C0502");
	CHECK_INT(mkfifo(path(&f, "fifo.cordon"), 0600), 0);
	CHECK_INT(load(&f, path(&f, "fifo.cordon"), NULL, &loaded), -EINVAL);
	CHECK_STR(code(&f), "C0502");
	CHECK_INT(load(&f, "/dev/null", NULL, &loaded), -EINVAL);
	CHECK_STR(code(&f), "C0502");
	large = put(&f, "large.cordon", EMPTY("web"));
	CHECK_INT(truncate(large, (off_t)POLICY_SIZE_MAX + 1), 0);
	CHECK_INT(load(&f, large, NULL, &loaded), -EFBIG);
	CHECK_STR(code(&f), "C0503");
	CHECK_INT(load(&f, path(&f, "large.cordon/x"), NULL, &loaded), -ENOTDIR);
	end(&f);
}

TEST(the_program_is_no_policy)
{
	struct load_options options = { 0 };
	struct loaded loaded;
	struct fixture f;

	start(&f);
	options.program = put(&f, "tool.cordon", EMPTY("web"));
	CHECK_INT(load(&f, options.program, &options, &loaded), -EPERM);
	CHECK_STR(code(&f), "C0509");
	/* by whatever name */
	CHECK_INT(link(options.program, path(&f, "other.cordon")), 0);
	CHECK_INT(load(&f, path(&f, "other.cordon"), &options, &loaded), -EPERM);
	end(&f);
}

/* ---- which profile ---- */

static const char two_profiles[] = "cordon 1\n\nprofile a /bin/true {\n  use std/c-runtime@1\n}\n\n"
				   "profile b /bin/false {\n  use std/c-runtime@1\n}\n";

TEST(the_program_chooses_the_profile)
{
	struct load_options options = { 0 };
	char real[PATH_MAX];
	struct loaded loaded;
	struct fixture f;
	const char *file;

	start(&f);
	file = put(&f, "two.cordon", two_profiles);
	options.program = realpath("/bin/false", real);
	CHECK_INT(load(&f, file, &options, &loaded), 0);
	CHECK_STR(loaded.model->items[0]->name, "b");
	options.program = "/bin/sh";
	CHECK_INT(load(&f, file, &options, &loaded), -EINVAL);
	CHECK_STR(code(&f), "C0510");
	options.profile = "a";
	CHECK_INT(load(&f, file, &options, &loaded), 0);
	CHECK_STR(loaded.model->items[0]->name, "a");
	options.profile = "c";
	options.program = realpath("/bin/false", real);
	CHECK_INT(load(&f, file, &options, &loaded), -EINVAL);
	CHECK_STR(code(&f), "C0512");
	end(&f);
}

TEST(the_only_profile_is_taken_for_any_program)
{
	struct load_options options = { .program = "/bin/sh" };
	struct loaded loaded;
	struct fixture f;

	start(&f);
	CHECK_INT(load(&f, put(&f, "one.cordon", "cordon 1\n\nprofile a /bin/true {\n}\n"), &options, &loaded), 0);
	CHECK_INT(load(&f, put(&f, "none.cordon", "cordon 1\n\ntemplate a@1 {\n}\n"), &options, &loaded), -EINVAL);
	CHECK_STR(code(&f), "C0511");
	end(&f);
}

TEST(each_profile_and_template_by_itself)
{
	struct loaded loaded;
	struct ast_file *file;
	struct fixture f;
	size_t skipped;

	start(&f);
	put(&f, "all.cordon",
	    "cordon 1\n\nprofile a {\n}\n\ntemplate site/b@1 $dir=/srv {\n  file read $dir/**\n}\n\ntemplate site/c@1 "
	    "$dir {\n}\n");
	REQUIRE(load_file(path(&f, "all.cordon"), true, f.arena, &f.diags, &file, NULL) == 0);
	load_each(file, f.arena, &loaded, &skipped);
	CHECK_INT(loaded.sources.count, 2);
	CHECK_INT(skipped, 1);
	CHECK_STR(loaded.sources.items[1].profile->name.text, "site/b");
	end(&f);
}

/* ---- prefer ---- */

static const char *prefer(const struct fixture *f, const char *name, const char *wanted, const char *otherwise)
{
	return put(f, name,
		   arena_printf(f->arena,
				"cordon 1\n\nprofile wisher {\n  use std/c-runtime@1\n  prefer %s else %s\n}\n", wanted,
				otherwise));
}

TEST(a_preferred_policy_takes_the_place)
{
	struct loaded loaded;
	struct fixture f;

	start(&f);
	put(&f, "good.cordon", EMPTY("good"));
	CHECK_INT(load(&f, prefer(&f, "w.cordon", path(&f, "good.cordon"), "die"), NULL, &loaded), 0);
	REQUIRE(loaded.model && loaded.model->count == 1);
	CHECK_STR(loaded.model->items[0]->name, "good");
	CHECK(loaded.vanilla == NULL);
	CHECK_INT(load(&f, prefer(&f, "w.cordon", "std/readonly", "vanilla"), NULL, &loaded), 0);
	CHECK_STR(loaded.model->items[0]->name, "std/readonly");
	end(&f);
}

TEST(a_good_death_is_the_default)
{
	struct loaded loaded;
	struct fixture f;

	start(&f);
	CHECK_INT(load(&f, prefer(&f, "w.cordon", path(&f, "missing.cordon"), "die"), NULL, &loaded), -ENOENT);
	CHECK_STR(code(&f), "C0513");
	CHECK_INT(load(&f, prefer(&f, "w.cordon", path(&f, "missing.cordon"), "vanilla"), NULL, &loaded), 0);
	CHECK_INT(loaded.model->count, 0);
	CHECK_STR(loaded.vanilla, "wisher");
	/* what is there and can't be trusted is not missing */
	put(&f, "bad.cordon", EMPTY("bad"));
	chmod(path(&f, "bad.cordon"), 0666);
	CHECK_INT(load(&f, prefer(&f, "w.cordon", path(&f, "bad.cordon"), "vanilla"), NULL, &loaded), -EPERM);
	CHECK_STR(code(&f), "C0513");
	end(&f);
}

TEST(vanilla_drops_its_own_layer_only)
{
	const char *policies[2] = { NULL, "std/readonly" };
	struct load_options options = { .policies = policies, .policy_count = 2 };
	struct loaded loaded;
	struct fixture f;

	start(&f);
	policies[0] = prefer(&f, "w.cordon", path(&f, "missing.cordon"), "vanilla");
	CHECK_INT(load_model(&options, f.arena, &f.diags, &loaded), 0);
	CHECK_INT(loaded.model->count, 1);
	CHECK_STR(loaded.model->items[0]->name, "std/readonly");
	end(&f);
}

TEST(preferences_in_a_circle_end)
{
	struct loaded loaded;
	struct fixture f;

	start(&f);
	prefer(&f, "a.cordon", path(&f, "b.cordon"), "vanilla");
	prefer(&f, "b.cordon", path(&f, "a.cordon"), "vanilla");
	CHECK_INT(load(&f, path(&f, "a.cordon"), NULL, &loaded), -ELOOP);
	CHECK_STR(code(&f), "C0513");
	end(&f);
}

/* ---- descriptors ---- */

TEST(no_descriptor_is_left_open)
{
	struct loaded loaded;
	struct fixture f;
	int before, after;

	start(&f);
	put(&f, "web.cordon", EMPTY("web"));
	chmod(path(&f, "web.cordon"), 0666);
	before = dup(0);
	close(before);
	CHECK_INT(load(&f, path(&f, "web.cordon"), NULL, &loaded), -EPERM);
	chmod(path(&f, "web.cordon"), 0644);
	CHECK_INT(load(&f, path(&f, "web.cordon"), NULL, &loaded), 0);
	CHECK_INT(load(&f, path(&f, "missing.cordon"), NULL, &loaded), -ENOENT);
	after = dup(0);
	close(after);
	CHECK_INT(after, before);
	end(&f);
}
