/* test_seccomp.c - the filters of a start, run by the interpreter: gates, start tokens, and who hears of listen(). */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#include "enforce/confinement.h"
#include "tap.h"

#define LAYERS 3

struct stack {
	struct arena *arena;
	struct diags diags;
	struct plan plan;
	struct layer_plan layers[LAYERS];
	struct attendant supervisor;
	struct call_policy joint;
	struct launch launch;
	struct confinement confinement;
};

static void add_call(struct stack *stack, size_t layer, uint32_t nr, enum verdict_kind kind)
{
	*arena_push(stack->arena, &stack->layers[layer].calls.entries[arch_native()]) = (struct call_entry){
		.nr = nr,
		.call = (uint16_t)call_find_nr(arch_native(), nr),
		.otherwise = { .kind = kind, .error = kind == VERDICT_DENY ? EPERM : 0 },
	};
}

/* Each layer knows four calls; @listen says what it does with listen(). */
static void make_with(struct stack *stack, const enum verdict_kind listen[LAYERS], bool supervised,
		      enum hand_over hand_over)
{
	uint32_t numbers[] = { SYS_read, SYS_listen, SYS_seccomp, SYS_execveat };

	memset(stack, 0, sizeof(*stack));
	stack->arena = arena_new(0);
	REQUIRE(stack->arena != NULL);
	diags_init(&stack->diags, stack->arena);
	stack->plan = (struct plan){ .arena = stack->arena, .layers = stack->layers, .layer_count = LAYERS };
	for (size_t i = 0; i + 1 < ARRAY_SIZE(numbers); i++)
		for (size_t k = i + 1; k < ARRAY_SIZE(numbers); k++)
			if (numbers[k] < numbers[i]) {
				uint32_t swap = numbers[i];

				numbers[i] = numbers[k];
				numbers[k] = swap;
			}
	for (size_t layer = 0; layer < LAYERS; layer++) {
		stack->layers[layer].calls.arches = 1U << arch_native();
		stack->layers[layer].calls.unknown = (struct verdict){ .kind = VERDICT_DENY, .error = ENOSYS };
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
			add_call(stack, layer, numbers[i],
				 numbers[i] == SYS_listen ? listen[layer]
				 : numbers[i] == SYS_read ? VERDICT_ALLOW
							  : VERDICT_DENY);
		stack->layers[layer].listens = listen[layer] == VERDICT_ASK;
		memset(stack->layers[layer].listen_ports, (int)(0xf0 >> layer),
		       sizeof(stack->layers[layer].listen_ports));
	}
	if (supervised) {
		const struct call_policy *policies[LAYERS];

		for (size_t layer = 0; layer < LAYERS; layer++)
			policies[layer] = &stack->layers[layer].calls;
		call_policy_join(policies, LAYERS, stack->arena, &stack->joint);
		stack->launch = (struct launch){ .supervisor = &stack->supervisor,
						 .calls = &stack->joint,
						 .hand_over = hand_over };
	}
	stack->confinement = (struct confinement){
		.launch = &stack->launch,
		.plan = &stack->plan,
		.arena = stack->arena,
		.token = { 0x11223344, 0x55667788 },
	};
	REQUIRE(filters_make(&stack->confinement, &stack->diags) == 0);
	filters_set_token(&stack->confinement);
}

static void make(struct stack *stack, const enum verdict_kind listen[LAYERS])
{
	make_with(stack, listen, false, HAND_OVER_ASKED);
}

static uint32_t run(const struct stack *stack, size_t layer, int nr, uint64_t first, uint64_t second, uint64_t fifth)
{
	const struct filter *filter = &stack->confinement.filters[layer];
	const struct seccomp_data data = {
		.nr = nr,
		.arch = arch_table[arch_native()].audit_arch,
		.args = { first, second, 0, 0, fifth, 0 },
	};
	uint32_t action = 0;

	CHECK_INT(cbpf_run(filter->program.code, filter->program.count, &data, &action, NULL), 0);
	return action;
}

static const enum verdict_kind two_ask[LAYERS] = { VERDICT_ASK, VERDICT_ALLOW, VERDICT_ASK };

TEST(gate_lets_only_the_token_pass)
{
	const uint64_t good[2] = { 0x1122334400000001, 0x5566778800000000 };
	const uint32_t denied = SECCOMP_RET_ERRNO | EPERM;
	struct stack stack;

	make(&stack, two_ask);
	for (size_t layer = 0; layer < LAYERS; layer++) {
		bool last = layer == LAYERS - 1;

		CHECK_INT(run(&stack, layer, SYS_seccomp, good[0], good[1], 0), last ? denied : SECCOMP_RET_ALLOW);
		CHECK_INT(run(&stack, layer, SYS_seccomp, 1, 0, 0), denied);
		CHECK_INT(run(&stack, layer, SYS_seccomp, good[0], 0, 0), denied);
		CHECK_INT(run(&stack, layer, SYS_seccomp, 1, good[1], 0), denied);
		CHECK_INT(run(&stack, layer, SYS_seccomp, good[1], good[0], 0), denied);
		CHECK_INT(run(&stack, layer, SYS_read, good[0], good[1], 0), SECCOMP_RET_ALLOW);
		CHECK_INT(run(&stack, layer, 4000, good[0], good[1], 0), SECCOMP_RET_ERRNO | ENOSYS);
		CHECK_INT(stack.confinement.filters[layer].gated, !last);
	}
	arena_free(stack.arena);
}

TEST(gate_is_for_the_native_architecture)
{
	struct seccomp_data data = { .nr = SYS_seccomp,
				     .arch = 0x40000003,
				     .args = { 0x1122334400000001, 0x5566778800000000 } };
	struct stack stack;
	uint32_t action;

	make(&stack, two_ask);
	CHECK_INT(cbpf_run(stack.confinement.filters[0].program.code, stack.confinement.filters[0].program.count, &data,
			   &action, NULL),
		  0);
	CHECK_INT(action, SECCOMP_RET_ERRNO | ENOSYS);
	arena_free(stack.arena);
}

TEST(start_passes_every_layer)
{
	struct stack stack;

	make(&stack, two_ask);
	for (size_t layer = 0; layer < LAYERS; layer++) {
		CHECK_INT(run(&stack, layer, SYS_execveat, 0x1122334400000003, 0, 0x5566778800001000),
			  SECCOMP_RET_ALLOW);
		CHECK_INT(run(&stack, layer, SYS_execveat, 3, 0, 0x1000), SECCOMP_RET_ERRNO | EPERM);
	}
	arena_free(stack.arena);
}

/* One listener for a task is all that the kernel has, and it hears nothing of what other filters deny. */
TEST(one_filter_for_all_layers)
{
	struct stack stack;

	make_with(&stack, two_ask, true, HAND_OVER_ASKED);
	CHECK_INT(stack.confinement.filter_count, 1);
	CHECK(stack.confinement.filters[0].listener && !stack.confinement.filters[0].gated);
	CHECK_INT(run(&stack, 0, SYS_listen, 3, 5, 0), SECCOMP_RET_USER_NOTIF);
	CHECK_INT(run(&stack, 0, SYS_read, 3, 5, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(run(&stack, 0, SYS_seccomp, 3, 5, 0), SECCOMP_RET_ERRNO | EPERM);
	CHECK_INT(run(&stack, 0, 4000, 3, 5, 0), SECCOMP_RET_ERRNO | ENOSYS);
	arena_free(stack.arena);
}

TEST(common_ports_are_those_of_the_layers_that_look)
{
	struct stack stack;
	const uint8_t *ports;

	make(&stack, two_ask);
	ports = plan_listen_ports(&stack.plan, stack.arena);
	REQUIRE(ports != NULL);
	CHECK_INT(ports[0], 0xf0 & 0xf0 >> 2);
	arena_free(stack.arena);
}

TEST(denials_are_handed_over)
{
	struct stack stack;

	make_with(&stack, two_ask, true, HAND_OVER_DENIALS);
	CHECK_INT(run(&stack, 0, SYS_read, 3, 5, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(run(&stack, 0, SYS_seccomp, 3, 5, 0), SECCOMP_RET_USER_NOTIF);
	CHECK_INT(run(&stack, 0, 4000, 3, 5, 0), SECCOMP_RET_USER_NOTIF);
	/* the start still passes */
	CHECK_INT(run(&stack, 0, SYS_execveat, 0x1122334400000003, 0, 0x5566778800001000), SECCOMP_RET_ALLOW);
	CHECK_INT(run(&stack, 0, SYS_execveat, 3, 0, 0x1000), SECCOMP_RET_USER_NOTIF);
	arena_free(stack.arena);
}

/* The plan itself is not changed by that. */
TEST(plan_is_left_alone)
{
	struct stack stack;

	make(&stack, two_ask);
	CHECK_INT(call_policy_decide(&stack.layers[2].calls, arch_native(), SYS_listen, (uint64_t[6]){ 3, 5 }).kind,
		  VERDICT_ASK);
	arena_free(stack.arena);
}

TEST(nobody_listens)
{
	static const enum verdict_kind none[LAYERS] = { VERDICT_ALLOW, VERDICT_DENY, VERDICT_ALLOW };
	struct stack stack;

	make(&stack, none);
	CHECK(plan_listen_ports(&stack.plan, stack.arena) == NULL && !plan_asks(&stack.plan));
	for (size_t layer = 0; layer < LAYERS; layer++)
		CHECK(!stack.confinement.filters[layer].listener);
	arena_free(stack.arena);
}
