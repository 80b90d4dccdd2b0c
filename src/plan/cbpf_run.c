/* cbpf_run.c - classic BPF as the kernel's seccomp takes and runs it: the checks, and an interpreter.
 *
 * Facts from Linux 6.18: net/core/filter.c (bpf_check_basics_ok, chk_code_allowed, bpf_check_classic,
 * check_load_and_stores, bpf_convert_filter) and kernel/seccomp.c (seccomp_check_filter). Foreign programs pass through
 * here too, so every opcode that the kernel takes is understood, not only those that the emitter writes. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "plan/cbpf.h"

/* What the instruction's constant has to obey. */
enum constant_rule {
	CONSTANT_FREE,
	CONSTANT_OFFSET, /* aligned offset into struct seccomp_data */
	CONSTANT_MEMORY, /* scratch word */
	CONSTANT_NONZERO,
	CONSTANT_SHIFT,
	CONSTANT_AHEAD, /* unconditional jump */
	BRANCH_AHEAD    /* jt and jf */
};

static const struct {
	uint16_t code;
	enum constant_rule rule;
} opcodes[] = {
	{ BPF_RET | BPF_K, CONSTANT_FREE },
	{ BPF_RET | BPF_A, CONSTANT_FREE },
	{ BPF_LD | BPF_W | BPF_ABS, CONSTANT_OFFSET },
	{ BPF_LD | BPF_W | BPF_LEN, CONSTANT_FREE },
	{ BPF_LDX | BPF_W | BPF_LEN, CONSTANT_FREE },
	{ BPF_LD | BPF_IMM, CONSTANT_FREE },
	{ BPF_LDX | BPF_IMM, CONSTANT_FREE },
	{ BPF_LD | BPF_MEM, CONSTANT_MEMORY },
	{ BPF_LDX | BPF_MEM, CONSTANT_MEMORY },
	{ BPF_ST, CONSTANT_MEMORY },
	{ BPF_STX, CONSTANT_MEMORY },
	{ BPF_MISC | BPF_TAX, CONSTANT_FREE },
	{ BPF_MISC | BPF_TXA, CONSTANT_FREE },
	{ BPF_ALU | BPF_ADD | BPF_K, CONSTANT_FREE },
	{ BPF_ALU | BPF_ADD | BPF_X, CONSTANT_FREE },
	{ BPF_ALU | BPF_SUB | BPF_K, CONSTANT_FREE },
	{ BPF_ALU | BPF_SUB | BPF_X, CONSTANT_FREE },
	{ BPF_ALU | BPF_MUL | BPF_K, CONSTANT_FREE },
	{ BPF_ALU | BPF_MUL | BPF_X, CONSTANT_FREE },
	{ BPF_ALU | BPF_DIV | BPF_K, CONSTANT_NONZERO },
	{ BPF_ALU | BPF_DIV | BPF_X, CONSTANT_FREE },
	{ BPF_ALU | BPF_AND | BPF_K, CONSTANT_FREE },
	{ BPF_ALU | BPF_AND | BPF_X, CONSTANT_FREE },
	{ BPF_ALU | BPF_OR | BPF_K, CONSTANT_FREE },
	{ BPF_ALU | BPF_OR | BPF_X, CONSTANT_FREE },
	{ BPF_ALU | BPF_XOR | BPF_K, CONSTANT_FREE },
	{ BPF_ALU | BPF_XOR | BPF_X, CONSTANT_FREE },
	{ BPF_ALU | BPF_LSH | BPF_K, CONSTANT_SHIFT },
	{ BPF_ALU | BPF_LSH | BPF_X, CONSTANT_FREE },
	{ BPF_ALU | BPF_RSH | BPF_K, CONSTANT_SHIFT },
	{ BPF_ALU | BPF_RSH | BPF_X, CONSTANT_FREE },
	{ BPF_ALU | BPF_NEG, CONSTANT_FREE },
	{ BPF_JMP | BPF_JA, CONSTANT_AHEAD },
	{ BPF_JMP | BPF_JEQ | BPF_K, BRANCH_AHEAD },
	{ BPF_JMP | BPF_JEQ | BPF_X, BRANCH_AHEAD },
	{ BPF_JMP | BPF_JGE | BPF_K, BRANCH_AHEAD },
	{ BPF_JMP | BPF_JGE | BPF_X, BRANCH_AHEAD },
	{ BPF_JMP | BPF_JGT | BPF_K, BRANCH_AHEAD },
	{ BPF_JMP | BPF_JGT | BPF_X, BRANCH_AHEAD },
	{ BPF_JMP | BPF_JSET | BPF_K, BRANCH_AHEAD },
	{ BPF_JMP | BPF_JSET | BPF_X, BRANCH_AHEAD },
};

/* @left: instructions after this one. */
static bool instruction_ok(const struct sock_filter *instruction, size_t left)
{
	const uint32_t k = instruction->k;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opcodes); i++)
		if (opcodes[i].code == instruction->code)
			break;
	if (i == ARRAY_SIZE(opcodes))
		return false;
	switch (opcodes[i].rule) {
	case CONSTANT_FREE: return true;
	case CONSTANT_OFFSET: return k < sizeof(struct seccomp_data) && k % sizeof(uint32_t) == 0;
	case CONSTANT_MEMORY: return k < BPF_MEMWORDS;
	case CONSTANT_NONZERO: return k != 0;
	case CONSTANT_SHIFT: return k < 32;
	case CONSTANT_AHEAD: return k < left;
	case BRANCH_AHEAD: return instruction->jt < left && instruction->jf < left;
	}
	return false;
}

static bool touches_memory(const struct sock_filter *instruction, bool *ret_store)
{
	*ret_store = instruction->code == BPF_ST || instruction->code == BPF_STX;
	return *ret_store || instruction->code == (BPF_LD | BPF_MEM) || instruction->code == (BPF_LDX | BPF_MEM);
}

/* Every scratch word is written on each path before it is read. All jumps go forward, so one pass is enough. */
static bool memory_ok(const struct sock_filter *code, size_t count, size_t *ret_at)
{
	uint16_t incoming[CBPF_MAX];
	uint16_t written = 0;
	bool store;

	memset(incoming, 0xff, count * sizeof(incoming[0]));
	for (size_t at = 0; at < count; at++) {
		written &= incoming[at];
		if (touches_memory(&code[at], &store)) {
			if (store) {
				written |= (uint16_t)(1U << code[at].k);
			} else if (!(written & (1U << code[at].k))) {
				*ret_at = at;
				return false;
			}
		} else if (code[at].code == (BPF_JMP | BPF_JA)) {
			incoming[at + 1 + code[at].k] &= written;
			written = 0xffff;
		} else if (BPF_CLASS(code[at].code) == BPF_JMP) {
			incoming[at + 1 + code[at].jt] &= written;
			incoming[at + 1 + code[at].jf] &= written;
			written = 0xffff;
		}
	}
	return true;
}

int cbpf_validate(const struct sock_filter *code, size_t count, size_t *ret_at)
{
	size_t bad = 0;

	if (count == 0 || count > CBPF_MAX)
		goto invalid;
	for (; bad < count; bad++)
		if (!instruction_ok(&code[bad], count - 1 - bad))
			goto invalid;
	bad = count - 1;
	if (BPF_CLASS(code[bad].code) != BPF_RET)
		goto invalid;
	if (!memory_ok(code, count, &bad))
		goto invalid;
	return 0;
invalid:
	if (ret_at)
		*ret_at = bad;
	return -EINVAL;
}

struct machine {
	uint32_t a, x;
	uint32_t memory[BPF_MEMWORDS];
	const struct seccomp_data *data;
};

/* False: division by zero, which ends the program with 0 (SECCOMP_RET_KILL_THREAD). */
static bool machine_compute(struct machine *m, const struct sock_filter *i)
{
	const uint32_t operand = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_ADD: m->a += operand; break;
	case BPF_SUB: m->a -= operand; break;
	case BPF_MUL: m->a *= operand; break;
	case BPF_DIV:
		if (operand == 0)
			return false;
		m->a /= operand;
		break;
	case BPF_AND: m->a &= operand; break;
	case BPF_OR: m->a |= operand; break;
	case BPF_XOR: m->a ^= operand; break;
	/* a shift by X of 32 and more: the kernel's eBPF takes the low five bits */
	case BPF_LSH: m->a <<= operand & 31; break;
	case BPF_RSH: m->a >>= operand & 31; break;
	case BPF_NEG: m->a = -m->a; break;
	}
	return true;
}

static size_t machine_jump(const struct machine *m, const struct sock_filter *i)
{
	const uint32_t operand = BPF_SRC(i->code) == BPF_X ? m->x : i->k;
	bool holds = false;

	switch (BPF_OP(i->code)) {
	case BPF_JA: return i->k;
	case BPF_JEQ: holds = m->a == operand; break;
	case BPF_JGT: holds = m->a > operand; break;
	case BPF_JGE: holds = m->a >= operand; break;
	case BPF_JSET: holds = (m->a & operand) != 0; break;
	}
	return holds ? i->jt : i->jf;
}

static uint32_t machine_fetch(const struct machine *m, const struct sock_filter *i)
{
	uint32_t word;

	switch (BPF_MODE(i->code)) {
	case BPF_ABS: memcpy(&word, (const char *)m->data + i->k, sizeof(word)); return word;
	case BPF_MEM: return m->memory[i->k];
	case BPF_LEN: return sizeof(struct seccomp_data);
	default: return i->k; /* BPF_IMM */
	}
}

static void machine_move(struct machine *m, const struct sock_filter *i)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD: m->a = machine_fetch(m, i); break;
	case BPF_LDX: m->x = machine_fetch(m, i); break;
	case BPF_ST: m->memory[i->k] = m->a; break;
	case BPF_STX: m->memory[i->k] = m->x; break;
	case BPF_MISC:
		if (BPF_MISCOP(i->code) == BPF_TAX)
			m->x = m->a;
		else
			m->a = m->x;
		break;
	}
}

int cbpf_run(const struct sock_filter *code, size_t count, const struct seccomp_data *data, uint32_t *ret_action,
	     unsigned *ret_steps)
{
	struct machine m = { .data = data };
	unsigned steps = 0;
	uint32_t action = 0;

	if (cbpf_validate(code, count, NULL) != 0)
		return -EINVAL;
	for (size_t at = 0;; at++) {
		const struct sock_filter *i = &code[at];

		steps++;
		if (BPF_CLASS(i->code) == BPF_RET) {
			action = BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
			break;
		} else if (BPF_CLASS(i->code) == BPF_JMP) {
			at += machine_jump(&m, i);
		} else if (BPF_CLASS(i->code) == BPF_ALU) {
			if (!machine_compute(&m, i))
				break;
		} else {
			machine_move(&m, i);
		}
	}
	*ret_action = action;
	if (ret_steps)
		*ret_steps = steps;
	return 0;
}
