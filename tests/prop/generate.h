/* generate.h - policies and requests made of bytes: one generator for the seeded loops here and for the fuzzers.
 *
 * Every choice eats bytes of a stream; a stream that has come to its end gives zeros, so any input makes something
 * valid. A seeded loop fills a stream from a small random number generator. */
#ifndef CORDON_TESTS_PROP_GENERATE_H
#define CORDON_TESTS_PROP_GENERATE_H

#include <linux/seccomp.h>

#include "plan/calls.h"
#include "policy/model.h"

struct stream {
	const uint8_t *data;
	size_t size;
	size_t at;
};

uint8_t stream_byte(struct stream *stream);
uint64_t stream_u64(struct stream *stream);
/* 0 .. @bound - 1; @bound > 0 */
uint32_t stream_below(struct stream *stream, uint32_t bound);
/* True one time in @n. */
bool stream_once_in(struct stream *stream, uint32_t n);

/* splitmix64: the state is the seed. */
uint64_t random_next(uint64_t *state);
void random_fill(uint64_t *state, uint8_t *ret, size_t size);
/* Environment PROP_SEED, or a fixed one. */
uint64_t random_seed(void);
/* Environment PROP_COUNT overrides @count. */
size_t random_count(size_t count);

/* A condition tree with atoms of every comparison, width and sign. */
struct cond *generate_cond(struct stream *stream, struct arena *arena, unsigned depth);
struct verdict generate_verdict(struct stream *stream);
void generate_call_policy(struct stream *stream, struct arena *arena, struct call_policy *ret);

/* Arguments near the constants of @cond (which may be NULL), with noise above their widths. */
void generate_args(struct stream *stream, const struct cond *cond, uint64_t ret_args[6]);

/* A call as a policy sees it, and as the kernel shows it to a filter. */
struct call_request {
	enum arch arch;
	uint32_t nr;
	uint64_t args[6];
};
void generate_call_request(struct stream *stream, const struct call_policy *policy, struct call_request *ret);
struct seccomp_data call_request_data(const struct call_request *request);

/* A layer of call rules, with phases. @calls (rows of call_table): the rules speak about these. */
struct layer *generate_layer(struct stream *stream, struct arena *arena, const uint16_t *calls, size_t call_count_);
/* One more rule for some of @calls, whose verdict is @kind. */
void generate_layer_rule(struct stream *stream, struct arena *arena, struct layer *layer, enum verdict_kind kind,
			 uint16_t call);

#endif
