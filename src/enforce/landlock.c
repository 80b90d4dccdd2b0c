/* landlock.c - one ruleset per layer: made while everything can still be opened, put in force after the
 * capabilities went.
 *
 * The plan names real paths: a symbolic link that has appeared since would choose what is granted, and ends the start. A
 * path that is not there grants nothing. Nor does one that we may not reach: the program is no other user than
 * we are. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "enforce/confinement.h"

static uint64_t rights_of_files(void)
{
	uint64_t rights = 0;

	for (size_t i = 0; i < landlock_right_count; i++)
		if (landlock_rights[i].kind == LANDLOCK_FS && landlock_rights[i].applies_file)
			rights |= landlock_rights[i].bit;
	return rights;
}

static int add_path(int ruleset, const struct landlock_path *path, uint64_t handled)
{
	auto_close int fd = sys_open_real(path->path);
	uint64_t rights = path->rights & handled;
	struct stat st;

	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR || fd == -EACCES ? 0 : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		rights &= rights_of_files();
	return rights ? sys_landlock_add_path(ruleset, rights, fd) : 0;
}

static int add_rules(int ruleset, const struct landlock_plan *plan)
{
	int result = 0;

	for (size_t i = 0; i < plan->paths.count && result == 0; i++)
		result = add_path(ruleset, &plan->paths.items[i], plan->handled_fs);
	for (size_t i = 0; i < plan->ports.count && result == 0; i++) {
		uint64_t rights = plan->ports.items[i].rights & plan->handled_net;

		if (rights)
			result = sys_landlock_add_port(ruleset, rights, plan->ports.items[i].port);
	}
	return result;
}

int step_ruleset(struct confinement *confinement, const struct step *step)
{
	const struct landlock_plan *plan = &confinement->plan->layers[step->index].landlock;
	const struct sys_landlock_ruleset attr = { plan->handled_fs, plan->handled_net, plan->scoped };
	int ruleset = sys_landlock_create(&attr, confinement->abi);

	if (ruleset < 0)
		return ruleset;
	confinement->rulesets[step->index] = ruleset;
	return add_rules(ruleset, plan);
}

int step_domain(struct confinement *confinement, const struct step *step)
{
	/* Records end at exec unless they are asked for. */
	const unsigned flags = confinement->launch && confinement->launch->audited &&
					       confinement->abi >= SYS_LANDLOCK_ABI_LOG
				       ? SYS_LANDLOCK_LOG_NEW_EXEC_ON
				       : 0;
	auto_close int ruleset = -1;

	/* Every thread needs it (self.c). */
	if (confinement->self)
		return sys_landlock_restrict(confinement->rulesets[step->index], flags);
	ruleset = take_fd(&confinement->rulesets[step->index]);
	return sys_landlock_restrict(ruleset, flags);
}
