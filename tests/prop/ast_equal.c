/* ast_equal.c - see ast_equal.h. Each function returns NULL, or the name of what differs. */
#include "ast_equal.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static const char *differ(bool differs, const char *what)
{
	return differs ? what : NULL;
}

static const char *text(const char *a, const char *b, const char *what)
{
	return differ(!same_text(a, b), what);
}

static const char *word(const struct word *a, const struct word *b, const char *what)
{
	return text(a->text, b->text, what);
}

static const char *words(const struct words *a, const struct words *b, const char *what)
{
	const char *found = differ(a->count != b->count, what);

	for (size_t i = 0; !found && i < a->count; i++)
		found = word(&a->items[i], &b->items[i], what);
	return found;
}

static bool contains(const struct words *set, const char *text_)
{
	for (size_t i = 0; i < set->count; i++)
		if (!strcmp(set->items[i].text, text_))
			return true;
	return false;
}

/* Both without repetitions. */
static const char *sets(const struct words *a, const struct words *b, const char *what)
{
	const char *found = differ(a->count != b->count, what);

	for (size_t i = 0; !found && i < a->count; i++)
		found = differ(!contains(b, a->items[i].text), what);
	return found;
}

static const char *pairs(const struct ast_pairs *a, const struct ast_pairs *b, const char *what)
{
	const char *found = differ(a->count != b->count, what);

	for (size_t i = 0; !found && i < a->count; i++) {
		found = word(&a->items[i].key, &b->items[i].key, what);
		found = found ? found : word(&a->items[i].value, &b->items[i].value, what);
	}
	return found;
}

/* The first that is not NULL of a list. */
static const char *first(const char *const *found, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (found[i])
			return found[i];
	return NULL;
}
#define FIRST(...) \
	first((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

const char *ast_cond_difference(const struct ast_cond *a, const struct ast_cond *b)
{
	if (!a || !b)
		return differ(a != b, "a condition");
	if (a->kind != b->kind)
		return "kind of a condition";
	if (a->kind != COND_ATOM)
		return FIRST(ast_cond_difference(a->left, b->left),
			     a->kind == COND_NOT ? NULL : ast_cond_difference(a->right, b->right));
	return FIRST(word(&a->argument, &b->argument, "argument"), words(&a->mask, &b->mask, "mask"),
		     differ(a->compare != b->compare, "comparison"), words(&a->values, &b->values, "values"),
		     differ(a->negated_in != b->negated_in, "not in"),
		     differ(a->values_alternatives != b->values_alternatives, "in"));
}

static enum verdict_kind verdict_of(const struct ast_rule *rule)
{
	return rule->verdict_written ? rule->verdict : VERDICT_ALLOW;
}

static const char *rules(const struct ast_rule *a, const struct ast_rule *b)
{
	return FIRST(differ(verdict_of(a) != verdict_of(b), "verdict"), differ(a->class != b->class, "class"),
		     sets(&a->operations, &b->operations, "operations"), word(&a->protocol, &b->protocol, "protocol"),
		     words(&a->objects, &b->objects, "objects"), words(&a->excepts, &b->excepts, "except"),
		     ast_cond_difference(a->cond, b->cond), word(&a->profile, &b->profile, "profile"),
		     word(&a->as_user, &b->as_user, "as user"), word(&a->as_group, &b->as_group, "as group"),
		     word(&a->errno_name, &b->errno_name, "errno"), differ(a->log != b->log, "log"),
		     word(&a->because, &b->because, "because"), differ(a->uid.present != b->uid.present, "uid"),
		     differ(a->uid.compare != b->uid.compare, "comparison of uid"),
		     word(&a->uid.user, &b->uid.user, "user of uid"), sets(&a->origins, &b->origins, "origins"));
}

const char *ast_request_difference(const struct ast_request *a, const struct ast_request *b)
{
	return FIRST(differ(a->class != b->class, "class of a request"),
		     word(&a->operation, &b->operation, "operation"),
		     word(&a->protocol, &b->protocol, "protocol of a request"),
		     word(&a->object, &b->object, "object of a request"),
		     words(&a->arguments, &b->arguments, "arguments"), word(&a->arch, &b->arch, "architecture"));
}

static const char *triggers(const struct ast_trigger *a, const struct ast_trigger *b)
{
	if (!a || !b)
		return differ(a != b, "trigger");
	return FIRST(differ(a->count != b->count, "count"),
		     differ(a->count_written != b->count_written, "written count"), word(&a->event, &b->event, "event"),
		     differ(a->event.quoted != b->event.quoted, "quotes of the event"),
		     word(&a->protocol, &b->protocol, "protocol of a trigger"),
		     words(&a->objects, &b->objects, "objects of a trigger"));
}

static const char *phases(const struct ast_statement *a, const struct ast_statement *b)
{
	return FIRST(word(&a->u.phase.name, &b->u.phase.name, "name of a phase"),
		     triggers(a->u.phase.trigger, b->u.phase.trigger),
		     differ(a->u.phase.domain != b->u.phase.domain, "domain"),
		     ast_block_difference(&a->u.phase.body, &b->u.phase.body));
}

static const char *tests(const struct ast_statement *a, const struct ast_statement *b)
{
	return FIRST(differ(a->u.test.verdict != b->u.test.verdict, "verdict of a test"),
		     word(&a->u.test.errno_name, &b->u.test.errno_name, "errno of a test"),
		     word(&a->u.test.phase, &b->u.test.phase, "phase of a test"),
		     ast_request_difference(&a->u.test.request, &b->u.test.request));
}

/* What the kind of a statement says of its union. */
static const char *contents(const struct ast_statement *a, const struct ast_statement *b)
{
	switch (a->kind) {
	case STATEMENT_RULE:
	case STATEMENT_NEVER: return rules(&a->u.rule, &b->u.rule);
	case STATEMENT_USE:
		return FIRST(word(&a->u.use.name, &b->u.use.name, "template"),
			     word(&a->u.use.version, &b->u.use.version, "version"),
			     pairs(&a->u.use.parameters, &b->u.use.parameters, "parameters"));
	case STATEMENT_PHASE: return phases(a, b);
	case STATEMENT_DEFAULT:
		return FIRST(word(&a->u.fallback.class, &b->u.fallback.class, "class of a default"),
			     differ(a->u.fallback.verdict != b->u.fallback.verdict, "verdict of a default"),
			     word(&a->u.fallback.errno_name, &b->u.fallback.errno_name, "errno of a default"));
	case STATEMENT_REQUIRE:
		return FIRST(word(&a->u.require.feature, &b->u.require.feature, "feature"),
			     differ(a->u.require.compare != b->u.require.compare, "comparison of a requirement"),
			     word(&a->u.require.value, &b->u.require.value, "value of a requirement"));
	case STATEMENT_PREFER:
		return FIRST(word(&a->u.prefer.name, &b->u.prefer.name, "preferred policy"),
			     differ(a->u.prefer.vanilla != b->u.prefer.vanilla, "vanilla"));
	case STATEMENT_TEST: return tests(a, b);
	case STATEMENT_ISOLATE:
	case STATEMENT_PRIVATE:
	case STATEMENT_CAP:
	case STATEMENT_ARCH: return words(&a->u.words, &b->u.words, "words");
	case STATEMENT_ENV:
		return FIRST(word(&a->u.env.action, &b->u.env.action, "action"),
			     words(&a->u.env.names, &b->u.env.names, "variables"),
			     pairs(&a->u.env.pairs, &b->u.env.pairs, "values of variables"));
	case STATEMENT_CHDIR:
	case STATEMENT_WX:
	case STATEMENT_ASK_TIMEOUT: return word(&a->u.word, &b->u.word, "word");
	case STATEMENT_LIMIT: return pairs(&a->u.pairs, &b->u.pairs, "limits");
	case STATEMENT_DECIDER:
		return FIRST(word(&a->u.decider.name, &b->u.decider.name, "decider"),
			     words(&a->u.decider.arguments, &b->u.decider.arguments, "arguments of a decider"));
	case STATEMENT_KIND_COUNT: break;
	}
	return "a kind that does not exist";
}

const char *ast_block_difference(const struct ast_block *a, const struct ast_block *b)
{
	const char *found = FIRST(differ(a->count != b->count, "number of statements"),
				  text(a->comment_end, b->comment_end, "comment at the end of a block"));

	for (size_t i = 0; !found && i < a->count; i++) {
		const struct ast_statement *s = a->items[i], *t = b->items[i];

		found = FIRST(differ(s->kind != t->kind, "kind of a statement"),
			      text(s->comment_before, t->comment_before, "comment before a statement"),
			      text(s->comment_after, t->comment_after, "comment after a statement"));
		found = found ? found : contents(s, t);
	}
	return found;
}

static const char *profiles(const struct ast_profile *a, const struct ast_profile *b)
{
	return FIRST(differ(a->is_template != b->is_template, "profile or template"),
		     text(a->comment_before, b->comment_before, "comment before a profile"),
		     text(a->comment_after, b->comment_after, "comment after a profile"),
		     word(&a->name, &b->name, "name"), word(&a->version, &b->version, "version of a template"),
		     words(&a->binaries, &b->binaries, "binaries"),
		     pairs(&a->parameters, &b->parameters, "parameters of a template"),
		     ast_block_difference(&a->body, &b->body));
}

const char *ast_file_difference(const struct ast_file *a, const struct ast_file *b)
{
	const char *found = FIRST(differ(a->version != b->version, "version of the language"),
				  differ(a->count != b->count, "number of profiles"),
				  text(a->comment_top, b->comment_top, "comment at the top"),
				  text(a->comment_after, b->comment_after, "comment behind the version"),
				  text(a->comment_end, b->comment_end, "comment at the end"));

	for (size_t i = 0; !found && i < a->count; i++)
		found = profiles(a->items[i], b->items[i]);
	return found;
}
