/* failure.c - from (step, errno) to words: what failed, why it does on real systems, and what to do. */
#include <errno.h>
#include <string.h>

#include "enforce/confinement.h"

#define STEP_ANY STEP_KIND_COUNT

struct remedy {
	enum step_kind step;
	int error; /* 0: any */
	const char *cause;
	const char *help;
};

/* The first row that matches is taken. */
static const struct remedy remedies[] = {
	{ STEP_USER_NAMESPACE, ENOSPC, "user.max_user_namespaces is reached, or 0",
	  "as root: sysctl user.max_user_namespaces=10000" },
	{ STEP_USER_NAMESPACE, EPERM,
	  "this system, the sandbox around us or a chroot refuses user namespaces to this user",
	  "as root: sysctl kernel.unprivileged_userns_clone=1 (Debian), kernel.apparmor_restrict_unprivileged_userns=0 "
	  "(Ubuntu); or start as root; or remove the `isolate` and `private` lines" },
	{ STEP_USER_NAMESPACE, EACCES, "a security module refuses to write the maps of the user namespace",
	  "as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu); or start as root" },
	{ STEP_USER_NAMESPACE, EINVAL,
	  "the kernel was built without user namespaces, or this process has several threads",
	  "remove the `isolate` and `private` lines, or use a kernel with CONFIG_USER_NS" },
	{ STEP_PID_NAMESPACE, ENOSPC, "user.max_pid_namespaces is reached",
	  "as root: sysctl user.max_pid_namespaces=10000" },
	{ STEP_PID_NAMESPACE, EPERM, "the sandbox around us refuses new namespaces", "remove `isolate pid`" },
	{ STEP_NAMESPACES, ENOSPC, "one of the sysctls user.max_*_namespaces is reached",
	  "as root: sysctl -a | grep user.max_, and raise what is low" },
	{ STEP_NAMESPACES, EPERM, "the sandbox around us refuses new namespaces", "remove the `isolate` lines" },
	{ STEP_PRIVATE_MOUNTS, 0, "the sandbox around us refuses mounts",
	  "remove the `isolate mount` and `private` lines" },
	{ STEP_LOOPBACK, 0, "the loopback interface of the new network namespace can't be brought up",
	  "remove `isolate net`" },
	{ STEP_CLONE, EINVAL, "the kernel refuses to copy this mount, which it has locked for the sandbox around us",
	  NULL },
	{ STEP_CLONE, ELOOP, "a symbolic link has taken the place of something that the policy names", "start again" },
	{ STEP_CLONE, ENOSYS, "the sandbox around us or a kernel before 5.2 lacks open_tree()",
	  "remove `isolate mount`" },
	{ STEP_MOUNT, ELOOP, "a symbolic link has taken the place of something that the policy names", "start again" },
	{ STEP_MOUNT, EBUSY, "something is being written below a mount that should become read-only", NULL },
	{ STEP_MOUNT, ENOENT, "the mount point does not exist", "create the directory, or remove its `private` line" },
	{ STEP_MOUNT, ENOSYS, "the sandbox around us or a kernel before 5.12 lacks mount_setattr()",
	  "remove `isolate mount`" },
	{ STEP_MOUNT, EPERM,
	  "the kernel refuses this mount; a new proc, for one, wherever parts of the present /proc are masked "
	  "(containers)",
	  "start outside the container, or remove `isolate pid` or the `private` line" },
	{ STEP_DIRECTORY, ENOENT, "the directory is not there, or hidden by `private`", "write `chdir /`" },
	{ STEP_DIRECTORY, EACCES, "this user may not enter the directory", "write `chdir /`" },
	{ STEP_PROGRAM, ENOENT, "the policy's mounts hide the program",
	  "grant `file read` on the program's path, or remove the `private` line that covers it" },
	{ STEP_PROGRAM, ESTALE, "another file has the program's name now", "start again" },
	{ STEP_RULESET, ELOOP, "a symbolic link has taken the place of something that the policy names",
	  "start again" },
	{ STEP_RULESET, EOPNOTSUPP, "Landlock was disabled when this system booted", "boot with lsm=landlock,..." },
	{ STEP_RULESET, ENOSYS, "this kernel has no Landlock, or the sandbox around us hides it",
	  "use a kernel from 5.13 on with CONFIG_SECURITY_LANDLOCK" },
	{ STEP_RULESET, EINVAL, "this kernel's Landlock does not know a right that the plan uses",
	  "`cordon doctor` shows what this kernel has" },
	{ STEP_DOMAIN, E2BIG, "16 Landlock domains are stacked already, the kernel's limit",
	  "start with fewer sandboxes around, or with fewer -p" },
	{ STEP_DOMAIN, EPERM, "the sandbox around us refuses Landlock", NULL },
	{ STEP_MDWE, EINVAL, "this kernel has no memory-deny-write-execute (Linux 6.3)", "write `wx allow`" },
	{ STEP_MDWE, EPERM, "the sandbox around us has set memory-deny-write-execute in another form",
	  "write `wx allow`" },
	{ STEP_CAPABILITIES, EPERM, "the sandbox around us refuses to change capabilities", NULL },
	{ STEP_DESCRIPTORS, ENOSYS, "the sandbox around us or a kernel before 5.9 lacks close_range()", NULL },
	{ STEP_CHECK, EACCES,
	  "the policy (no `exec` for this file, or a noexec mount) or the file's mode forbids to execute it",
	  "add `exec` with this path" },
	{ STEP_CHECK, ENOENT, "the file is not there, or hidden by `private`", NULL },
	{ STEP_LIMIT, 0, "the sandbox around us refuses to set limits", "remove the `limit` lines" },
	{ STEP_FILTER, EBUSY, "another supervisor already answers calls of this process (a sandbox around us)",
	  "start outside that sandbox, or remove the `net accept` lines" },
	{ STEP_FILTER, ENOMEM, "too many or too long filters are stacked",
	  "start with fewer sandboxes around, or with fewer -p" },
	{ STEP_FILTER, EMFILE, "no descriptor is free for the listener", "raise `limit files`" },
	{ STEP_FILTER, EINVAL, "this kernel refuses the filter or its flags (WAIT_KILLABLE_RECV: Linux 5.19)",
	  "`cordon doctor` shows what this kernel has" },
	{ STEP_FILTER, EPERM, "the sandbox around us refuses further filters", NULL },
	{ STEP_FILTER, EACCES, "no_new_privs is not set", NULL },
	{ STEP_PARENT_DEATH, ESRCH, "the parent ended meanwhile", NULL },
	{ STEP_EXECUTE, ENOEXEC, "the kernel knows no such file format",
	  "name an interpreter: `#!/bin/sh` as its first line" },
	{ STEP_EXECUTE, ENOENT, "its loader or interpreter is not there", NULL },
	{ STEP_EXECUTE, EACCES, "its loader or interpreter may not be executed",
	  "add `exec` with the interpreter's path" },
	{ STEP_EXECUTE, E2BIG, "its arguments and environment are too long", "pass less: `env keep PATH HOME LANG`" },
	{ STEP_EXECUTE, EPERM, "a filter of the sandbox around us refuses to execute it", NULL },
	{ STEP_ANY, EPERM, "the kernel, a security module or the sandbox around us refuses it to this user",
	  "`cordon doctor` shows what is possible here; start outside the sandbox" },
	{ STEP_ANY, ENOSYS, "this kernel has no such call, or the sandbox around us hides it",
	  "`cordon doctor` shows what is possible here" },
	{ STEP_ANY, ENOMEM, "memory is short, or limited (`ulimit -v`, a control group)", "give it more memory" },
	{ STEP_ANY, EMFILE, "too many descriptors are open", "raise `ulimit -n`" },
	{ STEP_ANY, 0, "the kernel did not say more", "`cordon doctor` shows what is possible here" },
};

static const struct remedy *find_remedy(enum step_kind step, int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++)
		if ((remedies[i].step == step || remedies[i].step == STEP_ANY) &&
		    (remedies[i].error == error || !remedies[i].error))
			return &remedies[i];
	return NULL;
}

static const char *error_text(int error)
{
	const char *text = strerrordesc_np(error);

	return text ? text : "unknown error";
}

/* The steps that are about the program's file have errors of their own: see confinement_exit_status(). */
static int failure_result(enum step_kind step, int error)
{
	if (step == STEP_PROGRAM)
		return error == ENOENT ? -ENOENT : -EACCES;
	return step == STEP_CHECK || step == STEP_EXECUTE ? -EACCES : -ECANCELED;
}

int failure_diagnose(const struct confinement *confinement, struct diags *diags)
{
	const struct step *step = &confinement->steps.items[confinement->report->step];
	const int error = confinement->report->error;
	const struct remedy *remedy = find_remedy(step->kind, error);
	struct diag *diag = diag_error(diags, step_code(step->kind), (struct span){ 0 }, "%s failed%s%s: %s",
				       step_name(step->kind), step->detail ? ": " : "",
				       step->detail ? step->detail : "", error_text(error));

	if (remedy)
		diag_note(diags, diag, "%s", remedy->cause);
	if (remedy && remedy->help)
		diag_help(diags, diag, "%s", remedy->help);
	return failure_result(step->kind, error);
}

static void put(const char *text)
{
	/* What a filter or a closed stderr swallows has no other way out; the exit status says the same. */
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return;
}

void failure_leave(const struct confinement *confinement)
{
	const struct step *step = &confinement->steps.items[confinement->report->step];
	const int error = confinement->report->error;
	const struct remedy *remedy = find_remedy(step->kind, error);

	put("error[");
	put(step_code(step->kind));
	put("]: ");
	put(step_name(step->kind));
	if (step->detail) {
		put(" failed: ");
		put(step->detail);
	}
	put(": ");
	put(error_text(error));
	put("\n");
	if (remedy) {
		put("  = note: ");
		put(remedy->cause);
		put("\n");
	}
	if (remedy && remedy->help) {
		put("  = help: ");
		put(remedy->help);
		put("\n");
	}
	sys_leave(confinement_exit_status(failure_result(step->kind, error)));
}
