/* gen_policy.c - see gen_policy.h. What the grammar asks of a word is asked of the parser's own predicates (keywords.h). */
#include "gen_policy.h"

#include <string.h>

#include "base/cleanup.h"
#include "policy/keywords.h"
#include "policy/parse.h"

struct generator {
	struct stream *stream;
	struct arena *arena;
};

static uint32_t below(struct generator *g, uint32_t bound)
{
	return stream_below(g->stream, bound);
}

static bool once_in(struct generator *g, uint32_t n)
{
	return stream_once_in(g->stream, n);
}

static const char *one_of(struct generator *g, const char *const *list, size_t count)
{
	return list[below(g, (uint32_t)count)];
}
#define ONE_OF(g, list) one_of(g, list, ARRAY_SIZE(list))

/* ---- words ---- */

static const char *const tricky[] = {
	"/etc/hosts", "/srv/**",  "a b",          "",         "#",         "#x",      "a#b",  "{",   "}",   "${HOME}/x",
	"$CWD",       "a,b",      "a;b",          "\"",       "'",         "\\",      "a\\b", "\n",  "\t",  "\x01\x7f",
	"\xff\xfe",   "\xc3\xa9", "\xe2\x80\x8b", "\xc2\xa0", "except",    "profile", "if",   "for", "as",  "errno",
	"log",        "because",  "@learned",     "@derived", "@x",        "domain",  "else", "in",  "not", "on",
	"after",      "cordon",   "./a",          "~",        "[::1]:443", "*:80",    "A|B",  "=",   "a=b", "(a)",
	"==",         "0x10",     "-1",           "2G",       "5",
};

static const char *random_text(struct generator *g)
{
	size_t size = 1 + below(g, once_in(g, 64) ? POLICY_WORD_MAX : 12);
	char *text = arena_alloc(g->arena, size + 1);

	for (size_t i = 0; i < size; i++) {
		text[i] = (char)stream_byte(g->stream);
		text[i] = text[i] ? text[i] : 'a';
	}
	return text;
}

static struct word word_of(const char *text)
{
	return (struct word){ .text = text };
}

/* Any at all. */
static struct word any_word(struct generator *g)
{
	return word_of(once_in(g, 3) ? random_text(g) : ONE_OF(g, tricky));
}

static void any_words(struct generator *g, size_t least, struct words *ret)
{
	size_t count = least + below(g, 4);

	if (once_in(g, 50))
		count += below(g, 60);
	for (size_t i = 0; i < count; i++)
		*arena_push(g->arena, ret) = any_word(g);
}

/* @size letters of @alphabet, the first one of its first 26. */
static const char *spell(struct generator *g, const char *alphabet, size_t size)
{
	char *text = arena_alloc(g->arena, size + 1);

	for (size_t i = 0; i < size; i++)
		text[i] = alphabet[below(g, i ? (uint32_t)strlen(alphabet) : 26)];
	return text;
}

/* An operation, protocol or call: bare, begins with a small letter, and no keyword. */
static struct word small_word(struct generator *g)
{
	const char *text = spell(g, "abcdefghijklmnopqrstuvwxyz0123456789_-", 1 + below(g, 8));

	return word_of(word_starts_clause(text) || word_is_operator(text) ? "x" : text);
}

static struct word name(struct generator *g)
{
	const char *text = spell(g, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789._+-/", 1 + below(g, 8));

	return word_of(word_is_name(text) ? text : "std/x");
}

/* Without @forbidden characters, and not empty. */
static struct word word_without(struct generator *g, char forbidden)
{
	struct word word = any_word(g);

	return *word.text && !strchr(word.text, forbidden) ? word : word_of("w");
}

/* ---- comments ---- */

static const char *const remarks[] = { "#", "# a comment", "#\ttab", "# \xc3\xa9 \\", "## {", "# \"quote", "# '; }" };

static const char *comment_after(struct generator *g)
{
	return once_in(g, 6) ? ONE_OF(g, remarks) : NULL;
}

/* Whole lines. @start: no empty line first; @end: none last. */
static const char *comment_lines(struct generator *g, bool start, bool end)
{
	struct str out;
	size_t lines = once_in(g, 5) ? 1 + below(g, 4) : 0;
	bool blank = start;

	str_init(&out, g->arena);
	for (size_t i = 0; i < lines; i++) {
		bool empty = !blank && once_in(g, 3) && !(end && i + 1 == lines);

		str_addf(&out, "%s\n", empty ? "" : ONE_OF(g, remarks));
		blank = empty;
	}
	return out.size ? out.text : NULL;
}

/* ---- conditions ---- */

/* Names and numbers that a condition can hold. */
static const char *value(struct generator *g)
{
	static const char *const values[] = {
		"0", "-1", "0x10", "4K", "NULL", "AF_UNIX", "O_RDONLY", "a:b", "*", "log"
	};

	return once_in(g, 3) ? small_word(g).text : ONE_OF(g, values);
}

static void values(struct generator *g, size_t most, struct words *ret)
{
	size_t count = 1 + below(g, (uint32_t)most);

	for (size_t i = 0; i < count; i++)
		*arena_push(g->arena, ret) = word_of(value(g));
}

static struct word joined_value(struct generator *g)
{
	return word_of(once_in(g, 3) ? arena_printf(g->arena, "%s|%s", value(g), value(g)) : value(g));
}

static void fill_test(struct generator *g, struct ast_cond *cond)
{
	cond->kind = COND_ATOM;
	cond->argument = once_in(g, 4) ? word_of("arg0:64") : small_word(g);
	cond->compare = (enum compare)below(g, COMPARE_WITHIN + 1);
	if (cond->compare != COMPARE_WITHIN && once_in(g, 3))
		values(g, 3, &cond->mask);
	if (cond->compare != COMPARE_EQ) {
		values(g, 3, &cond->values);
		return;
	}
	cond->values_alternatives = once_in(g, 2);
	cond->negated_in = cond->values_alternatives && once_in(g, 2);
	for (size_t i = 0; i <= (cond->values_alternatives ? below(g, 4) : 0); i++)
		*arena_push(g->arena, &cond->values) = joined_value(g);
}

/* At most 2^6 tests, and 12 levels of parentheses and `not`: what the parser takes. */
static struct ast_cond *cond_tree(struct generator *g, unsigned depth)
{
	struct ast_cond *cond = arena_new_of(g->arena, struct ast_cond);

	cond->kind = depth ? (enum cond_kind)below(g, COND_ATOM + 1) : COND_ATOM;
	if (cond->kind == COND_ATOM) {
		fill_test(g, cond);
		return cond;
	}
	cond->left = cond_tree(g, depth - 1);
	if (cond->kind != COND_NOT)
		cond->right = cond_tree(g, depth - 1);
	return cond;
}

struct ast_cond *gen_policy_cond(struct stream *stream, struct arena *arena)
{
	struct generator g = { stream, arena };

	return cond_tree(&g, below(&g, 7));
}

/* ---- rules and requests ---- */

static void operations(struct generator *g, enum request_class class, size_t least, struct words *ret)
{
	static const char *const known[][4] = { [REQUEST_FILE] = { "read", "write", "attr", "edit" },
						[REQUEST_NET] = { "connect", "bind", "accept", "connect" } };
	size_t count = least + below(g, 3);

	for (size_t i = 0; i < count; i++) {
		struct word word = once_in(g, 3) ? small_word(g) : word_of(ONE_OF(g, known[class]));
		bool there = false;

		for (size_t k = 0; k < ret->count; k++)
			there |= !strcmp(ret->items[k].text, word.text);
		if (!there)
			*arena_push(g->arena, ret) = word;
	}
}

static void clauses(struct generator *g, struct ast_rule *rule)
{
	static const char *const origins[] = { "@learned", "@derived", "@unresolved" };

	if (once_in(g, 4) && (rule->class != REQUEST_NET || rule->protocol.text))
		any_words(g, 1, &rule->excepts);
	if (rule->class == REQUEST_SYSCALL && once_in(g, 2))
		rule->cond = cond_tree(g, below(g, 7));
	if (rule->class == REQUEST_EXEC && once_in(g, 3))
		rule->profile = name(g);
	if (once_in(g, 5))
		rule->as_user = word_without(g, ':');
	if (rule->as_user.text && strlen(rule->as_user.text) < 100 && once_in(g, 2))
		rule->as_group = word_of(once_in(g, 2) ? "adm" : "a b");
	if (once_in(g, 5))
		rule->errno_name = any_word(g);
	rule->log = once_in(g, 5);
	if (once_in(g, 5))
		rule->because = any_word(g);
	if (once_in(g, 5)) {
		rule->uid.present = true;
		rule->uid.compare = once_in(g, 2) ? COMPARE_EQ : COMPARE_NE;
		rule->uid.user = any_word(g);
	}
	for (size_t i = 0; i < ARRAY_SIZE(origins); i++)
		if (once_in(g, 6))
			*arena_push(g->arena, &rule->origins) = word_of(origins[i]);
}

static void rule(struct generator *g, bool may_have_verdict, struct ast_rule *rule)
{
	const struct class_shape *shape;
	bool restriction;

	rule->class = (enum request_class)below(g, REQUEST_CLASS_COUNT);
	shape = &class_shapes[rule->class];
	rule->verdict_written = may_have_verdict && once_in(g, 2);
	rule->verdict = rule->verdict_written ? (enum verdict_kind)below(g, VERDICT_KILL + 1) : VERDICT_ALLOW;
	restriction = !may_have_verdict || (rule->verdict_written && rule->verdict != VERDICT_ALLOW);
	if (shape->operations)
		operations(g, rule->class, !restriction, &rule->operations);
	if (shape->protocol && (!restriction || once_in(g, 2)) && (!shape->operations || rule->operations.count))
		rule->protocol = small_word(g);
	/* what stands before must be there for the next to be told apart */
	if (shape->object && (!shape->operations || rule->operations.count) &&
	    (!shape->protocol || rule->protocol.text))
		any_words(g, !restriction || shape->always_objects, &rule->objects);
	clauses(g, rule);
}

static void request(struct generator *g, struct ast_request *request)
{
	const struct class_shape *shape;

	request->class = (enum request_class)below(g, REQUEST_CLASS_COUNT);
	shape = &class_shapes[request->class];
	if (shape->operations)
		request->operation = small_word(g);
	if (shape->protocol)
		request->protocol = small_word(g);
	if (shape->object)
		request->object = any_word(g);
	if (request->class != REQUEST_SYSCALL)
		return;
	for (uint32_t count = below(g, 7); count; count--)
		*arena_push(g->arena, &request->arguments) = joined_value(g);
	if (once_in(g, 2))
		request->arch = any_word(g);
}

/* ---- statements ---- */

static void pairs(struct generator *g, size_t least, bool keys_are_any, struct ast_pairs *ret)
{
	for (size_t count = least + below(g, 3); count; count--) {
		struct ast_pair pair = { .key = keys_are_any ? any_word(g) : word_without(g, '='),
					 .value = any_word(g) };

		/* KEY=VALUE was one word once, or KEY= was one */
		if (!keys_are_any && strlen(pair.key.text) + strlen(pair.value.text) >= POLICY_WORD_MAX)
			pair.key = word_of("key");

		*arena_push(g->arena, ret) = pair;
	}
}

static struct ast_trigger *trigger(struct generator *g)
{
	static const char *const with_protocol[] = { "bind", "connect", "listen", "accept" };
	struct ast_trigger *trigger = arena_new_of(g->arena, struct ast_trigger);

	trigger->count_written = once_in(g, 3);
	trigger->count = trigger->count_written ? 1 + below(g, 10000) : 1;
	if (once_in(g, 3)) {
		trigger->event = any_word(g);
		trigger->event.quoted = true;
	} else if (once_in(g, 2)) {
		trigger->event = word_of(ONE_OF(g, with_protocol));
		if (once_in(g, 3))
			return trigger;
		trigger->protocol = any_word(g);
	} else {
		trigger->event = word_of(arena_printf(g->arena, "x%s", small_word(g).text));
	}
	any_words(g, 0, &trigger->objects);
	return trigger;
}

static void block(struct generator *g, bool in_phase, struct ast_block *ret);

static void fill_phase(struct generator *g, struct ast_statement *s)
{
	s->u.phase.name = name(g);
	if (once_in(g, 2)) {
		s->u.phase.trigger = trigger(g);
		s->u.phase.domain = once_in(g, 2);
	}
	block(g, true, &s->u.phase.body);
}

static void fill_default(struct generator *g, struct ast_statement *s)
{
	static const enum verdict_kind kinds[] = { VERDICT_DENY, VERDICT_ASK, VERDICT_KILL };

	s->u.fallback.class = word_of(class_shapes[below(g, REQUEST_CLASS_COUNT)].name);
	s->u.fallback.verdict = kinds[below(g, ARRAY_SIZE(kinds))];
	if (s->u.fallback.verdict == VERDICT_DENY && once_in(g, 2))
		s->u.fallback.errno_name = any_word(g);
}

static void fill_require(struct generator *g, struct ast_statement *s)
{
	s->u.require.feature = any_word(g);
	if (once_in(g, 2)) {
		s->u.require.compare = COMPARE_GE;
		s->u.require.value = any_word(g);
	}
}

static void fill_test_line(struct generator *g, struct ast_statement *s)
{
	s->u.test.verdict = (enum verdict_kind)below(g, VERDICT_KILL + 1);
	if (once_in(g, 3))
		s->u.test.errno_name = any_word(g);
	if (once_in(g, 3))
		s->u.test.phase = any_word(g);
	request(g, &s->u.test.request);
}

static void fill_env(struct generator *g, struct ast_statement *s)
{
	static const char *const actions[] = { "keep", "set", "clear" };
	uint32_t action = below(g, ARRAY_SIZE(actions));

	s->u.env.action = word_of(actions[action]);
	if (action == 0)
		any_words(g, 1, &s->u.env.names);
	if (action == 1)
		pairs(g, 1, false, &s->u.env.pairs);
}

static void fill_use(struct generator *g, struct ast_statement *s)
{
	s->u.use.name = name(g);
	s->u.use.version = word_of(arena_printf(g->arena, "%u", below(g, 1000)));
	pairs(g, 0, false, &s->u.use.parameters);
}

static void fill(struct generator *g, struct ast_statement *s)
{
	static const char *const modes[] = { "strict", "sealed", "allow" };

	switch (s->kind) {
	case STATEMENT_RULE:
	case STATEMENT_NEVER: rule(g, s->kind == STATEMENT_RULE, &s->u.rule); break;
	case STATEMENT_USE: fill_use(g, s); break;
	case STATEMENT_PHASE: fill_phase(g, s); break;
	case STATEMENT_DEFAULT: fill_default(g, s); break;
	case STATEMENT_REQUIRE: fill_require(g, s); break;
	case STATEMENT_PREFER:
		s->u.prefer.name = any_word(g);
		s->u.prefer.vanilla = once_in(g, 2);
		break;
	case STATEMENT_TEST: fill_test_line(g, s); break;
	case STATEMENT_ISOLATE:
	case STATEMENT_PRIVATE:
	case STATEMENT_CAP:
	case STATEMENT_ARCH: any_words(g, 1, &s->u.words); break;
	case STATEMENT_ENV: fill_env(g, s); break;
	case STATEMENT_CHDIR:
	case STATEMENT_ASK_TIMEOUT: s->u.word = any_word(g); break;
	case STATEMENT_WX: s->u.word = word_of(ONE_OF(g, modes)); break;
	case STATEMENT_LIMIT: pairs(g, 1, true, &s->u.pairs); break;
	case STATEMENT_DECIDER:
		s->u.decider.name = any_word(g);
		any_words(g, 0, &s->u.decider.arguments);
		break;
	case STATEMENT_KIND_COUNT: break;
	}
}

static void block(struct generator *g, bool in_phase, struct ast_block *ret)
{
	static const enum statement_kind phase_kinds[] = { STATEMENT_RULE, STATEMENT_USE, STATEMENT_LIMIT };

	for (uint32_t count = below(g, 8); count; count--) {
		struct ast_statement *s = arena_new_of(g->arena, struct ast_statement);

		if (in_phase)
			s->kind = phase_kinds[below(g, ARRAY_SIZE(phase_kinds))];
		else if (once_in(g, 2))
			s->kind = (enum statement_kind)below(g, STATEMENT_KIND_COUNT);
		s->comment_before = comment_lines(g, ret->count == 0, false);
		s->comment_after = comment_after(g);
		fill(g, s);
		*arena_push(g->arena, ret) = s;
	}
	ret->comment_end = comment_lines(g, ret->count == 0, true);
}

/* ---- files ---- */

static void parameters(struct generator *g, struct ast_pairs *ret)
{
	for (uint32_t count = below(g, 4); count; count--) {
		struct ast_pair pair = {
			.key = word_of(spell(g, "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_", 1 + below(g, 6))),
		};

		if (once_in(g, 2))
			pair.value = any_word(g);
		*arena_push(g->arena, ret) = pair;
	}
}

static struct ast_profile *profile(struct generator *g)
{
	struct ast_profile *profile = arena_new_of(g->arena, struct ast_profile);

	profile->is_template = once_in(g, 3);
	profile->comment_before = comment_lines(g, false, false);
	profile->comment_after = comment_after(g);
	profile->name = name(g);
	if (profile->is_template) {
		profile->version = word_of(arena_printf(g->arena, "%u", below(g, 1000)));
		parameters(g, &profile->parameters);
	} else {
		any_words(g, 0, &profile->binaries);
	}
	block(g, false, &profile->body);
	return profile;
}

struct ast_file *gen_policy_file(struct stream *stream, struct arena *arena)
{
	struct generator generator = { stream, arena }, *g = &generator;
	struct ast_file *file = arena_new_of(arena, struct ast_file);

	file->version = 1;
	file->comment_top = comment_lines(g, true, false);
	file->comment_after = comment_after(g);
	for (uint32_t count = below(g, 4); count; count--)
		*arena_push(arena, file) = profile(g);
	file->comment_end = comment_lines(g, false, true);
	return file;
}
