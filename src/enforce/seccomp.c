/* seccomp.c - one filter per layer, and how to install several; or one for all layers, when somebody listens.
 *
 * The kernel runs all filters and the strictest answer wins. Three things need care: The exec that starts the
 * program carries a token (cbpf.h). So does the seccomp() call that installs the next filter: the filters before
 * it may deny that call to the program, so each but the last gets a gate, a few instructions in front that let the
 * call with the token pass. Only one filter of a task can have a listener, and it doesn't hear of what another denies:
 * so with a supervisor the layers' policies are joined before they are compiled. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "enforce/confinement.h"

#define GATE_SIZE 9

/* Where the token's constants stand in the gate. */
#define GATE_TOKEN_0 5
#define GATE_TOKEN_1 7

static const struct sock_filter gate[GATE_SIZE] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 7),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5), /* the native one is set when copied */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]) + 4),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]) + 4),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
#define GATE_ARCH 3

/* ---- prepare ---- */

static void add_gate(struct cbpf *program, struct arena *arena)
{
	struct sock_filter *code = arena_alloc(arena, (program->count + GATE_SIZE) * sizeof(*code));

	memcpy(code, gate, sizeof(gate));
	memcpy(code + GATE_SIZE, program->code, program->count * sizeof(*code));
	code[GATE_ARCH].k = arch_table[arch_native()].audit_arch;
	program->code = code;
	program->count += GATE_SIZE;
	for (size_t i = 0; i < ARRAY_SIZE(program->token_at); i++)
		if (program->token_at[i] >= 0)
			program->token_at[i] += GATE_SIZE;
}

static int make_filter(struct confinement *confinement, const struct call_policy *calls, struct filter *filter)
{
	/* Who confines himself starts nothing, and the token would stay in his memory. */
	const struct cbpf_options options = { .with_token = !confinement->self };
	int result = cbpf_emit(calls, &options, confinement->arena, &filter->program);

	if (result < 0)
		return result;
	if (filter->gated)
		add_gate(&filter->program, confinement->arena);
	return filter->program.count > CBPF_MAX ? -E2BIG : 0;
}

static int too_long(struct diags *diags, const char *whose, const char *help)
{
	struct diag *diag = diag_error(diags, "C0602", (struct span){ 0 }, "%s more than %d filter instructions", whose,
				       CBPF_MAX);

	diag_help(diags, diag, "%s", help);
	return -E2BIG;
}

static int make_joint_filter(struct confinement *confinement, struct diags *diags)
{
	const struct launch *launch = confinement->launch;
	struct filter *filter = &confinement->filters[0];
	struct call_policy calls;
	int result;

	filter->listener = true;
	confinement->filter_count = 1;
	call_policy_hand_over(launch->calls, launch->hand_over, confinement->arena, &calls);
	result = make_filter(confinement, &calls, filter);
	return result == -E2BIG ? too_long(diags, "all layers together need",
					   "drop conditions on arguments, or a policy of the stack")
				: result;
}

int filters_make(struct confinement *confinement, struct diags *diags)
{
	size_t count = confinement->plan->layer_count;

	confinement->filters = arena_alloc(confinement->arena, count * sizeof(*confinement->filters));
	if (confinement->launch->supervisor)
		return make_joint_filter(confinement, diags);
	for (size_t layer = 0; layer < count; layer++) {
		struct filter *filter = &confinement->filters[layer];
		int result;

		*filter = (struct filter){ .layer = layer, .gated = layer + 1 < count };
		result = make_filter(confinement, &confinement->plan->layers[layer].calls, filter);
		if (result == -E2BIG)
			return too_long(diags, arena_printf(diags->arena, "layer %zu needs", layer + 1),
					"drop conditions on arguments, or split the policy over two -p");
		if (result < 0)
			return result;
	}
	confinement->filter_count = count;
	return 0;
}

void filters_set_token(struct confinement *confinement)
{
	for (size_t i = 0; i < confinement->filter_count; i++) {
		struct filter *filter = &confinement->filters[i];

		cbpf_set_token(&filter->program, confinement->token);
		if (!filter->gated)
			continue;
		filter->program.code[GATE_TOKEN_0].k = confinement->token[0];
		filter->program.code[GATE_TOKEN_1].k = confinement->token[1];
	}
}

/* ---- the step ---- */

int step_filter(struct confinement *confinement, const struct step *step)
{
	const struct filter *filter = &confinement->filters[step->index];
	const struct sock_fprog program = {
		.len = (unsigned short)filter->program.count,
		.filter = filter->program.code,
	};
	unsigned flags = filter->listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
					  : 0;
	int result;

	flags |= confinement->self ? SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH : 0;
	result = sys_seccomp_token(SECCOMP_SET_MODE_FILTER, flags, &program, confinement->token);

	if (result < 0)
		return result;
	confinement->filters_standing++;
	if (filter->listener)
		__atomic_store_n(&confinement->report->listener, result, __ATOMIC_RELEASE);
	return 0;
}
