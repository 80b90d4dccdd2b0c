/* cmd_run.c - `cordon run`: policy to confinement, and the program in it. Nothing of the program runs unless everything
 * that the policy says is enforced. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/cli.h"
#include "cli/explain.h"
#include "cli/run_report.h"
#include "cli/session.h"
#include "enforce/enforce.h"
#include "lib/program.h"
#include "supervise/company.h"

struct run_settings {
	struct policy_settings policy;
	struct texts keep_fds;
	const char *log;
	const char *report;
	bool best_effort, dry_run, permissive;
};

static const struct option options[] = {
	POLICY_OPTIONS(struct run_settings, policy),
	{ 0, "dry-run", NULL, "show what would be done, layer by layer, and run nothing", OPTION_FLAG,
	  offsetof(struct run_settings, dry_run), NULL },
	{ 0, "keep-fd", "N", "leave descriptor N open; others above 2 are closed", OPTION_LIST,
	  offsetof(struct run_settings, keep_fds), NULL },
	{ 0, "log", "FILE", "add each denial to FILE (or to descriptor N: fd:N) as a JSON line", OPTION_TEXT,
	  offsetof(struct run_settings, log), NULL },
	{ 0, "permissive", NULL, "deny nothing: record what would be denied (to --log, else standard error)",
	  OPTION_FLAG, offsetof(struct run_settings, permissive), NULL },
	{ 0, "report", "FILE", "write to FILE, as JSON, how the run ended and what it used", OPTION_TEXT,
	  offsetof(struct run_settings, report), NULL },
	{ 0, "best-effort", NULL, "run even where a rule can't be enforced, after listing what is lost", OPTION_FLAG,
	  offsetof(struct run_settings, best_effort), NULL },
};

static const struct example examples[] = {
	{ "cordon run -p std/readonly -- ls -l /", "it may look at everything, change nothing, talk to nobody" },
	{ "cordon run -p std/build -a 'file edit ./**' -- make", "a template and one more line" },
	{ "cordon run -p nginx.cordon --dry-run -- nginx",
	  "which mechanism carries which rule, and the steps of the start" },
	{ NULL, NULL },
};

/* ---- the program ---- */

static int find_program(struct cli *cli, struct program *ret)
{
	const char *name = cli->operands[0];
	int error = program_find(name, getenv("PATH"), cli->arena, ret);
	struct diag *diag;

	if (error == 0)
		return 0;
	if (error == -ENOENT) {
		diag = cli_error(cli, "C0708", "program `%s` not found", name);
		diag_note(&cli->diags, diag,
			  strchr(name, '/') ? "there is no file of that name" : "it is in no directory of PATH");
	} else {
		diag = cli_error(cli, "C0715", "`%s` is not executable", name);
		diag_note(&cli->diags, diag, "%s",
			  error == -EACCES ? "it is no file that you may execute" : strerror(-error));
	}
	cli_report(cli);
	return error == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

static int no_policy(struct cli *cli, const struct program *program)
{
	const char *name = strrchr(program->real, '/') + 1;
	struct diag *diag = cli_error(cli, "C0707", "there is no policy for `%s`", program->real);

	diag_note(&cli->diags, diag,
		  "none was named with -p or -a, and no registry has one; a permissive one is never made up");
	diag_help(&cli->diags, diag, "try `cordon run -p std/readonly -- %s ...`, or write a policy: cordon-policy(5)",
		  name);
	return cli_fail(cli);
}

/* ---- descriptors ---- */

static bool parse_keep_fds(struct cli *cli, const struct texts *words, int **ret)
{
	int *fds = arena_alloc(cli->arena, (words->count + 1) * sizeof(*fds));

	for (size_t i = 0; i < words->count; i++) {
		char *end;
		long fd = strtol(words->items[i], &end, 10);
		struct diag *diag;

		fds[i] = (int)fd;
		if (end != words->items[i] && !*end && fd > STDERR_FILENO && fd < 1 << 20 &&
		    fcntl((int)fd, F_GETFD) >= 0)
			continue;
		diag = cli_error(cli, "C0716", "`--keep-fd %s` is no open descriptor above 2", words->items[i]);
		diag_help(&cli->diags, diag, "open it in the shell, for example `cordon run --keep-fd 3 ... 3<file`");
	}
	*ret = fds;
	return cli->diags.errors == 0;
}

/* ---- the plan ---- */

/* `require ... else refuse` is not for --best-effort to waive: the policy's author has said what to do. */
static bool refuses(const struct plan *plan)
{
	for (size_t i = 0; i < plan->carriers.count; i++) {
		const struct carrier *carrier = &plan->carriers.items[i];
		const struct layer *layer = plan->model->items[carrier->layer];

		for (size_t k = 0; k < layer->requirements.count && !carrier->carried; k++)
			if (layer->requirements.items[k].span.source == carrier->span.source &&
			    layer->requirements.items[k].span.offset == carrier->span.offset)
				return true;
	}
	return false;
}

/* What nobody carries is an error; with --best-effort it is listed, and then left out. */
static int settle_uncarried(struct cli *cli, const struct run_settings *settings, struct plan *plan)
{
	bool best_effort = settings->best_effort && !refuses(plan);
	size_t lost = plan->uncarried;

	if (lost == 0)
		return 0;
	plan_diagnose(plan, best_effort, &cli->diags);
	if (!best_effort) {
		if (!settings->dry_run)
			return cli_fail(cli);
		cli_report(cli);
		return 0;
	}
	cli_report(cli);
	cli_warn(cli, "cordon: WARNING: best effort: %zu line%s of the policy %s not enforced", lost,
		 lost == 1 ? "" : "s", lost == 1 ? "is" : "are");
	plan->uncarried = 0;
	return 0;
}

static int show(struct cli *cli, const struct program *program, const struct plan *plan,
		const struct confinement *confinement)
{
	struct json json;
	struct str out;

	if (cli->common.json) {
		cli_json(cli, &out, &json, "cordon.dry-run/1");
		json_kv_string(&json, "program", program->real);
		json_key(&json, "plan");
		plan_json(plan, &json);
		json_key(&json, "confinement");
		if (confinement)
			confinement_json(confinement, &json);
		else
			json_null(&json);
		return cli_json_end(cli, &out, &json);
	}
	str_init(&out, cli->arena);
	str_add(&out, "program ");
	str_add_escaped(&out, program->real, strlen(program->real));
	str_addc(&out, '\n');
	explain_plan(plan, &out);
	if (confinement) {
		str_add(&out, "steps\n");
		confinement_print(confinement, &out);
	}
	return cli_write(cli, &out);
}

/* ---- the start ---- */

static int run_vanilla(struct cli *cli, const struct program *program, const char *profile)
{
	int error;

	cli_warn(cli, "cordon: WARNING: `%s` runs WITHOUT confinement, as profile `%s` wants it (`else vanilla`)",
		 program->real, profile);
	execv(program->path, (char *const *)cli->operands);
	error = errno;
	cli_error(cli, "C0715", "cannot execute `%s`: %s", program->path, strerror(error));
	cli_report(cli);
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

static int exit_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? EXIT_SIGNAL + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* What is watched while it runs, and what is said of it afterwards. */
struct watched {
	struct watch watch;
	struct run_report report;
};

static int fail_to_start(struct cli *cli, struct watched *watched, int error)
{
	watch_release(&watched->watch);
	cli_report(cli);
	return confinement_exit_status(error);
}

static int start(struct cli *cli, const struct program *program, const struct plan *plan,
		 struct confinement *confinement, struct watched *watched)
{
	int wait_status, error = watch_start(&watched->watch, &cli->diags);

	if (error == 0)
		error = confinement_start(confinement, &cli->diags, &wait_status);
	if (error)
		return fail_to_start(cli, watched, error);
	watch_release(&watched->watch);
	run_report_say(cli, plan, &watched->watch);
	run_report_write(cli, &watched->report, program->real, plan, &watched->watch, wait_status);
	return watch_reached(&watched->watch) ? EXIT_LIMIT : exit_status(wait_status);
}

static int prepare_and_start(struct cli *cli, const struct run_settings *settings, const struct program *program,
			     const struct plan *plan, struct launch *launch, struct watched *watched)
{
	struct confinement *confinement;
	int error, status;

	error = watch_begin(&watched->watch, plan, settings->report, cli->arena, &cli->diags, launch);
	if (error == 0)
		error = confinement_prepare(plan, launch, cli->arena, &cli->diags, &confinement);
	if (error)
		return fail_to_start(cli, watched, error);
	cli_report(cli);
	if (settings->dry_run) {
		watch_release(&watched->watch);
		status = show(cli, program, plan, confinement);
	} else {
		status = start(cli, program, plan, confinement, watched);
	}
	confinement_release(confinement);
	return status;
}

static int confine(struct cli *cli, const struct run_settings *settings, const struct program *program,
		   const struct plan *plan, const int *keep_fds, struct company *company)
{
	extern char **environ;
	struct watched watched;
	struct launch launch = {
		.program = program->path,
		.argv = (char *const *)cli->operands,
		.envp = environ,
		.keep_fds = keep_fds,
		.keep_fd_count = settings->keep_fds.count,
	};
	int status;

	if (company_gather(company, plan, cli->arena, &cli->diags, &launch) < 0)
		return cli_fail(cli);
	if (company->blind)
		cli_note(cli,
			 "cordon: denials of files and ports by Landlock are not logged: %s; --permissive shows them",
			 company->blind);
	if (settings->permissive)
		plan = company_relax(plan, cli->arena);
	if (run_report_open(cli, settings->dry_run ? NULL : settings->report, &watched.report) < 0)
		return cli_fail(cli);
	status = prepare_and_start(cli, settings, program, plan, &launch, &watched);
	run_report_close(&watched.report);
	return status;
}

static int plan_and_run(struct cli *cli, const struct run_settings *settings, const struct program *program,
			struct session *session, const int *keep_fds, struct company *company)
{
	int status = session_plan(cli, NULL, program->real, session);

	if (status == 0 && settings->permissive)
		session->plan->uncarried = 0; /* nothing has to carry it: its meaning decides */
	else if (status == 0)
		status = settle_uncarried(cli, settings, session->plan);
	if (status)
		return status;
	if (session->plan->uncarried) {
		/* --dry-run: what is missing was said, and there is no confinement to show. */
		(void)!show(cli, program, session->plan, NULL);
		return EXIT_SETUP;
	}
	return confine(cli, settings, program, session->plan, keep_fds, company);
}

/* The program would write into its own record. */
static bool log_is_kept(struct cli *cli, const struct run_settings *settings, const int *keep_fds)
{
	const int number = settings->log ? sink_number(settings->log) : -1;

	for (size_t i = 0; i < settings->keep_fds.count; i++)
		if (keep_fds[i] == number) {
			cli_error(cli, "C0704", "`--log fd:%d` and `--keep-fd %d` exclude each other", number, number);
			return true;
		}
	return false;
}

static int plan_and_confine(struct cli *cli, const struct run_settings *settings, const struct program *program,
			    struct session *session, const int *keep_fds)
{
	struct company company;
	int status;

	if (log_is_kept(cli, settings, keep_fds) ||
	    company_open(&company, settings->log, settings->permissive, cli->arena, &cli->diags) < 0)
		return cli_fail(cli);
	session->attended = company.log != NULL;
	session->log = company_log_path(&company, cli->arena);
	if (settings->permissive)
		cli_warn(cli,
			 "cordon: WARNING: PERMISSIVE: nothing of the policy is enforced, denials are only recorded");
	status = plan_and_run(cli, settings, program, session, keep_fds, &company);
	if (settings->permissive && company.log)
		cli_warn(cli, "cordon: WARNING: PERMISSIVE: %llu time%s the policy would have said no",
			 (unsigned long long)company.log->total, company.log->total == 1 ? "" : "s");
	company_release(&company);
	return status;
}

static int cmd_run(struct cli *cli, const void *settings_)
{
	const struct run_settings *settings = settings_;
	struct session session;
	struct program program;
	int *keep_fds, status;

	if (cli->operand_count == 0) {
		diag_help(&cli->diags, cli_error(cli, "C0706", "which program?"),
			  "write `cordon run -p POLICY -- PROGRAM ARGS`");
		return cli_fail(cli);
	}
	if (!parse_keep_fds(cli, &settings->keep_fds, &keep_fds))
		return cli_fail(cli);
	status = find_program(cli, &program);
	if (status)
		return status;
	if (settings->policy.policies.count + settings->policy.additions.count == 0)
		return no_policy(cli, &program);
	status = session_load(cli, &settings->policy, NULL, program.real, SESSION_RUN, &session);
	if (status)
		return status;
	if (model_check(session.loaded.model, &cli->diags) < 0)
		return cli_fail(cli);
	if (session.loaded.vanilla && session.loaded.model->count == 0)
		return run_vanilla(cli, &program, session.loaded.vanilla);
	if (session.loaded.vanilla)
		cli_warn(cli, "cordon: WARNING: profile `%s` is left out, as it wants it (`else vanilla`)",
			 session.loaded.vanilla);
	return plan_and_confine(cli, settings, &program, &session, keep_fds);
}

const struct verb verb_run = {
	.name = "run",
	.operands = "-- PROGRAM [ARGUMENT...]",
	.summary = "run a program under a policy",
	.about = "Confines PROGRAM to what the policies allow (where several are given, to what all of them allow)\n"
		 "and runs it. Its exit status is passed on; 125: Cordon could not set up and nothing ran, 126:\n"
		 "not executable, 127: not found, 128+N: killed by signal N, 124: a limit ended it. What this kernel "
		 "cannot enforce is an\n"
		 "error that names the line.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.examples = examples,
	.program_follows = true,
	.settings_size = sizeof(struct run_settings),
	.run = cmd_run,
};
