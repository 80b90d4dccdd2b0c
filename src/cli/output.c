/* output.c - data to stdout, messages to stderr. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"

/* Everything, or -errno. */
static int write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t done = write(fd, text, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		text += done;
		size -= (size_t)done;
	}
	return 0;
}

bool cli_colour(const struct cli *cli, int fd)
{
	const char *when = cli->common.colour;
	const char *term = getenv("TERM"), *none = getenv("NO_COLOR");

	if (when && strcmp(when, "auto") != 0)
		return !strcmp(when, "always");
	if (none && *none)
		return false;
	return isatty(fd) && !(term && !strcmp(term, "dumb"));
}

int cli_write(struct cli *cli, const struct str *out)
{
	int error = out->text ? write_all(STDOUT_FILENO, out->text, out->size) : 0;

	if (error == 0)
		return 0;
	cli_error(cli, "C0709", "cannot write to standard output: %s", strerror(-error));
	return cli_fail(cli);
}

void cli_json(struct cli *cli, struct str *out, struct json *json, const char *schema)
{
	str_init(out, cli->arena);
	json_init(json, out, true);
	json_object(json);
	json_kv_string(json, "schema", schema);
}

int cli_json_end(struct cli *cli, struct str *out, struct json *json)
{
	json_end_object(json);
	str_addc(out, '\n');
	return cli_write(cli, out);
}

void cli_report(struct cli *cli)
{
	struct str out;
	struct json json;

	if (cli->diags.count == 0)
		return;
	str_init(&out, cli->arena);
	if (cli->common.json) {
		json_init(&json, &out, true);
		json_object(&json);
		json_kv_string(&json, "schema", "cordon.diagnostics/1");
		json_key(&json, "diagnostics");
		diags_json(&cli->diags, &json);
		json_end_object(&json);
		str_addc(&out, '\n');
	} else {
		diags_print(&cli->diags, &out, cli_colour(cli, STDERR_FILENO));
	}
	if (out.text)
		(void)!write_all(STDERR_FILENO, out.text, out.size);
	diags_init(&cli->diags, cli->arena);
}

int cli_fail(struct cli *cli)
{
	cli_report(cli);
	return EXIT_SETUP;
}

__attribute__((format(printf, 2, 0))) static void say(struct cli *cli, const char *format, va_list args)
{
	const char *text = arena_vprintf(cli->arena, format, args);

	(void)!write_all(STDERR_FILENO, text, strlen(text));
	(void)!write_all(STDERR_FILENO, "\n", 1);
}

void cli_note(struct cli *cli, const char *format, ...)
{
	va_list args;

	if (cli->common.quiet)
		return;
	va_start(args, format);
	say(cli, format, args);
	va_end(args);
}

void cli_warn(struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(cli, format, args);
	va_end(args);
}

struct diag *cli_error(struct cli *cli, const char *code, const char *format, ...)
{
	va_list args;
	struct diag *diag;

	va_start(args, format);
	diag = diag_error(&cli->diags, code, (struct span){ 0 }, "%s", arena_vprintf(cli->arena, format, args));
	va_end(args);
	return diag;
}
