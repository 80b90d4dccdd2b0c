/* cmd_fmt.c - `cordon fmt`: canonical text. parse(print(p)) = p, so formatting never changes what a policy means. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "policy/load.h"

struct fmt_settings {
	bool write, check;
};

static const struct option options[] = {
	{ 'w', "write", NULL, "rewrite the files in place", OPTION_FLAG, offsetof(struct fmt_settings, write), NULL },
	{ 0, "check", NULL, "only list the files that are not canonical, and exit 1 if there are any", OPTION_FLAG,
	  offsetof(struct fmt_settings, check), NULL },
};

static const struct example examples[] = {
	{ "cordon fmt web.cordon", "print it in canonical form" },
	{ "cordon fmt -w policies/*.cordon",
	  "rewrite files that are not canonical; files with errors stay as they are" },
	{ "cordon fmt --check policies/*.cordon", "for a build server" },
	{ NULL, NULL },
};

/* A new file beside @name with its mode and owner, renamed over it: readers see the old text or the new one. Returns 0 or
 * -errno. */
static int replace(const char *name, const char *temporary, const struct str *text)
{
	auto_close int fd = -1;
	struct stat st;
	size_t done = 0;
	int error = 0;

	if (lstat(name, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	while (done < text->size && !error) {
		ssize_t got = write(fd, text->text + done, text->size - done);

		if (got < 0 && errno != EINTR)
			error = -errno;
		else if (got > 0)
			done += (size_t)got;
	}
	/* The owner first: changing it clears bits of the mode. */
	if (!error && (fchown(fd, st.st_uid, st.st_gid) < 0 || fchmod(fd, st.st_mode & 07777) < 0 || fsync(fd) < 0))
		error = -errno;
	if (!error && rename(temporary, name) < 0)
		error = -errno;
	if (error)
		unlink(temporary);
	return error;
}

static int write_back(struct cli *cli, const char *name, const struct str *text)
{
	const char *temporary = arena_printf(cli->arena, "%s.cordon-fmt-%ld", name, (long)getpid());
	int error = replace(name, temporary, text);

	if (!error)
		return 0;
	diag_note(&cli->diags, cli_error(cli, "C0517", "cannot rewrite `%s`", name), "%s",
		  error == -EINVAL ? "it is a symbolic link: name the file itself" : strerror(-error));
	return error;
}

struct formatter {
	struct cli *cli;
	const struct fmt_settings *settings;
	struct str out; /* stdout */
	size_t changed;
	struct texts names; /* changed files */
};

static void format_one(struct formatter *f, const char *name)
{
	struct cli *cli = f->cli;
	struct ast_file *file;
	struct str text;
	bool same;

	if (load_file(name, false, cli->arena, &cli->diags, &file, NULL) < 0)
		return;
	str_init(&text, cli->arena);
	print_file(file, &text);
	same = text.size == file->source->size && !memcmp(text.text, file->source->text, text.size);
	if (!f->settings->check && !(f->settings->write && strcmp(name, "-") != 0)) {
		str_addn(&f->out, text.text, text.size);
		return;
	}
	if (same || (f->settings->write && write_back(cli, name, &text) < 0))
		return;
	f->changed++;
	*arena_push(cli->arena, &f->names) = name;
}

static int cmd_fmt(struct cli *cli, const void *settings)
{
	static const char *const standard_input[] = { "-" };
	struct formatter f = { .cli = cli, .settings = settings };
	bool failed;
	int status;

	str_init(&f.out, cli->arena);
	if (f.settings->write && f.settings->check) {
		cli_error(cli, "C0704", "`--write` and `--check` exclude each other");
		return cli_fail(cli);
	}
	if (cli->operand_count == 0) {
		cli->operands = standard_input;
		cli->operand_count = 1;
	}
	for (size_t i = 0; i < cli->operand_count; i++)
		format_one(&f, cli->operands[i]);
	failed = cli->diags.errors > 0;
	cli_report(cli);
	if (cli->common.json && (f.settings->check || f.settings->write)) {
		struct json json;

		cli_json(cli, &f.out, &json, "cordon.fmt/1");
		json_key(&json, "changed");
		json_array(&json);
		for (size_t i = 0; i < f.names.count; i++)
			json_string(&json, f.names.items[i]);
		json_end_array(&json);
		status = cli_json_end(cli, &f.out, &json);
	} else {
		for (size_t i = 0; i < f.names.count && f.settings->check; i++)
			str_addf(&f.out, "%s\n", f.names.items[i]);
		status = cli_write(cli, &f.out);
	}
	if (failed || status)
		return EXIT_SETUP;
	return f.settings->check && f.changed ? EXIT_NEGATIVE : 0;
}

const struct verb verb_fmt = {
	.name = "fmt",
	.operands = "[FILE...]",
	.summary = "canonical form of policies",
	.about = "Prints each policy in canonical form; without FILE, or with -, reads standard input. Comments\n"
		 "and the order of lines stay. A file with errors is left as it is.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.examples = examples,
	.settings_size = sizeof(struct fmt_settings),
	.run = cmd_fmt,
};
