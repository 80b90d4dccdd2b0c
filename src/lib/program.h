/* program.h - find what shall be started, as a shell would. */
#ifndef CORDON_LIB_PROGRAM_H
#define CORDON_LIB_PROGRAM_H

#include "base/arena.h"
#include "base/cleanup.h"

struct program {
	const char *path; /* absolute, as found */
	const char *real; /* after symbolic links: what chooses the profile */
};

/* @name with a "/" is a path; other names are looked up in @search (PATH; NULL: the system's default). Returns 0 and *ret in
 * @arena, -ENOENT: there is none, -EACCES: there is one, but no file that may be executed, or another -errno. */
must_check int program_find(const char *name, const char *search, struct arena *arena, struct program *ret);

#endif
