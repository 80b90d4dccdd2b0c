/* program.c - PATH look-up. What is found here is opened and checked again when it is started. */
#include "lib/program.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* 0, -ENOENT or -EACCES. */
static int check(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? 0 : -EACCES;
}

static const char *default_path(struct arena *arena)
{
	size_t size = confstr(_CS_PATH, NULL, 0);
	char *text = arena_alloc(arena, size + 1);

	confstr(_CS_PATH, text, size);
	return text;
}

/* An empty entry is the current directory, as POSIX has it. */
static int search_path(const char *name, const char *search, struct arena *arena, const char **ret)
{
	int result = -ENOENT;

	for (const char *at = search; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		size_t size = strcspn(at, ":");
		const char *path = arena_printf(arena, "%.*s/%s", size ? (int)size : 1, size ? at : ".", name);
		int error = check(path);

		if (error == 0) {
			*ret = path;
			return 0;
		}
		/* A directory that may not be searched is no sign that the program is in it. */
		if (error == -EACCES && access(path, F_OK) == 0)
			result = -EACCES;
	}
	return result;
}

static const char *absolute(const char *path, struct arena *arena)
{
	char here[PATH_MAX];

	if (*path == '/' || !getcwd(here, sizeof(here)))
		return path;
	return arena_printf(arena, "%s/%s", strcmp(here, "/") ? here : "", path);
}

int program_find(const char *name, const char *search, struct arena *arena, struct program *ret)
{
	char real[PATH_MAX];
	const char *path = name;
	int error;

	if (!*name)
		return -ENOENT;
	if (strchr(name, '/'))
		error = check(name);
	else
		error = search_path(name, search ? search : default_path(arena), arena, &path);
	if (error)
		return error;
	if (!realpath(path, real))
		return -errno;
	ret->path = absolute(path, arena);
	ret->real = arena_strdup(arena, real);
	return 0;
}
