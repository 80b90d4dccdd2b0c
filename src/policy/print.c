/* print.c - AST -> canonical text; see parse.h. */
#include "policy/parse.h"

#include <string.h>

#include "policy/keywords.h"
#include "policy/printer.h"

/* ---- conditions ---- */

/* Names that are ORed together are one piece: `A|B`. */
static void piece_joined(struct line *line, const struct words *words)
{
	struct str *text = piece_begin(line);

	for (size_t i = 0; i < words->count; i++)
		str_addf(text, "%s%s", i ? "|" : "", words->items[i].text);
	piece_end(line, false);
}

static void add_test(struct line *line, const struct ast_cond *cond)
{
	piece(line, cond->argument.text);
	if (cond->mask.count) {
		piece(line, "&");
		piece_joined(line, &cond->mask);
	}
	if (!cond->values_alternatives) {
		piece(line, compare_name(cond->compare));
		piece_joined(line, &cond->values);
		return;
	}
	if (cond->negated_in)
		piece(line, "not");
	piece(line, "in");
	piece_open(line, "{");
	piece_words(line, &cond->values);
	piece_close(line, "}");
}

static void add_cond(struct line *line, const struct ast_cond *cond);

static void add_cond_within(struct line *line, const struct ast_cond *cond, bool parens)
{
	if (parens)
		piece_open(line, "(");
	add_cond(line, cond);
	if (parens)
		piece_close(line, ")");
}

static void add_cond(struct line *line, const struct ast_cond *cond)
{
	switch (cond->kind) {
	case COND_ATOM: add_test(line, cond); break;
	case COND_NOT:
		piece(line, "not");
		add_cond_within(line, cond->left, cond->left->kind == COND_AND || cond->left->kind == COND_OR);
		break;
	case COND_AND:
	case COND_OR:
		add_cond_within(line, cond->left, cond->kind == COND_AND && cond->left->kind == COND_OR);
		piece(line, cond->kind == COND_AND ? "and" : "or");
		/* chains lean to the left: what leans to the right was written with parentheses */
		add_cond_within(line, cond->right, cond->right->kind == COND_OR || cond->right->kind == cond->kind);
		break;
	}
}

void print_condition(const struct ast_cond *cond, struct str *out)
{
	struct line line;

	line_begin_message(&line, out);
	add_cond(&line, cond);
}

/* ---- rules and requests ---- */

/* Joined by commas, in the order of the language; what it doesn't know last. */
static void piece_operations(struct line *line, const struct ast_rule *rule)
{
	const struct words *operations = &rule->operations;
	unsigned unknown = operation_rank(rule->class, "");
	size_t done = 0;

	for (unsigned rank = 0; rank <= unknown && done < operations->count; rank++)
		for (size_t i = 0; i < operations->count; i++) {
			if (operation_rank(rule->class, operations->items[i].text) != rank)
				continue;
			str_addf(piece_begin(line), "%s%s", operations->items[i].text,
				 done + 1 < operations->count ? "," : "");
			piece_end(line, done > 0);
			done++;
		}
}

static void piece_objects(struct line *line, const struct ast_rule *rule, const struct words *words)
{
	bool paths = class_shapes[rule->class].paths;

	for (size_t i = 0; i < words->count; i++) {
		const char *text = words->items[i].text;

		piece_word(line, &words->items[i], word_starts_clause(text) || (paths && !word_looks_like_path(text)));
	}
}

static void piece_as(struct line *line, const struct ast_rule *rule)
{
	struct word both = rule->as_user;

	if (rule->as_user.text && rule->as_group.text)
		both.text = arena_printf(line->out->arena, "%s:%s", rule->as_user.text, rule->as_group.text);
	piece_clause(line, "as", &both, false);
}

static void add_rule(struct line *line, const struct ast_rule *rule)
{
	const struct word *protocol = &rule->protocol;

	if (rule->verdict_written && rule->verdict != VERDICT_ALLOW)
		piece(line, verdict_name(rule->verdict));
	piece(line, request_class_name(rule->class));
	piece_operations(line, rule);
	if (protocol->text)
		piece_word(line, protocol, word_starts_clause(protocol->text));
	piece_objects(line, rule, &rule->objects);
	if (rule->excepts.count)
		piece(line, "except");
	piece_objects(line, rule, &rule->excepts);
	if (rule->cond) {
		piece(line, "if");
		add_cond(line, rule->cond);
	}
	piece_clause(line, "profile", &rule->profile, false);
	piece_as(line, rule);
	piece_clause(line, "errno", &rule->errno_name, false);
	if (rule->log)
		piece(line, "log");
	piece_clause(line, "because", &rule->because, true);
	if (rule->uid.present) {
		piece(line, "for uid");
		piece_clause(line, compare_name(rule->uid.compare), &rule->uid.user, false);
	}
	for (unsigned rank = 0; rank < origin_rank(""); rank++)
		for (size_t i = 0; i < rule->origins.count; i++)
			if (origin_rank(rule->origins.items[i].text) == rank)
				piece(line, rule->origins.items[i].text);
}

void print_rule(const struct ast_rule *rule, struct str *out)
{
	struct line line;

	line_begin_message(&line, out);
	add_rule(&line, rule);
}

static void add_request(struct line *line, const struct ast_request *request)
{
	piece(line, request_class_name(request->class));
	if (request->operation.text)
		piece_word(line, &request->operation, false);
	if (request->protocol.text)
		piece_word(line, &request->protocol, false);
	/* people quote the literal path of a request, which is no pattern */
	if (request->object.text && !request->arguments.count)
		piece_word(line, &request->object, class_shapes[request->class].paths);
	for (size_t i = 0; i < request->arguments.count; i++) {
		struct str *text = piece_begin(line);

		if (i == 0) {
			add_text(text, request->object.text, false);
			str_addc(text, '(');
		}
		str_addf(text, "%s%c", request->arguments.items[i].text, i + 1 < request->arguments.count ? ',' : ')');
		piece_end(line, false);
	}
	piece_clause(line, "on", &request->arch, false);
}

void print_request(const struct ast_request *request, struct str *out)
{
	struct line line;

	line_begin_message(&line, out);
	add_request(&line, request);
}

/* ---- statements: one function per kind ---- */

static void add_use(struct line *line, const struct ast_statement *s)
{
	piece(line, "use");
	piece(line, arena_printf(line->out->arena, "%s@%s", s->u.use.name.text, s->u.use.version.text));
	for (size_t i = 0; i < s->u.use.parameters.count; i++)
		piece_pair(line, "", &s->u.use.parameters.items[i]);
}

/* An event that is told is written in quotes, the name of a call without. */
static void add_trigger(struct line *line, const struct ast_trigger *trigger)
{
	const struct word *protocol = &trigger->protocol;

	piece(line, "after");
	if (trigger->count_written)
		piece(line, arena_printf(line->out->arena, "%u", trigger->count));
	piece_word(line, &trigger->event, trigger->event.quoted);
	if (protocol->text)
		piece_word(line, protocol, !strcmp(protocol->text, "domain"));
	for (size_t i = 0; i < trigger->objects.count; i++)
		piece_word(line, &trigger->objects.items[i], !strcmp(trigger->objects.items[i].text, "domain"));
}

static void add_phase(struct line *line, const struct ast_statement *s)
{
	piece(line, "phase");
	piece_word(line, &s->u.phase.name, false);
	if (s->u.phase.trigger)
		add_trigger(line, s->u.phase.trigger);
	if (s->u.phase.domain)
		piece(line, "domain");
}

static void add_default(struct line *line, const struct ast_statement *s)
{
	piece(line, "default");
	piece_word(line, &s->u.fallback.class, false);
	piece(line, verdict_name(s->u.fallback.verdict));
	piece_clause(line, "errno", &s->u.fallback.errno_name, false);
}

static void add_require(struct line *line, const struct ast_statement *s)
{
	const struct word *feature = &s->u.require.feature;

	piece(line, "require");
	piece_word(line, feature, false);
	piece_clause(line, compare_name(s->u.require.compare), &s->u.require.value, false);
	piece(line, "else refuse");
}

static void add_prefer(struct line *line, const struct ast_statement *s)
{
	piece(line, "prefer");
	piece_word(line, &s->u.prefer.name, false);
	piece(line, s->u.prefer.vanilla ? "else vanilla" : "else die");
}

static void add_never(struct line *line, const struct ast_statement *s)
{
	piece(line, "never");
	add_rule(line, &s->u.rule);
}

static void add_test_line(struct line *line, const struct ast_statement *s)
{
	piece(line, "test");
	piece_clause(line, "in", &s->u.test.phase, false);
	piece(line, verdict_name(s->u.test.verdict));
	piece_clause(line, "errno", &s->u.test.errno_name, false);
	add_request(line, &s->u.test.request);
}

static void add_env(struct line *line, const struct ast_statement *s)
{
	piece(line, "env");
	piece_word(line, &s->u.env.action, false);
	piece_words(line, &s->u.env.names);
	for (size_t i = 0; i < s->u.env.pairs.count; i++)
		piece_pair(line, "", &s->u.env.pairs.items[i]);
}

static void add_limit(struct line *line, const struct ast_statement *s)
{
	piece(line, "limit");
	for (size_t i = 0; i < s->u.pairs.count; i++) {
		piece_word(line, &s->u.pairs.items[i].key, false);
		piece_word(line, &s->u.pairs.items[i].value, false);
	}
}

static void add_decider(struct line *line, const struct ast_statement *s)
{
	piece(line, "decider");
	piece_word(line, &s->u.decider.name, false);
	piece_words(line, &s->u.decider.arguments);
}

static void add_statement_rule(struct line *line, const struct ast_statement *s)
{
	add_rule(line, &s->u.rule);
}

static const struct {
	const char *words; /* NAME WORD..., where that is all */
	bool one;          /* u.word, not u.words */
	void (*add)(struct line *line, const struct ast_statement *statement);
} printers[STATEMENT_KIND_COUNT] = {
	[STATEMENT_RULE] = { .add = add_statement_rule },
	[STATEMENT_USE] = { .add = add_use },
	[STATEMENT_PHASE] = { .add = add_phase },
	[STATEMENT_DEFAULT] = { .add = add_default },
	[STATEMENT_REQUIRE] = { .add = add_require },
	[STATEMENT_PREFER] = { .add = add_prefer },
	[STATEMENT_NEVER] = { .add = add_never },
	[STATEMENT_TEST] = { .add = add_test_line },
	[STATEMENT_ISOLATE] = { .words = "isolate" },
	[STATEMENT_PRIVATE] = { .words = "private" },
	[STATEMENT_ENV] = { .add = add_env },
	[STATEMENT_CHDIR] = { .words = "chdir", .one = true },
	[STATEMENT_CAP] = { .words = "cap" },
	[STATEMENT_ARCH] = { .words = "arch" },
	[STATEMENT_LIMIT] = { .add = add_limit },
	[STATEMENT_WX] = { .words = "wx", .one = true },
	[STATEMENT_DECIDER] = { .add = add_decider },
	[STATEMENT_ASK_TIMEOUT] = { .words = "ask-timeout", .one = true },
};

/* ---- lines ---- */

/* Comment lines as they stand, at the indent of what follows. */
static void print_comments(const char *comments, unsigned indent, struct str *out)
{
	for (const char *line = comments, *end; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		if (end != line)
			for (unsigned i = 0; i < indent * PRINT_INDENT; i++)
				str_addc(out, ' ');
		str_addn(out, line, (size_t)(end - line) + 1);
	}
}

static void end_line(struct str *out, const char *brace, const char *comment)
{
	str_add(out, brace);
	if (comment)
		str_addf(out, "  %s", comment);
	str_addc(out, '\n');
}

static void print_block(const struct ast_block *block, unsigned indent, struct str *out)
{
	for (size_t i = 0; i < block->count; i++)
		print_statement(block->items[i], indent + 1, out);
	print_comments(block->comment_end, indent + 1, out);
	for (unsigned i = 0; i < indent * PRINT_INDENT; i++)
		str_addc(out, ' ');
	str_add(out, "}\n");
}

void print_statement(const struct ast_statement *statement, unsigned indent, struct str *out)
{
	struct line line;

	print_comments(statement->comment_before, indent, out);
	line_begin(&line, out, indent);
	if (printers[statement->kind].add) {
		printers[statement->kind].add(&line, statement);
	} else {
		piece(&line, printers[statement->kind].words);
		if (printers[statement->kind].one)
			piece_word(&line, &statement->u.word, false);
		else
			piece_words(&line, &statement->u.words);
	}
	end_line(out, statement->kind == STATEMENT_PHASE ? " {" : "", statement->comment_after);
	if (statement->kind == STATEMENT_PHASE)
		print_block(&statement->u.phase.body, indent, out);
}

static void print_profile(const struct ast_profile *profile, struct str *out)
{
	struct line line;

	print_comments(profile->comment_before, 0, out);
	line_begin(&line, out, 0);
	if (profile->is_template) {
		piece(&line, "template");
		piece(&line, arena_printf(out->arena, "%s@%s", profile->name.text, profile->version.text));
		for (size_t i = 0; i < profile->parameters.count; i++)
			piece_pair(&line, "$", &profile->parameters.items[i]);
	} else {
		piece(&line, "profile");
		piece_word(&line, &profile->name, false);
		piece_words(&line, &profile->binaries);
	}
	end_line(out, " {", profile->comment_after);
	print_block(&profile->body, 0, out);
}

void print_file(const struct ast_file *file, struct str *out)
{
	print_comments(file->comment_top, 0, out);
	str_addf(out, "cordon %u", file->version);
	end_line(out, "", file->comment_after);
	for (size_t i = 0; i < file->count; i++)
		print_profile(file->items[i], out);
	print_comments(file->comment_end, 0, out);
}
