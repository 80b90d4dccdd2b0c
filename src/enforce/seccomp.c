/* seccomp.c - one filter per layer, and how to install several.
 *
 * The kernel runs all filters and the strictest answer wins. Three things need care: The exec that starts the
 * program carries a token (cbpf.h). So does the seccomp() call that installs the next filter: the filters before
 * it may deny that call to the program, so each but the last gets a gate, a few instructions in front that let the
 * call with the token pass. Only one filter of a task can have a listener. Where several layers hand listen() to
 * the parent, the first gets it, in the others the call is allowed, and the parent checks against the ports that
 * all of them allow. */
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

/* ---- the listener ---- */

static struct call_entry without_ask(const struct call_entry *entry, struct arena *arena)
{
	struct call_entry copy = *entry;

	copy.cases = arena_alloc(arena, copy.case_count * sizeof(*copy.cases));
	for (size_t i = 0; i < copy.case_count; i++) {
		copy.cases[i] = entry->cases[i];
		if (copy.cases[i].verdict.kind == VERDICT_ASK)
			copy.cases[i].verdict = (struct verdict){ .kind = VERDICT_ALLOW };
	}
	if (copy.otherwise.kind == VERDICT_ASK)
		copy.otherwise = (struct verdict){ .kind = VERDICT_ALLOW };
	return copy;
}

/* @policy with listen() allowed where it is handed to the parent. */
static struct call_policy allow_listen(const struct call_policy *policy, struct arena *arena)
{
	const int listen = call_find("listen");
	struct call_policy copy = *policy;

	for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
		struct call_entries *entries = &copy.entries[arch];

		entries->items = arena_alloc(arena, entries->count * sizeof(*entries->items));
		for (size_t i = 0; i < entries->count; i++) {
			const struct call_entry *entry = &policy->entries[arch].items[i];

			entries->items[i] = entry->call == listen ? without_ask(entry, arena) : *entry;
		}
		entries->capacity = entries->count;
	}
	return copy;
}

/* The ports that every listening layer allows. */
static const uint8_t *common_ports(const struct plan *plan, struct arena *arena)
{
	uint8_t *ports = NULL;

	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		const uint8_t *allowed = plan->layers[layer].listen_ports;

		if (!plan->layers[layer].listens)
			continue;
		if (!ports) {
			ports = arena_alloc(arena, sizeof(plan->layers[layer].listen_ports));
			memset(ports, 0xff, sizeof(plan->layers[layer].listen_ports));
		}
		for (size_t i = 0; i < sizeof(plan->layers[layer].listen_ports); i++)
			ports[i] &= allowed[i];
	}
	return ports;
}

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

static int make_filter(struct confinement *confinement, size_t layer, struct filter *filter)
{
	const struct cbpf_options options = { .with_token = true };
	const struct layer_plan *plan = &confinement->plan->layers[layer];
	struct call_policy calls = plan->calls;
	int result;

	filter->layer = layer;
	filter->listener = plan->listens && !confinement->listen_ports;
	filter->gated = layer + 1 < confinement->plan->layer_count;
	if (filter->listener)
		confinement->listen_ports = common_ports(confinement->plan, confinement->arena);
	else if (plan->listens)
		calls = allow_listen(&plan->calls, confinement->arena);
	result = cbpf_emit(&calls, &options, confinement->arena, &filter->program);
	if (result < 0)
		return result;
	if (filter->gated)
		add_gate(&filter->program, confinement->arena);
	return filter->program.count > CBPF_MAX ? -E2BIG : 0;
}

int filters_make(struct confinement *confinement, struct diags *diags)
{
	size_t count = confinement->plan->layer_count;

	confinement->filters = arena_alloc(confinement->arena, count * sizeof(*confinement->filters));
	for (size_t layer = 0; layer < count; layer++) {
		int result = make_filter(confinement, layer, &confinement->filters[layer]);
		struct diag *diag;

		if (result == 0)
			continue;
		diag = diag_error(diags, "C0602", (struct span){ 0 },
				  "layer %zu needs more than %d filter instructions", layer + 1, CBPF_MAX);
		diag_help(diags, diag, "drop conditions on arguments, or split the policy over two -p");
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
	int result = sys_seccomp_token(SECCOMP_SET_MODE_FILTER, flags, &program, confinement->token);

	if (result < 0)
		return result;
	confinement->filters_standing++;
	if (filter->listener)
		__atomic_store_n(&confinement->report->listener, result, __ATOMIC_RELEASE);
	return 0;
}
