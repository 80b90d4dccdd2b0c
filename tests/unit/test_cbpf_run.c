/* test_cbpf_run.c - which programs the kernel would take, and what steps cost. tests/prop asks the kernel itself. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan/cbpf.h"
#include "tap.h"

#define LD_ABS (BPF_LD | BPF_W | BPF_ABS)
#define RET_K (BPF_RET | BPF_K)

TEST(validate)
{
	static const struct {
		const char *what;
		struct sock_filter code[4];
		size_t count;
		long at; /* -1: fine */
	} rows[] = {
		{ "return", { { RET_K, 0, 0, 0 } }, 1, -1 },
		{ "nothing", { { RET_K, 0, 0, 0 } }, 0, 0 },
		{ "no return at the end", { { LD_ABS, 0, 0, 0 } }, 1, 0 },
		{ "jump is last", { { RET_K, 0, 0, 0 }, { BPF_JMP | BPF_JA, 0, 0, 0 } }, 2, 1 },
		{ "load beyond the data", { { LD_ABS, 0, 0, 64 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "last word of the data", { { LD_ABS, 0, 0, 60 }, { RET_K, 0, 0, 0 } }, 2, -1 },
		{ "load between words", { { LD_ABS, 0, 0, 2 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "load of a byte", { { BPF_LD | BPF_B | BPF_ABS, 0, 0, 0 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "indirect load", { { BPF_LD | BPF_W | BPF_IND, 0, 0, 0 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "header length", { { BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "length", { { BPF_LD | BPF_W | BPF_LEN, 0, 0, 0 }, { BPF_RET | BPF_A, 0, 0, 0 } }, 2, -1 },
		{ "modulo", { { BPF_ALU | BPF_MOD | BPF_K, 0, 0, 2 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "division by 0", { { BPF_ALU | BPF_DIV | BPF_K, 0, 0, 0 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "shift by 32", { { BPF_ALU | BPF_LSH | BPF_K, 0, 0, 32 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "shift by 31", { { BPF_ALU | BPF_RSH | BPF_K, 0, 0, 31 }, { RET_K, 0, 0, 0 } }, 2, -1 },
		{ "opcode of two bytes", { { 0x100 | RET_K, 0, 0, 0 } }, 1, 0 },
		{ "ja behind the end", { { BPF_JMP | BPF_JA, 0, 0, 1 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "ja backwards", { { BPF_JMP | BPF_JA, 0, 0, UINT32_MAX }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "jt behind the end", { { BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "jf behind the end", { { BPF_JMP | BPF_JSET | BPF_X, 0, 1, 0 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "scratch word 16", { { BPF_ST, 0, 0, 16 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "unwritten scratch word", { { BPF_LD | BPF_MEM, 0, 0, 0 }, { RET_K, 0, 0, 0 } }, 2, 0 },
		{ "written scratch word",
		  { { BPF_STX, 0, 0, 3 }, { BPF_LDX | BPF_MEM, 0, 0, 3 }, { RET_K, 0, 0, 0 } },
		  3,
		  -1 },
		{ "written on one way only",
		  { { BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0 },
		    { BPF_ST, 0, 0, 3 },
		    { BPF_LD | BPF_MEM, 0, 0, 3 },
		    { RET_K, 0, 0, 0 } },
		  4,
		  2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct seccomp_data data = { 0 };
		uint32_t action = 0x5a5a;
		size_t at = 99;
		const int result = cbpf_validate(rows[i].code, rows[i].count, &at);
		bool held = CHECK_INT(result, rows[i].at < 0 ? 0 : -EINVAL);

		held &= CHECK_INT((long)at, rows[i].at < 0 ? 99 : rows[i].at);
		held &= CHECK_INT(cbpf_run(rows[i].code, rows[i].count, &data, &action, NULL), result);
		if (rows[i].at >= 0)
			held &= CHECK_INT(action, 0x5a5a);
		if (!held)
			fprintf(stderr, "# %s\n", rows[i].what);
	}
}

TEST(longest_program)
{
	struct sock_filter *code = calloc(CBPF_MAX + 1, sizeof(*code));

	for (size_t i = 0; i <= CBPF_MAX; i++)
		code[i].code = RET_K;
	CHECK_INT(cbpf_validate(code, CBPF_MAX, NULL), 0);
	CHECK_INT(cbpf_validate(code, CBPF_MAX + 1, NULL), -EINVAL);
	free(code);
}

TEST(run_counts_steps)
{
	static const struct sock_filter code[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args[1]) },
		{ BPF_JMP | BPF_JGT | BPF_K, 0, 1, 10 },
		{ BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0 }, /* X is 0: ends with 0 */
		{ BPF_ALU | BPF_NEG, 0, 0, 0 },
		{ BPF_RET | BPF_A, 0, 0, 0 },
	};
	struct seccomp_data data = { .args = { 0, 7 } };
	uint32_t action;
	unsigned steps;

	CHECK_INT(cbpf_run(code, ARRAY_SIZE(code), &data, &action, &steps), 0);
	CHECK_INT(action, (uint32_t)-7);
	CHECK_INT(steps, 4);
	data.args[1] = 11;
	CHECK_INT(cbpf_run(code, ARRAY_SIZE(code), &data, &action, &steps), 0);
	CHECK_INT(action, 0);
	CHECK_INT(steps, 3);
}
