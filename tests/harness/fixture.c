#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"

static int find_user(const char *name, struct arena *arena, struct user *ret)
{
	(void)arena;
	if (strcmp(name, "root") != 0)
		return -ENOENT;
	*ret = (struct user){ .name = "root", .home = "/root" };
	return 0;
}

void fixture_init(struct fixture *f)
{
	*f = (struct fixture){ .arena = arena_new(0),
			       .caps = { .landlock = 7,
					 .seccomp = true,
					 .notify = true,
					 .mdwe = true,
					 .exec_check = true,
					 .userns = true,
					 .mount_setattr = true,
					 .ns = { true, true, true, true, true, true },
					 .execveat_token = true,
					 .arches = 1u << ARCH_X86_64 | 1u << ARCH_AARCH64,
					 .uid = 1000 },
			       .facts = { .assumed = true },
			       .surroundings = { .home = "/home/u",
						 .user = "u",
						 .cwd = "/home/u/work",
						 .tmpdir = "/tmp",
						 .uid = 1000,
						 .find_user = find_user } };
	diags_init(&f->diags, f->arena);
}

void fixture_release(struct fixture *f)
{
	arena_free(f->arena);
}

static void show(const struct fixture *f)
{
	struct str out;

	str_init(&out, f->arena);
	diags_print(&f->diags, &out, false);
	if (out.size)
		fputs(out.text, stderr);
}

int fixture_resolve(struct fixture *f, const char *const *bodies, size_t count)
{
	struct layer_source *layers = arena_alloc(f->arena, count * sizeof(*layers));

	for (size_t i = 0; i < count; i++) {
		struct source *source = arena_new_of(f->arena, struct source);
		const char *text = arena_printf(f->arena, "cordon 1\nprofile p%zu {\n%s\n}\n", i, bodies[i]);
		struct ast_file *file;

		*source = (struct source){ .name = "test", .text = text, .size = strlen(text) };
		if (parse_file(source, f->arena, &f->diags, &file) < 0) {
			show(f);
			return -EINVAL;
		}
		layers[i] = (struct layer_source){ .file = file, .profile = file->items[0] };
	}
	return resolve(layers, count, &f->surroundings, f->arena, &f->diags, &f->model);
}

void fixture_plan(struct fixture *f, const char *body)
{
	int result = fixture_resolve(f, &body, 1);

	if (result < 0)
		show(f);
	REQUIRE(result == 0);
	REQUIRE(plan_make(f->model, &f->caps, &f->facts, f->arena, &f->plan) == 0);
}

const struct carrier *fixture_carrier(const struct fixture *f, const char *text)
{
	for (size_t i = 0; i < f->plan->carriers.count; i++) {
		struct str line;

		str_init(&line, f->arena);
		carrier_print(&f->plan->carriers.items[i], &line);
		if (!strncmp(line.text, text, strlen(text)))
			return &f->plan->carriers.items[i];
	}
	return NULL;
}

struct verdict fixture_call(const struct fixture *f, const char *call, const uint64_t args[6])
{
	int row = call_find(call);
	enum arch arch = arch_native();

	REQUIRE(row >= 0);
	return call_policy_decide(&f->plan->layers[0].calls, arch,
				  (uint32_t)call_table[row].nr[arch] | arch_table[arch].nr_base, args);
}

const char *fixture_code(const struct fixture *f)
{
	return f->diags.count ? f->diags.items[0].code : "";
}
