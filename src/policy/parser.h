/* parser.h - what the files of the parser share (parse*.c). Not for other modules: they use parse.h.
 *
 * A function that parses a part returns false after it has reported why; the statement is then given up and parsing goes
 * on at the next line. Nothing is returned through a failed part, but what was parsed so far may be in the output. */
#ifndef CORDON_POLICY_PARSER_H
#define CORDON_POLICY_PARSER_H

#include "base/suggest.h"
#include "policy/keywords.h"
#include "policy/lexer.h"
#include "policy/parse.h"

struct parser {
	struct arena *arena;
	struct diags *diags;
	struct lexer lexer;
	struct token token;  /* the next one */
	struct span last;    /* the one before */
	struct str comments; /* whole-line comments and empty lines since the last statement */
	unsigned depth;      /* of blocks */
	bool reported;       /* something was reported in this line: what follows from it is not */
};

void parser_init(struct parser *p, const struct source *source, struct arena *arena, struct diags *diags);

/* ---- tokens ---- */

void parser_advance(struct parser *p);
static inline bool parser_at(const struct parser *p, enum token_kind kind)
{
	return p->token.kind == kind;
}
/* At the bare word @text (NULL: any). */
bool parser_at_word(const struct parser *p, const char *text);
/* At a word, bare or in quotes. */
bool parser_at_operand(const struct parser *p);
/* At the end of the line: also before a comment. */
bool parser_at_line_end(const struct parser *p);
/* Take the bare word @text if it comes next. */
bool parser_skip_word(struct parser *p, const char *text);
/* Take the next token, which parser_at_operand() said is a word. */
struct word parser_take(struct parser *p);
/* What comes next, for messages. */
const char *parser_show(struct parser *p);
/* Where the next token stands; at a line end, the place behind the last one. */
struct span parser_place(const struct parser *p);

/* ---- errors ---- */

/* Report at parser_place(). Later reports of the same line are dropped. Returns the diagnostic for note and help. */
__attribute__((format(printf, 3, 4))) struct diag *parser_error(struct parser *p, const char *code, const char *format,
								...);
__attribute__((format(printf, 4, 5))) struct diag *parser_error_at(struct parser *p, struct span span, const char *code,
								   const char *format, ...);

/* One word, called @what in the message, with @example as help. */
bool parse_word(struct parser *p, const char *what, const char *example, struct word *ret);
/* The rest of the line, at least one word. */
bool parse_words(struct parser *p, const char *what, const char *example, struct words *ret);
/* KEY=VALUE. @need_value: `KEY` alone is an error. */
bool parse_pair(struct parser *p, const char *what, const char *example, bool need_value, struct ast_pair *ret);
/* @word must be a name (word_is_name). */
bool parse_name_check(struct parser *p, const struct word *word, const char *what, const char *example);
/* One of the bare words of @choices, which NULL ends; *ret_index says which. */
bool parse_choice(struct parser *p, const char *what, const char *const *choices, size_t *ret_index);
/* NAME@VERSION */
bool parse_versioned(struct parser *p, const char *what, const char *example, struct word *ret_name,
		     struct word *ret_version);

/* ---- parts ---- */

bool parse_rule(struct parser *p, bool may_have_verdict, struct ast_rule *rule);
/* The condition behind `if`. NULL after a diagnostic. */
struct ast_cond *parse_cond(struct parser *p);
bool parse_request_part(struct parser *p, struct ast_request *request);
/* Known statements by their first word; false: not one. */
bool statement_known(const char *name);
void statement_suggest(struct suggestion *suggestion);
/* One statement of a profile, its first word comes next. NULL after a diagnostic; then the line must be given up. */
struct ast_statement *parse_statement(struct parser *p, bool in_phase);

/* "{", statements, "}". @what is the block, for messages; @opening its first line. *ret_comment_after: behind "{". */
bool parse_block(struct parser *p, const char *what, struct span opening, bool in_phase, struct ast_block *ret,
		 const char **ret_comment_after);
/* Skip to the end of the line, and over the block that begins there, whose own faults are reported. */
void parser_recover(struct parser *p);
/* The line must end here; a comment is returned (NULL: none). Recovers by itself. */
const char *parse_line_end(struct parser *p);
/* Comment lines and empty lines before the next statement. @first: nothing stands before in this block. */
void parser_gather(struct parser *p, bool first);
/* What was gathered; NULL: nothing. @last: before the end of a block, where an empty line says nothing. */
const char *parser_take_comments(struct parser *p, bool last);

#endif
