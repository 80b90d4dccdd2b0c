/* plan_seal.c - `wx sealed`: no new executable memory once a program's loader is done.
 *
 * A program without loader, or a process whose loader is done already, where nothing can be executed later, needs nobody:
 * the filter refuses from the start. Else
 * the filter hands executable mappings to the parent, which knows by a call of the loader's when it is done. */
#include "plan/planner.h"

#include <string.h>

bool planner_may_execute(const struct planner *p)
{
	return planner_call_is_open(p, "execve") || planner_call_is_open(p, "execveat");
}

/* glibc's: it maps every library before it calls set_tid_address(). musl's calls that first. */
static bool says_when_done(const char *loader)
{
	const char *slash = strrchr(loader, '/');

	return !strncmp(slash ? slash + 1 : loader, "ld-linux", strlen("ld-linux"));
}

void plan_seal(struct planner *p)
{
	const bool is_loaded = p->facts->in_process || (p->facts->program && !p->facts->loader);

	if (p->layer->wx == WX_SEALED)
		p->out->seal = is_loaded && !planner_may_execute(p) ? SEAL_AT_START : SEAL_AFTER_LOADER;
}

const char *plan_seal_obstacle(const struct planner *p, const char **ret_help, enum mechanism *ret_missing)
{
	*ret_missing = MECHANISM_LISTENER;
	*ret_help = "leave it out: `wx strict` is the default";
	if (p->out->seal != SEAL_AFTER_LOADER)
		return NULL;
	if (p->facts->in_process) {
		*ret_help = "drop the `exec` lines, or leave it out: `wx strict` is the default";
		return "what this process may execute has a loader, and nobody stays who sees when that is done";
	}
	if (!p->caps->notify)
		return "when the loader is done has to be seen while the program runs, by seccomp notification";
	if (p->facts->loader && !says_when_done(p->facts->loader))
		return arena_printf(p->arena, "the loader %s doesn't show when it is done (glibc's does)",
				    p->facts->loader);
	return NULL;
}

bool planner_is_attended(const struct planner *p)
{
	return layer_asks(p->out) || planner_is_watched(p) || p->facts->attended;
}
