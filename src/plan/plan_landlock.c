/* plan_landlock.c - the Landlock ruleset of a layer. Every layer gets one, also without file rules: it keeps signals and
 * ptrace inside the domain and takes away what no rule grants. */
#include "plan/planner.h"

#include <stdlib.h>
#include <string.h>

static uint64_t right(const char *name)
{
	for (size_t i = 0; i < landlock_right_count; i++)
		if (!strcmp(landlock_rights[i].name, name))
			return landlock_rights[i].bit;
	return 0;
}

/* Which rights an operation is. */
static const struct {
	uint32_t operation;
	const char *rights[8];
} operation_rights[] = {
	{ FILE_READ, { "read_file", "read_dir" } },
	{ FILE_EXEC_MAP, { "read_file" } },
	{ FILE_WRITE, { "write_file", "truncate" } },
	{ FILE_CREATE, { "make_reg", "make_dir", "make_sym", "make_sock", "make_fifo" } },
	{ FILE_DELETE, { "remove_file", "remove_dir" } },
	{ FILE_RENAME, { "refer" } },
	{ FILE_LINK, { "refer" } },
};

/* The same as bits, looked up once for all paths. */
struct path_rights {
	uint64_t of[ARRAY_SIZE(operation_rights)];
	uint64_t exec;      /* the kernel opens what it executes for reading as well, and Landlock asks for both */
	uint64_t file;      /* what is no directory takes only these */
	struct map granted; /* place of each path in the plan + 1 */
};

static void find_rights(struct path_rights *ret)
{
	*ret = (struct path_rights){ .exec = right("execute") | right("read_file") };
	for (size_t i = 0; i < ARRAY_SIZE(operation_rights); i++)
		for (size_t k = 0; k < 8 && operation_rights[i].rights[k]; k++)
			ret->of[i] |= right(operation_rights[i].rights[k]);
	for (size_t i = 0; i < landlock_right_count; i++)
		if (landlock_rights[i].kind == LANDLOCK_FS && landlock_rights[i].applies_file)
			ret->file |= landlock_rights[i].bit;
}

static uint64_t rights_of(const struct path_rights *known, uint32_t operations, bool exec)
{
	uint64_t rights = exec ? known->exec : 0;

	for (size_t i = 0; i < ARRAY_SIZE(operation_rights); i++)
		rights |= operations & operation_rights[i].operation ? known->of[i] : 0;
	return rights;
}

static void grant(struct planner *p, struct path_rights *with, const char *path, bool is_directory, uint64_t rights)
{
	struct landlock_plan *plan = &p->out->landlock;
	uint32_t *known;

	rights &= plan->handled_fs & (is_directory ? UINT64_MAX : with->file);
	if (!rights)
		return;
	known = map_at(&with->granted, p->arena, path, strlen(path));
	if (*known) {
		plan->paths.items[*known - 1].rights |= rights;
		return;
	}
	*arena_push(p->arena, &plan->paths) = (struct landlock_path){ .path = path, .rights = rights };
	*known = (uint32_t)plan->paths.count;
}

static void note_absent(struct planner *p)
{
	for (size_t i = 0; i < p->layer->rules.count; i++) {
		const struct rule *rule = &p->layer->rules.items[i];

		if ((rule->class != REQUEST_FILE && rule->class != REQUEST_EXEC) || rule->verdict.kind != VERDICT_ALLOW)
			continue;
		for (size_t k = 0; k < rule->objects.count; k++)
			if ((planner_object(p, &rule->objects.items[k])->type == OBJECT_ABSENT &&
			     rule->objects.items[k].literal_root) ||
			    planner_is_dropped(p, &rule->objects.items[k]))
				*arena_push(p->arena, &p->out->absent) = rule->objects.items[k].text;
	}
}

/* The program, its loader and its interpreter have to start once; the filter closes exec after that. */
static void grant_start(struct planner *p, struct path_rights *known)
{
	const char *const files[] = { p->facts->program, p->facts->loader, p->facts->script_interpreter };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (files[i])
			grant(p, known, files[i], false, known->exec);
}

/* What was opened for the start has to be readable by whoever the kernel makes read it. */
static void grant_script(struct planner *p, struct path_rights *known)
{
	if (p->facts->script_interpreter && p->facts->program)
		grant(p, known, p->facts->program, false, right("read_file"));
}

void plan_landlock(struct planner *p)
{
	struct landlock_plan *plan = &p->out->landlock;
	struct path_rights known;
	bool strangers = false;

	find_rights(&known);
	plan->handled_fs = landlock_known(LANDLOCK_FS, p->caps->landlock) & ~right("ioctl_dev");
	for (size_t i = 0; i < p->nodes.count; i++)
		grant(p, &known, p->nodes.items[i].path, p->nodes.items[i].type == OBJECT_DIRECTORY,
		      rights_of(&known, p->nodes.items[i].operations, p->nodes.items[i].exec));
	grant_start(p, &known);
	grant_script(p, &known);
	for (size_t i = 0; i < p->layer->rules.count; i++)
		strangers |= p->layer->rules.items[i].class == REQUEST_SIGNAL && planner_active(p, i) &&
			     p->layer->rules.items[i].verdict.kind == VERDICT_ALLOW &&
			     (p->layer->rules.items[i].operations & SIGNAL_OTHER);
	plan->scoped = landlock_known(LANDLOCK_SCOPE, p->caps->landlock);
	if (strangers)
		plan->scoped &= ~right("signal");
	note_absent(p);
}
