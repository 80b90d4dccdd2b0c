/* run_report.c - see run_report.h. */
#include "cli/run_report.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int run_report_open(struct cli *cli, const char *file, struct run_report *ret)
{
	int fd = -1;

	if (file) {
		fd = open(file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
		if (fd < 0) {
			const int error = errno;

			diag_help(&cli->diags,
				  cli_error(cli, "C0720", "the report `%s` can't be written: %s", file,
					    strerror(error)),
				  "name a file in a directory that you may write");
			return -error;
		}
	}
	*ret = (struct run_report){ .fd = fd, .file = file };
	return 0;
}

/* ---- what it says ---- */

static void add_number(struct json *json, const char *name, uint64_t number)
{
	json_key(json, name);
	if (number == UINT64_MAX)
		json_null(json);
	else
		json_uint(json, number);
}

static void add_end(struct json *json, int wait_status, enum limit_kind reached)
{
	json_key(json, "exit_status");
	if (WIFEXITED(wait_status))
		json_int(json, WEXITSTATUS(wait_status));
	else
		json_null(json);
	json_key(json, "signal");
	if (WIFSIGNALED(wait_status))
		json_int(json, WTERMSIG(wait_status));
	else
		json_null(json);
	json_kv_string(json, "limit_reached", limit_kind_name(reached));
}

static bool is_limit(const struct carrier *carrier)
{
	return carrier->setting && !strncmp(carrier->setting, "limit ", strlen("limit "));
}

/* What the policy limits, and how. */
static void add_limits(struct json *json, const struct plan *plan)
{
	json_key(json, "limits");
	json_array(json);
	for (size_t i = 0; i < plan->carriers.count; i++) {
		const struct carrier *carrier = &plan->carriers.items[i];
		struct str mechanisms;

		if (!carrier->carried || !is_limit(carrier))
			continue;
		str_init(&mechanisms, json->out->arena);
		mechanisms_print(carrier->mechanisms, &mechanisms);
		json_object(json);
		json_kv_string(json, "limit", carrier->setting + strlen("limit "));
		json_kv_string(json, "held_by", mechanisms.text);
		json_end_object(json);
	}
	json_end_array(json);
}

static void fill(struct json *json, const char *program, const struct plan *plan, const struct watch *watch,
		 int wait_status)
{
	const struct usage usage = watch_usage(watch);

	json_object(json);
	json_kv_string(json, "schema", "cordon.report/1");
	json_kv_string(json, "program", program);
	add_end(json, wait_status, watch_reached(watch));
	json_key(json, "used");
	json_object(json);
	add_number(json, "wall_ms", usage.wall_ns / 1000000);
	add_number(json, "cpu_user_ms", usage.user_ns / 1000000);
	add_number(json, "cpu_system_ms", usage.system_ns / 1000000);
	add_number(json, "mem_peak_bytes", usage.mem_peak);
	add_number(json, "procs_peak", usage.procs_peak);
	add_number(json, "procs_refused", usage.procs_refused);
	add_number(json, "output_bytes", usage.output);
	json_kv_bool(json, "of_whole_domain", usage.by_group);
	json_end_object(json);
	add_limits(json, plan);
	json_end_object(json);
}

static int write_all(int fd, const char *text, size_t size)
{
	while (size) {
		const ssize_t written = write(fd, text, size);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			text += written;
			size -= (size_t)written;
		}
	}
	return 0;
}

void run_report_write(struct cli *cli, struct run_report *report, const char *program, const struct plan *plan,
		      const struct watch *watch, int wait_status)
{
	struct json json;
	struct str out;
	int result;

	if (report->fd < 0)
		return;
	str_init(&out, cli->arena);
	json_init(&json, &out, false);
	fill(&json, program, plan, watch, wait_status);
	str_addc(&out, '\n');
	result = ftruncate(report->fd, 0) < 0 && errno != EINVAL ? -errno : write_all(report->fd, out.text, out.size);
	if (result < 0)
		cli_warn(cli, "cordon: the report `%s` can't be written: %s", report->file, strerror(-result));
}

void run_report_close(struct run_report *report)
{
	cleanup_close(&report->fd);
	report->fd = -1;
}

void run_report_say(struct cli *cli, const struct plan *plan, const struct watch *watch)
{
	const char *name = limit_kind_name(watch_reached(watch));

	for (size_t i = 0; name && i < plan->carriers.count; i++) {
		const char *text = plan->carriers.items[i].setting;

		if (!is_limit(&plan->carriers.items[i]) || strncmp(text + strlen("limit "), name, strlen(name)) != 0 ||
		    text[strlen("limit ") + strlen(name)] != ' ')
			continue;
		cli_warn(cli, "cordon: `%s` is reached: the program was ended, with all that it started", text);
		return;
	}
}
