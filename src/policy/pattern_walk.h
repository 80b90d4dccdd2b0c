/* pattern_walk.h - what pattern.c and pattern_relate.c share: going through a path component by component. */
#ifndef CORDON_POLICY_PATTERN_WALK_H
#define CORDON_POLICY_PATTERN_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/pattern.h"

/* PATH_MAX and NAME_MAX of Linux: nothing longer exists. */
#define PATTERN_TEXT_MAX 4095
#define PATTERN_COMPONENT_MAX 255
#define PATTERN_COMPONENTS_MAX (PATTERN_TEXT_MAX / 2 + 1)

struct component {
	const char *text; /* not terminated */
	size_t size;
};

/* The component at *@at, which moves behind it. False at the end. */
bool component_next(const char **at, struct component *ret);
/* Is it "**"? */
bool component_any_depth(const struct component *component);

#endif
