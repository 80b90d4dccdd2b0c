/* world.h - what the fuzz targets share: how they fail, and a small fixed world to resolve policies in. */
#ifndef CORDON_TESTS_FUZZ_WORLD_H
#define CORDON_TESTS_FUZZ_WORLD_H

#include <stdint.h>

#include "policy/parse.h"
#include "policy/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, which is what a fuzzer takes for a finding. */
void must(bool held, const char *what);
/* What people are shown: UTF-8 without hidden characters. */
void must_be_shown(const struct str *text);
/* Refused means that there is a reason, and that it can be shown. */
void must_be_explained(const struct diags *diags, struct arena *arena);

#define WORLD_PROFILES 4 /* of a file, as layers; more would only be slow */

extern const struct surroundings world_surroundings;

/* The profiles of a policy's text as a stack. -EINVAL with diagnostics. */
must_check int world_model(const struct source *source, struct arena *arena, struct diags *diags, struct model **ret);

#endif
