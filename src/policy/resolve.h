/* resolve.h - AST -> model: look up every name, expand templates, type every rule. Pure: what it needs of the host (home,
 * user, directory, user ids) comes in `struct surroundings`, templates come through a callback. */
#ifndef CORDON_POLICY_RESOLVE_H
#define CORDON_POLICY_RESOLVE_H

#include "base/cleanup.h"
#include "platform/users.h"
#include "policy/model.h"

/* Values of $HOME $USER $CWD $TMPDIR, taken when the policy is loaded. */
struct surroundings {
	const char *home, *user, *cwd, *tmpdir; /* NULL: see find_self; or using it is an error */
	uint32_t uid;                           /* of the caller */
	/* The caller's entry in the user data base: asked when $HOME or $USER is used and not known. NULL: there is none. */
	int (*find_self)(uint32_t uid, struct arena *arena, struct user *ret);
	/* A user by name: 0, -ENOENT, or another -errno when the data base can't be asked. NULL: names are errors. */
	int (*find_user)(const char *name, struct arena *arena, struct user *ret);
	/* Parsed file that holds template @name@@version: first the embedded ones, then files. NULL callback: only embedded.
	 * Returns NULL when there is none; may add diagnostics. */
	const struct ast_file *(*find_template)(void *context, const char *name, const char *version,
						struct arena *arena, struct diags *diags);
	void *context;
};

/* One layer of the stack: a profile, and lines that were added on the command line (may be NULL). */
struct layer_source {
	const struct ast_file *file;       /* holds the profile and perhaps templates of its own */
	const struct ast_profile *profile; /* which one */
	const struct ast_block *extra;     /* -a lines, or NULL */
};

/* Resolve @count layers into one model. Returns 0 and *ret, or -EINVAL with C02xx diagnostics (as many as found). */
must_check int resolve(const struct layer_source *sources, size_t count, const struct surroundings *surroundings,
		       struct arena *arena, struct diags *diags, struct model **ret);

/* `test` and `never` lines of every layer; C03xx diagnostics. Returns 0 when all hold, else -EINVAL. */
must_check int model_check(const struct model *model, struct diags *diags);

/* Cordon's own directories (policies, registry, cache, logs, sockets): no policy can grant changing what is in them. */
struct own_directories {
	const char *const *items;
	size_t count;
};
extern const struct own_directories own_directories;

/* A literal request (`cordon explain`): names looked up. 0 or -EINVAL. */
must_check int resolve_request(const struct ast_request *ast, const struct surroundings *surroundings,
			       struct arena *arena, struct diags *diags, struct request *ret);

/* A request without a stack: used by layer_decide. */
void request_print(const struct request *request, struct str *out);

/* "syscall ptrace(PTRACE_ATTACH, 123, 0, 0)": a request again. @arch ARCH_COUNT: unknown. */
void call_print(enum arch arch, uint32_t nr, const uint64_t args[6], struct str *out);

void model_print(const struct model *model, struct str *out);
void model_json(const struct model *model, struct json *json);
/* "deny EACCES", "allow" ... */
void verdict_print(struct verdict verdict, struct str *out);
/* "(arg0:s32 == 2 and arg1:u32 within 0x8)": a condition on registers. */
void cond_print(const struct cond *cond, struct str *out);
/* The names of FILE_* and NET_* bits, comma separated. */
void operations_print(enum request_class class, uint32_t operations, struct str *out);

#endif
