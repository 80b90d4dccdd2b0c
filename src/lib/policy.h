/* policy.h - what the public functions share: the policy, and the frame that each of them works in. */
#ifndef CORDON_LIB_POLICY_H
#define CORDON_LIB_POLICY_H

#include "base/cleanup.h"
#include "lib/error.h"
#include "plan/plan.h"
#include "policy/load.h"

struct cordon_policy {
	struct arena *arena;
	struct loaded loaded;
};

/* @body(@context) with diagnostics in @arena; running out of memory comes back here. Code in @body owns nothing but memory
 * of that arena. *ret_error (may be NULL) gets the diagnostics of a failure. -ENOMEM also when @arena is NULL. */
must_check int guarded(struct arena *arena, struct diags *diags, int (*body)(void *context), void *context,
		       struct cordon_error **ret_error);

void cleanup_arena(struct arena **arena);
#define auto_arena __attribute__((cleanup(cleanup_arena)))

/* Takes over what the caller's version of an options struct has; what it hasn't is zero. @options starts with its size, as
 * *@ret does; @first_size is that of the struct's first version. -EINVAL: too small, -E2BIG: options from the future. */
must_check int options_take(const void *options, size_t first_size, void *ret, size_t ret_size);

/* *ret_text gets a copy of @text and a NUL. -ENOMEM */
must_check int text_give(const struct str *text, char **ret_text, size_t *ret_size);

#endif
