/* The compiled texts (policy/compiled.h) are what the parser and the resolver make of data/pins.tbl and
 * data/grants.cordon, on every architecture. */
#include <string.h>

#include "fixture.h"
#include "policy/compiled.h"
#include "policy/resolver.h"
#include "tap.h"

static bool same(const struct cond *a, const struct cond *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind)
		return false;
	if (a->kind != COND_ATOM)
		return same(a->left, b->left) && same(a->right, b->right);
	return a->arg == b->arg && a->bits == b->bits && a->is_signed == b->is_signed && a->has_mask == b->has_mask &&
	       a->mask == b->mask && a->compare == b->compare && a->value == b->value;
}

static struct resolver resolver_of(struct fixture *f)
{
	return (struct resolver){ .arena = f->arena,
				  .diags = &f->diags,
				  .surroundings = &f->surroundings,
				  .layer = arena_new_of(f->arena, struct layer) };
}

/* Is @place what @ast means for @call, wherever that is? */
static bool agrees(struct fixture *f, const struct compiled_call *compiled, const struct ast_cond *ast)
{
	struct resolver r = resolver_of(f);
	const struct call_row *row = &call_table[compiled->call];
	bool good = true;

	for (unsigned arch = 0; arch < ARCH_COUNT; arch++) {
		const uint16_t place = compiled->cond[arch];

		if (row->nr[arch] == CALL_NR_NONE || !ast)
			good &= CHECK_INT(place, 0);
		else if (!call_args_stable(row, (enum arch)arch))
			good &= CHECK(place && !cond_holds(compiled_expand(place, f->arena), (uint64_t[6]){ 0 }));
		else
			good &= CHECK(place && same(compiled_expand(place, f->arena),
						    resolve_cond(&r, NULL, ast, compiled->call, (enum arch)arch)));
	}
	if (!good)
		CHECK_STR(row->name, "the call above");
	return good;
}

static struct ast_cond *parse(struct fixture *f, const char *text)
{
	struct source *source = arena_new_of(f->arena, struct source);
	struct ast_cond *cond = NULL;

	*source = (struct source){ .name = "pin", .text = text, .size = strlen(text) };
	REQUIRE(parse_condition(source, f->arena, &f->diags, &cond) == 0);
	return cond;
}

TEST(pins_are_their_text)
{
	struct fixture f;
	size_t pins = 0;

	fixture_init(&f);
	for (size_t call = 0; call < call_count; call++) {
		const struct compiled_call *pin = compiled_pin((uint16_t)call);

		if (!CHECK_INT(pin != NULL, call_table[call].pin != 0))
			CHECK_STR(call_table[call].name, "has a pin");
		if (!pin || !call_table[call].pin)
			continue;
		CHECK(!pin->has_verdict);
		agrees(&f, pin, parse(&f, call_pin(&call_table[call])));
		pins++;
	}
	CHECK_INT(pins, compiled_pin_count);
	CHECK(pins > 30);
	CHECK_INT(f.diags.count, 0);
	fixture_release(&f);
}

static const struct ast_profile *find(const struct ast_file *file, const char *name)
{
	for (size_t i = 0; i < file->count; i++)
		if (!strcmp(file->items[i]->name.text, name))
			return file->items[i];
	return NULL;
}

/* The statements of @profile against the rows from @at on; returns where they end. */
static size_t compare(struct fixture *f, const struct ast_file *file, const struct ast_profile *profile, size_t at,
		      size_t end)
{
	REQUIRE(profile != NULL);
	for (size_t i = 0; i < profile->body.count; i++) {
		const struct ast_statement *statement = profile->body.items[i];
		const struct ast_rule *rule = &statement->u.rule;

		if (statement->kind == STATEMENT_USE) {
			at = compare(f, file, find(file, statement->u.use.name.text), at, end);
			continue;
		}
		REQUIRE(statement->kind == STATEMENT_RULE && rule->class == REQUEST_SYSCALL);
		for (size_t k = 0; k < rule->objects.count; k++, at++) {
			const struct compiled_call *compiled = &compiled_calls[at];

			if (!CHECK(at < end))
				return at;
			CHECK_STR(call_table[compiled->call].name, rule->objects.items[k].text);
			CHECK_INT(compiled->has_verdict, rule->verdict_written);
			if (rule->verdict_written)
				CHECK_INT(compiled->verdict, rule->verdict);
			agrees(f, compiled, rule->cond);
		}
	}
	return at;
}

TEST(grants_are_their_text)
{
	const struct embedded_text *embedded = embedded_find("grants");
	struct ast_file *file;
	struct source source;
	struct fixture f;

	fixture_init(&f);
	REQUIRE(embedded != NULL);
	source = (struct source){ .name = embedded->name, .text = embedded->text, .size = embedded->size };
	REQUIRE(parse_file(&source, f.arena, &f.diags, &file) == 0);
	CHECK_INT(compiled_grant_count, file->count);
	for (size_t i = 0; i < file->count; i++) {
		const struct compiled_grant *grant = compiled_grant(file->items[i]->name.text);
		size_t end;

		if (!CHECK(grant != NULL))
			continue;
		end = grant->first + grant->count;
		CHECK_INT(compare(&f, file, file->items[i], grant->first, end), end);
	}
	CHECK_INT(f.diags.count, 0);
	fixture_release(&f);
}

/* The comparison sees a difference: each pin against another one's text. */
TEST(the_comparison_can_fail)
{
	const int call = call_find("prlimit64");
	struct resolver r;
	struct fixture f;
	const struct cond *pin;

	fixture_init(&f);
	r = resolver_of(&f);
	pin = compiled_expand(compiled_pin((uint16_t)call)->cond[arch_native()], f.arena);
	CHECK(same(pin, resolve_cond(&r, NULL, parse(&f, "pid == 0"), (uint16_t)call, arch_native())));
	CHECK(!same(pin, resolve_cond(&r, NULL, parse(&f, "pid == 1"), (uint16_t)call, arch_native())));
	CHECK(!same(pin, resolve_cond(&r, NULL, parse(&f, "not pid == 0"), (uint16_t)call, arch_native())));
	CHECK(compiled_grant("grant/nothing") == NULL);
	CHECK(compiled_pin((uint16_t)call_find("execve")) == NULL);
	fixture_release(&f);
}
