/* resolve_cond.c - conditions on arguments: names become numbers of one architecture, with the kernel's own widths. */
#include "policy/resolver.h"

#include <string.h>

/* The low @bits of @value, extended as the type says. */
static uint64_t extend(uint64_t value, unsigned bits, bool is_signed)
{
	uint64_t low;

	if (bits >= 64)
		return value;
	low = value & (((uint64_t)1 << bits) - 1);
	if (is_signed && (low >> (bits - 1)) & 1)
		low |= ~(((uint64_t)1 << bits) - 1);
	return low;
}

/* Does @value (negative: as two's complement) fit the type? Unsigned types take -1 as "all ones" too: people write it. */
static bool fits(uint64_t value, bool negative, unsigned bits)
{
	if (bits >= 64)
		return true;
	if (negative)
		return -value <= (uint64_t)1 << (bits - 1);
	return value < (uint64_t)1 << bits;
}

static bool one_value(const struct call_row *row, unsigned arg, enum arch arch, const char *name, uint64_t *ret,
		      bool *ret_negative)
{
	const struct flag_set *set = row && arg < row->arg_count ? call_arg_set(&call_args(row)[arg]) : NULL;

	*ret_negative = false;
	if (!strcmp(name, "NULL")) {
		*ret = 0;
		return true;
	}
	if (parse_number(name, ret, ret_negative))
		return true;
	if (!set || !flag_value_find(set, name, arch, ret)) {
		set = flag_set_having(name);
		if (!set || !flag_value_find(set, name, arch, ret))
			return false;
	}
	*ret_negative = (int64_t)*ret < 0; /* AT_FDCWD */
	return true;
}

static void unknown_value(struct resolver *r, const struct word *word, const char *name, const struct call_row *row,
			  unsigned arg)
{
	struct diag *d = diag_error(r->diags, "C0215", word->span, "unknown value `%s`", name);

	const struct call_arg *at = row && arg < row->arg_count ? &call_args(row)[arg] : NULL;

	if (at && call_arg_set(at))
		diag_help(r->diags, d, "argument `%s` of %s takes numbers and names such as %s", at->name, row->name,
			  flag_value_name(flag_set_values(call_arg_set(at))));
	else
		diag_help(r->diags, d, "write a number, or a name that the kernel's headers define");
}

bool resolve_value(struct resolver *r, const struct scope *scope, const struct word *word, const struct call_row *row,
		   unsigned arg, enum arch arch, uint64_t *ret)
{
	const char *text = resolve_word(r, scope, word);
	unsigned bits = row && arg < row->arg_count ? call_arg_bits(row, arg, arch) : 64;
	uint64_t sum = 0;
	char *copy, *save = NULL;

	if (!text)
		return false;
	copy = arena_strdup(r->arena, text);
	for (char *name = strtok_r(copy, "|", &save); name; name = strtok_r(NULL, "|", &save)) {
		uint64_t value;
		bool negative;

		if (!one_value(row, arg, arch, name, &value, &negative)) {
			unknown_value(r, word, name, row, arg);
			return false;
		}
		if (!fits(value, negative, bits)) {
			struct diag *d = diag_error(r->diags, "C0216", word->span, "`%s` does not fit %u bits", name,
						    bits);

			diag_note(r->diags, d, "the kernel reads only the low %u bits of this argument", bits);
			diag_help(r->diags, d, "write a smaller value, or compare the whole register with `arg%u:64`",
				  arg);
			return false;
		}
		sum |= value;
	}
	*ret = sum;
	return true;
}

/* ---- one comparison ---- */

struct place { /* what is compared */
	unsigned arg;
	unsigned bits;
	bool is_signed;
	const struct call_row *row; /* NULL for a raw register */
};

static bool find_argument(struct resolver *r, const struct ast_cond *ast, const struct call_row *row, enum arch arch,
			  struct place *ret)
{
	const char *name = ast->argument.text;
	struct str known;
	struct diag *d;

	if (!strncmp(name, "arg", 3) && name[3] >= '0' && name[3] <= '5' && !strcmp(name + 4, ":64")) {
		*ret = (struct place){ .arg = (unsigned)(name[3] - '0'), .bits = 64 };
		return true;
	}
	for (unsigned i = 0; i < row->arg_count; i++) {
		bool by_number = !strncmp(name, "arg", 3) && name[3] == (char)('0' + i) && !name[4];

		if (!by_number && strcmp(call_args(row)[i].name, name) != 0)
			continue;
		*ret = (struct place){ .arg = i,
				       .bits = call_arg_bits(row, i, arch),
				       .is_signed = call_arg_type(&call_args(row)[i])->is_signed,
				       .row = row };
		return true;
	}
	str_init(&known, r->arena);
	for (unsigned i = 0; i < row->arg_count; i++)
		str_addf(&known, "%s%s", i ? " " : "", call_args(row)[i].name);
	d = diag_error(r->diags, "C0214", ast->argument.span, "`%s` has no argument `%s`", row->name, name);
	if (row->arg_count)
		diag_help(r->diags, d, "its arguments are: %s", known.text);
	return false;
}

static const struct cond *new_cond(struct resolver *r, struct cond cond)
{
	struct cond *copy = arena_new_of(r->arena, struct cond);

	*copy = cond;
	return copy;
}

static const struct cond *join(struct resolver *r, enum cond_kind kind, const struct cond *left,
			       const struct cond *right)
{
	return new_cond(r, (struct cond){ .kind = kind, .left = left, .right = right });
}

static bool check_pointer(struct resolver *r, const struct ast_cond *ast, const struct place *place)
{
	bool equality = ast->compare == COMPARE_EQ || ast->compare == COMPARE_NE;
	bool null = ast->values.count == 1 &&
		    (!strcmp(ast->values.items[0].text, "NULL") || !strcmp(ast->values.items[0].text, "0"));
	struct diag *d;

	if (!place->row || call_arg_type(&call_args(place->row)[place->arg])->kind != ARG_POINTER ||
	    (equality && null && !ast->mask.count))
		return true;
	d = diag_error(r->diags, "C0217", ast->span, "`%s` is an address: only a comparison with NULL means something",
		       ast->argument.text);
	diag_note(r->diags, d,
		  "what it points to can be changed by another thread after the check, so no filter may read it");
	diag_help(r->diags, d, "write `%s == NULL` or `%s != NULL`", ast->argument.text, ast->argument.text);
	return false;
}

/* The OR of @words, as bits of @place. */
static bool resolve_bits(struct resolver *r, const struct scope *scope, const struct words *words,
			 const struct place *place, enum arch arch, uint64_t *ret)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < words->count; i++) {
		uint64_t bits;

		if (!resolve_value(r, scope, &words->items[i], place->row, place->arg, arch, &bits))
			return false;
		sum |= bits;
	}
	*ret = sum;
	return true;
}

static const struct cond *resolve_atom(struct resolver *r, const struct scope *scope, const struct ast_cond *ast,
				       const struct call_row *row, enum arch arch)
{
	size_t alternatives = ast->values_alternatives ? ast->values.count : 1;
	const struct cond *result = NULL;
	struct place place;
	uint64_t mask = 0;

	if (!find_argument(r, ast, row, arch, &place) || !check_pointer(r, ast, &place) ||
	    !resolve_bits(r, scope, &ast->mask, &place, arch, &mask))
		return NULL;
	for (size_t i = 0; i < alternatives; i++) {
		const struct words one = { .items = ast->values.items + i,
					   .count = ast->values_alternatives ? 1 : ast->values.count };
		struct cond atom = { .kind = COND_ATOM,
				     .arg = (uint8_t)place.arg,
				     .bits = (uint8_t)place.bits,
				     .is_signed = place.is_signed,
				     .has_mask = ast->mask.count > 0,
				     .mask = extend(mask, place.bits, false),
				     .compare = ast->compare };
		const struct cond *resolved;

		if (!resolve_bits(r, scope, &one, &place, arch, &atom.value))
			return NULL;
		/* masked values are plain bits */
		if (atom.has_mask || atom.compare == COMPARE_WITHIN)
			atom.is_signed = false;
		atom.value = extend(atom.value, atom.bits, atom.is_signed);
		resolved = new_cond(r, atom);
		result = result ? join(r, COND_OR, result, resolved) : resolved;
	}
	if (result && ast->negated_in)
		result = join(r, COND_NOT, result, NULL);
	return result;
}

static const struct cond *resolve_tree(struct resolver *r, const struct scope *scope, const struct ast_cond *ast,
				       const struct call_row *row, enum arch arch)
{
	const struct cond *left, *right;

	switch (ast->kind) {
	case COND_ATOM: return resolve_atom(r, scope, ast, row, arch);
	case COND_NOT:
		left = resolve_tree(r, scope, ast->left, row, arch);
		return left ? join(r, COND_NOT, left, NULL) : NULL;
	case COND_AND:
	case COND_OR:
		left = resolve_tree(r, scope, ast->left, row, arch);
		right = resolve_tree(r, scope, ast->right, row, arch);
		return left && right ? join(r, ast->kind, left, right) : NULL;
	}
	return NULL;
}

const struct cond *resolve_cond(struct resolver *r, const struct scope *scope, const struct ast_cond *ast,
				uint16_t call, enum arch arch)
{
	const struct call_row *row = &call_table[call];

	if (!call_args_stable(row, arch)) {
		struct diag *d = diag_error(r->diags, "C0219", ast->span,
					    "the arguments of %s on %s can't be told apart by position", row->name,
					    arch_table[arch].name);

		diag_note(r->diags, d,
			  "there it splits 64-bit values over two registers, or takes its arguments from memory");
		diag_help(r->diags, d, "drop the condition, or `arch %s`", arch_table[arch].name);
		return NULL;
	}
	return resolve_tree(r, scope, ast, row, arch);
}
