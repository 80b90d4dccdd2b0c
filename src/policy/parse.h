/* parse.h - text -> AST, and AST -> canonical text. Pure; docs/policy.md has the grammar. */
#ifndef CORDON_POLICY_PARSE_H
#define CORDON_POLICY_PARSE_H

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/str.h"
#include "policy/ast.h"

/* Limits on hostile input; exceeding one is a diagnostic. */
#define POLICY_SIZE_MAX ((size_t)4 << 20)
#define POLICY_WORD_MAX 4096  /* bytes, unescaped; also of a comment */
#define POLICY_LINE_MAX 65536 /* bytes, up to the line end as it stands in the file */
#define POLICY_NESTING_MAX 16 /* parentheses and `not` in a condition */
#define POLICY_TESTS_MAX 256  /* comparisons in one condition */

/* Parse a whole file. Returns 0 and *ret, or -EINVAL with the reasons in @diags (as many as could be found). */
must_check int parse_file(const struct source *source, struct arena *arena, struct diags *diags, struct ast_file **ret);

/* Parse one or more statements as they stand inside a profile (`-a 'RULE'`, tests, embedded grant tables). */
must_check int parse_statements(const struct source *source, struct arena *arena, struct diags *diags,
				struct ast_block *ret);

/* Parse one literal request: `file read "/etc/passwd"`, `syscall socket(AF_VSOCK, SOCK_STREAM, 0)`. */
must_check int parse_request(const struct source *source, struct arena *arena, struct diags *diags,
			     struct ast_request *ret);

/* Parse one condition as it stands after `if` (the pins of the platform tables). */
must_check int parse_condition(const struct source *source, struct arena *arena, struct diags *diags,
			       struct ast_cond **ret);

/* Canonical text: two blanks of indent, one statement a line, words quoted only where needed, comments kept. */
void print_file(const struct ast_file *file, struct str *out);
void print_statement(const struct ast_statement *statement, unsigned indent, struct str *out);
/* One rule without newline, as used in messages. */
void print_rule(const struct ast_rule *rule, struct str *out);
void print_condition(const struct ast_cond *cond, struct str *out);
/* A request as it stands in a `test` line. */
void print_request(const struct ast_request *request, struct str *out);
/* As it can be written: bare, or in quotes with escapes. */
void print_word(const struct word *word, struct str *out);

/* The AST as JSON (schema cordon.ast/1). */
void ast_json(const struct ast_file *file, struct json *json);

const char *verdict_name(enum verdict_kind kind);         /* "allow" ... */
const char *request_class_name(enum request_class class); /* "file" ... */

#endif
