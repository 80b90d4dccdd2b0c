/* gen_policy.h - any AST that can be written, made of bytes (generate.h): for the printer and the parser. Its words are
 * of every kind, also such as need quotes or look like keywords; what they mean is nobody's business here. */
#ifndef CORDON_TESTS_PROP_GEN_POLICY_H
#define CORDON_TESTS_PROP_GEN_POLICY_H

#include "generate.h"
#include "policy/ast.h"

/* The same bytes give the same AST. Exhausted streams end it soon. */
struct ast_file *gen_policy_file(struct stream *stream, struct arena *arena);
struct ast_cond *gen_policy_cond(struct stream *stream, struct arena *arena);

#endif
