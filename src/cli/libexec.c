/* libexec.c - see libexec.h. */
#include "cli/libexec.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

/* Meson puts the marker into a build tree. */
const char *libexec_folder(struct arena *arena)
{
	char self[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (size > 0) {
		self[size] = '\0';
		slash = strrchr(self, '/');
		if (slash) {
			*slash = '\0';
			if (access(arena_printf(arena, "%s/%s", self, CORDON_BUILD_MARKER), F_OK) == 0)
				return arena_printf(arena, "%s/libexec", self);
		}
	}
	return CORDON_LIBEXECDIR;
}

void libexec_run(struct cli *cli, const char *name, char *const *argv)
{
	if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return;
	execv(arena_printf(cli->arena, "%s/cordon-%s", libexec_folder(cli->arena), name), argv);
	if (errno != ENOENT && errno != ENOTDIR)
		diag_note(&cli->diags, cli_error(cli, "C0705", "the program of `cordon %s` cannot be started", name),
			  "%s", strerror(errno));
}
