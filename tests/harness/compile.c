#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Linux 6.18 for an unprivileged caller; three architectures, as a kernel with all options has. */
static const struct kernel_caps caps = {
	.landlock = 7,
	.seccomp = true,
	.notify = true,
	.mdwe = true,
	.userns = true,
	.mount_setattr = true,
	.ns = { true, true, true, true, true, true },
	.execveat_token = true,
	.arches = 1U << ARCH_X86_64 | 1U << ARCH_I386 | 1U << ARCH_X32 | 1U << ARCH_AARCH64,
	.uid = 1000,
};
static const struct surroundings surroundings = {
	.home = "/home/u", .user = "u", .cwd = "/home/u/work", .tmpdir = "/tmp", .uid = 1000
};

uint64_t compile_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int stage_run(enum compile_stage stage, const struct source *text, struct arena *arena, struct diags *diags,
		     struct compiled *ret)
{
	static const struct host_facts facts = { .assumed = true };
	const struct load_options options = {
		.texts = text, .text_count = 1, .untrusted = true, .surroundings = &surroundings
	};

	switch (stage) {
	case COMPILE_PARSE: return load_sources(&options, arena, diags, &ret->loaded);
	case COMPILE_RESOLVE:
		return resolve(ret->loaded.sources.items, ret->loaded.sources.count, &ret->loaded.surroundings, arena,
			       diags, &ret->model);
	case COMPILE_PLAN: return plan_make(ret->model, &caps, &facts, arena, &ret->plan);
	case COMPILE_EMIT: return cbpf_emit(&ret->plan->layers[0].calls, NULL, arena, &ret->filter);
	case COMPILE_STAGES: break;
	}
	return 0;
}

int compile_text(const struct source *text, struct arena *arena, struct compiled *ret)
{
	struct diags diags;
	struct str out;
	uint64_t before = compile_clock();

	diags_init(&diags, arena);
	for (enum compile_stage stage = 0; stage < COMPILE_STAGES; stage++) {
		const int error = stage_run(stage, text, arena, &diags, ret);
		const uint64_t now = compile_clock();

		if (error) {
			str_init(&out, arena);
			diags_print(&diags, &out, false);
			fprintf(stderr, "%s: %s\n%s", text->name, strerror(-error), out.size ? out.text : "");
			return error;
		}
		ret->nanoseconds[stage] = now - before;
		before = now;
	}
	return 0;
}

struct source compile_read(const char *path, struct arena *arena)
{
	const char *root = getenv("CORDON_SOURCE");
	struct source source = { .name = path };
	auto_fclose FILE *file = fopen(arena_printf(arena, "%s/%s", root ? root : ".", path), "re");
	char *text;

	if (!file)
		return source;
	text = arena_alloc(arena, POLICY_SIZE_MAX);
	source.size = fread(text, 1, POLICY_SIZE_MAX - 1, file);
	source.text = text;
	return source;
}
