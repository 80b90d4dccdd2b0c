/* surroundings.c - $HOME, $USER, $CWD, $TMPDIR and user names, as this process sees them. */
#include <limits.h>

#include "policy/load.h"

/* An environment variable that holds an absolute path, else @otherwise (may be NULL). */
static const char *absolute_variable(struct arena *arena, const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	if (!value || *value != '/')
		value = otherwise;
	return value ? arena_strdup(arena, value) : NULL;
}

void surroundings_here(struct arena *arena, struct surroundings *ret)
{
	char cwd[PATH_MAX];

	/* without a HOME, and for the name, the user data base is asked: only when a policy speaks of them */
	*ret = (struct surroundings){ .uid = getuid(), .find_user = user_by_name, .find_self = user_by_id };
	ret->home = absolute_variable(arena, "HOME", NULL);
	ret->tmpdir = absolute_variable(arena, "TMPDIR", "/tmp");
	if (getcwd(cwd, sizeof(cwd)) && *cwd == '/')
		ret->cwd = arena_strdup(arena, cwd);
}
