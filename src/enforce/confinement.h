/* confinement.h - what the files of this folder share: one prepared start, and the list of steps that carries it out.
 *
 * prepare.c fills struct confinement and lists the steps; steps.c walks the list; start.c and parent.c decide in which
 * process. A step makes async-signal-safe calls only, allocates nothing, returns 0 or -errno, and can be explained by
 * failure.c from (step, errno) alone. */
#ifndef CORDON_ENFORCE_CONFINEMENT_H
#define CORDON_ENFORCE_CONFINEMENT_H

#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "enforce/enforce.h"
#include "platform/sys.h"

/* In the order in which they are carried out. */
enum step_kind {
	STEP_GROUP,
	STEP_USER_NAMESPACE,
	STEP_PID_NAMESPACE,
	STEP_NAMESPACES,
	STEP_LOOPBACK,
	STEP_PRIVATE_MOUNTS,
	STEP_CLONE,      /* index: mount operation; take what the host has there before anything changes */
	STEP_MOUNT,      /* index: mount operation */
	STEP_SEAL_MOUNT, /* index: mount operation; read-only only once it is filled */
	STEP_DIRECTORY,
	STEP_PROGRAM,
	STEP_RULESET, /* index: layer; opens what the rules name, so before anything is given up */
	STEP_NO_NEW_PRIVS,
	STEP_MDWE,
	STEP_SCRIPTS,
	STEP_CAPABILITIES,
	STEP_DESCRIPTORS,
	STEP_DOMAIN, /* index: layer */
	STEP_CHECK,
	STEP_CLOSE, /* self.c: the descriptors that are not kept */
	STEP_LIMIT, /* index: of plan->rlimits; late, since a tight limit hinders us too */
	STEP_PARENT_DEATH,
	STEP_SIGNALS,
	STEP_FILTER, /* index: place in the order of installation */
	STEP_EXECUTE,
	STEP_KIND_COUNT
};

struct step {
	enum step_kind kind;
	size_t index;
	const char *detail; /* for people, NULL: the step's name says it */
};

struct step_list {
	struct step *items;
	size_t count, capacity;
};

/* What the kernel will make of the program's file (image.c). */
struct image {
	const char *path;     /* as given to the kernel; absolute where the directory changes */
	const char *absolute; /* the same file, wherever we are */
	int fd;               /* O_PATH */
	bool by_path;         /* a script or a foreign format: its interpreter needs a name, not a descriptor */
	dev_t device;
	ino_t inode;
	const char *interpreter; /* loader or script interpreter as the file names it, or NULL */
};

struct filter {
	size_t layer;
	struct cbpf program;
	bool listener; /* it hands calls to the supervisor */
	bool gated;    /* others follow: it lets our own seccomp() pass */
};

/* What the processes of one start tell each other; in shared memory, because a filter may deny everything else. */
struct report {
	bool failed;
	size_t step;         /* index into steps */
	int error;           /* errno */
	int listener;        /* descriptor number, -1: not yet */
	bool maker_gone;     /* the process that made the pid namespace counts no more */
	pid_t init, program; /* as the parent sees them; 0: not yet */
	bool executing;      /* the last step has begun */
	uint32_t alive;      /* a robust futex of the program until it is executed (spawn.c) */
};

/* What the kernel looks at when the program is executed (spawn.c). */
struct sign_of_life {
	struct robust_list entry;
	struct robust_list_head head;
};

enum identity_map { MAP_SELF, MAP_ALL };

struct confinement {
	const struct plan *plan;
	struct arena *arena;
	char *const *argv;
	char *const *envp;
	const struct launch *launch;
	bool keeps_parent;
	struct image image;
	const char *directory; /* where to go before the program starts; NULL: stay */
	const int *keep_fds;
	size_t keep_fd_count;
	int abi;      /* Landlock's */
	bool spawned; /* in a child of a process that goes on (spawn.c); report is shared */
	struct sign_of_life sign;
	bool self; /* nothing is started: this process confines itself (self.c) */
	struct filter *filters;
	size_t filter_count;
	enum identity_map identity_map;
	const char *id_maps[2];  /* MAP_ALL: what to write to uid_map and gid_map */
	const char **mount_data; /* per mount operation: options of its tmpfs */
	uint64_t *limits;        /* per plan->rlimits: soft, hard */
	struct step_list steps;
	size_t fork_at; /* steps before this one are taken by the process that makes the pid namespace */

	uint32_t token[2];
	struct report *report;

	/* while it runs */
	int *trees;    /* per mount operation: a detached clone, or -1 */
	int nodes[6];  /* the host's devices for a private /dev */
	int *rulesets; /* per layer */
	size_t filters_standing;
	sigset_t mask;                 /* the caller's, for the program */
	struct sigaction child_action; /* the caller's for SIGCHLD */
	int parent_pidfd;              /* -1: executes in place */
	bool scoped;                   /* signals of this process reach its descendants alone, and orphans come to it */
	bool childless;                /* it had no children before */
};

/* ---- steps.c ---- */

typedef int step_function(struct confinement *confinement, const struct step *step);

/* Carry out steps [first, last). 0, or -errno of the step that failed, which is noted in the report. */
must_check int steps_run(struct confinement *confinement, size_t first, size_t last);
must_check int step_run(struct confinement *confinement, const struct step *step);
const char *step_name(enum step_kind kind);
const char *step_code(enum step_kind kind);

/* ---- the steps, one file per noun ---- */

step_function step_user_namespace, step_pid_namespace, step_namespaces, step_loopback; /* namespaces.c */
step_function step_private_mounts, step_clone, step_mount, step_seal_mount;            /* mounts.c */
step_function step_program, step_check;                                                /* image.c */
step_function step_ruleset, step_domain;                                               /* landlock.c */
step_function step_capabilities;                                                       /* capabilities.c */
step_function step_descriptors;                                                        /* descriptors.c */
step_function step_filter;                                                             /* seccomp.c */
step_function step_directory, step_no_new_privs, step_mdwe, step_scripts, step_limit;  /* process.c */
step_function step_group, step_parent_death, step_signals, step_execute;               /* process.c */
step_function step_close;                                                              /* self.c */

/* A private /dev on top of @path (devices.c). */
must_check int devices_take(int nodes[6]);
must_check int devices_make(const char *path, uint64_t attr_set, int nodes[6]);

/* mount(2) flags of MOUNT_ATTR_* bits (mounts.c). */
unsigned long mount_flags(uint64_t attr_set);
/* Make @path's parents, and itself as a directory or an empty file (mounts.c). */
must_check int mount_point_make(const char *path, bool is_directory);

/* ---- prepare: what each file contributes; diagnostics on failure ---- */

must_check int image_open(const struct launch *launch, const struct plan *plan, struct arena *arena,
			  struct diags *diags, struct image *ret);
must_check int descriptors_check(const struct plan *plan, const struct launch *launch, struct diags *diags);
/* Descriptors 0 to 2 exist: a closed one becomes /dev/null, or the next file opened would take its place. */
must_check int descriptors_fill(void);
char **environment_make(const struct plan *plan, char *const *envp, struct arena *arena);
must_check int filters_make(struct confinement *confinement, struct diags *diags);
void filters_set_token(struct confinement *confinement);
void namespaces_prepare(struct confinement *confinement);
void mounts_prepare(struct confinement *confinement);
void mounts_add_steps(struct confinement *confinement);
void limits_prepare(struct confinement *confinement);
bool landlock_is_used(const struct landlock_plan *plan);

/* An open file, as far as it could become code (descriptors.c). */
struct handed {
	int fd;
	dev_t device;
	ino_t inode;
	bool readable, writable;
	bool directory;
	bool standard; /* 0, 1 or 2 of the program */
	bool mappable; /* a regular file, executable mappings not excluded by its mount */
};
/* 0, or -EBADF */
must_check int handed_look(int fd, struct handed *ret);

struct step *step_add(struct confinement *confinement, enum step_kind kind, size_t index, const char *detail);

/* ---- failure.c ---- */

/* Turn the report into a diagnostic; returns the -errno for the caller of confinement_start(). */
must_check int failure_diagnose(const struct confinement *confinement, struct diags *diags);
/* The same under a filter, in place: as much of a message as write() is allowed, and out. */
__attribute__((noreturn)) void failure_leave(const struct confinement *confinement);

/* ---- domain.c ---- */

/* Make this process able to end its descendants, all at once and nobody else: before they are made. */
must_check int domain_begin(struct confinement *confinement);
/* End them, and wait until they have ended. */
void domain_end(const struct confinement *confinement);
void domain_reap(const struct confinement *confinement);

/* ---- parent.c, init.c ---- */

must_check int parent_start(struct confinement *confinement, struct diags *diags, int *ret_status);
/* The same without words: -errno when this process can't be a parent; else 0, and the report says whether a step failed. */
must_check int parent_run(struct confinement *confinement, int *ret_status);
/* Called by the process that will be the program, before its steps; for spawn.c to see when it is executed. */
void sign_of_life_begin(struct confinement *confinement);
/* For the filters. */
must_check int confinement_draw_token(struct confinement *confinement, struct diags *diags);
/* Process 1 of a pid namespace: collects orphans until the namespace ends. */
__attribute__((noreturn)) void init_run(const struct confinement *confinement);
/* Give up all capabilities but @kept, and the way back. */
must_check int capabilities_drop(uint64_t kept);

#endif
