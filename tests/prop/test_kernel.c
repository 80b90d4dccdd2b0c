/* test_kernel.c - evaluator of the model = interpreter of the planned and emitted programs = the running kernel.
 *
 * Models of one to three layers about calls that do nothing, asked for by a child that carries the programs.
 * Seeded: PROP_SEED, PROP_COUNT. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine.h"
#include "plan/plan.h"
#include "tap.h"

#define MODELS 120
#define QUESTIONS 20
#define LAYERS_MAX 3
#define BYTES 4096

static struct model *generate_model(struct stream *stream, struct arena *arena, const struct layer_shape *shape)
{
	struct model *model = arena_new_of(arena, struct model);
	const uint32_t count = 1 + stream_below(stream, LAYERS_MAX);

	model->arena = arena;
	for (uint32_t i = 0; i < count; i++)
		*arena_push(arena, model) = generate_layer(stream, arena, shape);
	return model;
}

static size_t emit_model(const struct model *model, struct arena *arena, struct cbpf programs[LAYERS_MAX])
{
	const struct kernel_caps caps = { .seccomp = true,
					  .execveat_token = true,
					  .landlock = 7,
					  .uid = getuid(),
					  .arches = (1U << ARCH_COUNT) - 1 };
	const struct host_facts facts = { .assumed = true };
	struct plan *plan;

	REQUIRE(plan_make(model, &caps, &facts, arena, &plan) == 0);
	REQUIRE(plan->layer_count == model->count && plan->uncarried == 0);
	for (size_t i = 0; i < plan->layer_count; i++)
		REQUIRE(cbpf_emit(&plan->layers[i].calls, NULL, arena, &programs[i]) == 0);
	return plan->layer_count;
}

/* Of several programs the least action wins as a signed number, and the later one among equals. */
static uint32_t interpret(const struct cbpf *programs, size_t count, const struct call_request *request)
{
	const struct seccomp_data data = call_request_data(request);
	uint32_t strongest = SECCOMP_RET_ALLOW;

	for (size_t i = count; i-- > 0;) {
		uint32_t action = 0;

		REQUIRE(cbpf_run(programs[i].code, programs[i].count, &data, &action, NULL) == 0);
		if ((int32_t)(action & SECCOMP_RET_ACTION_FULL) < (int32_t)(strongest & SECCOMP_RET_ACTION_FULL))
			strongest = action;
	}
	return strongest;
}

static struct verdict evaluate(const struct model *model, const struct call_request *call)
{
	struct request request = {
		.class = REQUEST_SYSCALL, .arch = call->arch, .nr = call->nr, .phase = PHASE_NONE, .uid = getuid()
	};

	memcpy(request.args, call->args, sizeof(request.args));
	return model_decide(model, &request, NULL, NULL);
}

/* A call that some rule of the model speaks about, or a number that nobody knows. */
static void generate_question(struct stream *stream, const struct model *model, struct call_request *ret)
{
	const struct layer *layer = model->items[stream_below(stream, (uint32_t)model->count)];
	const uint32_t base = arch_table[arch_native()].nr_base;
	const struct cond *cond = NULL;

	*ret = (struct call_request){ .arch = arch_native() };
	if (layer->calls.count > 0 && !stream_once_in(stream, 12)) {
		const size_t last = layer->calls.count - 1;
		const struct call_rule *rule = &layer->calls.items[stream_below(stream, (uint32_t)last + 1)];

		cond = rule->cond[arch_native()];
		ret->nr = base + (uint32_t)call_table[rule->call].nr[arch_native()];
	} else {
		ret->nr = base + 600 + stream_below(stream, 400);
	}
	generate_args(stream, cond, ret->args);
}

static bool is_harmless(uint32_t nr, const uint16_t *calls)
{
	const int call = call_find_nr(arch_native(), nr - arch_table[arch_native()].nr_base);

	for (size_t i = 0; i < harmless_call_count; i++)
		if (call == calls[i])
			return true;
	return call < 0;
}

static void prepare_questions(struct stream *stream, const struct model *model, const uint16_t *calls,
			      struct question questions[QUESTIONS])
{
	for (size_t i = 0; i < QUESTIONS; i++) {
		questions[i] = (struct question){ 0 };
		do
			generate_question(stream, model, &questions[i].request);
		while (!is_harmless(questions[i].request.nr, calls) && stream->at < stream->size);
		if (!is_harmless(questions[i].request.nr, calls))
			questions[i].request.nr = arch_table[arch_native()].nr_base + 999;
		questions[i].deadly = evaluate(model, &questions[i].request).kind == VERDICT_KILL;
	}
}

static bool answer_is(const struct question *question, struct verdict verdict)
{
	if (!question->asked)
		return false;
	switch (verdict.kind) {
	case VERDICT_ALLOW: return !question->killed && question->result >= 0;
	case VERDICT_DENY: return !question->killed && question->result == -(long)verdict.error;
	case VERDICT_KILL: return question->killed;
	case VERDICT_ASK: break;
	}
	return false;
}

static bool check_answers(const struct model *model, const struct cbpf *programs, const struct question *questions)
{
	bool held = true;

	for (size_t i = 0; i < QUESTIONS; i++) {
		const struct verdict verdict = evaluate(model, &questions[i].request);
		const bool same = CHECK(interpret(programs, model->count, &questions[i].request) ==
					verdict_to_action(verdict)) &&
				  CHECK(answer_is(&questions[i], verdict));

		if (!same)
			fprintf(stderr, "# call %u: expected kind %d errno %u, asked %d killed %d result %ld\n",
				questions[i].request.nr, (int)verdict.kind, verdict.error, questions[i].asked,
				questions[i].killed, questions[i].result);
		held &= same;
	}
	return held;
}

static void find_calls(uint16_t *ret)
{
	for (size_t i = 0; i < harmless_call_count; i++) {
		const int call = call_find(harmless_calls[i]);

		REQUIRE(call >= 0);
		ret[i] = (uint16_t)call;
	}
}

TEST(kernel_is_model)
{
	static uint8_t bytes[BYTES];
	static struct question questions[QUESTIONS];
	uint16_t calls[16];
	/* no `if uid`: what opens all other calls lets the program change its user, and the planner refuses them then */
	const struct layer_shape shape = {
		.calls = calls, .count = harmless_call_count, .arches = 1U << arch_native(), .open_others = true
	};
	uint64_t state = random_seed();
	const size_t count = random_count(MODELS);

	NEED("seccomp");
	find_calls(calls);
	for (size_t i = 0; i < count; i++) {
		const uint64_t seed = state;
		struct stream stream = { .data = bytes, .size = sizeof(bytes) };
		struct arena *arena = arena_new(0);
		struct cbpf programs[LAYERS_MAX];
		struct model *model;
		bool held;

		random_fill(&state, bytes, sizeof(bytes));
		model = generate_model(&stream, arena, &shape);
		emit_model(model, arena, programs);
		prepare_questions(&stream, model, calls, questions);
		REQUIRE(confine_ask(programs, model->count, questions, QUESTIONS) == 0);
		held = check_answers(model, programs, questions);
		arena_free(arena);
		if (!held) {
			fprintf(stderr, "# model %zu: run again with PROP_SEED=%llu PROP_COUNT=1\n", i,
				(unsigned long long)seed);
			return;
		}
	}
	fprintf(stderr, "# %zu models, %zu calls\n", count, count * QUESTIONS);
}

/* Many more models and requests, all architectures: evaluator and interpreter alone. */
TEST(interpreter_is_model)
{
	static uint8_t bytes[BYTES];
	uint16_t calls[16];
	const struct layer_shape shape = { .calls = calls,
					   .count = harmless_call_count,
					   .by_uid = true,
					   .uid = getuid(),
					   .arches = (1U << ARCH_COUNT) - 1 };
	uint64_t state = random_seed();
	const size_t count = random_count(2000);

	find_calls(calls);
	for (size_t i = 0; i < count; i++) {
		const uint64_t seed = state;
		struct stream stream = { .data = bytes, .size = sizeof(bytes) };
		struct arena *arena = arena_new(0);
		struct cbpf programs[LAYERS_MAX];
		struct model *model;
		bool held = true;

		random_fill(&state, bytes, sizeof(bytes));
		model = generate_model(&stream, arena, &shape);
		emit_model(model, arena, programs);
		for (size_t r = 0; r < QUESTIONS && held; r++) {
			struct call_request request;

			generate_question(&stream, model, &request);
			request.arch = (enum arch)stream_below(&stream, ARCH_COUNT);
			request.nr = request.nr - arch_table[arch_native()].nr_base + arch_table[request.arch].nr_base;
			held = CHECK(interpret(programs, model->count, &request) ==
				     verdict_to_action(evaluate(model, &request)));
		}
		arena_free(arena);
		if (!held) {
			fprintf(stderr, "# model %zu: run again with PROP_SEED=%llu PROP_COUNT=1\n", i,
				(unsigned long long)seed);
			return;
		}
	}
}

TEST(unknown_numbers)
{
	const struct verdict allow = { .kind = VERDICT_ALLOW };
	struct call_entry entries[1000];
	struct call_policy policy = { .arches = 1U << arch_native(),
				      .unknown = { .kind = VERDICT_DENY, .error = 301 } };
	struct question questions[] = {
		{ .request.nr = 600 },
		{ .request.nr = X32_SYSCALL_BIT | 39 },
		{ .request.nr = 0x7fffffff },
		{ .request.nr = 39 },
	};
	struct arena *arena = arena_new(0);
	struct cbpf program;
	size_t count = 0;

	NEED("seccomp");
	for (uint32_t nr = 0; nr < 500; nr++)
		if (call_find_nr(arch_native(), nr) >= 0)
			entries[count++] = (struct call_entry){ .nr = nr, .otherwise = allow };
	policy.entries[arch_native()] = (struct call_entries){ entries, count, count };
	REQUIRE(cbpf_emit(&policy, NULL, arena, &program) == 0);
	REQUIRE(confine_ask(&program, 1, questions, ARRAY_SIZE(questions)) == 0);
	for (size_t i = 0; i + 1 < ARRAY_SIZE(questions); i++)
		CHECK_INT(questions[i].result, -301);
	CHECK(questions[3].result >= 0);
	arena_free(arena);
}

/* ---- foreign programs ---- */

static struct sock_filter generate_instruction(struct stream *stream, size_t left)
{
	static const uint16_t codes[] = {
		BPF_LD | BPF_W | BPF_ABS,
		BPF_LD | BPF_IMM,
		BPF_LDX | BPF_IMM,
		BPF_LD | BPF_MEM,
		BPF_LDX | BPF_MEM,
		BPF_ST,
		BPF_STX,
		BPF_MISC | BPF_TAX,
		BPF_MISC | BPF_TXA,
		BPF_LD | BPF_W | BPF_LEN,
		BPF_LDX | BPF_W | BPF_LEN,
		BPF_ALU | BPF_ADD,
		BPF_ALU | BPF_SUB,
		BPF_ALU | BPF_MUL,
		BPF_ALU | BPF_DIV,
		BPF_ALU | BPF_AND,
		BPF_ALU | BPF_OR,
		BPF_ALU | BPF_XOR,
		BPF_ALU | BPF_LSH,
		BPF_ALU | BPF_RSH,
		BPF_ALU | BPF_NEG,
		BPF_JMP | BPF_JA,
		BPF_JMP | BPF_JEQ,
		BPF_JMP | BPF_JGT,
		BPF_JMP | BPF_JGE,
		BPF_JMP | BPF_JSET,
	};
	struct sock_filter i = { .code = codes[stream_below(stream, ARRAY_SIZE(codes))] };
	const uint32_t reach = left > 1 ? (uint32_t)left : 1;

	if ((BPF_CLASS(i.code) == BPF_ALU && i.code != (BPF_ALU | BPF_NEG)) ||
	    (BPF_CLASS(i.code) == BPF_JMP && i.code != (BPF_JMP | BPF_JA)))
		i.code |= stream_once_in(stream, 2) ? BPF_X : BPF_K;
	i.jt = (uint8_t)stream_below(stream, reach);
	i.jf = (uint8_t)stream_below(stream, reach);
	switch (i.code) {
	case BPF_LD | BPF_W | BPF_ABS:
		i.k = 16 + 4 * stream_below(stream, 12);
		break; /* arguments: the rest isn't ours */
	case BPF_JMP | BPF_JA: i.k = stream_below(stream, reach); break;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX: i.k = stream_below(stream, 3); break;
	default: i.k = stream_once_in(stream, 3) ? (uint32_t)stream_u64(stream) : stream_below(stream, 33); break;
	}
	if (stream_once_in(stream, 512)) /* anything at all */
		i.code = (uint16_t)stream_u64(stream);
	return i;
}

#define BODY_MAX 24

/* getppid runs a body of random instructions and answers with the low bits of its accumulator; other calls are open. */
static size_t generate_program(struct stream *stream, struct sock_filter ret[BODY_MAX + 6])
{
	const uint32_t nr = (uint32_t)call_table[call_find("getppid")].nr[arch_native()];
	const size_t body = 1 + stream_below(stream, BODY_MAX);
	size_t count = 0;

	ret[count++] = (struct sock_filter){ BPF_LD | BPF_W | BPF_ABS, 0, 0, 0 };
	ret[count++] = (struct sock_filter){ BPF_JMP | BPF_JEQ | BPF_K, 1, 0, nr };
	ret[count++] = (struct sock_filter){ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW };
	for (size_t i = 0; i < body; i++)
		ret[count++] = generate_instruction(stream, body - i);
	ret[count++] = (struct sock_filter){ BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xfff };
	ret[count++] = (struct sock_filter){ BPF_ALU | BPF_OR | BPF_K, 0, 0, SECCOMP_RET_ERRNO };
	ret[count++] = (struct sock_filter){ BPF_RET | BPF_A, 0, 0, 0 };
	return count;
}

/* Whether the kernel takes a program can be asked without carrying it: it looks at the program first, and then finds
 * no descriptor free for the listener. */
static int kernel_takes(struct sock_filter *code, size_t count)
{
	struct sock_fprog prog = { .len = (unsigned short)count, .filter = code };

	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
	return -errno;
}

TEST(checks_are_the_kernels)
{
	struct rlimit before, none;
	static struct sock_filter code[BODY_MAX + 6];
	static uint8_t bytes[1024];
	uint64_t state = random_seed();
	size_t taken = 0, count = random_count(20000);

	NEED("seccomp");
	REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
	none = (struct rlimit){ 0, before.rlim_max };
	REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	for (size_t i = 0; i < count; i++) {
		struct stream stream = { .data = bytes, .size = sizeof(bytes) };
		size_t size;
		int valid;

		random_fill(&state, bytes, sizeof(bytes));
		size = generate_program(&stream, code);
		valid = cbpf_validate(code, size, NULL);
		taken += valid == 0;
		if (!CHECK_INT(kernel_takes(code, size), valid == 0 ? -EMFILE : -EINVAL)) {
			fprintf(stderr, "# program %zu of seed %llu\n", i, (unsigned long long)random_seed());
			return;
		}
	}
	REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
	fprintf(stderr, "# %zu of %zu taken\n", taken, count);
	CHECK(taken > count / 20 && taken < count - count / 20);
}

TEST(interpreter_is_kernel_on_foreign_programs)
{
	static struct sock_filter code[BODY_MAX + 6];
	static uint8_t bytes[2048];
	uint64_t state = random_seed();
	size_t tried = 0, count = random_count(150);

	NEED("seccomp");
	while (tried < count) {
		struct stream stream = { .data = bytes, .size = sizeof(bytes) };
		struct question questions[4] = { { .asked = false } };
		struct cbpf program = { .code = code };

		random_fill(&state, bytes, sizeof(bytes));
		program.count = generate_program(&stream, code);
		if (cbpf_validate(code, program.count, NULL) != 0)
			continue;
		tried++;
		for (size_t q = 0; q < ARRAY_SIZE(questions); q++) {
			uint32_t action;
			struct seccomp_data data;

			questions[q].request = (struct call_request){
				.arch = arch_native(),
				.nr = (uint32_t)call_table[call_find("getppid")].nr[arch_native()]
			};
			generate_args(&stream, NULL, questions[q].request.args);
			data = call_request_data(&questions[q].request);
			REQUIRE(cbpf_run(code, program.count, &data, &action, NULL) == 0);
			questions[q].deadly = (action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO;
		}
		REQUIRE(confine_ask(&program, 1, questions, ARRAY_SIZE(questions)) == 0);
		for (size_t q = 0; q < ARRAY_SIZE(questions); q++) {
			const struct seccomp_data data = call_request_data(&questions[q].request);
			uint32_t action;

			REQUIRE(cbpf_run(code, program.count, &data, &action, NULL) == 0);
			CHECK(questions[q].asked);
			CHECK_INT(questions[q].killed, questions[q].deadly);
			if (!questions[q].deadly)
				CHECK_INT(questions[q].result, -(long)(action & SECCOMP_RET_DATA));
		}
	}
}
