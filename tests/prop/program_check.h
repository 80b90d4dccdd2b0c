/* program_check.h - what test_emit.c and fuzz_emit.c ask of every emitted program. */
#ifndef CORDON_TESTS_PROP_PROGRAM_CHECK_H
#define CORDON_TESTS_PROP_PROGRAM_CHECK_H

#include "generate.h"
#include "plan/cbpf.h"

/* NULL: the kernel would take @program, all of it can be reached, and calls that are always allowed stay cacheable. */
const char *program_fault(const struct call_policy *policy, const struct cbpf *program);
/* Does @program answer @request as call_policy_decide() does? */
bool program_agrees(const struct call_policy *policy, const struct cbpf *program, const struct call_request *request);

#endif
