/* ast_json.c - the AST as JSON (schema cordon.ast/1), for tools that read policies. Texts are words without their quotes;
 * places and comments are left out. */
#include "policy/parse.h"

#include "policy/keywords.h"

static void kv_word(struct json *json, const char *key, const struct word *word)
{
	if (word->text)
		json_kv_string(json, key, word->text);
}

static void kv_words(struct json *json, const char *key, const struct words *words)
{
	if (!words->count)
		return;
	json_key(json, key);
	json_array(json);
	for (size_t i = 0; i < words->count; i++)
		json_string(json, words->items[i].text);
	json_end_array(json);
}

/* An array of [KEY, VALUE]: order counts, and a key may come twice. */
static void kv_pairs(struct json *json, const char *key, const struct ast_pairs *pairs)
{
	if (!pairs->count)
		return;
	json_key(json, key);
	json_array(json);
	for (size_t i = 0; i < pairs->count; i++) {
		json_array(json);
		json_string(json, pairs->items[i].key.text);
		json_string(json, pairs->items[i].value.text);
		json_end_array(json);
	}
	json_end_array(json);
}

/* ---- conditions ---- */

static void json_cond(struct json *json, const struct ast_cond *cond);

/* A chain of one kind is one array: the depth stays that of the parentheses. */
static void json_chain(struct json *json, const struct ast_cond *cond, enum cond_kind kind)
{
	if (cond->kind != kind) {
		json_cond(json, cond);
		return;
	}
	json_chain(json, cond->left, kind);
	json_chain(json, cond->right, kind);
}

static void json_test(struct json *json, const struct ast_cond *cond)
{
	json_object(json);
	kv_word(json, "argument", &cond->argument);
	kv_words(json, "mask", &cond->mask);
	json_kv_string(json, "compare",
		       !cond->values_alternatives ? compare_name(cond->compare)
		       : cond->negated_in         ? "not in"
						  : "in");
	kv_words(json, "values", &cond->values);
	json_end_object(json);
}

static void json_cond(struct json *json, const struct ast_cond *cond)
{
	if (cond->kind == COND_ATOM) {
		json_test(json, cond);
		return;
	}
	json_object(json);
	json_key(json, cond->kind == COND_NOT ? "not" : cond->kind == COND_AND ? "and" : "or");
	if (cond->kind == COND_NOT) {
		json_cond(json, cond->left);
	} else {
		json_array(json);
		json_chain(json, cond, cond->kind);
		json_end_array(json);
	}
	json_end_object(json);
}

/* ---- parts ---- */

static void json_rule(struct json *json, const struct ast_rule *rule)
{
	json_kv_string(json, "class", request_class_name(rule->class));
	kv_words(json, "operations", &rule->operations);
	kv_word(json, class_shapes[rule->class].operations ? "protocol" : "kind", &rule->protocol);
	kv_words(json, "objects", &rule->objects);
	kv_words(json, "except", &rule->excepts);
	if (rule->cond) {
		json_key(json, "if");
		json_cond(json, rule->cond);
	}
	kv_word(json, "profile", &rule->profile);
	kv_word(json, "as_user", &rule->as_user);
	kv_word(json, "as_group", &rule->as_group);
	kv_word(json, "errno", &rule->errno_name);
	if (rule->log)
		json_kv_bool(json, "log", true);
	kv_word(json, "because", &rule->because);
	if (rule->uid.present) {
		json_key(json, "uid");
		json_object(json);
		json_kv_string(json, "compare", compare_name(rule->uid.compare));
		kv_word(json, "user", &rule->uid.user);
		json_end_object(json);
	}
	kv_words(json, "origins", &rule->origins);
}

static void json_request(struct json *json, const struct ast_request *request)
{
	json_object(json);
	json_kv_string(json, "class", request_class_name(request->class));
	kv_word(json, "operation", &request->operation);
	kv_word(json, class_shapes[request->class].operations ? "protocol" : "kind", &request->protocol);
	kv_word(json, "object", &request->object);
	kv_words(json, "arguments", &request->arguments);
	kv_word(json, "arch", &request->arch);
	json_end_object(json);
}

static void json_block(struct json *json, const struct ast_block *block);

/* ---- statements ---- */

static void put_rule(struct json *json, const struct ast_statement *s)
{
	if (s->kind == STATEMENT_RULE)
		json_kv_string(json, "verdict",
			       verdict_name(s->u.rule.verdict_written ? s->u.rule.verdict : VERDICT_ALLOW));
	json_rule(json, &s->u.rule);
}

static void put_use(struct json *json, const struct ast_statement *s)
{
	kv_word(json, "name", &s->u.use.name);
	kv_word(json, "version", &s->u.use.version);
	kv_pairs(json, "parameters", &s->u.use.parameters);
}

static void put_phase(struct json *json, const struct ast_statement *s)
{
	const struct ast_trigger *trigger = s->u.phase.trigger;

	kv_word(json, "name", &s->u.phase.name);
	if (trigger) {
		json_key(json, "after");
		json_object(json);
		json_kv_int(json, "count", trigger->count);
		kv_word(json, trigger->event.quoted ? "event" : "call", &trigger->event);
		kv_word(json, "protocol", &trigger->protocol);
		kv_words(json, "objects", &trigger->objects);
		json_kv_bool(json, "domain", s->u.phase.domain);
		json_end_object(json);
	}
	json_key(json, "statements");
	json_block(json, &s->u.phase.body);
}

static void put_default(struct json *json, const struct ast_statement *s)
{
	kv_word(json, "class", &s->u.fallback.class);
	json_kv_string(json, "verdict", verdict_name(s->u.fallback.verdict));
	kv_word(json, "errno", &s->u.fallback.errno_name);
}

static void put_require(struct json *json, const struct ast_statement *s)
{
	kv_word(json, "feature", &s->u.require.feature);
	kv_word(json, "at_least", &s->u.require.value);
}

static void put_prefer(struct json *json, const struct ast_statement *s)
{
	kv_word(json, "name", &s->u.prefer.name);
	json_kv_string(json, "else", s->u.prefer.vanilla ? "vanilla" : "die");
}

static void put_test(struct json *json, const struct ast_statement *s)
{
	kv_word(json, "phase", &s->u.test.phase);
	json_kv_string(json, "verdict", verdict_name(s->u.test.verdict));
	kv_word(json, "errno", &s->u.test.errno_name);
	json_key(json, "request");
	json_request(json, &s->u.test.request);
}

static void put_words(struct json *json, const struct ast_statement *s)
{
	kv_words(json, "words", &s->u.words);
}

static void put_word(struct json *json, const struct ast_statement *s)
{
	kv_word(json, "word", &s->u.word);
}

static void put_env(struct json *json, const struct ast_statement *s)
{
	kv_word(json, "action", &s->u.env.action);
	kv_words(json, "names", &s->u.env.names);
	kv_pairs(json, "pairs", &s->u.env.pairs);
}

static void put_limit(struct json *json, const struct ast_statement *s)
{
	kv_pairs(json, "pairs", &s->u.pairs);
}

static void put_decider(struct json *json, const struct ast_statement *s)
{
	kv_word(json, "name", &s->u.decider.name);
	kv_words(json, "arguments", &s->u.decider.arguments);
}

static const struct {
	const char *name;
	void (*put)(struct json *json, const struct ast_statement *statement);
} kinds[STATEMENT_KIND_COUNT] = {
	[STATEMENT_RULE] = { "rule", put_rule },
	[STATEMENT_USE] = { "use", put_use },
	[STATEMENT_PHASE] = { "phase", put_phase },
	[STATEMENT_DEFAULT] = { "default", put_default },
	[STATEMENT_REQUIRE] = { "require", put_require },
	[STATEMENT_PREFER] = { "prefer", put_prefer },
	[STATEMENT_NEVER] = { "never", put_rule },
	[STATEMENT_TEST] = { "test", put_test },
	[STATEMENT_ISOLATE] = { "isolate", put_words },
	[STATEMENT_PRIVATE] = { "private", put_words },
	[STATEMENT_ENV] = { "env", put_env },
	[STATEMENT_CHDIR] = { "chdir", put_word },
	[STATEMENT_CAP] = { "cap", put_words },
	[STATEMENT_ARCH] = { "arch", put_words },
	[STATEMENT_LIMIT] = { "limit", put_limit },
	[STATEMENT_WX] = { "wx", put_word },
	[STATEMENT_DECIDER] = { "decider", put_decider },
	[STATEMENT_ASK_TIMEOUT] = { "ask-timeout", put_word },
};

static void json_block(struct json *json, const struct ast_block *block)
{
	json_array(json);
	for (size_t i = 0; i < block->count; i++) {
		json_object(json);
		json_kv_string(json, "statement", kinds[block->items[i]->kind].name);
		kinds[block->items[i]->kind].put(json, block->items[i]);
		json_end_object(json);
	}
	json_end_array(json);
}

void ast_json(const struct ast_file *file, struct json *json)
{
	json_object(json);
	json_kv_string(json, "schema", "cordon.ast/1");
	json_kv_int(json, "version", file->version);
	json_key(json, "profiles");
	json_array(json);
	for (size_t i = 0; i < file->count; i++) {
		const struct ast_profile *profile = file->items[i];

		json_object(json);
		json_kv_string(json, "kind", profile->is_template ? "template" : "profile");
		kv_word(json, "name", &profile->name);
		kv_word(json, "version", &profile->version);
		kv_words(json, "binaries", &profile->binaries);
		kv_pairs(json, "parameters", &profile->parameters);
		json_key(json, "statements");
		json_block(json, &profile->body);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}
