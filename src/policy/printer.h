/* printer.h - how the printer writes: pieces that are joined by blanks into a line, which is broken before a piece when it
 * would become too long. Not for other modules: they use parse.h. */
#ifndef CORDON_POLICY_PRINTER_H
#define CORDON_POLICY_PRINTER_H

#include "base/str.h"
#include "policy/ast.h"

#define PRINT_INDENT 2

struct line {
	struct str *out;
	struct str scratch; /* the piece that is being made */
	size_t column;
	size_t indent;
	bool breaks; /* may be broken */
	bool empty;  /* no piece yet */
	bool glue;   /* the next piece stands without a blank */
};

/* A line of a file, at @indent steps. */
void line_begin(struct line *line, struct str *out, unsigned indent);
/* Text within a message: never broken. */
void line_begin_message(struct line *line, struct str *out);

/* Bare where that is possible and @quoted does not ask for quotes. */
void add_text(struct str *out, const char *text, bool quoted);

/* An empty piece, to be written and then ended. */
struct str *piece_begin(struct line *line);
/* Add it to the line. @glued: without a blank before it. */
void piece_end(struct line *line, bool glued);
void piece(struct line *line, const char *text);
/* "(" or "{", and their ends: glued to what they enclose. */
void piece_open(struct line *line, const char *text);
void piece_close(struct line *line, const char *text);
void piece_word(struct line *line, const struct word *word, bool quoted);
void piece_words(struct line *line, const struct words *words);
/* [SIGIL]KEY=VALUE; without a value KEY alone. */
void piece_pair(struct line *line, const char *sigil, const struct ast_pair *pair);
/* NAME WORD, when there is a word. */
void piece_clause(struct line *line, const char *name, const struct word *word, bool quoted);

#endif
