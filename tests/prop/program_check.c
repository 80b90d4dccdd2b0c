/* program_check.c - what every emitted program has to be, apart from right. */
#include "program_check.h"

#include <stddef.h>
#include <string.h>

static bool all_reachable(const struct cbpf *program)
{
	static bool reached[CBPF_MAX];

	memset(reached, 0, sizeof(reached));
	reached[0] = true;
	for (size_t at = 0; at < program->count; at++) {
		const struct sock_filter *i = &program->code[at];

		if (!reached[at])
			return false;
		if (BPF_CLASS(i->code) == BPF_RET)
			continue;
		if (i->code == (BPF_JMP | BPF_JA))
			reached[at + 1 + i->k] = true;
		else if (BPF_CLASS(i->code) == BPF_JMP)
			reached[at + 1 + i->jt] = reached[at + 1 + i->jf] = true;
		else
			reached[at + 1] = true;
	}
	return true;
}

/* As the kernel decides whether to put a number into its bitmap: it runs the program knowing number and architecture,
 * and gives up at anything else (kernel/seccomp.c, seccomp_is_const_allow). */
static bool in_bitmap(const struct cbpf *program, uint32_t audit_arch, uint32_t nr)
{
	uint32_t a = 0;

	for (size_t at = 0; at < program->count; at++) {
		const struct sock_filter *i = &program->code[at];
		bool holds;

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k != offsetof(struct seccomp_data, nr) && i->k != offsetof(struct seccomp_data, arch))
				return false;
			a = i->k == offsetof(struct seccomp_data, nr) ? nr : audit_arch;
			continue;
		case BPF_RET | BPF_K: return i->k == SECCOMP_RET_ALLOW;
		case BPF_ALU | BPF_AND | BPF_K: a &= i->k; continue;
		case BPF_JMP | BPF_JA: at += i->k; continue;
		case BPF_JMP | BPF_JEQ | BPF_K: holds = a == i->k; break;
		case BPF_JMP | BPF_JGE | BPF_K: holds = a >= i->k; break;
		case BPF_JMP | BPF_JGT | BPF_K: holds = a > i->k; break;
		case BPF_JMP | BPF_JSET | BPF_K: holds = (a & i->k) != 0; break;
		default: return false;
		}
		at += holds ? i->jt : i->jf;
	}
	return false;
}

static bool allows_cached(const struct call_policy *policy, const struct cbpf *program)
{
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
		for (size_t i = 0; i < policy->entries[arch].count; i++) {
			const struct call_entry *entry = &policy->entries[arch].items[i];

			if (entry->case_count == 0 && entry->otherwise.kind == VERDICT_ALLOW &&
			    !in_bitmap(program, arch_table[arch].audit_arch, entry->nr))
				return false;
		}
	}
	return true;
}

/* x86-64 and x32 look the same but for a bit of the number. */
static enum arch shown_arch(const struct call_request *request)
{
	if (request->arch == ARCH_X86_64 || request->arch == ARCH_X32)
		return request->nr & X32_SYSCALL_BIT ? ARCH_X32 : ARCH_X86_64;
	return request->arch;
}

bool program_agrees(const struct call_policy *policy, const struct cbpf *program, const struct call_request *request)
{
	const struct seccomp_data data = call_request_data(request);
	const struct verdict verdict = call_policy_decide(policy, shown_arch(request), request->nr, request->args);
	uint32_t action;

	return cbpf_run(program->code, program->count, &data, &action, NULL) == 0 &&
	       action == verdict_to_action(verdict);
}

const char *program_fault(const struct call_policy *policy, const struct cbpf *program)
{
	if (cbpf_validate(program->code, program->count, NULL) != 0)
		return "the kernel would not take it";
	if (!all_reachable(program))
		return "an instruction is unreachable";
	if (!allows_cached(policy, program))
		return "a call that is always allowed is not in the kernel's bitmap";
	return NULL;
}
