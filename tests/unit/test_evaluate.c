/* test_evaluate.c - the meaning of conditions, call rules, phases and stacks. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/model.h"
#include "tap.h"

#define ALLOW                         \
	{                             \
		.kind = VERDICT_ALLOW \
	}
#define ASK                         \
	{                           \
		.kind = VERDICT_ASK \
	}
#define DENY                         \
	{                            \
		.kind = VERDICT_DENY \
	}
#define DENY_WITH(number)                               \
	{                                               \
		.kind = VERDICT_DENY, .error = (number) \
	}
#define KILL                         \
	{                            \
		.kind = VERDICT_KILL \
	}

/* ---- conditions against C's own types ---- */

static bool naive_compare(enum compare compare, bool less, bool equal)
{
	switch (compare) {
	case COMPARE_EQ: return equal;
	case COMPARE_NE: return !equal;
	case COMPARE_LT: return less;
	case COMPARE_LE: return less || equal;
	case COMPARE_GT: return !less && !equal;
	case COMPARE_GE: return !less;
	case COMPARE_WITHIN: break;
	}
	return false;
}

/* What C does with a parameter of @type, and a constant of the same type. */
#define NAIVE(type)                                                                            \
	do {                                                                                   \
		const type left = (type)((type)argument & (type)mask), right = (type)constant; \
                                                                                               \
		if (compare == COMPARE_WITHIN)                                                 \
			return (type)(left & (type)~right) == 0;                               \
		return naive_compare(compare, left < right, left == right);                    \
	} while (0)

static bool naive(unsigned type, enum compare compare, uint64_t argument, uint64_t mask, uint64_t constant)
{
	switch (type) {
	case 0: NAIVE(uint8_t);
	case 1: NAIVE(int8_t);
	case 2: NAIVE(uint16_t);
	case 3: NAIVE(int16_t);
	case 4: NAIVE(uint32_t);
	case 5: NAIVE(int32_t);
	case 6: NAIVE(uint64_t);
	default: NAIVE(int64_t);
	}
}

static uint64_t extend(unsigned type, uint64_t value)
{
	switch (type) {
	case 0: return (uint8_t)value;
	case 1: return (uint64_t)(int8_t)value;
	case 2: return (uint16_t)value;
	case 3: return (uint64_t)(int16_t)value;
	case 4: return (uint32_t)value;
	case 5: return (uint64_t)(int32_t)value;
	default: return value;
	}
}

static const uint64_t values[] = {
	0,
	1,
	2,
	0x7e,
	0x7f,
	0x80,
	0x81,
	0xff,
	0x100,
	0x7fff,
	0x8000,
	0xffff,
	0x10000,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0x100000001,
	0x180000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffff00000000,
	0xffffffff7fffffff,
	0xffffffff80000000,
	0xffffffffffffff7f,
	0xffffffffffffff80,
	0xffffffffffff8000,
	0xfffffffffffffffe,
	0xffffffffffffffff,
};
static const uint64_t masks[] = { UINT64_MAX, 0, 1, 0x80, 0xff, 0x8000, 0x80000000, 0xf0f0f0f0f0f0f0f0 };

static void check_atom(unsigned type, enum compare compare, uint64_t mask, uint64_t constant)
{
	const struct cond atom = {
		.kind = COND_ATOM,
		.arg = 3,
		.bits = (uint8_t)(8U << type / 2),
		.is_signed = type % 2,
		.has_mask = mask != UINT64_MAX,
		.mask = extend(type, mask),
		.compare = compare,
		.value = extend(type, constant),
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const uint64_t args[6] = { 5, 5, 5, values[i], 5, 5 };
		const bool expected = naive(type, compare, values[i], mask, constant);

		if (cond_holds(&atom, args) != expected) {
			fprintf(stderr, "# type %u compare %d: 0x%llx & 0x%llx with 0x%llx\n", type, (int)compare,
				(unsigned long long)values[i], (unsigned long long)mask, (unsigned long long)constant);
			CHECK(cond_holds(&atom, args) == expected);
		}
	}
}

TEST(widths_and_signs)
{
	for (unsigned type = 0; type < 8; type++)
		for (enum compare compare = COMPARE_EQ; compare <= COMPARE_WITHIN; compare++)
			for (size_t m = 0; m < ARRAY_SIZE(masks); m++)
				for (size_t c = 0; c < ARRAY_SIZE(values); c++)
					check_atom(type, compare, masks[m], values[c]);
}

TEST(boolean_structure)
{
	const struct cond one = { .kind = COND_ATOM, .arg = 0, .bits = 32, .compare = COMPARE_EQ, .value = 1 };
	const struct cond two = { .kind = COND_ATOM, .arg = 1, .bits = 32, .compare = COMPARE_EQ, .value = 2 };
	const struct cond both = { .kind = COND_AND, .left = &one, .right = &two };
	const struct cond either = { .kind = COND_OR, .left = &one, .right = &two };
	const struct cond not_both = { .kind = COND_NOT, .left = &both };

	for (unsigned i = 0; i < 4; i++) {
		const uint64_t args[6] = { i & 1 ? 1 : 9, i & 2 ? 2 : 9 };

		CHECK_INT(cond_holds(&both, args), i == 3);
		CHECK_INT(cond_holds(&either, args), i != 0);
		CHECK_INT(cond_holds(&not_both, args), i != 3);
	}
}

TEST(strength)
{
	const struct verdict order[] = { ALLOW, ASK, DENY, DENY_WITH(13), DENY_WITH(1), KILL };

	for (size_t a = 0; a < ARRAY_SIZE(order); a++)
		for (size_t b = 0; b < ARRAY_SIZE(order); b++)
			CHECK_INT(verdict_stronger(order[a], order[b]), a > b);
}

/* ---- call rules ---- */

static uint16_t row(const char *name)
{
	const int call = call_find(name);

	REQUIRE(call >= 0);
	return (uint16_t)call;
}

static uint32_t number(const char *name, enum arch arch)
{
	const int nr = call_table[row(name)].nr[arch];

	REQUIRE(nr >= 0);
	return arch_table[arch].nr_base + (uint32_t)nr;
}

static bool same(struct verdict a, struct verdict b)
{
	return CHECK_INT(a.kind, b.kind) && CHECK_INT(a.error, b.error);
}

#define SAME(actual, ...) same((actual), (struct verdict)__VA_ARGS__)

static const uint64_t no_args[6];

/* A layer for x86-64 (and what else @arches says) of at most 8 rules, each with one call rule on @call. */
struct fixture {
	struct layer layer;
	struct rule rules[8];
	struct call_rule calls[8];
};

static void fixture_init(struct fixture *fixture)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->layer.arches = 1U << ARCH_X86_64;
	fixture->layer.rules.items = fixture->rules;
	fixture->layer.calls.items = fixture->calls;
}

static struct rule *add_rule(struct fixture *fixture, const char *call, struct verdict verdict, const struct cond *cond)
{
	const size_t i = fixture->layer.rules.count++;

	fixture->layer.calls.count++;
	fixture->rules[i] = (struct rule){ .verdict = verdict, .class = REQUEST_SYSCALL, .phase = PHASE_NONE };
	fixture->calls[i] = (struct call_rule){ .verdict = verdict, .call = row(call), .rule = (uint32_t)i };
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
		fixture->calls[i].cond[arch] = cond;
	return &fixture->rules[i];
}

TEST(call_unknown)
{
	struct fixture f;
	long rule = 7;

	fixture_init(&f);
	add_rule(&f, "getpid", (struct verdict)ALLOW, NULL);
	SAME(layer_decide_call(&f.layer, ARCH_X86_64, 39, no_args, &rule), ALLOW);
	CHECK_INT(rule, 0);
	/* other architectures, numbers without a call, x32 numbers without x32 in the layer */
	SAME(layer_decide_call(&f.layer, ARCH_I386, number("getpid", ARCH_I386), no_args, &rule), DENY_WITH(ENOSYS));
	CHECK_INT(rule, -1);
	SAME(layer_decide_call(&f.layer, ARCH_X86_64, 5000, no_args, NULL), DENY_WITH(ENOSYS));
	SAME(layer_decide_call(&f.layer, ARCH_X86_64, UINT32_MAX, no_args, NULL), DENY_WITH(ENOSYS));
	SAME(layer_decide_call(&f.layer, ARCH_X86_64, X32_SYSCALL_BIT | 39, no_args, NULL), DENY_WITH(ENOSYS));
	SAME(layer_decide_call(&f.layer, ARCH_X32, X32_SYSCALL_BIT | 39, no_args, NULL), DENY_WITH(ENOSYS));
	f.layer.arches |= 1U << ARCH_X32;
	SAME(layer_decide_call(&f.layer, ARCH_X32, X32_SYSCALL_BIT | 39, no_args, NULL), ALLOW);
	SAME(layer_decide_call(&f.layer, ARCH_X32, 39, no_args, NULL), DENY_WITH(ENOSYS));
	SAME(layer_decide_call(&f.layer, ARCH_COUNT, 39, no_args, NULL), DENY_WITH(ENOSYS));
	/* numbers that x86-64 alone has are x86-64's on x32, too */
	SAME(layer_decide_call(&f.layer, ARCH_X32, X32_SYSCALL_BIT | 16, no_args, NULL), DENY_WITH(EPERM));
	f.layer.arches &= ~(1U << ARCH_X86_64);
	SAME(layer_decide_call(&f.layer, ARCH_X32, X32_SYSCALL_BIT | 16, no_args, NULL), DENY_WITH(ENOSYS));
}

TEST(call_strongest_wins)
{
	const struct cond one = { .kind = COND_ATOM, .arg = 0, .bits = 32, .compare = COMPARE_EQ, .value = 1 };
	const uint64_t arg_one[6] = { 1 };
	struct fixture f;
	long rule;

	fixture_init(&f);
	add_rule(&f, "getpid", (struct verdict)DENY, &one);
	add_rule(&f, "getpid", (struct verdict)ALLOW, NULL);
	add_rule(&f, "getpid", (struct verdict)DENY_WITH(EROFS), &one);
	add_rule(&f, "getpid", (struct verdict)DENY_WITH(EACCES), &one);
	add_rule(&f, "getpid", (struct verdict)DENY_WITH(EACCES), &one);
	add_rule(&f, "getppid", (struct verdict)KILL, NULL);
	SAME(layer_decide_call(&f.layer, ARCH_X86_64, 39, no_args, &rule), ALLOW);
	CHECK_INT(rule, 1);
	SAME(layer_decide_call(&f.layer, ARCH_X86_64, 39, arg_one, &rule), DENY_WITH(EACCES));
	CHECK_INT(rule, 3);
	SAME(layer_decide_call(&f.layer, ARCH_X86_64, 110, arg_one, &rule), KILL);
	CHECK_INT(rule, 5);
}

TEST(call_denied_without_errno)
{
	struct fixture f;

	fixture_init(&f);
	add_rule(&f, "getpid", (struct verdict)DENY, NULL);
	SAME(layer_decide_call(&f.layer, ARCH_X86_64, 39, no_args, NULL), DENY_WITH(EPERM));
}

TEST(call_defaults)
{
	static const char *const names[] = { "getpid", "execve", "socket", "clone3", "openat" };
	struct fixture f;
	long rule;

	fixture_init(&f);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const uint16_t call = row(names[i]);
		const uint16_t error = (uint16_t)call_table[call].deny_errno;
		struct fallback *fallback = &f.layer.defaults[call_request_class(call)];

		SAME(layer_decide_call(&f.layer, ARCH_X86_64, number(names[i], ARCH_X86_64), no_args, &rule),
		     DENY_WITH(error ? error : EPERM));
		CHECK_INT(rule, -1);
		*fallback = (struct fallback){ .written = true, .verdict = DENY_WITH(EROFS) };
		SAME(layer_decide_call(&f.layer, ARCH_X86_64, number(names[i], ARCH_X86_64), no_args, NULL),
		     DENY_WITH(EROFS));
		*fallback = (struct fallback){ .written = true, .verdict = DENY };
		SAME(layer_decide_call(&f.layer, ARCH_X86_64, number(names[i], ARCH_X86_64), no_args, NULL),
		     DENY_WITH(EPERM));
		*fallback = (struct fallback){ .written = true, .verdict = KILL };
		SAME(layer_decide_call(&f.layer, ARCH_X86_64, number(names[i], ARCH_X86_64), no_args, NULL), KILL);
		*fallback = (struct fallback){ .written = false };
	}
}

static struct request call_request(uint32_t nr, int phase, uint32_t uid)
{
	return (struct request){ .class = REQUEST_SYSCALL, .arch = ARCH_X86_64, .nr = nr, .phase = phase, .uid = uid };
}

/* Grants end with their phase, restrictions begin with it. */
TEST(phases)
{
	static const struct verdict verdicts[] = { ALLOW, ASK, DENY_WITH(EROFS), KILL };
	struct fixture f;

	for (size_t v = 0; v < ARRAY_SIZE(verdicts); v++) {
		fixture_init(&f);
		add_rule(&f, "getpid", verdicts[v], NULL)->phase = 1;
		for (int phase = PHASE_NONE; phase < 3; phase++) {
			const struct request request = call_request(39, phase, 0);
			const bool holds = verdicts[v].kind == VERDICT_ALLOW ? phase <= 1 : phase >= 1;
			const struct verdict verdict = layer_decide(&f.layer, &request, NULL);

			if (holds)
				same(verdict, verdicts[v]);
			else
				SAME(verdict, DENY_WITH(EPERM));
		}
		/* without a phase: the first */
		CHECK_INT(layer_decide_call(&f.layer, ARCH_X86_64, 39, no_args, NULL).kind,
			  v == 0 ? VERDICT_ALLOW : VERDICT_DENY);
	}
}

TEST(uid_condition)
{
	struct request root = call_request(39, PHASE_NONE, 0), other = call_request(39, PHASE_NONE, 1000);
	struct fixture f;
	struct rule *rule;

	fixture_init(&f);
	rule = add_rule(&f, "getpid", (struct verdict)ALLOW, NULL);
	rule->has_uid = true;
	SAME(layer_decide(&f.layer, &root, NULL), ALLOW);
	SAME(layer_decide(&f.layer, &other, NULL), DENY_WITH(EPERM));
	rule->uid_not = true;
	SAME(layer_decide(&f.layer, &root, NULL), DENY_WITH(EPERM));
	SAME(layer_decide(&f.layer, &other, NULL), ALLOW);
	/* nobody says who asks: no grant, but every restriction */
	SAME(layer_decide_call(&f.layer, ARCH_X86_64, 39, no_args, NULL), DENY_WITH(EPERM));
	f.calls[0].verdict = rule->verdict = (struct verdict)KILL;
	SAME(layer_decide_call(&f.layer, ARCH_X86_64, 39, no_args, NULL), KILL);
}

TEST(stack_of_layers)
{
	struct rule allow = { .verdict = ALLOW, .class = REQUEST_PTRACE, .phase = PHASE_NONE };
	struct rule first = { .verdict = DENY_WITH(1), .class = REQUEST_PTRACE, .phase = PHASE_NONE };
	struct rule second = { .verdict = DENY_WITH(2), .class = REQUEST_PTRACE, .phase = PHASE_NONE };
	struct layer layers[] = { { .rules = { &allow, 1, 0 } },
				  { .rules = { &first, 1, 0 } },
				  { .rules = { &second, 1, 0 } },
				  { .rules = { &allow, 1, 0 } } };
	struct layer *items[] = { &layers[0], &layers[1], &layers[2], &layers[3] };
	struct model model = { .items = items, .count = 4 };
	const struct request request = { .class = REQUEST_PTRACE };
	size_t layer = 99;
	long rule = 99;

	SAME(model_decide(&model, &request, &layer, &rule), DENY_WITH(2));
	CHECK_INT(layer, 2);
	CHECK_INT(rule, 0);
	model.count = 1;
	SAME(model_decide(&model, &request, &layer, NULL), ALLOW);
	CHECK_INT(layer, 0);
}
