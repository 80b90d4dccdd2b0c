/* users.c - the user data base through the C library; see users.h. */
#include "platform/users.h"

#include <errno.h>
#include <pwd.h>

#define ENTRY_BYTES 16384 /* texts of one row */

static int take(int error, const struct passwd *found, struct arena *arena, struct user *ret)
{
	if (!found)
		return error ? -error : -ENOENT;
	*ret = (struct user){ .uid = found->pw_uid,
			      .name = arena_strdup(arena, found->pw_name),
			      .home = arena_strdup(arena, found->pw_dir) };
	return 0;
}

int user_by_name(const char *name, struct arena *arena, struct user *ret)
{
	struct passwd entry, *found = NULL;
	char texts[ENTRY_BYTES];
	int error = getpwnam_r(name, &entry, texts, sizeof(texts), &found);

	return take(error, found, arena, ret);
}

int user_by_id(uint32_t uid, struct arena *arena, struct user *ret)
{
	struct passwd entry, *found = NULL;
	char texts[ENTRY_BYTES];
	int error = getpwuid_r(uid, &entry, texts, sizeof(texts), &found);

	return take(error, found, arena, ret);
}
