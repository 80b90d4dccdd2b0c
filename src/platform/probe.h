/* probe.h - what this kernel can do for this caller, found out by trying it: never from a version or a config
 * file.
 *
 * Each row of the probe table makes a real attempt in a child process and undoes nothing that the caller could
 * notice. */
#ifndef CORDON_PLATFORM_PROBE_H
#define CORDON_PLATFORM_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/str.h"

/* The planner's view of the kernel; plain data, so that plans can be made for other kernels (tests, --kernel FILE). */
struct kernel_caps {
	int landlock;       /* ABI, 0: none */
	bool seccomp;       /* filter mode */
	bool notify;        /* user notification with WAIT_KILLABLE_RECV and ADDFD */
	bool mdwe;          /* PR_SET_MDWE */
	bool exec_check;    /* AT_EXECVE_CHECK and SECBIT_EXEC_RESTRICT_FILE: interpreters can ask about scripts */
	bool userns;        /* this caller may create a user namespace and be root in it */
	bool privileged;    /* CAP_SYS_ADMIN in the current user namespace: namespaces and mounts without userns */
	bool mount_setattr; /* recursive, with open_tree and move_mount */
	bool ns[6];         /* pid net ipc uts user mount, in the order of enum isolate's bits */
	bool cgroup2;       /* the caller may make a cgroup v2 group with the memory and pids controllers */
	bool cgroup2_cpu;   /* ... or one without: it counts processor time */
	bool bpf_lsm;       /* programs of type LSM can be attached */
	bool execveat_token; /* upper halves of execveat's int arguments reach the filter and are ignored by the kernel */
	uint32_t arches;     /* bit per enum arch that this kernel executes */
	uint32_t uid;        /* of the caller */
};

struct probe_result {
	const char *name;  /* field above: "landlock" ... */
	const char *title; /* for people */
	bool available;
	int value;          /* landlock: the ABI; otherwise 0 or 1 */
	const char *detail; /* what was tried and what the kernel said */
	const char *remedy; /* what to do when missing, or NULL */
	unsigned duration_us;
};

/* Try everything. Returns 0 or -errno when not even a child could be made. @ret_results (may be NULL) gets one row per
 * probe from @arena, *ret_count of them. */
must_check int probe_kernel(struct arena *arena, struct kernel_caps *ret, struct probe_result **ret_results,
			    size_t *ret_count);
/* Only what a plan for `run` needs, without slow probes: the ABI number, prctl reads, access checks that cost
 * microseconds. Falls back to a real attempt where nothing cheaper is honest. Bits in @wanted: PROBE_*. */
#define PROBE_NAMESPACES 1u /* userns, privileged, ns[], mount_setattr */
#define PROBE_NOTIFY 2u
#define PROBE_ARCHES 4u /* without it only the native one is in arches */
#define PROBE_CGROUPS 8u
#define PROBE_ALL ~0u
must_check int probe_kernel_quick(unsigned wanted, struct kernel_caps *ret);

/* "landlock 7\nseccomp yes\n..." and back (-EINVAL on a bad line): for --kernel FILE and golden tests. */
void kernel_caps_print(const struct kernel_caps *caps, struct str *out);
must_check int kernel_caps_parse(const char *text, struct kernel_caps *ret, unsigned *ret_bad_line);

#endif
