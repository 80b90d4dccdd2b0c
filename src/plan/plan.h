/* plan.h - decide which kernel mechanism carries each rule. Pure: no system calls.
 *
 * Input: struct model (frozen), struct kernel_caps, struct host_facts. Output: struct plan.
 * Invariant: every rule and every setting is in plan->carriers exactly once, either with the mechanisms that carry it
 * exactly, or as uncarried with the missing mechanism and the reason. Nothing is rounded, in either direction. */
#ifndef CORDON_PLAN_PLAN_H
#define CORDON_PLAN_PLAN_H

#include "base/cleanup.h"
#include "base/diag.h"
#include "plan/calls.h"
#include "platform/probe.h"
#include "policy/model.h"

/* ---- what the planner needs to know of the file system: gathered before, so that planning stays pure ---- */

enum object_type { OBJECT_ABSENT, OBJECT_DIRECTORY, OBJECT_FILE, OBJECT_DEVICE, OBJECT_OTHER };
/* Objects are known by this, not by name: one that is mounted in two places is one. */
struct object_id {
	uint64_t device, inode;
};
struct object_ids {
	struct object_id *items;
	size_t count, capacity;
};
/* A symbolic link that a path leads through. */
struct host_link {
	const char *path, *directory; /* of the link itself, and what holds it; real paths */
	bool foreign;                 /* another user's, in a directory where anybody can make names */
};
struct host_links {
	struct host_link *items;
	size_t count, capacity;
};
struct host_object {
	const char *path; /* as in the pattern's root */
	const char *real; /* after symbolic links; when absent, of what is there */
	enum object_type type;
	bool noexec;             /* its mount is, and all mounts below it are */
	struct object_ids chain; /* the object (0 when absent), what holds it, ... the root; none when not looked at */
	struct host_links links;
};
struct host_facts {
	struct host_object *items; /* sorted by path */
	size_t count, capacity;
	struct {
		struct host_object *items;
		size_t count, capacity;
	} own; /* policies and directories of Cordon: no rule may let them be changed */
	struct {
		const char **items;
		size_t count, capacity;
	} procs;         /* where proc file systems are mounted, besides /proc */
	const char *log; /* where denials are recorded (also among @own), or NULL */
	bool assumed;    /* golden tests and --no-host: everything exists, "/ **" roots are directories, others files */
	const char *program;            /* what `run` starts, real path; NULL outside run */
	const char *loader;             /* its ELF interpreter, real path; NULL: static or a script */
	const char *script_interpreter; /* real path, NULL: not a #! script */
	bool stack_is_code;             /* the binary that runs asks for an executable stack */
	bool attended;   /* somebody stays with the program anyhow (a log, a limit): he has to be out of its reach */
	bool in_process; /* nothing will be started: the plan is for a process that runs already, and goes on running */
	struct {
		const char **items;
		size_t count, capacity;
	} mapped; /* in_process: files whose code it has mapped, real paths */
};

/* ---- the plan ---- */

enum mechanism {
	MECHANISM_DEFAULT = 1 << 0, /* nothing to do: already so (default deny, granted elsewhere) */
	MECHANISM_SECCOMP = 1 << 1,
	MECHANISM_LANDLOCK = 1 << 2,
	MECHANISM_MOUNT = 1 << 3,
	MECHANISM_NAMESPACE = 1 << 4,
	MECHANISM_PRCTL = 1 << 5,
	MECHANISM_CAPABILITY = 1 << 6,
	MECHANISM_RLIMIT = 1 << 7,
	MECHANISM_LAUNCH = 1 << 8,   /* done while starting: environment, directory, descriptors, identity check */
	MECHANISM_LISTENER = 1 << 9, /* the parent answers listen() for bound sockets only */
	MECHANISM_SUPERVISOR = 1 << 10,
	MECHANISM_CGROUP = 1 << 11,
	MECHANISM_BPF = 1 << 12,
	MECHANISM_PARENT = 1 << 13, /* the parent watches, and ends the domain */
};
const char *mechanism_name(enum mechanism mechanism);
/* "seccomp + landlock" into @out */
void mechanisms_print(uint32_t mechanisms, struct str *out);

/* One rule or setting, and where it went. */
struct carrier {
	size_t layer;
	struct span span;
	const char *setting;     /* canonical line of what is no rule */
	const struct rule *rule; /* else: carrier_print() shows it */
	uint32_t mechanisms;     /* carried: all that together carry it; uncarried: the one that would */
	bool carried;
	const char
		*why; /* uncarried: the reason; carried: a remark or NULL ("/etc/x does not exist: grants nothing") */
	const char *help; /* uncarried: what to write instead, or NULL */
};

struct landlock_path {
	const char *path; /* real: no symbolic links */
	uint64_t rights;  /* LANDLOCK_ACCESS_FS_*; on something that is not a directory only those that apply */
};
struct landlock_port {
	uint16_t port;
	uint64_t rights;
};
struct landlock_plan {
	uint64_t handled_fs, handled_net, scoped;
	LAYER_LIST(struct landlock_path) paths; /* missing objects are skipped when enforced */
	LAYER_LIST(struct landlock_port) ports;
};

enum mount_kind {
	MOUNT_TREE,  /* a clone of what is at @path now, put back at @path over the changed root */
	MOUNT_ROOT,  /* change the flags of everything else, recursively */
	MOUNT_TMPFS, /* an empty tmpfs at @path */
	MOUNT_DEV,   /* a tmpfs at @path with null zero full random urandom tty, fd std* links, pts, shm */
	MOUNT_PROC   /* a new proc at @path (with a pid namespace) */
};
struct mount_op {
	enum mount_kind kind;
	const char *path;
	uint64_t attr_set;   /* MOUNT_ATTR_RDONLY | NOEXEC | NOSUID | NODEV */
	bool is_directory;   /* MOUNT_TREE: make a directory (else a file) when the target is inside a new tmpfs */
	bool inside_private; /* MOUNT_TREE: target lies in a tmpfs made here and has to be created */
};

/* `wx sealed`: from when on nothing more becomes executable. */
enum sealing {
	SEAL_NONE,
	SEAL_AT_START,     /* the filter holds it: no loader, and nothing is executed later */
	SEAL_AFTER_LOADER, /* each image of a program when its loader is done, which the parent sees (supervise/seal.h) */
};

struct layer_plan {
	struct landlock_plan landlock;
	struct call_policy calls;
	bool listens;               /* listen() is handed to the parent */
	uint8_t listen_ports[8192]; /* bit per TCP port that listen() may use (listens) */
	enum sealing seal;
	bool one_task; /* `limit procs 1`: the filter lets none be made */
	bool logs;     /* some denials are handed over to be recorded */
	bool holds_wx; /* there is no PR_SET_MDWE: the filter holds W^X */
	bool holds_truncation; /* Landlock doesn't see it (below ABI 3): the filter closes the ways that need no right to write */
	LAYER_LIST(const char *) absent; /* paths of rules that name nothing on this host */
};

struct rlimit_plan {
	int resource;
	uint64_t value;
	const char *name;
};

/* Limits on the whole domain or the whole run; 0: none. */
struct domain_limits {
	uint64_t mem, procs; /* bytes, tasks: a control group holds them */
	uint64_t cpu_ms, time_ms;
	uint64_t output; /* bytes; with limits_output, also 0 */
	bool limits_output;
};
/* Does the parent stay for them? */
bool limits_keep_parent(const struct domain_limits *limits);
/* Does reaching one of them end the domain? Then it also ends with its first process: nobody would watch the rest. */
bool limits_end_domain(const struct domain_limits *limits);

struct plan {
	struct arena *arena;
	const struct model *model;
	LAYER_LIST(struct carrier) carriers;
	size_t uncarried;
	/* one per layer of the model; the kernel combines them, strictest wins */
	struct layer_plan *layers;
	size_t layer_count;
	/* the process */
	uint32_t isolate;    /* enum isolate bits, ISOLATE_USER included when it is needed for the others */
	bool userns_implied; /* not asked for, needed because the caller is unprivileged */
	LAYER_LIST(struct mount_op) mounts; /* in order */
	bool strict_wx;                     /* some layer doesn't say `wx allow` */
	bool mdwe;                          /* PR_SET_MDWE carries it */
	bool exec_check;       /* interpreters shall ask whether a script may be executed (SECBIT_EXEC_RESTRICT_FILE) */
	uint64_t capabilities; /* kept in every set; all others are dropped */
	LAYER_LIST(struct rlimit_plan) rlimits;
	struct domain_limits domain;
	LAYER_LIST(struct env_op) env;
	const char *chdir;
	bool keeps_parent; /* isolate pid, limits of the domain, or calls are handed to the parent */
};

/* Split @model over what @caps offers. The caller owns nothing: *ret lives in @arena. On failure *ret is untouched and
 * @diags says why. Returns 0 (look at ret->uncarried before enforcing), or -ENOMEM. */
must_check int plan_make(const struct model *model, const struct kernel_caps *caps, const struct host_facts *facts,
			 struct arena *arena, struct plan **ret);
/* One error (C04xx) per uncarried row; warnings where @best_effort. */
void plan_diagnose(const struct plan *plan, bool best_effort, struct diags *diags);

/* The canonical line. Made only when it is shown: no start needs it. */
void carrier_print(const struct carrier *carrier, struct str *out);
void plan_print(const struct plan *plan, struct str *out);
void plan_json(const struct plan *plan, struct json *json);
void landlock_plan_print(const struct plan *plan, struct str *out);
void landlock_plan_json(const struct plan *plan, struct json *json);

/* Does a rule want what it denies to be recorded? */
bool plan_logs(const struct plan *plan);
/* Does the plan hand calls to a supervisor? */
bool plan_asks(const struct plan *plan);
/* The TCP ports on which every layer that looks at listen() allows it: a bit per port, 8192 bytes in @arena. NULL: none looks. */
const uint8_t *plan_listen_ports(const struct plan *plan, struct arena *arena);

/* The row of @plan that says what carries @rule of @layer; NULL: there is none. */
const struct carrier *plan_carrier(const struct plan *plan, size_t layer, const struct rule *rule);

/* Which paths the planner wants to know about. */
void plan_wanted_paths(const struct model *model, struct arena *arena, struct host_facts *ret);

#endif
