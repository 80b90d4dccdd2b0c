/* parse.c - files, profiles and blocks: the lines and what stands around them; see parse.h. */
#include "policy/parse.h"

#include <errno.h>
#include <string.h>

#include "base/suggest.h"
#include "policy/parser.h"

#define BLOCK_NESTING_MAX 8

/* ---- comments ---- */

void parser_gather(struct parser *p, bool first)
{
	struct str *comments = &p->comments;

	for (;; parser_advance(p)) {
		if (parser_at(p, TOKEN_COMMENT)) {
			str_addf(comments, "%s\n", p->token.text);
			parser_advance(p);
			if (parser_at(p, TOKEN_FILE_END))
				return;
		} else if (parser_at(p, TOKEN_LINE_END)) {
			bool at_start = first && !comments->size;
			bool doubled = comments->size && comments->text[comments->size - 1] == '\n' &&
				       (comments->size == 1 || comments->text[comments->size - 2] == '\n');

			if (!at_start && !doubled)
				str_addc(comments, '\n');
		} else {
			return;
		}
	}
}

const char *parser_take_comments(struct parser *p, bool last)
{
	struct str *comments = &p->comments;
	size_t size = comments->size;
	const char *text;

	if (last && size && (size == 1 || comments->text[size - 2] == '\n'))
		size--;
	text = size ? arena_strndup(p->arena, comments->text, size) : NULL;
	comments->size = 0;
	return text;
}

/* ---- line ends and blocks ---- */

static void brace_shares_line(struct parser *p, const char *brace)
{
	struct diag *diag = parser_error(p, "C0110", "`%s` shares its line", brace);

	diag_note(p->diags, diag, "one statement a line: so that policies compare and merge line by line");
	diag_help(p->diags, diag, *brace == '{' ? "begin a new line behind `{`" : "put `}` on a line of its own");
}

const char *parse_line_end(struct parser *p)
{
	const char *comment = NULL;

	if (parser_at(p, TOKEN_COMMENT)) {
		comment = p->token.text;
		parser_advance(p);
	}
	if (parser_at(p, TOKEN_CLOSE_BRACE)) {
		brace_shares_line(p, "}");
		return comment;
	}
	if (!parser_at_line_end(p)) {
		struct diag *diag = parser_error(p, "C0125", "unexpected %s", parser_show(p));

		diag_note(p->diags, diag, "the statement was complete before");
		diag_help(p->diags, diag, "begin a new line, or remove it");
		parser_recover(p);
	} else if (parser_at(p, TOKEN_LINE_END)) {
		parser_advance(p);
	}
	return comment;
}

void parser_recover(struct parser *p)
{
	struct span last = p->last;
	struct ast_block scratch = { 0 };
	unsigned depth = 0;
	bool block = false;
	const char *comment;

	/* a `}` that closes nothing here ends the block that we are in */
	while (!parser_at_line_end(p) && (depth || !parser_at(p, TOKEN_CLOSE_BRACE))) {
		depth += parser_at(p, TOKEN_OPEN_BRACE);
		depth -= parser_at(p, TOKEN_CLOSE_BRACE);
		block = parser_at(p, TOKEN_OPEN_BRACE);
		last = p->token.span;
		if (block)
			break;
		parser_advance(p);
	}
	if (block)
		parse_block(p, "block", last, false, &scratch, &comment);
	else if (parser_at_line_end(p))
		parse_line_end(p);
}

static void unknown_statement(struct parser *p)
{
	struct suggestion suggestion = { .word = p->token.text ? p->token.text : "" };
	struct diag *diag;

	if (parser_at_operand(p) && word_looks_like_path(p->token.text)) {
		struct word word = { .text = p->token.text };

		diag = parser_error(p, "C0101", "a path alone is no statement");
		diag_help(p->diags, diag, "say what may be done with it: `file read %s`, or `exec %s`",
			  word_show(p->arena, &word), word_show(p->arena, &word));
		return;
	}
	diag = parser_error(p, "C0101", parser_at_operand(p) ? "unknown statement %s" : "unexpected %s",
			    parser_show(p));
	if (parser_at(p, TOKEN_WORD))
		statement_suggest(&suggestion);
	if (suggestion.best)
		diag_help(p->diags, diag, "did you mean `%s`?", suggestion.best);
	else
		diag_help(p->diags, diag,
			  "a statement begins with file, net, exec, syscall, use, limit ...; see cordon-policy(5)");
}

/* What may stand only at the top of a file. */
static bool misplaced(struct parser *p)
{
	struct diag *diag;

	if (parser_at_word(p, "cordon")) {
		diag = parser_error(p, "C0104", "`cordon` stands only in the first line of a file");
		diag_help(p->diags, diag, "remove the line");
		return true;
	}
	if (!parser_at_word(p, "profile") && !parser_at_word(p, "template"))
		return false;
	diag = parser_error(p, "C0106", "`%s` can't stand inside a block", p->token.text);
	diag_note(p->diags, diag, "is the block before not closed?");
	diag_help(p->diags, diag,
		  "write `}` on a line of its own before it; to bring a template in, write `use NAME@1`");
	return true;
}

/* One line of a block: a statement and its comments, or a report. */
static void parse_line(struct parser *p, bool in_phase, struct ast_block *block)
{
	const char *comments = parser_take_comments(p, false);
	struct ast_statement *statement = NULL;

	if (!misplaced(p)) {
		if (parser_at_word(p, NULL) && statement_known(p->token.text))
			statement = parse_statement(p, in_phase);
		else
			unknown_statement(p);
	}
	if (!statement) {
		parser_recover(p);
		return;
	}
	statement->comment_before = comments;
	if (statement->kind != STATEMENT_PHASE)
		statement->comment_after = parse_line_end(p);
	*arena_push(p->arena, block) = statement;
}

/* Behind "}": a comment there is gathered as a line of its own. */
static void parse_block_end(struct parser *p)
{
	parser_advance(p);
	if (parser_at(p, TOKEN_LINE_END)) {
		parser_advance(p);
	} else if (!parser_at_line_end(p)) {
		brace_shares_line(p, "}");
		parser_recover(p); /* stops before another `}`, which is for the caller */
	}
}

/* "{" and the end of its line. *ret_closed: it was "{ }". */
static bool parse_block_start(struct parser *p, const char *what, const char **ret_comment_after, bool *ret_closed)
{
	struct diag *diag;

	*ret_closed = false;
	*ret_comment_after = NULL;
	if (!parser_at(p, TOKEN_OPEN_BRACE)) {
		diag = parser_error(p, "C0109", "expected `{`, found %s", parser_show(p));
		diag_help(p->diags, diag, "the line of a %s ends in `{`: `%s`", what,
			  !strcmp(what, "phase") ? "phase serve after setuid {" : "profile web /usr/sbin/nginx {");
		return false;
	}
	parser_advance(p);
	if (parser_at(p, TOKEN_CLOSE_BRACE)) {
		*ret_closed = true;
		parse_block_end(p);
		return true;
	}
	if (parser_at(p, TOKEN_COMMENT)) {
		*ret_comment_after = p->token.text;
		parser_advance(p);
	}
	if (parser_at(p, TOKEN_LINE_END))
		parser_advance(p);
	else if (!parser_at(p, TOKEN_FILE_END))
		brace_shares_line(p, "{");
	return true;
}

static void parse_block_lines(struct parser *p, bool in_phase, struct ast_block *block)
{
	for (;;) {
		parser_gather(p, !block->count);
		if (parser_at(p, TOKEN_CLOSE_BRACE) || parser_at(p, TOKEN_FILE_END))
			break;
		parse_line(p, in_phase, block);
	}
	block->comment_end = parser_take_comments(p, true);
}

/* Blocks nest only where something is wrong already; each costs stack. */
static void skip_block_lines(struct parser *p)
{
	unsigned depth = 0;

	diag_help(p->diags, parser_error(p, "C0140", "blocks are nested more than %d deep", BLOCK_NESTING_MAX),
		  "only phases stand inside profiles and templates, and nothing inside phases");
	for (; !parser_at(p, TOKEN_FILE_END) && (depth || !parser_at(p, TOKEN_CLOSE_BRACE)); parser_advance(p)) {
		depth += parser_at(p, TOKEN_OPEN_BRACE);
		depth -= parser_at(p, TOKEN_CLOSE_BRACE);
	}
}

bool parse_block(struct parser *p, const char *what, struct span opening, bool in_phase, struct ast_block *ret,
		 const char **ret_comment_after)
{
	struct diag *diag;
	bool closed;

	if (!parse_block_start(p, what, ret_comment_after, &closed))
		return false;
	if (closed)
		return true;
	if (p->depth == BLOCK_NESTING_MAX) {
		skip_block_lines(p);
	} else {
		p->depth++;
		parse_block_lines(p, in_phase, ret);
		p->depth--;
	}
	if (parser_at(p, TOKEN_CLOSE_BRACE)) {
		parse_block_end(p);
		return true;
	}
	p->reported = false; /* that was about the last line, this is about the first */
	diag = parser_error_at(p, opening, "C0107", "this %s is not closed", what);
	diag_help(p->diags, diag, "end it by a line that holds only `}`");
	return true;
}

/* ---- profiles and templates ---- */

/* $NAME or $NAME=DEFAULT */
static bool parse_parameter(struct parser *p, struct ast_profile *profile)
{
	static const char example[] = "template local/cache@1 $PATH $SIZE=1G {";
	struct ast_pair pair;
	const char *name;
	struct diag *diag;

	if (!parse_pair(p, "a parameter", example, false, &pair))
		return false;
	name = pair.key.text;
	if (name[0] == '$' && name[1] &&
	    strspn(name + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name + 1)) {
		pair.key.text = name + 1;
		*arena_push(p->arena, &profile->parameters) = pair;
		return true;
	}
	diag = parser_error_at(p, pair.key.span, "C0160", "`%s` is not a parameter", word_show(p->arena, &pair.key));
	diag_note(p->diags, diag, "a parameter is written $NAME or $NAME=DEFAULT, with letters, digits and _");
	diag_help(p->diags, diag, "write for example `%s`", example);
	return false;
}

static bool parse_profile_head(struct parser *p, struct ast_profile *profile)
{
	static const char profile_example[] = "profile web /usr/sbin/nginx {";

	if (profile->is_template) {
		if (!parse_versioned(p, "a template", "template local/cache@1 $PATH {", &profile->name,
				     &profile->version))
			return false;
		while (parser_at_operand(p))
			if (!parse_parameter(p, profile))
				return false;
		return true;
	}
	if (!parse_word(p, "the name of a profile", profile_example, &profile->name) ||
	    !parse_name_check(p, &profile->name, "a profile", profile_example))
		return false;
	while (parser_at_operand(p))
		*arena_push(p->arena, &profile->binaries) = parser_take(p);
	return true;
}

static void parse_profile(struct parser *p, struct ast_file *file)
{
	struct ast_profile *profile = arena_new_of(p->arena, struct ast_profile);

	profile->is_template = parser_at_word(p, "template");
	profile->span = p->token.span;
	profile->comment_before = parser_take_comments(p, false);
	parser_advance(p);
	if (!parse_profile_head(p, profile)) {
		parser_recover(p);
		return;
	}
	profile->span = span_join(profile->span, p->last);
	if (!parse_block(p, profile->is_template ? "template" : "profile", profile->span, false, &profile->body,
			 &profile->comment_after)) {
		parser_recover(p);
		return;
	}
	*arena_push(p->arena, file) = profile;
}

/* ---- files ---- */

static void outside_profile(struct parser *p)
{
	struct suggestion suggestion = { .word = p->token.text ? p->token.text : "" };
	struct diag *diag;

	if (parser_at(p, TOKEN_CLOSE_BRACE)) {
		diag = parser_error(p, "C0108", "`}` closes nothing");
		diag_help(p->diags, diag, "remove it, or look for a `{` that is missing above");
		parser_advance(p);
	} else if (parser_at_word(p, "cordon")) {
		misplaced(p);
	} else if (parser_at_word(p, NULL) && statement_known(p->token.text)) {
		diag = parser_error(p, "C0105", "`%s` stands outside a profile", p->token.text);
		diag_help(p->diags, diag, "put it between `profile NAME [PROGRAM] {` and `}`");
	} else {
		diag = parser_error(p, "C0101", "expected `profile` or `template`, found %s", parser_show(p));
		suggestion_offer(&suggestion, "profile");
		suggestion_offer(&suggestion, "template");
		if (suggestion.best)
			diag_help(p->diags, diag, "did you mean `%s`?", suggestion.best);
		else
			diag_help(p->diags, diag, "write `profile NAME [PROGRAM] {`");
	}
	parser_recover(p);
}

/* cordon 1 */
static void parse_version(struct parser *p, struct ast_file *file)
{
	struct diag *diag;

	file->version = 1;
	parser_gather(p, true);
	if (!parser_at_word(p, "cordon")) {
		diag = parser_error(p, "C0102", "the language's version is missing");
		diag_note(p->diags, diag,
			  "a later Cordon may read a policy in another way; so each says which language it is written "
			  "in");
		diag_help(p->diags, diag, "write `cordon 1` as the first line");
		p->reported = false;
		return;
	}
	file->comment_top = parser_take_comments(p, false);
	parser_advance(p);
	if (parser_at_word(p, "1")) {
		parser_advance(p);
		file->comment_after = parse_line_end(p);
		return;
	}
	diag = parser_error(p, "C0103", "expected the language's version, found %s", parser_show(p));
	diag_note(p->diags, diag, "this Cordon reads version 1");
	diag_help(p->diags, diag, "write `cordon 1`");
	parser_recover(p);
}

int parse_file(const struct source *source, struct arena *arena, struct diags *diags, struct ast_file **ret)
{
	struct ast_file *file = arena_new_of(arena, struct ast_file);
	size_t errors = diags->errors;
	struct parser parser;

	file->source = source;
	if (source_check(source, diags) < 0)
		return -EINVAL;
	parser_init(&parser, source, arena, diags);
	parse_version(&parser, file);
	for (;;) {
		parser_gather(&parser, false);
		if (parser_at(&parser, TOKEN_FILE_END))
			break;
		if (parser_at_word(&parser, "profile") || parser_at_word(&parser, "template"))
			parse_profile(&parser, file);
		else
			outside_profile(&parser);
	}
	file->comment_end = parser_take_comments(&parser, true);
	if (diags->errors > errors)
		return -EINVAL;
	*ret = file;
	return 0;
}

int parse_statements(const struct source *source, struct arena *arena, struct diags *diags, struct ast_block *ret)
{
	struct ast_block block = { 0 };
	size_t errors = diags->errors;
	struct parser parser;

	if (source_check(source, diags) < 0)
		return -EINVAL;
	parser_init(&parser, source, arena, diags);
	for (;;) {
		parser_gather(&parser, !block.count);
		if (parser_at(&parser, TOKEN_FILE_END))
			break;
		if (parser_at(&parser, TOKEN_CLOSE_BRACE))
			outside_profile(&parser);
		else
			parse_line(&parser, false, &block);
	}
	block.comment_end = parser_take_comments(&parser, true);
	if (diags->errors > errors)
		return -EINVAL;
	*ret = block;
	return 0;
}

/* For texts of one part: nothing but line ends may follow. */
static int finish(struct parser *p, bool good, size_t errors)
{
	if (good)
		parse_line_end(p);
	while (good && parser_at(p, TOKEN_LINE_END))
		parser_advance(p);
	if (good && !parser_at(p, TOKEN_FILE_END))
		diag_help(p->diags, parser_error(p, "C0125", "unexpected %s", parser_show(p)), "write one line");
	return p->diags->errors > errors ? -EINVAL : 0;
}

int parse_request(const struct source *source, struct arena *arena, struct diags *diags, struct ast_request *ret)
{
	struct ast_request request = { 0 };
	size_t errors = diags->errors;
	struct parser parser;
	int result;

	if (source_check(source, diags) < 0)
		return -EINVAL;
	parser_init(&parser, source, arena, diags);
	result = finish(&parser, parse_request_part(&parser, &request), errors);
	if (result == 0)
		*ret = request;
	return result;
}

int parse_condition(const struct source *source, struct arena *arena, struct diags *diags, struct ast_cond **ret)
{
	size_t errors = diags->errors;
	struct parser parser;
	struct ast_cond *cond;
	int result;

	if (source_check(source, diags) < 0)
		return -EINVAL;
	parser_init(&parser, source, arena, diags);
	cond = parse_cond(&parser);
	result = finish(&parser, cond, errors);
	if (result == 0)
		*ret = cond;
	return result;
}
