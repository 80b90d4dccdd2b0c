/* probe.c - the table of probes, and how one is run. */
#include "platform/probe.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "platform/cgroup.h"
#include "platform/probe_attempt.h"
#include "platform/sys.h"
#include "platform/tables.h"

#define USERNS_REMEDY                                                                                       \
	"as root, or: sysctl kernel.unprivileged_userns_clone=1 (Debian), user.max_user_namespaces=10000, " \
	"kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu)"

struct probe {
	const char *name, *title;
	attempt_function *attempt;
	int argument;  /* namespaces: CLONE_* */
	size_t offset; /* of the bool in struct kernel_caps; unused where store is set */
	void (*store)(struct kernel_caps *caps, int value);
	const char *remedy;
};

static void store_landlock(struct kernel_caps *caps, int value)
{
	caps->landlock = value;
}

static void store_i386(struct kernel_caps *caps, int value)
{
	caps->arches |= value ? 1U << ARCH_I386 : 0;
}

static void store_x32(struct kernel_caps *caps, int value)
{
	caps->arches |= value ? 1U << ARCH_X32 : 0;
}

#define AT(member) offsetof(struct kernel_caps, member)

static const struct probe probes[] = {
	{ "landlock", "Landlock (files, ports, scopes)", attempt_landlock, 0, 0, store_landlock,
	  "a kernel from 5.13 on with CONFIG_SECURITY_LANDLOCK, booted with landlock in lsm=" },
	{ "seccomp", "seccomp filters", attempt_seccomp, 0, AT(seccomp), NULL, "a kernel with CONFIG_SECCOMP_FILTER" },
	{ "notify", "seccomp user notification, killable", attempt_notify, 0, AT(notify), NULL,
	  "a kernel from 5.19 on, and no sandbox around that has a listener already" },
	{ "mdwe", "memory deny write execute", attempt_mdwe, 0, AT(mdwe), NULL, "a kernel from 6.3 on" },
	{ "exec_check", "interpreters ask about scripts", attempt_exec_check, 0, AT(exec_check), NULL,
	  "a kernel from 6.14 on" },
	{ "execveat_token", "start token in execveat", attempt_token, 0, AT(execveat_token), NULL,
	  "no sandbox around that refuses execveat or looks at its upper halves" },
	{ "userns", "user namespace", attempt_userns, 0, AT(userns), NULL, USERNS_REMEDY },
	{ "privileged", "CAP_SYS_ADMIN", attempt_privileged, 0, AT(privileged), NULL,
	  "start as root; user namespaces do instead" },
	{ "ns_pid", "pid namespace", attempt_namespace, CLONE_NEWPID, AT(ns[0]), NULL, USERNS_REMEDY },
	{ "ns_net", "network namespace", attempt_namespace, CLONE_NEWNET, AT(ns[1]), NULL, USERNS_REMEDY },
	{ "ns_ipc", "ipc namespace", attempt_namespace, CLONE_NEWIPC, AT(ns[2]), NULL, USERNS_REMEDY },
	{ "ns_uts", "host name namespace", attempt_namespace, CLONE_NEWUTS, AT(ns[3]), NULL, USERNS_REMEDY },
	{ "ns_user", "user namespace of its own", attempt_userns, 0, AT(ns[4]), NULL, USERNS_REMEDY },
	{ "ns_mount", "mount namespace", attempt_namespace, CLONE_NEWNS, AT(ns[5]), NULL, USERNS_REMEDY },
	{ "mount_setattr", "recursive mount flags", attempt_mount_setattr, 0, AT(mount_setattr), NULL,
	  "a kernel from 5.12 on, and the right to make a mount namespace" },
	{ "cgroup2", "control groups v2", attempt_cgroup2, 0, AT(cgroup2), NULL,
	  "boot with cgroup v2 alone, and start below a delegated group: systemd-run --user --scope -p Delegate=yes" },
	{ "cgroup2_cpu", "control groups v2 that count", attempt_cgroup2_cpu, 0, AT(cgroup2_cpu), NULL,
	  "as root, or below a delegated group: systemd-run --user --scope -p Delegate=yes" },
	{ "bpf_lsm", "BPF programs as security module", attempt_bpf_lsm, 0, AT(bpf_lsm), NULL,
	  "as root, on a kernel with CONFIG_BPF_LSM and BTF, booted with bpf in lsm=" },
	{ "i386", "32-bit calls (i386)", attempt_i386, 0, 0, store_i386, "nothing: only `arch i386` needs it" },
	{ "x32", "x32 calls", attempt_x32, 0, 0, store_x32, "nothing: only `arch x32` needs it" },
};

/* ---- one attempt in a child ---- */

struct attempt *attempt_new(void)
{
	return sys_map(sizeof(struct attempt), PROT_READ | PROT_WRITE, MAP_SHARED);
}

void attempt_free(struct attempt *attempt)
{
	if (attempt)
		munmap(attempt, sizeof(*attempt));
}

void attempt_say(struct attempt *attempt, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(attempt->detail, sizeof(attempt->detail), format, args);
	va_end(args);
}

int attempt_fail(struct attempt *attempt, const char *what, int error)
{
	const char *name = strerrorname_np(error), *text = strerrordesc_np(error);

	attempt_say(attempt, "%s: %s (%s)", what, name ? name : "?", text ? text : "?");
	return -error;
}

/* Dies with its parent and at its time: no probe blocks anybody. */
__attribute__((noreturn)) static void run_child(attempt_function *function, struct attempt *attempt)
{
	const struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;

	sigemptyset(&none);
	sigaction(SIGALRM, &plain, NULL);
	sigaction(SIGCHLD, &plain, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	alarm(PROBE_TIMEOUT_S);
	attempt->value = function(attempt);
	__atomic_store_n(&attempt->done, true, __ATOMIC_RELEASE);
	sys_leave(0);
}

int attempt_run(attempt_function *function, struct attempt *attempt)
{
	int status = 0;
	pid_t child;

	attempt->value = 0;
	attempt->done = false;
	attempt->detail[0] = '\0';
	/* Exit signal 0: a caller with children of its own hears nothing, and doesn't collect this one. */
	child = sys_fork(0);
	if (child == 0)
		run_child(function, attempt);
	if (child < 0)
		return child;
	while (waitpid(child, &status, __WALL) < 0 && errno == EINTR)
		;
	if (attempt->done)
		return 0;
	attempt->value = 0;
	attempt_say(attempt, "the attempt was ended by signal %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return 0;
}

/* ---- all ---- */

static unsigned elapsed_us(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned)((now.tv_sec - start->tv_sec) * 1000000 + (now.tv_nsec - start->tv_nsec) / 1000);
}

static int probe_one(const struct probe *probe, struct attempt *attempt, struct kernel_caps *caps, struct arena *arena,
		     struct probe_result *ret)
{
	struct timespec start;
	bool available;
	int result;

	clock_gettime(CLOCK_MONOTONIC, &start);
	attempt->argument = probe->argument;
	result = attempt_run(probe->attempt, attempt);
	if (result < 0)
		return result;
	available = attempt->value > 0;
	if (probe->store)
		probe->store(caps, available ? attempt->value : 0);
	else
		*(bool *)((char *)caps + probe->offset) = available;
	*ret = (struct probe_result){
		.name = probe->name,
		.title = probe->title,
		.available = available,
		.value = available ? attempt->value : 0,
		.detail = arena_strdup(arena, attempt->detail),
		.remedy = available ? NULL : probe->remedy,
		.duration_us = elapsed_us(&start),
	};
	return 0;
}

int probe_kernel(struct arena *arena, struct kernel_caps *ret, struct probe_result **ret_results, size_t *ret_count)
{
	struct probe_result *results = arena_alloc(arena, sizeof(*results) * ARRAY_SIZE(probes));
	struct kernel_caps caps = { .uid = geteuid(), .arches = 1U << arch_native() };
	struct attempt *attempt = attempt_new();
	int result = attempt ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(probes) && result == 0; i++)
		result = probe_one(&probes[i], attempt, &caps, arena, &results[i]);
	attempt_free(attempt);
	if (result < 0)
		return result;
	*ret = caps;
	if (ret_results) {
		*ret_results = results;
		*ret_count = ARRAY_SIZE(probes);
	}
	return 0;
}

/* ---- what run needs ---- */

/* The call that would install a filter gets as far as reading the program, at address 0. */
static bool has_seccomp(void)
{
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, NULL) == -EFAULT;
}

/* Setting no bit changes nothing; where a bit is set already the kernel refuses to clear it. */
static bool has_mdwe(void)
{
	return prctl(SYS_PR_SET_MDWE, 0, 0, 0, 0) == 0 || errno == EPERM;
}

static int quick_children(unsigned wanted, struct kernel_caps *caps)
{
	struct attempt *attempt = attempt_new();
	int result = attempt ? 0 : -ENOMEM;

	if (result == 0 && wanted & PROBE_NAMESPACES) {
		attempt->caps = *caps;
		result = attempt_run(attempt_namespaces_quick, attempt);
		if (result == 0 && attempt->done)
			*caps = attempt->caps;
	}
	if (result == 0 && wanted & PROBE_NOTIFY) {
		result = attempt_run(attempt_notify, attempt);
		caps->notify = result == 0 && attempt->value > 0;
	}
	if (result == 0 && wanted & PROBE_ARCHES) {
		result = attempt_run(attempt_i386, attempt);
		store_i386(caps, result == 0 && attempt->value > 0);
		result = result == 0 ? attempt_run(attempt_x32, attempt) : result;
		store_x32(caps, result == 0 && attempt->value > 0);
	}
	attempt_free(attempt);
	return result;
}

/* Here, not in a child: what counts is whether this process is alone in its group. */
static bool may_make_group(unsigned controllers)
{
	struct cgroup group;

	if (cgroup_make(controllers, &group) < 0)
		return false;
	cgroup_remove(&group);
	return true;
}

int probe_kernel_quick(unsigned wanted, struct kernel_caps *ret)
{
	int abi = sys_landlock_abi(), result = 0;
	struct kernel_caps caps = {
		.landlock = abi > 0 ? abi : 0,
		.seccomp = has_seccomp(),
		.mdwe = has_mdwe(),
		.exec_check = exec_check_known(),
		.execveat_token = token_ignored(),
		.arches = 1U << arch_native(),
		.uid = geteuid(),
	};

	if (wanted & PROBE_NAMESPACES && namespaces_look(&caps))
		wanted &= ~PROBE_NAMESPACES;
	if (wanted & (PROBE_NAMESPACES | PROBE_NOTIFY | PROBE_ARCHES))
		result = quick_children(wanted, &caps);
	if (wanted & PROBE_CGROUPS) {
		caps.cgroup2 = may_make_group(CGROUP_MEMORY | CGROUP_PIDS);
		caps.cgroup2_cpu = caps.cgroup2 || may_make_group(0);
	}
	if (result == 0)
		*ret = caps;
	return result;
}
