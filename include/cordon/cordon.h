/* cordon.h - libcordon: policies as objects. Load one, check what it means, ask it, compile it.
 *
 * Errors: functions return 0, or a negative errno. Where a person should read why, a struct cordon_error holds the
 * diagnostics: code, file, line, column, cause, and the line that would fix it. Outputs (ret_...) are untouched on failure,
 * except *ret_error.
 * Memory: objects are freed by their own functions, texts by free(3). Every free function takes NULL.
 * Threads: there is no global state. Different objects may be used at the same time; so may one policy, by all functions
 * that take it const. */
#ifndef CORDON_H
#define CORDON_H

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* "MAJOR.MINOR.PATCH" of the library in use; static storage. */
const char *cordon_version(void);

/* ---- errors ---- */

struct cordon_error;

/* What is wrong, for a person: several lines, as `cordon check` prints them, without colour. Lives as long as @error. */
const char *cordon_error_text(const struct cordon_error *error);

/* The same as JSON: an object {"schema": "cordon.diagnostics/1", "diagnostics": [...]}. Lives as long as @error. */
const char *cordon_error_json(const struct cordon_error *error);

void cordon_error_free(struct cordon_error *error);

/* ---- policies ---- */

/* One profile with every name looked up; immutable. */
struct cordon_policy;

/* What to load: either @file or @text. Set to zero, then @size, then what is wanted. */
struct cordon_load_options {
	size_t size;      /* sizeof(struct cordon_load_options) of the caller */
	const char *file; /* path of a policy, or the name of a template ("std/readonly") */
	const char *text; /* a policy in memory, @text_size bytes */
	size_t text_size;
	const char *name;             /* how messages call @text; NULL: "<text>" */
	const char *profile;          /* which profile, where there are several */
	const char *const *additions; /* lines that are added to the profile; without file and text they make one */
	size_t addition_count;
	unsigned flags;    /* CORDON_LOAD_... */
	unsigned reserved; /* 0 */
};

/* Don't ask who can write @file and the directories that lead to it: nothing is going to be confined by it. */
#define CORDON_LOAD_UNTRUSTED 1u

/* Read, parse, resolve. $HOME, $USER, $CWD and $TMPDIR of a policy are those of this process at this moment.
 * `prefer ... else vanilla` whose policy is missing is an error here: there would be nothing to load.
 * -EINVAL: the policy is wrong, or @options are (both or neither of file and text, unknown flags);
 * -E2BIG: @options has trailing bytes that this library doesn't know and that aren't zero;
 * -EPERM: others can write the file; -ENOENT, -EACCES ...: the file can't be read; -EFBIG: it is above 4 MiB; -ENOMEM.
 * @ret_error may be NULL. On failure it gets the reasons, or NULL where there is no memory for them. */
int cordon_policy_load(const struct cordon_load_options *options, struct cordon_policy **ret,
		       struct cordon_error **ret_error);

void cordon_policy_free(struct cordon_policy *policy);

/* Run the policy's `test` lines and prove its `never` lines. 0: all hold; -EINVAL: *ret_error says which don't; -ENOMEM. */
int cordon_policy_check(const struct cordon_policy *policy, struct cordon_error **ret_error);

/* From the weakest to the strongest. */
enum cordon_verdict { CORDON_ALLOW, CORDON_ASK, CORDON_DENY, CORDON_KILL };

/* Put one request, written as in a `test` line (`file read "/etc/shadow"`, `net connect tcp 10.0.0.1:443`,
 * `syscall socket(AF_VSOCK, SOCK_STREAM, 0)`), to the policy. *ret_verdict gets the verdict, *ret_errno (may be NULL) the
 * errno of a denial or 0 where the mechanism chooses it, *ret_rule (may be NULL) the line that decides, or NULL where none
 * matches and the default holds. -EINVAL: the request is wrong; -ENOMEM. */
int cordon_policy_decide(const struct cordon_policy *policy, const char *request, enum cordon_verdict *ret_verdict,
			 int *ret_errno, char **ret_rule, struct cordon_error **ret_error);

/* The stages of compilation, in order. */
enum cordon_stage {
	CORDON_STAGE_AST,     /* the text, in canonical form */
	CORDON_STAGE_MODEL,   /* every name looked up */
	CORDON_STAGE_PLAN,    /* which mechanism carries which line, on this kernel and host */
	CORDON_STAGE_CBPF,    /* the seccomp filter */
	CORDON_STAGE_LANDLOCK /* the Landlock ruleset */
};

enum cordon_format {
	CORDON_FORMAT_TEXT,
	CORDON_FORMAT_JSON,
	CORDON_FORMAT_RAW /* CORDON_STAGE_CBPF only: an array of struct sock_filter, as seccomp(2) takes it */
};

/* What a stage makes of @policy. From CORDON_STAGE_PLAN on the kernel is asked what it can do (children are forked and
 * waited for where only an attempt tells) and the files that the policy names are looked at.
 * *ret_text gets *ret_size bytes and one NUL more. -EINVAL: no such stage or format; -ENOTSUP: after the plan, when
 * lines of the policy are carried by nothing here (*ret_error names them); -E2BIG: a filter would be longer than the kernel
 * takes; -ECANCELED: the host can't be looked at (no /proc, no descriptors); -ENOMEM. */
int cordon_policy_compile(const struct cordon_policy *policy, enum cordon_stage stage, enum cordon_format format,
			  char **ret_text, size_t *ret_size, struct cordon_error **ret_error);

/* Why @request (as for cordon_policy_decide()) is decided as it is: per profile the verdict, the line and where it stands,
 * which mechanism carries it on this kernel and host, and the line that would allow it. CORDON_FORMAT_TEXT, or
 * CORDON_FORMAT_JSON: an object {"schema": "cordon.decision/1", ...}. *ret_text gets *ret_size bytes and one NUL more.
 * -EINVAL: the request or the format is wrong; -ENOMEM. */
int cordon_policy_explain(const struct cordon_policy *policy, const char *request, enum cordon_format format,
			  char **ret_text, size_t *ret_size, struct cordon_error **ret_error);

/* ---- this process ---- */

/* Set to zero, then @size, then what is wanted. */
struct cordon_confine_options {
	size_t size;         /* sizeof(struct cordon_confine_options) of the caller */
	unsigned flags;      /* CORDON_CONFINE_... */
	unsigned timeout_ms; /* how long the other threads may take to stop; 0: 5000 */
	const int *keep_fds; /* with CORDON_CONFINE_CLOSE: what stays open above 2 */
	size_t keep_fd_count;
};

/* Close all descriptors above 2 but @keep_fds. Without it all stay open, and what they could do before they still can. */
#define CORDON_CONFINE_CLOSE 1u

/* Confine this process to @policy: all its threads, those that they will start, and all processes that they will start or
 * become. There is no way back. @options may be NULL.
 *
 * The policy is the same as for a program that is started; the program's own files, libraries and open descriptors need no
 * grants any more. What only a start or a parent can do (`isolate`, `private`, `env`, `chdir`, `net accept` on some ports,
 * limits on the whole) is refused by name.
 *
 * Other threads are interrupted for a moment by a real-time signal that has no handler; they go on where they were, as
 * signal(7) says for a handler with SA_RESTART: read(), futex() and the like continue, poll(), epoll_wait(), select() and
 * the sleeping calls return EINTR. Handlers, errno and signal masks are as before. On kernels before 7.0 each thread that
 * is there gets a Landlock domain of its own with the same rules: a child can be signalled by the thread that forked it and
 * by threads that this one starts later, not by the others. For a moment a child process exists, without SIGCHLD.
 * Processes that share memory with this one (CLONE_VM without CLONE_THREAD) are not reached.
 *
 * 0: everything is in force, in every thread.
 * -EINVAL: @options are wrong; or this process holds what would go around the policy: writable and executable memory, a
 *   file that is open for writing and that it can also map as code, an io_uring; or the policy denies what interrupted
 *   threads need to go on; -E2BIG: options from the future, or a filter that is longer than the kernel takes;
 * -ENOTSUP: lines of the policy are carried by nothing here, or need a start; -EBADF: one of @keep_fds is not open;
 * -EBUSY: another thread is doing the same, or a thread can't be stopped (it blocks every real-time signal, sleeps in the
 *   kernel, or has filters of its own); -ECANCELED: the kernel refused a step when it was tried, or the
 *   host can't be looked at (no /proc, no descriptors); -ENOMEM.
 *   In all these cases nothing has changed.
 * -ENOTRECOVERABLE: a thread could not do what had worked when it was tried. What could be enforced is, in some threads or
 *   in all. End the process. */
int cordon_confine(const struct cordon_policy *policy, const struct cordon_confine_options *options,
		   struct cordon_error **ret_error);

/* ---- a program of one's own ---- */

/* Set to zero, then @size and @argv, then what is wanted. */
struct cordon_spawn_options {
	size_t size;         /* sizeof(struct cordon_spawn_options) of the caller */
	unsigned flags;      /* 0 */
	unsigned reserved;   /* 0 */
	const char *program; /* a path, or a name that is looked up in PATH; NULL: argv[0] */
	char *const *argv;   /* ends with NULL; at least one */
	char *const *envp;   /* NULL: this process's; the policy's `env` lines change it */
	const int *
		standard_fds; /* three: what becomes 0, 1 and 2 of the program, -1: /dev/null; NULL: as they are here */
	const int *keep_fds;  /* above 2, under the same numbers; all others are closed */
	size_t keep_fd_count;
};

/* A program that was started, until it is freed. */
struct cordon_process;

/* Start a program under @policy, as `cordon run` does; this process itself stays as it is. The program is executed only when
 * everything is in force, and this returns only when it has been executed, or nothing of it has run.
 *
 * Any number of threads may do this, and whatever else, at the same time: what allocates or takes locks is done before the
 * fork, and no descriptor is ever inheritable. Handlers of this process don't run in the child; its program gets the signal
 * mask of the calling thread, default dispositions for what has a handler here, and what is ignored here stays ignored.
 *
 * The child is an ordinary one: SIGCHLD says that it has ended. In a process that ignores SIGCHLD, or waits for any child
 * (waitpid(-1)), its status may be lost (cordon_process_wait() gives -ECHILD).
 * Where the policy needs a parent that stays (`net accept` on some ports, `isolate pid`, `wx sealed` with a loader), the
 * child is that parent and the program a child of it: signals are passed on, SIGSTOP and SIGKILL excepted (its death ends
 * the program), and it ends with the program's status. It holds a copy of this process's memory, which nobody can read, and
 * of the descriptors that the program got, until then.
 *
 * 0 and *ret, or
 * -EINVAL: @options are wrong, a `test` or `never` line does not hold, or a descriptor would go around the policy;
 * -E2BIG: options from the future, or a filter that is longer than the kernel takes; -ENOTSUP: lines of the policy are
 * carried by nothing here; -ENOENT: there is no such program; -EACCES: it can't be executed, or the policy hides it;
 * -EBADF: a descriptor is not open; -ECANCELED: the kernel refused a step of the start; -EAGAIN: no process can be made;
 * -ENOMEM. Nothing of a child is left then. */
int cordon_spawn(const struct cordon_policy *policy, const struct cordon_spawn_options *options,
		 struct cordon_process **ret, struct cordon_error **ret_error);

/* Of the child. The number is its own until its end was waited for. */
pid_t cordon_process_pid(const struct cordon_process *process);
/* A pidfd (see pidfd_open(2)) that lives as long as @process; readable when the child has ended. */
int cordon_process_pidfd(const struct cordon_process *process);

/* Wait until the program has ended, at most @timeout_ms (-1: forever). *ret_status (may be NULL) gets its exit status (124: a
 * limit ended it), or 128 and the number of the signal that ended it. -ETIMEDOUT: it still runs; -ECHILD: somebody else has
 * waited for it. May be called again. */
int cordon_process_wait(struct cordon_process *process, int timeout_ms, int *ret_status);

/* -ESRCH: it has ended; -EPERM: it runs as somebody else; -EINVAL: no such signal. */
int cordon_process_kill(const struct cordon_process *process, int signal);

/* Ends the program (SIGKILL) if it still runs, and waits for that. */
void cordon_process_free(struct cordon_process *process);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
