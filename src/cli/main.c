/* main.c - the command line's entry: a table of verbs. Verbs that are not in it are programs cordon-VERB of Cordon's own
 * libexec folder, which need libraries that `cordon` itself doesn't. They are never looked for in PATH. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "cli/cli.h"
#include "config.h"
#include "cordon/cordon.h"

static const struct verb *const verbs[] = {
	&verb_run, &verb_check, &verb_fmt, &verb_compile, &verb_explain, &verb_doctor,
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	return NULL;
}

static void overview(struct str *out)
{
	str_add(out, "cordon - confine programs to exactly what they need\n\n"
		     "Usage: cordon VERB [OPTIONS] ...\n\nVerbs:\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		str_addf(out, "  %-10s%s\n", verbs[i]->name, verbs[i]->summary);
	str_add(out, "\n`cordon VERB --help` tells more. A first step:\n"
		     "  cordon run -p std/readonly -- ls -l /\n"
		     "      list a directory as a program that can change nothing and talk to nobody\n"
		     "\nMore: cordon(1), cordon-policy(5)\n");
}

/* ---- verbs that are programs ---- */

/* The folder beside this executable when it stands in a build tree (meson puts the marker there), else the installed one. */
static const char *libexec_folder(struct arena *arena)
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

/* Becomes cordon-NAME, or returns when there is none. */
static void run_libexec(struct cli *cli, const char *name, char **argv)
{
	if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return;
	execv(arena_printf(cli->arena, "%s/cordon-%s", libexec_folder(cli->arena), name), argv);
	if (errno != ENOENT && errno != ENOTDIR)
		diag_note(&cli->diags, cli_error(cli, "C0705", "the program of `cordon %s` cannot be started", name),
			  "%s", strerror(errno));
}

static int unknown_verb(struct cli *cli, const char *name)
{
	struct suggestion near = { .word = name };
	struct diag *diag;

	if (cli->diags.errors)
		return cli_fail(cli);
	diag = cli_error(cli, "C0705", "unknown verb `%s`", name);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		suggestion_offer(&near, verbs[i]->name);
	if (near.best)
		diag_help(&cli->diags, diag, "did you mean `cordon %s`?", near.best);
	else
		diag_help(&cli->diags, diag, "`cordon --help` lists the verbs");
	return cli_fail(cli);
}

/* ---- */

static int run_verb(struct cli *cli, const struct verb *verb, int argc, char **argv)
{
	void *settings = arena_alloc(cli->arena, verb->settings_size);
	struct str out;

	if (options_parse(cli, verb, argc, argv, settings) < 0 && !cli->common.help)
		return cli_fail(cli);
	if (!cli->common.help)
		return verb->run(cli, settings);
	str_init(&out, cli->arena);
	options_help(verb, &out);
	return cli_write(cli, &out);
}

static int dispatch(struct cli *cli, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct verb *verb;
	struct str out;

	str_init(&out, cli->arena);
	if (!strcmp(name, "help") && argc > 2)
		return dispatch(cli, 3, (char *[]){ argv[0], argv[2], (char *)"--help", NULL });
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
		overview(&out);
		return cli_write(cli, &out);
	}
	if (!strcmp(name, "--version") || !strcmp(name, "-V") || !strcmp(name, "version")) {
		str_addf(&out, "cordon %s\n", cordon_version());
		return cli_write(cli, &out);
	}
	if (!*name) {
		overview(&out);
		cli_warn(cli, "%s", out.text);
		return EXIT_SETUP;
	}
	verb = find_verb(name);
	if (verb)
		return run_verb(cli, verb, argc - 2, argv + 2);
	run_libexec(cli, name, argv + 1);
	return unknown_verb(cli, name);
}

/* Where one of them is closed, a file that is opened later would become it. */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	static const char no_memory[] = "cordon: out of memory\n";
	struct cli cli = { .arena = arena_new(0) };
	int status;

	fill_standard_descriptors();
	if (!cli.arena || setjmp(*arena_catch(cli.arena))) {
		(void)!write(STDERR_FILENO, no_memory, sizeof(no_memory) - 1);
		return EXIT_SETUP;
	}
	diags_init(&cli.diags, cli.arena);
	status = dispatch(&cli, argc, argv);
	arena_free(cli.arena);
	return status;
}
