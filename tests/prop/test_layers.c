/* test_layers.c - what holds for all layers: restrictions never widen, stacking never widens, order never matters.
 * Seeded: PROP_SEED, PROP_COUNT. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "generate.h"
#include "tap.h"

#define LAYERS 4000
#define REQUESTS 24
#define BYTES 4096

static const char *const call_names[] = { "getpid", "socket", "openat", "execve", "ioctl", "clone" };

static void find_calls(uint16_t *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(call_names); i++) {
		const int call = call_find(call_names[i]);

		REQUIRE(call >= 0);
		ret[i] = (uint16_t)call;
	}
}

static void call_request(struct stream *stream, const struct layer *layer, struct request *ret)
{
	struct request request = { .class = REQUEST_SYSCALL,
				   .arch = (enum arch)stream_below(stream, ARCH_COUNT),
				   .phase = (int)stream_below(stream, 4) - 1,
				   .uid = stream_below(stream, 2) };
	const struct call_rule *rule = NULL;

	if (layer->calls.count > 0)
		rule = &layer->calls.items[stream_below(stream, (uint32_t)layer->calls.count)];
	request.nr = arch_table[request.arch].nr_base;
	if (rule && call_table[rule->call].nr[request.arch] != CALL_NR_NONE)
		request.nr += (uint32_t)call_table[rule->call].nr[request.arch];
	generate_args(stream, rule ? rule->cond[request.arch] : NULL, request.args);
	*ret = request;
}

static void some_request(struct stream *stream, struct arena *arena, const struct layer *layer, struct request *ret)
{
	if (stream_once_in(stream, 2))
		call_request(stream, layer, ret);
	else
		generate_typed_request(stream, arena, ret);
}

/* Call rules and typed rules. */
static struct layer *mixed_layer(struct stream *stream, struct arena *arena, const struct layer_shape *shape)
{
	struct layer *layer = generate_layer(stream, arena, shape);
	const uint32_t count = stream_below(stream, 10);

	for (uint32_t i = 0; i < count; i++)
		generate_typed_rule(stream, arena, layer, (enum verdict_kind)stream_below(stream, VERDICT_KILL + 1));
	return layer;
}

struct before {
	struct request request;
	struct verdict verdict;
	long rule;
};

/* @kind was added. What was not allowed stays so; what was denied or killed becomes neither allowed nor, by a deny or a
 * kill, asked; and where a rule spoke, nothing it said is weakened. */
static bool check_narrower(const struct layer *layer, const struct before *before, enum verdict_kind kind)
{
	const struct verdict now = layer_decide(layer, &before->request, NULL);
	bool held = true;

	if (before->verdict.kind != VERDICT_ALLOW)
		held &= CHECK(now.kind != VERDICT_ALLOW);
	if (before->verdict.kind > VERDICT_ASK && kind > VERDICT_ASK)
		held &= CHECK(now.kind > VERDICT_ASK);
	if (before->rule >= 0)
		held &= CHECK(now.kind >= before->verdict.kind);
	return held;
}

static bool check_restriction(struct stream *stream, struct arena *arena, const struct layer_shape *shape)
{
	static struct before before[REQUESTS];
	const enum verdict_kind kind = (enum verdict_kind)(VERDICT_ASK + stream_below(stream, 3));
	struct layer *layer = mixed_layer(stream, arena, shape);
	bool held = true;

	for (size_t i = 0; i < REQUESTS; i++) {
		some_request(stream, arena, layer, &before[i].request);
		before[i].verdict = layer_decide(layer, &before[i].request, &before[i].rule);
	}
	if (stream_once_in(stream, 2))
		generate_layer_rule(stream, arena, layer, shape, kind);
	else
		generate_typed_rule(stream, arena, layer, kind);
	for (size_t i = 0; i < REQUESTS; i++)
		held &= check_narrower(layer, &before[i], kind);
	return held;
}

/* A second layer on top: at least as strong as each of both. */
static bool check_stack(struct stream *stream, struct arena *arena, const struct layer_shape *shape)
{
	struct layer *layers[] = { mixed_layer(stream, arena, shape), mixed_layer(stream, arena, shape) };
	struct model model = { .items = layers, .count = 2 };
	bool held = true;

	for (size_t i = 0; i < REQUESTS; i++) {
		struct request request;
		struct verdict both, one, two;

		some_request(stream, arena, layers[i % 2], &request);
		both = model_decide(&model, &request, NULL, NULL);
		one = layer_decide(layers[0], &request, NULL);
		two = layer_decide(layers[1], &request, NULL);
		held &= CHECK_INT(both.kind, one.kind > two.kind ? one.kind : two.kind);
	}
	return held;
}

static void reverse_rules(struct arena *arena, const struct layer *layer, struct layer *ret)
{
	const size_t count = layer->rules.count;

	*ret = *layer;
	ret->rules.items = arena_alloc(arena, (count + 1) * sizeof(ret->rules.items[0]));
	ret->calls.items = arena_alloc(arena, (layer->calls.count + 1) * sizeof(ret->calls.items[0]));
	for (size_t i = 0; i < count; i++)
		ret->rules.items[i] = layer->rules.items[count - 1 - i];
	for (size_t i = 0; i < layer->calls.count; i++) {
		ret->calls.items[i] = layer->calls.items[i];
		ret->calls.items[i].rule = (uint32_t)(count - 1 - layer->calls.items[i].rule);
	}
}

static bool check_order(struct stream *stream, struct arena *arena, const struct layer_shape *shape)
{
	const struct layer *layer = mixed_layer(stream, arena, shape);
	struct layer reversed;
	bool held = true;

	reverse_rules(arena, layer, &reversed);
	for (size_t i = 0; i < REQUESTS; i++) {
		struct request request;
		struct verdict one, two;

		some_request(stream, arena, layer, &request);
		one = layer_decide(layer, &request, NULL);
		two = layer_decide(&reversed, &request, NULL);
		held &= CHECK_INT(one.kind, two.kind) && CHECK_INT(one.error, two.error);
	}
	return held;
}

typedef bool layer_check(struct stream *stream, struct arena *arena, const struct layer_shape *shape);

static void check_many(layer_check *check)
{
	static uint8_t bytes[BYTES];
	uint16_t calls[ARRAY_SIZE(call_names)];
	const struct layer_shape shape = { .calls = calls,
					   .count = ARRAY_SIZE(call_names),
					   .phases = 3,
					   .ask = true,
					   .by_uid = true,
					   .arches = 1U << ARCH_X86_64 | 1U << ARCH_X32 | 1U << ARCH_I386 };
	uint64_t state = random_seed();
	const size_t count = random_count(LAYERS);

	find_calls(calls);
	for (size_t i = 0; i < count; i++) {
		const uint64_t seed = state;
		struct stream stream = { .data = bytes, .size = sizeof(bytes) };
		struct arena *arena = arena_new(0);
		bool held;

		random_fill(&state, bytes, sizeof(bytes));
		held = check(&stream, arena, &shape);
		arena_free(arena);
		if (!held) {
			fprintf(stderr, "# layer %zu: run again with PROP_SEED=%llu PROP_COUNT=1\n", i,
				(unsigned long long)seed);
			return;
		}
	}
}

TEST(restriction_never_widens)
{
	check_many(check_restriction);
}

TEST(stacking_never_widens)
{
	check_many(check_stack);
}

TEST(order_never_matters)
{
	check_many(check_order);
}
