/* user_lookup.c - the helper program user-lookup: asks the C library about one user, for a `cordon` that is linked
 * statically and so can't load what nsswitch.conf names.
 *
 *   user-lookup name NAME | user-lookup id UID
 *
 * Writes three lines: the number, the name, the home directory. Ends with 0, 1 when there is no such user, or 2. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/users.h"

enum { EXIT_FOUND, EXIT_NONE, EXIT_TROUBLE };

static int look(const char *how, const char *what, struct arena *arena, struct user *ret)
{
	char *end;
	unsigned long uid;

	if (!strcmp(how, "name"))
		return user_by_name(what, arena, ret);
	errno = 0;
	uid = strtoul(what, &end, 10);
	if (strcmp(how, "id") != 0 || errno || end == what || *end || uid > UINT32_MAX)
		return -EINVAL;
	return user_by_id((uint32_t)uid, arena, ret);
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new(0);
	struct user user;
	int result;

	if (argc != 3 || !arena)
		return EXIT_TROUBLE;
	result = look(argv[1], argv[2], arena, &user);
	if (result < 0)
		return result == -ENOENT ? EXIT_NONE : EXIT_TROUBLE;
	/* a line end in a name would be read as another answer */
	if (strchr(user.name, '\n') || strchr(user.home, '\n'))
		return EXIT_TROUBLE;
	printf("%u\n%s\n%s\n", user.uid, user.name, user.home);
	return fflush(stdout) == 0 ? EXIT_FOUND : EXIT_TROUBLE;
}
