/* generate.c - policies and requests made of bytes. */
#include "generate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

uint8_t stream_byte(struct stream *stream)
{
	return stream->at < stream->size ? stream->data[stream->at++] : 0;
}

uint64_t stream_u64(struct stream *stream)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < 8; i++)
		value |= (uint64_t)stream_byte(stream) << 8 * i;
	return value;
}

uint32_t stream_below(struct stream *stream, uint32_t bound)
{
	uint32_t value = stream_byte(stream);

	if (bound > 256)
		value |= (uint32_t)stream_byte(stream) << 8;
	return value % bound;
}

bool stream_once_in(struct stream *stream, uint32_t n)
{
	return stream_below(stream, n) == n - 1;
}

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void random_fill(uint64_t *state, uint8_t *ret, size_t size)
{
	for (size_t i = 0; i < size; i++)
		ret[i] = (uint8_t)(random_next(state) >> 24);
}

static uint64_t environment_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

uint64_t random_seed(void)
{
	return environment_number("PROP_SEED", 20240917);
}

size_t random_count(size_t count)
{
	return (size_t)environment_number("PROP_COUNT", count);
}

static const uint64_t landmarks[] = {
	0,
	1,
	2,
	3,
	4,
	7,
	8,
	0x7f,
	0x80,
	0xff,
	0x100,
	0x7fff,
	0x8000,
	0xffff,
	0x10000,
	0x7fffffff,
	0x80000000,
	0x80000001,
	0xfffffffe,
	0xffffffff,
	0x100000000,
	0x100000001,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffff00000000,
	0xffffffff7fffffff,
	0xffffffff80000000,
	0xfffffffffffffffe,
	0xffffffffffffffff,
};

static uint64_t generate_value(struct stream *stream)
{
	switch (stream_below(stream, 4)) {
	case 0: return stream_below(stream, 8);
	case 1: return landmarks[stream_below(stream, ARRAY_SIZE(landmarks))];
	case 2: return (uint64_t)1 << stream_below(stream, 64);
	default: return stream_u64(stream);
	}
}

/* As the model promises: truncated to the width, then extended by its sign. */
static uint64_t extend(uint64_t value, unsigned bits, bool is_signed)
{
	const uint64_t width = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;

	value &= width;
	return is_signed && value >> (bits - 1) & 1 ? value | ~width : value;
}

static struct cond *generate_atom(struct stream *stream, struct arena *arena)
{
	static const uint8_t widths[] = { 32, 64, 32, 64, 16, 8 };
	struct cond *cond = arena_alloc(arena, sizeof(*cond));

	cond->kind = COND_ATOM;
	/* few different arguments: tests on the same one are where sharing can go wrong */
	cond->arg = (uint8_t)(stream_once_in(stream, 4) ? stream_below(stream, 6) : stream_below(stream, 2));
	cond->bits = widths[stream_below(stream, ARRAY_SIZE(widths))];
	cond->is_signed = stream_once_in(stream, 2);
	cond->compare = (enum compare)stream_below(stream, COMPARE_WITHIN + 1);
	cond->has_mask = stream_once_in(stream, 4);
	if (cond->has_mask)
		cond->mask = extend(generate_value(stream), cond->bits, cond->is_signed);
	cond->value = extend(generate_value(stream), cond->bits, cond->is_signed);
	if (cond->has_mask && stream_once_in(stream, 2))
		cond->value &= cond->mask;
	return cond;
}

struct cond *generate_cond(struct stream *stream, struct arena *arena, unsigned depth)
{
	struct cond *cond;
	const uint32_t choice = depth == 0 ? 0 : stream_below(stream, 8);

	if (choice < 3)
		return generate_atom(stream, arena);
	cond = arena_alloc(arena, sizeof(*cond));
	cond->kind = choice < 5 ? COND_AND : choice < 7 ? COND_OR : COND_NOT;
	cond->left = generate_cond(stream, arena, depth - 1);
	if (cond->kind != COND_NOT)
		cond->right = generate_cond(stream, arena, depth - 1);
	return cond;
}

struct verdict generate_verdict(struct stream *stream)
{
	static const uint16_t errors[] = { 0, 0, EPERM, EACCES, ENOSYS, EROFS, 200, 300, 4095 };
	struct verdict verdict = { .kind = (enum verdict_kind)stream_below(stream, VERDICT_KILL + 1) };

	if (verdict.kind == VERDICT_DENY)
		verdict.error = errors[stream_below(stream, ARRAY_SIZE(errors))];
	return verdict;
}

static void generate_cases(struct stream *stream, struct arena *arena, struct call_entry *entry)
{
	entry->case_count = 1 + stream_below(stream, 3);
	entry->cases = arena_alloc(arena, entry->case_count * sizeof(entry->cases[0]));
	for (size_t i = 0; i < entry->case_count; i++) {
		const bool last = i + 1 == entry->case_count;

		if (!last || !stream_once_in(stream, 4))
			entry->cases[i].cond = generate_cond(stream, arena, stream_below(stream, 4));
		entry->cases[i].verdict = generate_verdict(stream);
	}
}

/* One call's entry: often like its neighbour's, sometimes with conditions. */
static void generate_entry(struct stream *stream, struct arena *arena, struct call_entries *entries, uint32_t nr)
{
	struct call_entry entry = { .nr = nr, .call = (uint16_t)stream_below(stream, (uint32_t)call_count) };
	const uint32_t choice = stream_below(stream, 8);

	if (choice < 4 && entries->count > 0) {
		entry = entries->items[entries->count - 1];
		entry.nr = nr;
	} else {
		entry.otherwise = generate_verdict(stream);
		if (choice == 7)
			generate_cases(stream, arena, &entry);
	}
	*arena_push(arena, entries) = entry;
}

static void generate_entries(struct stream *stream, struct arena *arena, enum arch arch, struct call_entries *ret)
{
	const uint32_t base = arch_table[arch].nr_base;
	uint32_t nr = stream_below(stream, 4), count = stream_below(stream, 96);

	while (count-- > 0) {
		generate_entry(stream, arena, ret, base + nr);
		nr += stream_once_in(stream, 8) ? 2 + stream_below(stream, 40) : 1;
	}
}

void generate_call_policy(struct stream *stream, struct arena *arena, struct call_policy *ret)
{
	struct call_policy policy = { .arches = stream_below(stream, 1 << ARCH_COUNT) };

	policy.unknown = stream_once_in(stream, 4) ? generate_verdict(stream)
						   : (struct verdict){ .kind = VERDICT_DENY, .error = ENOSYS };
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
		if (policy.arches & 1U << arch)
			generate_entries(stream, arena, arch, &policy.entries[arch]);
	*ret = policy;
}

/* An atom of @cond, found by walking down at random. */
static const struct cond *some_atom(struct stream *stream, const struct cond *cond)
{
	while (cond && cond->kind != COND_ATOM)
		cond = cond->kind != COND_NOT && stream_once_in(stream, 2) ? cond->right : cond->left;
	return cond;
}

void generate_args(struct stream *stream, const struct cond *cond, uint64_t ret_args[6])
{
	for (unsigned i = 0; i < 6; i++)
		ret_args[i] = stream_once_in(stream, 2) ? generate_value(stream) : 0;
	for (unsigned i = 0; i < 3; i++) {
		const struct cond *atom = some_atom(stream, cond);

		if (!atom)
			return;
		ret_args[atom->arg] = atom->value + stream_below(stream, 3) - 1;
		if (stream_once_in(stream, 3))
			ret_args[atom->arg] ^= (uint64_t)1 << stream_below(stream, 64);
		if (atom->bits < 64 && stream_once_in(stream, 2))
			ret_args[atom->arg] ^= stream_u64(stream) << atom->bits;
	}
}

void generate_call_request(struct stream *stream, const struct call_policy *policy, struct call_request *ret)
{
	const enum arch arch = (enum arch)stream_below(stream, ARCH_COUNT);
	const struct call_entries *entries = &policy->entries[arch];
	const struct cond *cond = NULL;
	struct call_request request = { .arch = arch, .nr = arch_table[arch].nr_base };

	if (entries->count > 0 && !stream_once_in(stream, 8)) {
		const struct call_entry *entry = &entries->items[stream_below(stream, (uint32_t)entries->count)];

		request.nr = entry->nr;
		if (entry->case_count > 0)
			cond = entry->cases[stream_below(stream, (uint32_t)entry->case_count)].cond;
	} else {
		request.nr += stream_below(stream, 1024);
		if (stream_once_in(stream, 4))
			request.nr = (uint32_t)generate_value(stream);
	}
	generate_args(stream, cond, request.args);
	*ret = request;
}

struct seccomp_data call_request_data(const struct call_request *request)
{
	struct seccomp_data data = {
		.nr = (int)request->nr,
		.arch = arch_table[request->arch].audit_arch,
		.instruction_pointer = 0x5555deadbeef,
	};

	memcpy(data.args, request->args, sizeof(data.args));
	return data;
}
