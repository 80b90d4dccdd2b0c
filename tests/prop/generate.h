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

/* Which layers to make. */
struct layer_shape {
	const uint16_t *calls; /* rows of call_table that the rules speak about */
	size_t count;
	uint32_t arches;
	int phases;  /* rules may stand in this many */
	bool ask;    /* `ask` rules too */
	bool by_uid; /* rules may have `if uid` @uid or another */
	uint32_t uid;
	bool open_others; /* one more rule allows all other calls */
};
/* A layer of call rules, and defaults. */
struct layer *generate_layer(struct stream *stream, struct arena *arena, const struct layer_shape *shape);
/* One more rule of @kind for some of the calls. */
void generate_layer_rule(struct stream *stream, struct arena *arena, struct layer *layer,
			 const struct layer_shape *shape, enum verdict_kind kind);

/* Typed rules and requests over a small world of paths, addresses and commands. */
void generate_typed_rule(struct stream *stream, struct arena *arena, struct layer *layer, enum verdict_kind kind);
void generate_typed_request(struct stream *stream, struct arena *arena, struct request *ret);

#endif
