/* surroundings.c - $HOME, $USER, $CWD, $TMPDIR and user names, as this process sees them. */
#include <limits.h>
#include <pwd.h>

#include "policy/load.h"

#define ENTRY_BYTES 16384 /* texts of one row of the user data base */

static bool find_user(const char *name, uint32_t *ret_uid)
{
	struct passwd entry, *found;
	char texts[ENTRY_BYTES];

	if (getpwnam_r(name, &entry, texts, sizeof(texts), &found) != 0 || !found)
		return false;
	*ret_uid = found->pw_uid;
	return true;
}

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
	struct passwd entry, *found;
	char texts[ENTRY_BYTES], cwd[PATH_MAX];

	*ret = (struct surroundings){ .uid = getuid(), .find_user = find_user };
	if (getpwuid_r(getuid(), &entry, texts, sizeof(texts), &found) != 0)
		found = NULL;
	if (found)
		ret->user = arena_strdup(arena, found->pw_name);
	ret->home = absolute_variable(arena, "HOME", found ? found->pw_dir : NULL);
	ret->tmpdir = absolute_variable(arena, "TMPDIR", "/tmp");
	if (getcwd(cwd, sizeof(cwd)) && *cwd == '/')
		ret->cwd = arena_strdup(arena, cwd);
}
