/* main.c - the command line's entry: a table of verbs. Verbs that are not in it are programs cordon-VERB of Cordon's own
 * libexec folder, which need libraries that `cordon` itself doesn't. They are never looked for in PATH. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "cli/cli.h"
#include "cli/libexec.h"
#include "cordon/cordon.h"

const struct verb *const cli_verbs[] = {
	&verb_run, &verb_check, &verb_fmt, &verb_compile, &verb_explain, &verb_doctor, &verb_completion,
};
const size_t cli_verb_count = ARRAY_SIZE(cli_verbs);

const struct cli_program cli_programs[] = {
	{ "log", "list and filter the denials of a log" },
};
const size_t cli_program_count = ARRAY_SIZE(cli_programs);

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < cli_verb_count; i++)
		if (!strcmp(cli_verbs[i]->name, name))
			return cli_verbs[i];
	return NULL;
}

static void overview(struct str *out)
{
	str_add(out, "cordon - confine programs to exactly what they need\n\n"
		     "Usage: cordon VERB [OPTIONS] ...\n\nVerbs:\n");
	for (size_t i = 0; i < cli_verb_count; i++)
		str_addf(out, "  %-12s%s\n", cli_verbs[i]->name, cli_verbs[i]->summary);
	for (size_t i = 0; i < cli_program_count; i++)
		str_addf(out, "  %-12s%s\n", cli_programs[i].name, cli_programs[i].summary);
	str_add(out, "\n`cordon VERB --help` tells more. A first step:\n"
		     "  cordon run -p std/readonly -- ls -l /\n"
		     "      list a directory as a program that can change nothing and talk to nobody\n"
		     "\nMore: cordon(1), cordon-policy(5)\n");
}

/* ---- dispatch ---- */

static int unknown_verb(struct cli *cli, const char *name)
{
	struct suggestion near = { .word = name };
	struct diag *diag;

	if (cli->diags.errors)
		return cli_fail(cli);
	diag = cli_error(cli, "C0705", "unknown verb `%s`", name);
	for (size_t i = 0; i < cli_verb_count; i++)
		suggestion_offer(&near, cli_verbs[i]->name);
	for (size_t i = 0; i < cli_program_count; i++)
		suggestion_offer(&near, cli_programs[i].name);
	if (near.best)
		diag_help(&cli->diags, diag, "did you mean `cordon %s`?", near.best);
	else
		diag_help(&cli->diags, diag, "`cordon --help` lists the verbs");
	return cli_fail(cli);
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
		return verb_start(cli, verb, argc - 2, argv + 2);
	libexec_run(cli, name, argv + 1);
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

/* What a start under a policy of some sixty lines takes. */
#define USUAL_MEMORY ((size_t)480 << 10)

int main(int argc, char **argv)
{
	static const char no_memory[] = "error[C0730]: out of memory\n"
					"  = note: what the policy and the host need does not fit in\n"
					"  = help: raise the limit: `ulimit -v unlimited; ulimit -d unlimited`\n";
	struct cli cli = { .arena = arena_new(0) };
	int status;

	fill_standard_descriptors();
	if (!cli.arena || setjmp(*arena_catch(cli.arena))) {
		(void)!write(STDERR_FILENO, no_memory, sizeof(no_memory) - 1);
		return EXIT_SETUP;
	}
	arena_warm(cli.arena, USUAL_MEMORY);
	diags_init(&cli.diags, cli.arena);
	status = dispatch(&cli, argc, argv);
	arena_free(cli.arena);
	return status;
}
