/* keywords.h - the words that the grammar itself knows, and the shape of a rule and a request of each class. */
#ifndef CORDON_POLICY_KEYWORDS_H
#define CORDON_POLICY_KEYWORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "policy/ast.h"

/* What follows the class: [OPERATION,...] [PROTOCOL] [OBJECT...]. */
struct class_shape {
	const char *name;
	bool operations;
	const char *protocol;        /* what stands in its place ("a protocol"); NULL: nothing */
	const char *object;          /* what the objects are ("an address"); NULL: the class has none */
	bool paths;                  /* objects are path patterns */
	bool always_objects;         /* a restriction names them too */
	const char *operation_names; /* for help texts */
	const char *example;         /* a grant */
	const char *request;         /* a literal request */
};
extern const struct class_shape class_shapes[REQUEST_CLASS_COUNT];

/* false: no such class, verdict. */
bool class_find(const char *text, enum request_class *ret);
bool verdict_find(const char *text, enum verdict_kind *ret);
/* The text of a comparison: "==" ... "within"; and back. `in` is COMPARE_EQ and has no text of its own. */
const char *compare_name(enum compare compare);
bool compare_find(const char *text, enum compare *ret);

/* A bare word that can't be an operand of a rule, because a clause begins there: `except`, `@learned` ... */
bool word_starts_clause(const char *text);
bool word_is_origin(const char *text);
/* Words of conditions: and or not in within, comparisons, `&`, `|`. */
bool word_is_operator(const char *text);
/* Begins as a path pattern does: "/", "./", "$"... */
bool word_looks_like_path(const char *text);
/* Length of the `${NAME}` at @text, or 0. Braces elsewhere end a bare word. */
size_t variable_length(const char *text, size_t size);
/* Can @text be written without quotes? */
bool word_is_bare(const char *text);
/* A name of a profile, phase or template: letters, digits, "._+-", and "/" between non-empty parts that are not dots. */
bool word_is_name(const char *text);

/* Where an operation or an origin mark stands among its kind; unknown ones come last. */
unsigned operation_rank(enum request_class class, const char *text);
unsigned origin_rank(const char *text);

/* @word as it is written, shortened to what a message can hold. */
const char *word_show(struct arena *arena, const struct word *word);

#endif
