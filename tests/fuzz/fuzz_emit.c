/* fuzz_emit.c - any call policy: the program fits or is refused, the kernel would take it, and it says what the policy
 * says. The input makes the policy first, then requests until it is used up. */
#include <stdio.h>
#include <stdlib.h>

#include "prop/program_check.h"

#define REQUESTS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "fuzz_emit: %s\n", what);
	abort();
}

static void check_requests(struct stream *stream, const struct call_policy *policy, const struct cbpf *program)
{
	for (unsigned i = 0; i < REQUESTS_MAX && (i == 0 || stream->at < stream->size); i++) {
		struct call_request request;

		generate_call_request(stream, policy, &request);
		must(program_agrees(policy, program, &request), "program and policy disagree");
	}
}

/* With a token everything but one execveat stays as it is; the token is no number that requests are made of. */
static struct cbpf_options make_options(struct stream *stream)
{
	return (struct cbpf_options){ .with_token = stream_once_in(stream, 2), .token = { 0x5eed5eed, 0xc0ffee11 } };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream stream = { .data = data, .size = size };
	const struct cbpf_options options = make_options(&stream);
	struct arena *arena = arena_new(0);
	struct call_policy policy;
	struct cbpf program;

	must(arena != NULL, "no memory");
	generate_call_policy(&stream, arena, &policy);
	if (cbpf_emit(&policy, &options, arena, &program) == 0) {
		const char *fault = program_fault(&policy, &program);

		must(!fault, fault);
		check_requests(&stream, &policy, &program);
	}
	arena_free(arena);
	return 0;
}
