/* cbpf.h - call policy -> classic BPF program, and an interpreter for such programs. Pure.
 *
 * Shape of a program: architecture first; per architecture one threshold tree over the call numbers (weighted by
 * call_row.weight); a leaf is a constant return or a chain of tests on argument halves. Calls that are always allowed
 * reach their RET ALLOW through arch and nr tests alone, so the kernel's bitmap caches them.
 * Invariant: cbpf_run(cbpf_emit(p)) == call_policy_decide(p) for every seccomp_data (tests/prop). */
#ifndef CORDON_PLAN_CBPF_H
#define CORDON_PLAN_CBPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/cleanup.h"
#include "plan/calls.h"

#define CBPF_MAX BPF_MAXINSNS /* 4096, the kernel's limit */

struct cbpf {
	struct sock_filter *code;
	size_t count;
	/* Instructions whose constant is a start token, or -1 when there is none: code[token_at[i]].k */
	long token_at[2];
};

/* How the confined program itself gets started: after the filter stands, Cordon's own execveat(fd, "", argv, envp,
 * AT_EMPTY_PATH) carries two random 32-bit numbers in the upper halves of its two int arguments (fd and flags), which
 * the kernel ignores and a filter can see. The program cannot know them: its registers are cleared at exec and nobody
 * in the domain can read the filter. So exec can be closed for good and the start still works. */
struct cbpf_options {
	bool with_token; /* allow execveat when the upper halves of args[0] and args[4] equal token[0], token[1] */
	uint32_t token[2];
};

/* Compile. Returns 0 and *ret, or -E2BIG when it would need more than CBPF_MAX instructions. */
must_check int cbpf_emit(const struct call_policy *policy, const struct cbpf_options *options, struct arena *arena,
			 struct cbpf *ret);

/* Set the token in an emitted program (compile once, start many). */
void cbpf_set_token(struct cbpf *program, const uint32_t token[2]);

/* Run @program on @data as the kernel would. Returns 0 and the 32-bit SECCOMP_RET_* value, or -EINVAL for a program that
 * the kernel would not accept (own or foreign: every check of seccomp_check_filter and bpf_check_classic).
 * *ret_steps (may be NULL): instructions executed. */
must_check int cbpf_run(const struct sock_filter *code, size_t count, const struct seccomp_data *data,
			uint32_t *ret_action, unsigned *ret_steps);
/* The same checks without running. 0 or -EINVAL; *ret_at the offending instruction. */
must_check int cbpf_validate(const struct sock_filter *code, size_t count, size_t *ret_at);

uint32_t verdict_to_action(struct verdict verdict);
struct verdict verdict_from_action(uint32_t action);

/* Disassembly, one instruction a line with labels and call names; golden files and --stop-after=cbpf. */
void cbpf_print(const struct cbpf *program, struct str *out);
void cbpf_json(const struct cbpf *program, struct json *json);

#endif
