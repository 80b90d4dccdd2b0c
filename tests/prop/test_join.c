/* test_join.c - several call policies joined say on every call what the strongest of them says, and what is handed over
 * is just what is denied; both also as compiled programs. Seeded: PROP_SEED, PROP_COUNT. */
#include <stdio.h>

#include "program_check.h"
#include "tap.h"

#define STACKS 20000
#define REQUESTS 30
#define LAYERS 3
#define BYTES 16000

/* As the kernel finds it with one filter each: of equal kinds the later one's. */
static struct verdict strongest(const struct call_policy policies[LAYERS], const struct call_request *request)
{
	struct verdict found = call_policy_decide(&policies[0], request->arch, request->nr, request->args);

	for (size_t i = 1; i < LAYERS; i++) {
		const struct verdict next = call_policy_decide(&policies[i], request->arch, request->nr, request->args);

		if (next.kind >= found.kind)
			found = next;
	}
	return found;
}

static struct verdict handed(struct verdict verdict, enum hand_over what)
{
	const bool is_handed = (verdict.kind == VERDICT_DENY && what != HAND_OVER_ASKED) ||
			       (verdict.kind == VERDICT_KILL && what == HAND_OVER_ALL);

	return is_handed ? (struct verdict){ .kind = VERDICT_ASK } : verdict;
}

static bool same(struct verdict a, struct verdict b)
{
	return CHECK_INT(a.kind, b.kind) && CHECK_INT(a.error, b.error);
}

static bool check_request(const struct call_policy policies[LAYERS], const struct call_policy *joint,
			  const struct call_policy *out, enum hand_over what, const struct cbpf *program,
			  const struct call_request *request)
{
	const struct verdict wanted = strongest(policies, request);
	const struct verdict found = call_policy_decide(joint, request->arch, request->nr, request->args);

	/* an architecture that one lacks is closed, in whichever way */
	if (!(joint->arches & 1U << request->arch))
		return CHECK(found.kind >= VERDICT_DENY || joint->unknown.kind < VERDICT_DENY);
	return same(found, wanted) &&
	       same(call_policy_decide(out, request->arch, request->nr, request->args), handed(found, what)) &&
	       CHECK(program_agrees(out, program, request));
}

static bool check_stack(struct stream *stream, struct arena *arena)
{
	const enum hand_over what = (enum hand_over)stream_below(stream, 3);
	struct call_policy policies[LAYERS], joint, out;
	const struct call_policy *list[LAYERS];
	struct cbpf program;
	bool held = true;

	for (size_t i = 0; i < LAYERS; i++) {
		generate_call_policy(stream, arena, &policies[i]);
		list[i] = &policies[i];
	}
	call_policy_join(list, LAYERS, arena, &joint);
	call_policy_hand_over(&joint, what, arena, &out);
	if (cbpf_emit(&out, NULL, arena, &program) < 0)
		return true; /* longer than the kernel takes: refused */
	held &= CHECK_STR(program_fault(&out, &program), NULL);
	for (unsigned i = 0; i < REQUESTS && held; i++) {
		struct call_request request;

		generate_call_request(stream, &policies[i % LAYERS], &request);
		held = check_request(policies, &joint, &out, what, &program, &request);
	}
	return held;
}

TEST(joined_is_strongest)
{
	static uint8_t bytes[BYTES];
	uint64_t state = random_seed();
	const size_t count = random_count(STACKS);

	for (size_t i = 0; i < count; i++) {
		const uint64_t seed = state;
		struct stream stream = { .data = bytes, .size = sizeof(bytes) };
		struct arena *arena = arena_new(0);
		bool held;

		random_fill(&state, bytes, sizeof(bytes));
		held = check_stack(&stream, arena);
		arena_free(arena);
		if (!held) {
			fprintf(stderr, "# stack %zu: run again with PROP_SEED=%llu PROP_COUNT=1\n", i,
				(unsigned long long)seed);
			return;
		}
	}
}
