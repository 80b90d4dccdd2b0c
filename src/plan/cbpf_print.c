/* cbpf_print.c - programs for people: one instruction a line, with the names of architectures and calls.
 *
 * What a number compared with the accumulator means depends on what was loaded and on the architecture that was found
 * out before; one pass forward knows both, because all jumps go forward. */
#include <errno.h>
#include <stddef.h>

#include "plan/cbpf.h"
#include "policy/resolve.h"

/* What the accumulator was loaded from. */
enum field { FIELD_OTHER, FIELD_ARCH, FIELD_NR };

/* What is certain before an instruction, whichever way led there. */
struct knowledge {
	bool reached;
	enum field held;
	uint32_t audit_arch; /* 0: more than one is possible */
	uint32_t first_nr, last_nr;
};

static void knowledge_join(struct knowledge *to, const struct knowledge *from)
{
	if (!to->reached) {
		*to = *from;
		return;
	}
	if (to->held != from->held)
		to->held = FIELD_OTHER;
	if (to->audit_arch != from->audit_arch)
		to->audit_arch = 0;
	if (from->first_nr < to->first_nr)
		to->first_nr = from->first_nr;
	if (from->last_nr > to->last_nr)
		to->last_nr = from->last_nr;
}

/* Only numbers of @first..@last go this way. */
static void knowledge_clip(struct knowledge *knowledge, uint64_t first, uint64_t last)
{
	if (first > knowledge->first_nr)
		knowledge->first_nr = (uint32_t)first;
	if (last < knowledge->last_nr)
		knowledge->last_nr = (uint32_t)last;
}

/* What is known behind a test that went @yes. */
static struct knowledge knowledge_after_test(const struct knowledge *before, const struct sock_filter *test, bool yes)
{
	struct knowledge after = *before;
	const uint64_t k = test->k;

	if (BPF_SRC(test->code) != BPF_K)
		return after;
	if (before->held == FIELD_ARCH && BPF_OP(test->code) == BPF_JEQ && yes)
		after.audit_arch = test->k;
	if (before->held != FIELD_NR)
		return after;
	if (BPF_OP(test->code) == BPF_JEQ && yes)
		knowledge_clip(&after, k, k);
	else if (BPF_OP(test->code) == BPF_JGE)
		knowledge_clip(&after, yes ? k : 0, yes ? UINT32_MAX : k - 1);
	else if (BPF_OP(test->code) == BPF_JGT)
		knowledge_clip(&after, yes ? k + 1 : 0, yes ? UINT32_MAX : k);
	return after;
}

static enum field field_at(uint32_t offset)
{
	if (offset == offsetof(struct seccomp_data, nr))
		return FIELD_NR;
	return offset == offsetof(struct seccomp_data, arch) ? FIELD_ARCH : FIELD_OTHER;
}

/* Pass on what is known at @at to where it leads. The program is valid. */
static void knowledge_spread(const struct sock_filter *code, size_t at, struct knowledge *all)
{
	const struct sock_filter *i = &code[at];
	struct knowledge after = all[at];

	switch (BPF_CLASS(i->code)) {
	case BPF_RET: return;
	case BPF_JMP:
		if (BPF_OP(i->code) == BPF_JA) {
			knowledge_join(&all[at + 1 + i->k], &after);
			return;
		}
		after = knowledge_after_test(&all[at], i, true);
		knowledge_join(&all[at + 1 + i->jt], &after);
		after = knowledge_after_test(&all[at], i, false);
		knowledge_join(&all[at + 1 + i->jf], &after);
		return;
	case BPF_LD: after.held = BPF_MODE(i->code) == BPF_ABS ? field_at(i->k) : FIELD_OTHER; break;
	case BPF_ALU:
	case BPF_MISC: after.held = FIELD_OTHER; break;
	}
	knowledge_join(&all[at + 1], &after);
}

/* NULL where the architecture is not known, or doesn't know the number. */
static const char *nr_name(uint32_t audit_arch, uint32_t nr)
{
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
		int call;

		if (arch_table[arch].audit_arch != audit_arch || !call_nr_belongs(arch, nr))
			continue;
		call = call_find_nr(arch, nr - arch_table[arch].nr_base);
		if (call >= 0)
			return call_table[call].name;
	}
	return NULL;
}

static const char *arch_name(uint32_t audit_arch)
{
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
		if (arch_table[arch].audit_arch == audit_arch)
			return arch_table[arch].name;
	return NULL;
}

static void print_offset(uint32_t offset, struct str *out)
{
	const uint32_t args = offsetof(struct seccomp_data, args);

	if (offset >= args)
		str_addf(out, "arg%u%s", (offset - args) / 8, (offset - args) % 8 ? ".high" : "");
	else if (field_at(offset) != FIELD_OTHER)
		str_add(out, field_at(offset) == FIELD_NR ? "nr" : "arch");
	else
		str_add(out, offset == offsetof(struct seccomp_data, instruction_pointer) ? "ip" : "ip.high");
}

static const struct {
	uint16_t code;
	const char *name;
	bool constant;
} plain_names[] = {
	{ BPF_RET | BPF_A, "ret  a", false },
	{ BPF_LD | BPF_W | BPF_LEN, "ld   length", false },
	{ BPF_LDX | BPF_W | BPF_LEN, "ldx  length", false },
	{ BPF_LD | BPF_IMM, "ld  ", true },
	{ BPF_LDX | BPF_IMM, "ldx ", true },
	{ BPF_LD | BPF_MEM, "ld   memory", true },
	{ BPF_LDX | BPF_MEM, "ldx  memory", true },
	{ BPF_ST, "st   memory", true },
	{ BPF_STX, "stx  memory", true },
	{ BPF_MISC | BPF_TAX, "tax", false },
	{ BPF_MISC | BPF_TXA, "txa", false },
	{ BPF_ALU | BPF_NEG, "neg", false },
};

static const char *operation_name(uint16_t code)
{
	static const struct {
		uint16_t code;
		const char *name;
	} names[] = {
		{ BPF_ALU | BPF_ADD, "add" },   { BPF_ALU | BPF_SUB, "sub" }, { BPF_ALU | BPF_MUL, "mul" },
		{ BPF_ALU | BPF_DIV, "div" },   { BPF_ALU | BPF_AND, "and" }, { BPF_ALU | BPF_OR, "or" },
		{ BPF_ALU | BPF_XOR, "xor" },   { BPF_ALU | BPF_LSH, "lsh" }, { BPF_ALU | BPF_RSH, "rsh" },
		{ BPF_JMP | BPF_JEQ, "jeq" },   { BPF_JMP | BPF_JGT, "jgt" }, { BPF_JMP | BPF_JGE, "jge" },
		{ BPF_JMP | BPF_JSET, "jset" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].code == (code & ~BPF_X))
			return names[i].name;
	return "?";
}

static bool print_plain(const struct sock_filter *i, struct str *out)
{
	for (size_t n = 0; n < ARRAY_SIZE(plain_names); n++) {
		if (plain_names[n].code != i->code)
			continue;
		str_add(out, plain_names[n].name);
		if (plain_names[n].constant)
			str_addf(out, " 0x%x", i->k);
		return true;
	}
	return false;
}

static void print_return(uint32_t action, struct str *out)
{
	const struct verdict verdict = verdict_from_action(action);

	str_add(out, "ret  ");
	if (verdict_to_action(verdict) == action)
		verdict_print(verdict, out);
	else
		str_addf(out, "0x%x", action);
}

static void print_operand(const struct sock_filter *i, const struct knowledge *known, struct str *out)
{
	const char *name;

	if (BPF_SRC(i->code) == BPF_X) {
		str_add(out, "x");
		return;
	}
	name = known->held == FIELD_ARCH ? arch_name(i->k)
	       : known->held == FIELD_NR ? nr_name(known->audit_arch, i->k)
					 : NULL;
	if (known->held == FIELD_ARCH && name)
		str_add(out, name);
	else if (known->held == FIELD_NR)
		str_addf(out, "%u%s%s", i->k, name ? " " : "", name ? name : "");
	else
		str_addf(out, "0x%x", i->k);
}

static void print_test(const struct cbpf *program, size_t at, const struct knowledge *known, struct str *out)
{
	const struct sock_filter *i = &program->code[at];

	str_addf(out, "%-4s ", operation_name(i->code));
	/* a token is a secret of one start, and different in each */
	if ((long)at == program->token_at[0] || (long)at == program->token_at[1])
		str_addf(out, "token%d", (long)at == program->token_at[1]);
	else
		print_operand(i, known, out);
	if (i->jt)
		str_addf(out, " then L%zu", at + 1 + i->jt);
	if (i->jf)
		str_addf(out, " else L%zu", at + 1 + i->jf);
}

static void print_instruction(const struct cbpf *program, size_t at, const struct knowledge *known, struct str *out)
{
	const struct sock_filter *i = &program->code[at];

	if (print_plain(i, out))
		return;
	switch (BPF_CLASS(i->code)) {
	case BPF_RET: print_return(i->k, out); break;
	case BPF_LD:
		str_add(out, "ld   ");
		print_offset(i->k, out);
		break;
	case BPF_JMP:
		if (BPF_OP(i->code) == BPF_JA)
			str_addf(out, "ja   L%zu", at + 1 + i->k);
		else
			print_test(program, at, known, out);
		break;
	case BPF_ALU:
		str_addf(out, "%-4s ", operation_name(i->code));
		print_operand(i, known, out);
		break;
	}
}

/* Which calls are about to have their arguments looked at. */
static void print_calls(const struct sock_filter *i, const struct knowledge *known, struct str *out)
{
	const char *first, *last;

	if (known->held != FIELD_NR || i->code != (BPF_LD | BPF_W | BPF_ABS) ||
	    i->k < offsetof(struct seccomp_data, args))
		return;
	first = nr_name(known->audit_arch, known->first_nr);
	last = nr_name(known->audit_arch, known->last_nr);
	if (!first || !last)
		return;
	str_addf(out, "  # %s", first);
	if (known->first_nr != known->last_nr)
		str_addf(out, " .. %s", last);
}

/* NULL: the program is not valid, or empty. */
static struct knowledge *find_knowledge(const struct cbpf *program, struct arena *arena, bool **ret_target)
{
	struct knowledge *known;
	bool *target;

	if (cbpf_validate(program->code, program->count, NULL) != 0)
		return NULL;
	known = arena_alloc(arena, program->count * sizeof(*known));
	target = arena_alloc(arena, program->count * sizeof(*target));
	known[0] = (struct knowledge){ .reached = true, .last_nr = UINT32_MAX };
	for (size_t at = 0; at < program->count; at++) {
		const struct sock_filter *i = &program->code[at];

		if (BPF_CLASS(i->code) == BPF_JMP && BPF_OP(i->code) == BPF_JA) {
			target[at + 1 + i->k] = true;
		} else if (BPF_CLASS(i->code) == BPF_JMP) {
			target[at + 1 + i->jt] |= i->jt != 0;
			target[at + 1 + i->jf] |= i->jf != 0;
		}
		if (known[at].reached)
			knowledge_spread(program->code, at, known);
	}
	*ret_target = target;
	return known;
}

void cbpf_print(const struct cbpf *program, struct str *out)
{
	bool *target;
	const struct knowledge *known = find_knowledge(program, out->arena, &target);

	if (!known) {
		str_add(out, "# not a program that the kernel would take\n");
		return;
	}
	str_addf(out, "# %zu instructions\n", program->count);
	for (size_t at = 0; at < program->count; at++) {
		if (target[at])
			str_addf(out, "L%zu:", at);
		str_addc(out, '\t');
		print_instruction(program, at, &known[at], out);
		print_calls(&program->code[at], &known[at], out);
		str_addc(out, '\n');
	}
}

static void json_instruction(const struct cbpf *program, size_t at, const struct knowledge *known, struct json *json)
{
	const struct sock_filter *i = &program->code[at];
	struct str text;

	json_object(json);
	json_kv_int(json, "code", i->code);
	json_kv_int(json, "jt", i->jt);
	json_kv_int(json, "jf", i->jf);
	json_kv_int(json, "k", i->k);
	if (known) {
		str_init(&text, json->out->arena);
		print_instruction(program, at, &known[at], &text);
		print_calls(i, &known[at], &text);
		json_kv_string(json, "text", text.text);
	}
	json_end_object(json);
}

void cbpf_json(const struct cbpf *program, struct json *json)
{
	bool *target;
	const struct knowledge *known = find_knowledge(program, json->out->arena, &target);

	json_object(json);
	json_kv_string(json, "schema", "cordon.cbpf/1");
	json_kv_int(json, "count", (long long)program->count);
	json_key(json, "token_at");
	json_array(json);
	for (int i = 0; i < 2; i++)
		json_int(json, program->token_at[i]);
	json_end_array(json);
	json_key(json, "code");
	json_array(json);
	for (size_t at = 0; at < program->count; at++)
		json_instruction(program, at, known, json);
	json_end_array(json);
	json_end_object(json);
}
