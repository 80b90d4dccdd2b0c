/* users.h - the host's user data base, whatever nsswitch.conf makes of it.
 *
 * There are two implementations. users.c asks the C library, which loads what nsswitch.conf names. A program that is
 * linked statically can't load anything: `cordon` brings functions of its own (src/cli/users_ask.c), which run the helper
 * program user-lookup; the linker takes a program's own before those of the archive. */
#ifndef CORDON_PLATFORM_USERS_H
#define CORDON_PLATFORM_USERS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"

struct user {
	uint32_t uid;
	const char *name, *home;
};

/* 0, -ENOENT when there is no such user, or another -errno when the data base can't be asked. */
must_check int user_by_name(const char *name, struct arena *arena, struct user *ret);
must_check int user_by_id(uint32_t uid, struct arena *arena, struct user *ret);

#endif
