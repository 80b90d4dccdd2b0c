/* parse_statement.c - the statements of a profile: a table of first words, one handler each. */
#include "policy/parser.h"

#include <stdlib.h>
#include <string.h>

#define TRIGGER_COUNT_MAX 1000000

/* ---- lists of words ---- */

static bool parse_isolate(struct parser *p, struct ast_statement *statement)
{
	return parse_words(p, "a namespace", "isolate pid net", &statement->u.words);
}

static bool parse_private(struct parser *p, struct ast_statement *statement)
{
	return parse_words(p, "a directory", "private /tmp /dev", &statement->u.words);
}

static bool parse_cap(struct parser *p, struct ast_statement *statement)
{
	return parse_words(p, "a capability", "cap net_bind_service", &statement->u.words);
}

static bool parse_arch(struct parser *p, struct ast_statement *statement)
{
	return parse_words(p, "an architecture", "arch x86_64 i386", &statement->u.words);
}

static bool parse_chdir(struct parser *p, struct ast_statement *statement)
{
	return parse_word(p, "a directory", "chdir /srv", &statement->u.word);
}

static bool parse_ask_timeout(struct parser *p, struct ast_statement *statement)
{
	return parse_word(p, "a time", "ask-timeout 30s", &statement->u.word);
}

static bool parse_decider(struct parser *p, struct ast_statement *statement)
{
	static const char example[] = "decider terminal";

	return parse_word(p, "the name of a decider", example, &statement->u.decider.name) &&
	       (parser_at_line_end(p) || parse_words(p, "an argument", example, &statement->u.decider.arguments));
}

static bool parse_wx(struct parser *p, struct ast_statement *statement)
{
	static const char *const modes[] = { "strict", "sealed", "allow", NULL };
	size_t index;

	if (!parse_choice(p, "a mode", modes, &index))
		return false;
	statement->u.word = (struct word){ .text = modes[index], .span = p->last };
	return true;
}

/* ---- pairs ---- */

/* limit KEY VALUE [KEY VALUE...] */
static bool parse_limit(struct parser *p, struct ast_statement *statement)
{
	static const char example[] = "limit mem 2G procs 64";
	struct ast_pair pair = { 0 };

	do {
		if (!parse_word(p, "what to limit", example, &pair.key))
			return false;
		if (!parser_at_operand(p)) {
			diag_help(p->diags,
				  parser_error(p, "C0156", "`%s` has no value", word_show(p->arena, &pair.key)),
				  "write names and values in turn: `%s`", example);
			return false;
		}
		pair.value = parser_take(p);
		*arena_push(p->arena, &statement->u.pairs) = pair;
	} while (!parser_at_line_end(p) && !parser_at(p, TOKEN_CLOSE_BRACE));
	return true;
}

static bool parse_env_set(struct parser *p, struct ast_pairs *pairs)
{
	struct ast_pair pair;

	do {
		if (!parse_pair(p, "NAME=VALUE", "env set LANG=C PAGER=\"less -R\"", true, &pair))
			return false;
		*arena_push(p->arena, pairs) = pair;
	} while (!parser_at_line_end(p) && !parser_at(p, TOKEN_CLOSE_BRACE));
	return true;
}

static bool parse_env(struct parser *p, struct ast_statement *statement)
{
	static const char *const actions[] = { "keep", "set", "clear", NULL };
	size_t index;

	if (!parse_choice(p, "what to do with the environment", actions, &index))
		return false;
	statement->u.env.action = (struct word){ .text = actions[index], .span = p->last };
	if (index == 0)
		return parse_words(p, "the name of a variable", "env keep PATH LANG LC_*", &statement->u.env.names);
	return index == 2 || parse_env_set(p, &statement->u.env.pairs);
}

static bool parse_use(struct parser *p, struct ast_statement *statement)
{
	static const char example[] = "use std/tmp@1 path=/var/tmp";
	struct ast_pair pair;

	if (!parse_versioned(p, "a template", "use std/c-runtime@1", &statement->u.use.name, &statement->u.use.version))
		return false;
	while (parser_at_operand(p)) {
		if (!parse_pair(p, "NAME=VALUE", example, true, &pair))
			return false;
		*arena_push(p->arena, &statement->u.use.parameters) = pair;
	}
	return true;
}

/* ---- defaults, requirements, tests ---- */

static bool parse_default(struct parser *p, struct ast_statement *statement)
{
	static const char *const classes[] = { "file",  "net",   "exec",    "signal", "ptrace",
					       "ioctl", "mount", "syscall", NULL };
	static const char *const verdicts[] = { "deny", "ask", "kill", NULL };
	static const enum verdict_kind kinds[] = { VERDICT_DENY, VERDICT_ASK, VERDICT_KILL };
	size_t index;

	if (!parse_choice(p, "what the default is about", classes, &index))
		return false;
	statement->u.fallback.class = (struct word){ .text = classes[index], .span = p->last };
	if (parser_at_word(p, "allow")) {
		struct diag *diag = parser_error(p, "C0152", "a default can't be `allow`");

		diag_note(p->diags, diag, "what no rule matches would be open, also what nobody has thought of");
		diag_help(p->diags, diag, "write a rule that names what is allowed, or `default %s ask`",
			  classes[index]);
		return false;
	}
	if (!parse_choice(p, "a verdict", verdicts, &index))
		return false;
	statement->u.fallback.verdict = kinds[index];
	return kinds[index] != VERDICT_DENY || !parser_skip_word(p, "errno") ||
	       parse_word(p, "the name of an error", "default file deny errno ENOENT",
			  &statement->u.fallback.errno_name);
}

static bool parse_else(struct parser *p, const char *help)
{
	if (parser_skip_word(p, "else"))
		return true;
	diag_help(p->diags, parser_error(p, "C0153", "expected `else`, found %s", parser_show(p)), "%s", help);
	return false;
}

/* require FEATURE [>= N] else refuse */
static bool parse_require(struct parser *p, struct ast_statement *statement)
{
	static const char example[] = "require landlock >= 4 else refuse";
	static const char *const refuse[] = { "refuse", NULL };
	enum compare compare;
	size_t index;

	if (!parse_word(p, "a feature", example, &statement->u.require.feature))
		return false;
	if (!parser_at_word(p, "else") && parser_at_operand(p)) {
		if (!parser_at_word(p, NULL) || !compare_find(p->token.text, &compare) || compare != COMPARE_GE) {
			struct diag *diag = parser_error(p, "C0155", "expected `>=`, found %s", parser_show(p));

			diag_note(p->diags, diag, "a newer kernel must not be refused");
			diag_help(p->diags, diag, "write `%s`", example);
			return false;
		}
		parser_advance(p);
		statement->u.require.compare = COMPARE_GE;
		if (!parse_word(p, "a number", example, &statement->u.require.value))
			return false;
	}
	return parse_else(p, "write `require landlock >= 4 else refuse`: without it nothing runs") &&
	       parse_choice(p, "what happens then", refuse, &index);
}

/* prefer NAME [else die | vanilla] */
static bool parse_prefer(struct parser *p, struct ast_statement *statement)
{
	static const char *const fates[] = { "die", "vanilla", NULL };
	size_t index = 0;

	if (!parse_word(p, "the name of a policy", "prefer hardened else die", &statement->u.prefer.name))
		return false;
	if (!parser_at_line_end(p) && (!parse_else(p, "write `else die` or `else vanilla`") ||
				       !parse_choice(p, "what happens without it", fates, &index)))
		return false;
	statement->u.prefer.vanilla = index == 1;
	return true;
}

static bool parse_never(struct parser *p, struct ast_statement *statement)
{
	return parse_rule(p, false, &statement->u.rule);
}

/* test [in PHASE] VERDICT [errno E] REQUEST */
static bool parse_test(struct parser *p, struct ast_statement *statement)
{
	struct diag *diag;

	if (parser_skip_word(p, "in") &&
	    !parse_word(p, "the name of a phase", "test in serve allow file read \"/srv/a\"", &statement->u.test.phase))
		return false;
	if (!parser_at_word(p, NULL) || !verdict_find(p->token.text, &statement->u.test.verdict)) {
		diag = parser_error(p, "C0157", "expected a verdict, found %s", parser_show(p));
		diag_note(p->diags, diag, "a test says what the policy must answer: allow, ask, deny or kill");
		diag_help(p->diags, diag, "write for example `test deny file write \"/etc/passwd\"`");
		return false;
	}
	parser_advance(p);
	if (parser_skip_word(p, "errno") &&
	    !parse_word(p, "the name of an error", "test deny errno EROFS file write \"/srv/a\"",
			&statement->u.test.errno_name))
		return false;
	return parse_request_part(p, &statement->u.test.request);
}

/* ---- phases ---- */

static bool trigger_takes_protocol(const char *event)
{
	return !strcmp(event, "bind") || !strcmp(event, "connect") || !strcmp(event, "listen") ||
	       !strcmp(event, "accept");
}

/* `after 5 chdir`: a number, when another word follows. */
static bool parse_count(struct parser *p, struct ast_trigger *trigger)
{
	struct word word;
	struct diag *diag;
	unsigned long count;

	if (!parser_at_word(p, NULL) || strspn(p->token.text, "0123456789") != strlen(p->token.text))
		return true;
	word = parser_take(p);
	count = strtoul(word.text, NULL, 10);
	if (count >= 1 && count <= TRIGGER_COUNT_MAX && strlen(word.text) <= 7) {
		trigger->count = (unsigned)count;
		trigger->count_written = true;
		return true;
	}
	diag = parser_error_at(p, word.span, "C0150", "`%s` is not a number of times", word_show(p->arena, &word));
	diag_help(p->diags, diag, "write a number from 1 to %d: `phase serve after 5 chdir {`", TRIGGER_COUNT_MAX);
	return false;
}

/* The word behind `after`, and what it is about, up to `domain` or the brace. */
static bool parse_trigger(struct parser *p, struct ast_statement *statement)
{
	struct ast_trigger *trigger = arena_new_of(p->arena, struct ast_trigger);
	struct span start = p->token.span;
	struct diag *diag;

	trigger->count = 1;
	if (!parse_count(p, trigger))
		return false;
	if (!parser_at_operand(p)) {
		diag = parser_error(p, "C0149", "expected what ends the phase before, found %s", parser_show(p));
		diag_help(p->diags, diag,
			  "write a call, an event that the program tells, or a path: `after setuid`, `after "
			  "\"ready\"`, `after open /cordon/ready`");
		return false;
	}
	trigger->event = parser_take(p);
	if (!trigger->event.quoted && trigger_takes_protocol(trigger->event.text) && parser_at_operand(p) &&
	    !parser_at_word(p, "domain"))
		trigger->protocol = parser_take(p);
	while (parser_at_operand(p) && !parser_at_word(p, "domain"))
		*arena_push(p->arena, &trigger->objects) = parser_take(p);
	trigger->span = span_join(start, p->last);
	statement->u.phase.domain = parser_skip_word(p, "domain");
	statement->u.phase.trigger = trigger;
	return true;
}

static bool parse_phase(struct parser *p, struct ast_statement *statement)
{
	static const char example[] = "phase serve after epoll_create {";

	if (!parse_word(p, "the name of a phase", example, &statement->u.phase.name) ||
	    !parse_name_check(p, &statement->u.phase.name, "a phase", example))
		return false;
	if (parser_skip_word(p, "after") && !parse_trigger(p, statement))
		return false;
	statement->span = span_join(statement->span, p->last);
	return parse_block(p, "phase", statement->span, true, &statement->u.phase.body, &statement->comment_after);
}

/* ---- dispatch ---- */

static const struct {
	const char *name;
	enum statement_kind kind;
	bool in_phase;
	bool (*parse)(struct parser *p, struct ast_statement *statement);
} statements[] = {
	{ "use", STATEMENT_USE, true, parse_use },
	{ "phase", STATEMENT_PHASE, false, parse_phase },
	{ "default", STATEMENT_DEFAULT, false, parse_default },
	{ "require", STATEMENT_REQUIRE, false, parse_require },
	{ "prefer", STATEMENT_PREFER, false, parse_prefer },
	{ "never", STATEMENT_NEVER, false, parse_never },
	{ "test", STATEMENT_TEST, false, parse_test },
	{ "isolate", STATEMENT_ISOLATE, false, parse_isolate },
	{ "private", STATEMENT_PRIVATE, false, parse_private },
	{ "env", STATEMENT_ENV, false, parse_env },
	{ "chdir", STATEMENT_CHDIR, false, parse_chdir },
	{ "cap", STATEMENT_CAP, false, parse_cap },
	{ "arch", STATEMENT_ARCH, false, parse_arch },
	{ "limit", STATEMENT_LIMIT, true, parse_limit },
	{ "wx", STATEMENT_WX, false, parse_wx },
	{ "decider", STATEMENT_DECIDER, false, parse_decider },
	{ "ask-timeout", STATEMENT_ASK_TIMEOUT, false, parse_ask_timeout },
};

static bool begins_rule(const char *name)
{
	enum verdict_kind verdict;
	enum request_class class;

	return verdict_find(name, &verdict) || class_find(name, &class);
}

static size_t statement_row(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(statements) && strcmp(statements[i].name, name) != 0)
		i++;
	return i;
}

bool statement_known(const char *name)
{
	return begins_rule(name) || statement_row(name) < ARRAY_SIZE(statements);
}

void statement_suggest(struct suggestion *suggestion)
{
	for (size_t i = 0; i < REQUEST_CLASS_COUNT; i++)
		suggestion_offer(suggestion, class_shapes[i].name);
	for (size_t i = 0; i <= VERDICT_KILL; i++)
		suggestion_offer(suggestion, verdict_name((enum verdict_kind)i));
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		suggestion_offer(suggestion, statements[i].name);
}

static struct ast_statement *not_in_phase(struct parser *p, const char *name)
{
	struct diag *diag = parser_error(p, "C0151", "`%s` can't stand in a phase", name);

	diag_note(p->diags, diag,
		  "a phase holds rules, `use` and `limit`; everything else is settled before the program starts");
	diag_help(p->diags, diag, "move the line out of the phase");
	return NULL;
}

struct ast_statement *parse_statement(struct parser *p, bool in_phase)
{
	struct ast_statement *statement = arena_new_of(p->arena, struct ast_statement);
	size_t row = statement_row(p->token.text);
	bool good;

	statement->span = p->token.span;
	if (row == ARRAY_SIZE(statements)) {
		statement->kind = STATEMENT_RULE;
		good = parse_rule(p, true, &statement->u.rule);
	} else {
		if (in_phase && !statements[row].in_phase)
			return not_in_phase(p, statements[row].name);
		statement->kind = statements[row].kind;
		parser_advance(p);
		good = statements[row].parse(p, statement);
	}
	/* a phase has set its own: the line before its block */
	if (statement->kind != STATEMENT_PHASE)
		statement->span = span_join(statement->span, p->last);
	return good ? statement : NULL;
}
