/* resolve.c - a profile becomes a layer: open up templates and phases, then one handler per kind of statement. */
#include "policy/resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEMPLATE_DEPTH_MAX 16
#define FLAT_MAX 100000

/* ---- templates and phases: from a tree to a list ---- */

static const struct ast_profile *find_profile(const struct ast_file *file, const char *name, const char *version)
{
	for (size_t i = 0; file && i < file->count; i++) {
		const struct ast_profile *profile = file->items[i];

		if (profile->is_template && !strcmp(profile->name.text, name) &&
		    (!version || !strcmp(profile->version.text, version)))
			return profile;
	}
	return NULL;
}

static const struct ast_file *parse_embedded(const char *name, struct arena *arena, struct diags *diags)
{
	const struct embedded_text *embedded = embedded_find(name);
	struct source *source;
	struct ast_file *file;

	if (!embedded)
		return NULL;
	source = arena_new_of(arena, struct source);
	*source = (struct source){ .name = embedded->name, .text = embedded->text, .size = embedded->size };
	return parse_file(source, arena, diags, &file) == 0 ? file : NULL;
}

static const struct ast_profile *find_template(struct resolver *r, const struct word *name, const struct word *version)
{
	/* std/ names always mean Cordon's own: a policy file can't put something else in their place */
	bool own = strncmp(name->text, "std/", 4) != 0;
	const struct ast_profile *found = own ? find_profile(r->file, name->text, version->text) : NULL;
	const struct surroundings *s = r->surroundings;
	struct diag *d;

	if (!found)
		found = find_profile(parse_embedded(name->text, r->arena, r->diags), name->text, version->text);
	if (!found && s->find_template)
		found = find_profile(s->find_template(s->context, name->text, version->text, r->arena, r->diags),
				     name->text, version->text);
	if (found)
		return found;
	d = diag_error(r->diags, "C0201", name->span, "there is no template `%s@%s`", name->text,
		       version->text ? version->text : "1");
	diag_help(r->diags, d,
		  "Cordon brings std/c-runtime@1 std/readonly@1 std/dns@1 std/tmp@1 std/tty@1 std/server@1 "
		  "std/python@1 std/build@1");
	return NULL;
}

/* The values of a template's parameters, from the `use` line or the defaults. */
static bool bind_parameters(struct resolver *r, const struct ast_statement *use, const struct scope *outer,
			    const struct ast_profile *template, struct scope *scope)
{
	const struct ast_pairs *given = &use->u.use.parameters;
	bool good = true;

	for (size_t i = 0; i < template->parameters.count; i++) {
		struct ast_pair pair = template->parameters.items[i];

		for (size_t k = 0; k < given->count; k++)
			if (!strcmp(given->items[k].key.text, pair.key.text)) {
				pair.value = given->items[k].value;
				pair.value.text = resolve_word(r, outer, &given->items[k].value);
			}
		if (!pair.value.text) {
			diag_help(r->diags,
				  diag_error(r->diags, "C0203", use->span, "template `%s` needs a value for `%s`",
					     template->name.text, pair.key.text),
				  "write `use %s@%s %s=...`", template->name.text, template->version.text,
				  pair.key.text);
			good = false;
			continue;
		}
		pair.value.text = resolve_word(r, outer, &pair.value);
		good &= pair.value.text != NULL;
		*arena_push(r->arena, &scope->parameters) = pair;
	}
	for (size_t k = 0; k < given->count; k++) {
		bool known = false;

		for (size_t i = 0; i < template->parameters.count; i++)
			known |= !strcmp(given->items[k].key.text, template->parameters.items[i].key.text);
		if (known)
			continue;
		diag_error(r->diags, "C0203", given->items[k].key.span, "template `%s` has no parameter `%s`",
			   template->name.text, given->items[k].key.text);
		good = false;
	}
	return good;
}

static void flatten(struct resolver *r, const struct ast_block *block, const struct scope *scope, unsigned depth);

static void flatten_use(struct resolver *r, const struct ast_statement *use, const struct scope *outer, unsigned depth)
{
	const struct ast_profile *template = find_template(r, &use->u.use.name, &use->u.use.version);
	struct scope *scope = arena_new_of(r->arena, struct scope);

	if (!template)
		return;
	if (depth >= TEMPLATE_DEPTH_MAX) {
		diag_help(r->diags, diag_error(r->diags, "C0202", use->span, "templates use each other too deeply"),
			  "a template may not use itself, directly or through others");
		return;
	}
	*scope = (struct scope){ .template_name = template->name.text,
				 .phase = outer ? outer->phase : PHASE_NONE,
				 .parent = outer };
	if (bind_parameters(r, use, outer, template, scope))
		flatten(r, &template->body, scope, depth + 1);
}

static void flatten_phase(struct resolver *r, const struct ast_statement *statement, const struct scope *outer,
			  unsigned depth)
{
	struct scope *scope = arena_new_of(r->arena, struct scope);
	const char *name = statement->u.phase.name.text;

	for (size_t i = 0; i < r->layer->phases.count; i++)
		if (!strcmp(r->layer->phases.items[i].name, name)) {
			diag_error(r->diags, "C0235", statement->u.phase.name.span, "there are two phases `%s`", name);
			return;
		}
	if ((outer && outer->phase != PHASE_NONE) || (r->layer->phases.count == 0) != !statement->u.phase.trigger) {
		struct diag *d = diag_error(r->diags, "C0242", statement->u.phase.name.span,
					    outer && outer->phase != PHASE_NONE ? "a phase can't stand in a phase"
					    : r->layer->phases.count            ? "this phase has no trigger"
								     : "the first phase can't have a trigger");

		diag_help(
			r->diags, d,
			"every process starts in the first phase; later ones are written `phase NAME after TRIGGER {`");
	}
	*arena_push(r->arena, &r->layer->phases) =
		(struct phase){ .name = name, .span = statement->u.phase.name.span, .ast = statement };
	*scope = (struct scope){ .template_name = NULL, .phase = (int)r->layer->phases.count - 1, .parent = outer };
	flatten(r, &statement->u.phase.body, scope, depth);
}

static void flatten(struct resolver *r, const struct ast_block *block, const struct scope *scope, unsigned depth)
{
	for (size_t i = 0; i < block->count && r->flat.count < FLAT_MAX; i++) {
		const struct ast_statement *statement = block->items[i];

		if (statement->kind == STATEMENT_USE)
			flatten_use(r, statement, scope, depth);
		else if (statement->kind == STATEMENT_PHASE)
			flatten_phase(r, statement, scope, depth);
		else
			*arena_push(r->arena, &r->flat) = (struct flat_statement){ statement, scope };
	}
}

/* ---- one handler per kind of statement ---- */

static void do_rule(struct resolver *r, const struct flat_statement *flat)
{
	struct rule rule;

	if (!resolve_rule(r, flat->scope, &flat->statement->u.rule, flat->statement->span, &rule))
		return;
	*arena_push(r->arena, &r->layer->rules) = rule;
	resolve_rule_calls(r, (uint32_t)(r->layer->rules.count - 1));
}

static void do_default(struct resolver *r, const struct flat_statement *flat)
{
	const struct ast_statement *s = flat->statement;
	struct fallback fallback = { .written = true, .verdict.kind = s->u.fallback.verdict, .span = s->span };

	if (s->u.fallback.errno_name.text && !resolve_errno(r, &s->u.fallback.errno_name, &fallback.verdict.error))
		return;
	for (unsigned class = 0; class < REQUEST_CLASS_COUNT; class ++) {
		struct fallback *old = &r->layer->defaults[class];

		if (strcmp(request_class_name((enum request_class) class), s->u.fallback.class.text) != 0)
			continue;
		/* two defaults of one class stack like rules: the stronger holds */
		if (!old->written || verdict_stronger(fallback.verdict, old->verdict))
			*old = fallback;
		return;
	}
}

static void do_require(struct resolver *r, const struct flat_statement *flat)
{
	static const struct named_number rows[] = {
		{ "landlock", 0, NULL }, { "seccomp", 0, NULL }, { "notify", 0, NULL },  { "mdwe", 0, NULL },
		{ "userns", 0, NULL },   { "mount", 0, NULL },   { "cgroup2", 0, NULL }, { "bpf-lsm", 0, NULL },
	};
	static const struct named_table features = { "feature", ARRAY_SIZE(rows), rows };
	const struct ast_statement *s = flat->statement;
	struct requirement requirement = { .feature = s->u.require.feature.text, .at_least = 1, .span = s->span };
	uint64_t unused;
	bool negative = false;

	if (!named_find(&features, requirement.feature, &unused)) {
		diag_help(r->diags,
			  diag_error(r->diags, "C0233", s->u.require.feature.span, "unknown feature `%s`",
				     requirement.feature),
			  "features are: landlock seccomp notify mdwe userns mount cgroup2 bpf-lsm");
		return;
	}
	if (s->u.require.value.text &&
	    (!parse_number(s->u.require.value.text, &requirement.at_least, &negative) || negative)) {
		diag_error(r->diags, "C0216", s->u.require.value.span, "`%s` is not a number", s->u.require.value.text);
		return;
	}
	*arena_push(r->arena, &r->layer->requirements) = requirement;
}

static void do_prefer(struct resolver *r, const struct flat_statement *flat)
{
	const struct ast_statement *s = flat->statement;

	*arena_push(r->arena, &r->layer->preferences) =
		(struct preference){ .name = s->u.prefer.name.text, .vanilla = s->u.prefer.vanilla, .span = s->span };
}

/* The rule is resolved as a restriction in a layer of its own, so that it brings its conditions and opens nothing. */
static void do_never(struct resolver *r, const struct flat_statement *flat)
{
	struct ast_rule *ast = arena_new_of(r->arena, struct ast_rule);
	struct layer alone = { .arches = r->layer->arches };
	struct layer *own = r->layer;
	struct rule rule;

	*ast = flat->statement->u.rule;
	ast->verdict_written = true;
	ast->verdict = VERDICT_DENY;
	if (!resolve_rule(r, flat->scope, ast, flat->statement->span, &rule))
		return;
	r->layer = &alone;
	*arena_push(r->arena, &alone.rules) = rule;
	resolve_rule_calls(r, 0);
	r->layer = own;
	*arena_push(r->arena, &own->nevers) = (struct never){ .rule = rule, .calls = alone.calls };
}

static void do_test(struct resolver *r, const struct flat_statement *flat)
{
	const struct ast_statement *s = flat->statement;
	struct policy_test test = { .span = s->span,
				    .expected.kind = s->u.test.verdict,
				    .ast = s,
				    .error_written = s->u.test.errno_name.text != NULL };
	struct ast_request request = s->u.test.request;

	/* a template's tests speak of the template alone, not of whoever uses it */
	for (const struct scope *at = flat->scope; at; at = at->parent)
		if (at->template_name && !at->root)
			return;
	if (test.error_written && !resolve_errno(r, &s->u.test.errno_name, &test.expected.error))
		return;
	if (request.object.text && !(request.object.text = resolve_word(r, flat->scope, &request.object)))
		return;
	if (!resolve_one_request(r, &request, &test.request))
		return;
	test.request.phase = PHASE_NONE;
	if (s->u.test.phase.text) {
		for (size_t i = 0; i < r->layer->phases.count; i++)
			if (!strcmp(r->layer->phases.items[i].name, s->u.test.phase.text))
				test.request.phase = (int)i;
		if (test.request.phase == PHASE_NONE) {
			diag_error(r->diags, "C0243", s->u.test.phase.span, "there is no phase `%s`",
				   s->u.test.phase.text);
			return;
		}
	}
	*arena_push(r->arena, &r->layer->tests) = test;
}

/* A word of a table into bits; a diagnostic with what is known otherwise. */
static bool table_word(struct resolver *r, const char *code, const struct named_table *table, const struct word *word,
		       uint64_t *ret)
{
	const char *near;
	struct diag *d;

	if (named_find(table, word->text, ret))
		return true;
	d = diag_error(r->diags, code, word->span, "unknown %s `%s`", table->title, word->text);
	near = named_suggest(table, word->text);
	if (near)
		diag_help(r->diags, d, "did you mean `%s`?", near);
	return false;
}

static void do_isolate(struct resolver *r, const struct flat_statement *flat)
{
	for (size_t i = 0; i < flat->statement->u.words.count; i++) {
		uint64_t bit;

		if (!table_word(r, "C0226", &isolate_table, &flat->statement->u.words.items[i], &bit))
			continue;
		r->layer->isolate |= (uint32_t)bit;
		r->layer->isolate_span[__builtin_ctzll(bit)] = flat->statement->span;
	}
}

static void do_private(struct resolver *r, const struct flat_statement *flat)
{
	for (size_t i = 0; i < flat->statement->u.words.count; i++) {
		const struct word *word = &flat->statement->u.words.items[i];
		struct pattern pattern;
		bool known = false;

		if (!resolve_pattern(r, flat->scope, word, &pattern))
			continue;
		if (pattern.subtree || !pattern.literal_root || !strcmp(pattern.text, "/")) {
			diag_help(r->diags,
				  diag_error(r->diags, "C0227", word->span,
					     "`private` takes a directory, not a pattern"),
				  "write `private /tmp`");
			continue;
		}
		for (size_t k = 0; k < r->layer->privates.count; k++)
			known |= !strcmp(r->layer->privates.items[k], pattern.text);
		if (known)
			continue;
		*arena_push(r->arena, &r->layer->privates) = pattern.text;
		*arena_push(r->arena, &r->layer->private_spans) = flat->statement->span;
	}
}

static void do_env(struct resolver *r, const struct flat_statement *flat)
{
	const struct ast_statement *s = flat->statement;

	if (!strcmp(s->u.env.action.text, "clear"))
		*arena_push(r->arena, &r->layer->env) = (struct env_op){ .action = ENV_CLEAR };
	for (size_t i = 0; i < s->u.env.names.count; i++) {
		const char *name = resolve_word(r, flat->scope, &s->u.env.names.items[i]);

		if (name)
			*arena_push(r->arena, &r->layer->env) = (struct env_op){ .action = ENV_KEEP, .name = name };
	}
	for (size_t i = 0; i < s->u.env.pairs.count; i++) {
		const char *value = resolve_word(r, flat->scope, &s->u.env.pairs.items[i].value);

		if (value)
			*arena_push(r->arena, &r->layer->env) = (struct env_op){
				.action = ENV_SET, .name = s->u.env.pairs.items[i].key.text, .value = value
			};
	}
}

static void do_chdir(struct resolver *r, const struct flat_statement *flat)
{
	struct pattern pattern;

	if (!resolve_pattern(r, flat->scope, &flat->statement->u.word, &pattern))
		return;
	if (pattern.subtree || !pattern.literal_root ||
	    (r->layer->chdir && strcmp(r->layer->chdir, pattern.text) != 0)) {
		diag_help(r->diags,
			  diag_error(r->diags, "C0230", flat->statement->span,
				     r->layer->chdir ? "there are two different `chdir`"
						     : "`chdir` takes a directory, not a pattern"),
			  "write one `chdir /path`");
		return;
	}
	r->layer->chdir = pattern.text;
}

static void do_cap(struct resolver *r, const struct flat_statement *flat)
{
	for (size_t i = 0; i < flat->statement->u.words.count; i++) {
		struct word word = flat->statement->u.words.items[i];
		uint64_t number;

		if (!strncasecmp(word.text, "cap_", 4))
			word.text += 4;
		if (table_word(r, "C0223", &capability_table, &word, &number))
			r->layer->capabilities |= (uint64_t)1 << number;
	}
}

static void do_arch(struct resolver *r, const struct flat_statement *flat)
{
	for (size_t i = 0; i < flat->statement->u.words.count; i++) {
		const struct word *word = &flat->statement->u.words.items[i];
		bool known = false;

		for (unsigned arch = 0; arch < ARCH_COUNT; arch++)
			if (!strcmp(arch_table[arch].name, word->text)) {
				r->layer->arches |= 1u << arch;
				known = true;
			}
		if (!known)
			diag_help(r->diags,
				  diag_error(r->diags, "C0224", word->span, "unknown architecture `%s`", word->text),
				  "known are x86_64 i386 x32 aarch64");
	}
}

/* "10s", "5m", "1h", "200ms", or seconds without a unit: in milliseconds; bytes and counts take K M G T. */
static bool limit_value(const char *text, bool is_time, uint64_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t milliseconds;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	size_t digits = strspn(text, "0123456789");
	bool negative;

	if (!is_time)
		return parse_number(text, ret, &negative) && !negative;
	if (digits && digits < 12 && !text[digits]) {
		*ret = strtoull(text, NULL, 10) * 1000;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units) && digits && digits < 12; i++)
		if (!strcmp(text + digits, units[i].unit)) {
			*ret = strtoull(text, NULL, 10) * units[i].milliseconds;
			return true;
		}
	return false;
}

static void do_limit(struct resolver *r, const struct flat_statement *flat)
{
	for (size_t i = 0; i < flat->statement->u.pairs.count; i++) {
		const struct ast_pair *pair = &flat->statement->u.pairs.items[i];
		const char *text = resolve_word(r, flat->scope, &pair->value);
		struct limit limit = { .name = pair->key.text, .span = flat->statement->span };
		uint64_t unit;

		if (!table_word(r, "C0225", &limit_table, &pair->key, &unit) || !text)
			continue;
		if (!limit_value(text, unit == 2, &limit.value)) {
			diag_help(r->diags,
				  diag_error(r->diags, "C0225", pair->value.span, "`%s` is no value of `%s`", text,
					     limit.name),
				  unit == 2 ? "write for example `10s` or `5m`"
					    : "write a number, with K, M or G if you like");
			continue;
		}
		*arena_push(r->arena, &r->layer->limits) = limit;
	}
}

static void do_wx(struct resolver *r, const struct flat_statement *flat)
{
	const struct word *word = &flat->statement->u.word;
	static const struct named_number rows[] = { { "allow", WX_ALLOW, NULL },
						    { "sealed", WX_SEALED, NULL },
						    { "strict", WX_STRICT, NULL } };
	static const struct named_table modes = { "mode of wx", ARRAY_SIZE(rows), rows };
	uint64_t mode;

	if (!table_word(r, "C0228", &modes, word, &mode))
		return;
	if (r->layer->wx_span.source && r->layer->wx != (enum wx_mode)mode) {
		diag_help(r->diags, diag_error(r->diags, "C0228", word->span, "there are two different `wx`"),
			  "keep one of them");
		return;
	}
	r->layer->wx = (enum wx_mode)mode;
	r->layer->wx_span = flat->statement->span;
}

static void do_decider(struct resolver *r, const struct flat_statement *flat)
{
	*arena_push(r->arena, &r->layer->deciders) = flat->statement;
}

static void do_ask_timeout(struct resolver *r, const struct flat_statement *flat)
{
	uint64_t milliseconds;

	if (!limit_value(flat->statement->u.word.text, true, &milliseconds)) {
		diag_help(r->diags,
			  diag_error(r->diags, "C0225", flat->statement->u.word.span, "`%s` is no duration",
				     flat->statement->u.word.text),
			  "write for example `ask-timeout 30s`");
		return;
	}
	do_decider(r, flat);
}

typedef void statement_handler(struct resolver *r, const struct flat_statement *flat);

static const struct {
	statement_handler *handle;
	bool early; /* others depend on it */
} handlers[STATEMENT_KIND_COUNT] = {
	[STATEMENT_RULE] = { do_rule, false },       [STATEMENT_DEFAULT] = { do_default, false },
	[STATEMENT_REQUIRE] = { do_require, false }, [STATEMENT_PREFER] = { do_prefer, false },
	[STATEMENT_NEVER] = { do_never, false },     [STATEMENT_TEST] = { do_test, false },
	[STATEMENT_ISOLATE] = { do_isolate, true },  [STATEMENT_PRIVATE] = { do_private, false },
	[STATEMENT_ENV] = { do_env, false },         [STATEMENT_CHDIR] = { do_chdir, false },
	[STATEMENT_CAP] = { do_cap, false },         [STATEMENT_ARCH] = { do_arch, true },
	[STATEMENT_LIMIT] = { do_limit, false },     [STATEMENT_WX] = { do_wx, true },
	[STATEMENT_DECIDER] = { do_decider, false }, [STATEMENT_ASK_TIMEOUT] = { do_ask_timeout, false },
};

/* ---- layers ---- */

static void check_privates(struct resolver *r)
{
	if (!r->layer->privates.count || (r->layer->isolate & ISOLATE_MOUNT))
		return;
	diag_help(r->diags,
		  diag_error(r->diags, "C0227", r->layer->private_spans.items[0], "`private` needs a view of its own"),
		  "add `isolate mount`");
}

/* A template checked by itself: its parameters have their defaults. NULL for a profile. */
static const struct scope *root_scope(struct resolver *r, const struct ast_profile *profile)
{
	struct ast_statement use = { .kind = STATEMENT_USE, .span = profile->span };
	struct scope *scope;

	if (!profile->is_template)
		return NULL;
	scope = arena_new_of(r->arena, struct scope);
	*scope = (struct scope){ .template_name = profile->name.text, .phase = PHASE_NONE, .root = true };
	return bind_parameters(r, &use, NULL, profile, scope) ? scope : NULL;
}

static void resolve_layer(struct resolver *r, const struct layer_source *source)
{
	r->layer->name = source->profile->name.text;
	r->layer->span = source->profile->span;
	r->layer->arches = 1u << arch_native();
	for (size_t i = 0; i < source->profile->binaries.count; i++) {
		struct pattern pattern;

		if (resolve_pattern(r, NULL, &source->profile->binaries.items[i], &pattern))
			*arena_push(r->arena, &r->layer->binaries) = pattern.text;
	}
	flatten(r, &source->profile->body, root_scope(r, source->profile), 0);
	if (source->extra)
		flatten(r, source->extra, NULL, 0);
	for (int early = 1; early >= 0; early--)
		for (size_t i = 0; i < r->flat.count; i++)
			if (handlers[r->flat.items[i].statement->kind].handle &&
			    handlers[r->flat.items[i].statement->kind].early == early)
				handlers[r->flat.items[i].statement->kind].handle(r, &r->flat.items[i]);
	check_privates(r);
	resolve_finish_calls(r);
}

int resolve(const struct layer_source *sources, size_t count, const struct surroundings *surroundings,
	    struct arena *arena, struct diags *diags, struct model **ret)
{
	struct model *model = arena_new_of(arena, struct model);
	size_t errors = diags->errors;

	model->arena = arena;
	for (size_t i = 0; i < count; i++) {
		struct resolver r = { .arena = arena,
				      .diags = diags,
				      .surroundings = surroundings,
				      .file = sources[i].file,
				      .layer = arena_new_of(arena, struct layer) };

		resolve_layer(&r, &sources[i]);
		*arena_push(arena, model) = r.layer;
	}
	if (diags->errors > errors)
		return -EINVAL;
	*ret = model;
	return 0;
}
