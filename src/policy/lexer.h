/* lexer.h - policy text -> tokens, one at a time. Line ends are tokens; what is wrong with the text itself (bytes that
 * are no text, open strings, stray backslashes) becomes diagnostics here, and the tokens go on as well as they can. */
#ifndef CORDON_POLICY_LEXER_H
#define CORDON_POLICY_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "policy/ast.h"

enum token_kind {
	TOKEN_WORD,
	TOKEN_STRING, /* a word in quotes */
	TOKEN_OPEN_BRACE,
	TOKEN_CLOSE_BRACE,
	TOKEN_OPEN_PAREN,
	TOKEN_CLOSE_PAREN,
	TOKEN_COMMA,
	TOKEN_COMMENT,
	TOKEN_LINE_END,
	TOKEN_FILE_END
};

struct token {
	enum token_kind kind;
	const char *text; /* WORD, STRING: unescaped; COMMENT: from "#", without blanks at its end */
	struct span span;
	bool glued; /* a STRING that directly follows a WORD, as in NAME="a b" */
};

struct lexer {
	const struct source *source;
	struct arena *arena;
	struct diags *diags;
	size_t at;
	size_t word_end; /* offset behind the last WORD or STRING */
	bool after_word; /* the last token was a WORD */
};

/* Size, encoding, control characters, line ends: each kind of fault is reported once, at its first place. Returns 0 when
 * the text can be read as a policy (perhaps with faults), -EINVAL when it is too large or no text at all. */
must_check int source_check(const struct source *source, struct diags *diags);

void lexer_init(struct lexer *lexer, const struct source *source, struct arena *arena, struct diags *diags);
/* At the end of the text: TOKEN_FILE_END, again and again. It ends a line too. */
struct token lexer_next(struct lexer *lexer);

#endif
