/* pattern.h - path patterns: what they match, and how two of them relate. Pure text, no file system.
 *
 * A pattern is absolute, without empty, "." or ".." components. Within a component `*` stands for any run of bytes
 * but "/", `?` for one byte but "/". A last component `**` makes it a subtree: "/a/" + "**" matches /a and everything below.
 * `**` elsewhere matches any number of components (also none). */
#ifndef CORDON_POLICY_PATTERN_H
#define CORDON_POLICY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct pattern {
	const char *text; /* canonical, as shown to people */
	const char *
		root; /* longest prefix of whole components without wildcards: "/a" of a subtree below /a; "/" at least */
	bool subtree;      /* ends in a "**" component */
	bool literal_root; /* no wildcard besides the final "**": text is root, or root + "/ **" */
};

/* Make a pattern of canonical form from an absolute @text ("//", "." and trailing "/" folded). Returns 0, or -EINVAL with
 * *ret_why set to a short reason ("not absolute", "holds ..", ...). */
int pattern_parse(struct arena *arena, const char *text, struct pattern *ret, const char **ret_why);
/* Does @path (absolute, canonical) match? */
bool pattern_match(const struct pattern *pattern, const char *path);
/* Is there a path that both match? Exact. */
bool pattern_overlap(const struct pattern *a, const struct pattern *b);
/* Does @outer match every path that @inner matches? Exact, except that a search which takes too long (dozens of `*` and `?`
 * in one component) is given up with false. */
bool pattern_covers(const struct pattern *outer, const struct pattern *inner);

#endif
