/* ast_equal.h - do two ASTs say the same? Places, the quotes around words (but where they mean something: the event of a
 * trigger) and a written `allow` do not count; operations and origin marks are sets. */
#ifndef CORDON_TESTS_PROP_AST_EQUAL_H
#define CORDON_TESTS_PROP_AST_EQUAL_H

#include "policy/ast.h"

/* NULL when they are equal, else what differs first ("because", "comment before a statement" ...). */
const char *ast_file_difference(const struct ast_file *a, const struct ast_file *b);
const char *ast_block_difference(const struct ast_block *a, const struct ast_block *b);
const char *ast_cond_difference(const struct ast_cond *a, const struct ast_cond *b);
const char *ast_request_difference(const struct ast_request *a, const struct ast_request *b);

#endif
