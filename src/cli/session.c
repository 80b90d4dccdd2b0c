/* session.c - from option values to a plan. */
#include "cli/session.h"

#include <errno.h>
#include <string.h>

#include "enforce/facts.h"
#include "lib/host.h"
#include "platform/probe.h"
#include "platform/tables.h"

/* ---- --surroundings ---- */

/* With fixed surroundings no user data base is asked: names of users would make the result depend on the host. */
static int only_root(const char *name, struct arena *arena, struct user *ret)
{
	(void)arena;
	if (strcmp(name, "root") != 0)
		return -ENOENT;
	*ret = (struct user){ .name = "root", .home = "/root" };
	return 0;
}

static bool set_surrounding(struct surroundings *here, const char *key, const char *value)
{
	const struct {
		const char *key;
		const char **target;
	} rows[] = {
		{ "home", &here->home }, { "user", &here->user }, { "cwd", &here->cwd }, { "tmpdir", &here->tmpdir }
	};
	char *end;

	if (!strcmp(key, "uid")) {
		here->uid = (uint32_t)strtoul(value, &end, 10);
		return end != value && !*end;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].key, key)) {
			*rows[i].target = value;
			return i == 1 || *value == '/';
		}
	return false;
}

static bool parse_surroundings(struct cli *cli, const char *text, struct surroundings *ret)
{
	char *copy = arena_strdup(cli->arena, text);

	*ret = (struct surroundings){ .find_user = only_root };
	while (copy) {
		char *item = copy, *equals = strchr(item, '='), *comma = strchr(item, ',');
		struct diag *diag;

		if (comma)
			*comma = '\0';
		copy = comma ? comma + 1 : NULL;
		if (equals && (!comma || equals < comma)) {
			*equals = '\0';
			if (set_surrounding(ret, item, equals + 1))
				continue;
		}
		diag = cli_error(cli, "C0703", "bad argument of `--surroundings`: `%s`", item);
		diag_help(&cli->diags, diag, "write home=/home/u,user=u,cwd=/home/u,tmpdir=/tmp,uid=1000");
		return false;
	}
	return true;
}

/* ---- load ---- */

int session_load(struct cli *cli, const struct policy_settings *policy, const struct world_settings *world,
		 const char *program, enum session_depth depth, struct session *ret)
{
	struct surroundings here;
	struct load_options options = {
		.policies = policy->policies.items,
		.policy_count = policy->policies.count,
		.additions = policy->additions.items,
		.addition_count = policy->additions.count,
		.profile = policy->profile,
		.program = program,
		.untrusted = depth != SESSION_RUN,
		.texts_only = depth == SESSION_TEXTS,
	};
	int error;

	*ret = (struct session){ .plan = NULL };
	if (world && world->surroundings) {
		if (!parse_surroundings(cli, world->surroundings, &here))
			return cli_fail(cli);
		options.surroundings = &here;
	}
	error = depth == SESSION_TEXTS ? load_sources(&options, cli->arena, &cli->diags, &ret->loaded)
				       : load_model(&options, cli->arena, &cli->diags, &ret->loaded);
	return error ? cli_fail(cli) : 0;
}

/* ---- kernel ---- */

static int read_kernel(struct cli *cli, const char *name, struct kernel_caps *ret)
{
	const struct source *source;
	unsigned line = 0;
	int error = policy_file_read(name, false, cli->arena, &cli->diags, &source, NULL);

	if (error)
		return error;
	error = kernel_caps_parse(source->text, ret, &line);
	if (error)
		diag_help(&cli->diags,
			  cli_error(cli, "C0712", "line %u of `%s` does not describe a kernel", line, name),
			  "`cordon doctor --kernel` writes such a file");
	return error;
}

int session_plan(struct cli *cli, const struct world_settings *world, const char *program, struct session *session)
{
	const struct model *model = session->loaded.model;
	int error;

	if (world && world->kernel)
		error = read_kernel(cli, world->kernel, &session->caps);
	else
		error = host_ask_kernel(model, cli->arena, &session->caps);
	if (error && cli->diags.errors == 0)
		cli_error(cli, "C0713", "cannot find out what this kernel offers: %s", strerror(-error));
	if (error)
		return cli_fail(cli);
	if (world && world->no_host) {
		session->facts = (struct host_facts){ .assumed = true };
		plan_wanted_paths(model, cli->arena, &session->facts);
		session->facts.assumed = true;
	} else if (host_facts_gather(model, program, cli->arena, &cli->diags, &session->facts) < 0 ||
		   (session->log && host_facts_own(session->log, cli->arena, &cli->diags, &session->facts) < 0)) {
		return cli_fail(cli);
	}
	session->facts.attended = session->attended;
	session->facts.log = session->log;
	error = plan_make(model, &session->caps, &session->facts, cli->arena, &session->plan);
	if (error)
		cli_error(cli, "C0713", "cannot plan: %s", strerror(-error));
	return error ? cli_fail(cli) : 0;
}
