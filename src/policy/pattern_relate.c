/* pattern_relate.c - how two patterns relate: is there a path that both match, does one match all that the other does.
 *
 * Both questions are about canonical paths only: no component is empty, "." or "..". */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/pattern_walk.h"

/* ---- overlap: walk through both at once ---- */

/* What a component has been so far; only NAME_OTHER may be one. */
enum name_state { NAME_EMPTY, NAME_DOT, NAME_DOTDOT, NAME_OTHER };

static enum name_state name_step(enum name_state state, bool dot)
{
	return dot && state < NAME_OTHER ? state + 1 : NAME_OTHER;
}

static bool is_wild(char c)
{
	return c == '*' || c == '?';
}

struct glob_pair {
	const struct component *a, *b;
	/* bit per name_state: reached with that many bytes of a (this row, the next one) and of b (index) used up */
	uint8_t rows[2][PATTERN_COMPONENT_MAX + 2];
};

/* One byte that both take at (i, j), having read a name in @state. */
static void pair_consume(struct glob_pair *pair, size_t i, size_t j, enum name_state state)
{
	const char a = pair->a->text[i], b = pair->b->text[j];
	uint8_t *row = pair->rows[a == '*' ? 0 : 1];
	const size_t column = b == '*' ? j : j + 1;

	if (!is_wild(a) && !is_wild(b) && a != b)
		return;
	if (is_wild(a) && is_wild(b)) {
		row[column] |= (uint8_t)(1U << name_step(state, true) | 1U << name_step(state, false));
		return;
	}
	row[column] |= (uint8_t)(1U << name_step(state, (is_wild(a) ? b : a) == '.'));
}

static void pair_cell(struct glob_pair *pair, size_t i, size_t j)
{
	const bool more_a = i < pair->a->size, more_b = j < pair->b->size;

	/* consuming under two stars stays in this cell, but only ever raises the state */
	for (enum name_state state = NAME_EMPTY; state <= NAME_OTHER; state++) {
		if (!(pair->rows[0][j] & 1U << state))
			continue;
		if (more_a && pair->a->text[i] == '*')
			pair->rows[1][j] |= (uint8_t)(1U << state);
		if (more_b && pair->b->text[j] == '*')
			pair->rows[0][j + 1] |= (uint8_t)(1U << state);
		if (more_a && more_b)
			pair_consume(pair, i, j, state);
	}
}

static bool component_overlap(const struct component *a, const struct component *b)
{
	struct glob_pair pair = { .a = a, .b = b };

	pair.rows[0][0] = 1U << NAME_EMPTY;
	for (size_t i = 0;; i++) {
		for (size_t j = 0; j <= b->size; j++)
			pair_cell(&pair, i, j);
		if (i == a->size)
			return pair.rows[0][b->size] & 1U << NAME_OTHER;
		memcpy(pair.rows[0], pair.rows[1], sizeof(pair.rows[0]));
		memset(pair.rows[1], 0, sizeof(pair.rows[1]));
	}
}

/* One row of the walk: component @a of the first pattern (NULL: all used up) against all of the second. @row[j]: j
 * components of the second are used up; @next: the same once @a is used up too. */
static void overlap_row(const struct component *a, const char *second, bool *row, bool *next)
{
	const bool deep_a = a && component_any_depth(a);
	struct component b;
	size_t j = 0;

	for (; component_next(&second, &b); j++) {
		const bool deep_b = component_any_depth(&b);

		if (!row[j])
			continue;
		/* a "**" may stay for one component more of the other, or be done */
		if (deep_a || deep_b)
			row[j + 1] = true;
		if (a && (deep_a || deep_b))
			next[j] = true;
		if (a && !deep_a && !deep_b && component_overlap(a, &b))
			next[j + 1] = true;
	}
	if (row[j] && deep_a)
		next[j] = true;
}

bool pattern_overlap(const struct pattern *a, const struct pattern *b)
{
	bool rows[2][PATTERN_COMPONENTS_MAX + 2] = { { true } };
	const char *at = a->text, *second = b->text;
	struct component component;
	size_t count = 0;

	while (component_next(&second, &component))
		count++;
	while (component_next(&at, &component)) {
		overlap_row(&component, b->text, rows[0], rows[1]);
		memcpy(rows[0], rows[1], sizeof(rows[0]));
		memset(rows[1], 0, sizeof(rows[1]));
	}
	overlap_row(NULL, b->text, rows[0], rows[1]);
	return rows[0][count];
}

/* ---- covers: inclusion of two automata over bytes ----
 *
 * The inner pattern's wildcards need not be tried with every byte: one that neither pattern names (FRESH) is the hardest
 * for the outer one, which can match it by wildcards only, and these match any other byte as well. */

#define FRESH 256

enum token_kind {
	TOKEN_SLASH,
	TOKEN_BYTE,
	TOKEN_ONE,  /* ? */
	TOKEN_MANY, /* * */
	TOKEN_DEEP, /* "**", at the end of a component */
	TOKEN_DEEP_INSIDE
};
struct token {
	enum token_kind kind;
	int byte;
};

/* A pattern as a nondeterministic automaton: state i is before token i, state count is the end. A path of no component
 * is the empty string here. */
struct automaton {
	struct token tokens[PATTERN_TEXT_MAX + 1];
	size_t count;
};

static void automaton_make(struct automaton *automaton, const struct pattern *pattern)
{
	const char *at = pattern->text;
	struct component component;

	automaton->count = 0;
	while (component_next(&at, &component)) {
		struct token *tokens = &automaton->tokens[automaton->count];

		if (component_any_depth(&component)) {
			tokens[0] = (struct token){ TOKEN_DEEP, 0 };
			tokens[1] = (struct token){ TOKEN_DEEP_INSIDE, 0 };
			automaton->count += 2;
			continue;
		}
		tokens[0] = (struct token){ TOKEN_SLASH, 0 };
		for (size_t i = 0; i < component.size; i++) {
			const char c = component.text[i];

			tokens[i + 1].kind = c == '*' ? TOKEN_MANY : c == '?' ? TOKEN_ONE : TOKEN_BYTE;
			tokens[i + 1].byte = (unsigned char)c;
		}
		automaton->count += component.size + 1;
	}
}

/* How far a state gets without reading: tokens that may be skipped. */
static size_t token_skip(const struct token *token)
{
	switch (token->kind) {
	case TOKEN_MANY:
	case TOKEN_DEEP_INSIDE: return 1;
	case TOKEN_DEEP: return 2;
	case TOKEN_SLASH:
	case TOKEN_BYTE:
	case TOKEN_ONE: break;
	}
	return 0;
}

/* Reading @byte: -1 where it can't, else how many states further. */
static int token_read(const struct token *token, int byte)
{
	switch (token->kind) {
	case TOKEN_SLASH:
	case TOKEN_DEEP: return byte == '/' ? 1 : -1;
	case TOKEN_BYTE: return byte == token->byte ? 1 : -1;
	case TOKEN_ONE: return byte != '/' ? 1 : -1;
	case TOKEN_MANY: return byte != '/' ? 0 : -1;
	case TOKEN_DEEP_INSIDE: return 0;
	}
	return -1;
}

/* What has been read of the path: nothing, a slash that wants a name, or part of a name. */
enum path_state { PATH_START, PATH_SLASH, PATH_DOT, PATH_DOTDOT, PATH_NAME, PATH_BAD };

static enum path_state path_step(enum path_state state, int byte)
{
	if (byte == '/')
		return state == PATH_START || state == PATH_NAME ? PATH_SLASH : PATH_BAD;
	if (byte == '.' && state >= PATH_SLASH && state < PATH_NAME)
		return state + 1;
	return PATH_NAME;
}

/* A situation to look at: the inner automaton's state, and all states in which the outer one may be. */
struct situation {
	size_t inner;
	enum path_state path;
	size_t next; /* of the same inner state and path state; index + 1 */
};

/* Situations are kept as indices into two growing arrays: heads, and bit sets of @words words each. */
struct inclusion {
	struct automaton outer, inner;
	size_t words;
	struct situation *situations;
	uint64_t *sets;
	size_t count, capacity;
	size_t *first; /* by inner state and path state: index + 1 */
	uint64_t *set; /* scratch */
	bool gave_up;
};

/* Where the outer pattern's `?` make it remember too much, the search ends: tenths of a second, some megabytes. */
#define SITUATIONS_MAX (1 << 14)

static bool set_has(const uint64_t *set, size_t state)
{
	return set[state / 64] >> state % 64 & 1;
}

/* Add @state and what can be reached from it without reading. */
static void set_add(const struct automaton *automaton, uint64_t *set, size_t state)
{
	size_t skip = 1;

	while (skip > 0 && !set_has(set, state)) {
		set[state / 64] |= (uint64_t)1 << state % 64;
		skip = state < automaton->count ? token_skip(&automaton->tokens[state]) : 0;
		state += skip;
	}
}

static bool set_within(const uint64_t *small, const uint64_t *large, size_t words)
{
	for (size_t i = 0; i < words; i++)
		if (small[i] & ~large[i])
			return false;
	return true;
}

static bool inclusion_grow(struct inclusion *inclusion)
{
	const size_t capacity = inclusion->capacity ? inclusion->capacity * 2 : 64;
	const size_t set_bytes = inclusion->words * sizeof(inclusion->sets[0]);
	struct situation *situations;
	uint64_t *sets;

	if (capacity > SITUATIONS_MAX)
		return false;
	situations = realloc(inclusion->situations, capacity * sizeof(*situations));
	if (!situations)
		return false;
	inclusion->situations = situations;
	sets = realloc(inclusion->sets, capacity * set_bytes);
	if (!sets)
		return false;
	inclusion->sets = sets;
	inclusion->capacity = capacity;
	return true;
}

/* Note that the inner automaton can be in @inner while the outer one is in @set, unless a case that is as hard is known. */
static void inclusion_add(struct inclusion *inclusion, size_t inner, enum path_state path, const uint64_t *set)
{
	const size_t words = inclusion->words;
	size_t *first;

	if (path == PATH_BAD)
		return;
	first = &inclusion->first[inner * PATH_BAD + path];
	for (size_t i = *first; i > 0; i = inclusion->situations[i - 1].next)
		if (set_within(&inclusion->sets[(i - 1) * words], set, words))
			return;
	if (inclusion->count == inclusion->capacity && !inclusion_grow(inclusion)) {
		inclusion->gave_up = true;
		return;
	}
	inclusion->situations[inclusion->count] = (struct situation){ inner, path, *first };
	memcpy(&inclusion->sets[inclusion->count * words], set, words * sizeof(*set));
	*first = ++inclusion->count;
}

/* Both read @byte from situation @at; the inner automaton goes to @inner. */
static void inclusion_read(struct inclusion *inclusion, size_t at, int byte, size_t inner)
{
	const enum path_state path = path_step(inclusion->situations[at].path, byte);
	const uint64_t *from = &inclusion->sets[at * inclusion->words];

	memset(inclusion->set, 0, inclusion->words * sizeof(*inclusion->set));
	for (size_t state = 0; state < inclusion->outer.count; state++) {
		const int step = set_has(from, state) ? token_read(&inclusion->outer.tokens[state], byte) : -1;

		if (step >= 0)
			set_add(&inclusion->outer, inclusion->set, state + (size_t)step);
	}
	inclusion_add(inclusion, inner, path, inclusion->set);
}

/* All ways on from situation @at. */
static void inclusion_follow(struct inclusion *inclusion, size_t at)
{
	const size_t inner = inclusion->situations[at].inner;
	const struct token *token = &inclusion->inner.tokens[inner];
	const int bytes[] = { token->kind == TOKEN_BYTE ? token->byte : FRESH, '/' };
	const size_t skip = token_skip(token);

	if (skip > 0) {
		memcpy(inclusion->set, &inclusion->sets[at * inclusion->words],
		       inclusion->words * sizeof(*inclusion->set));
		inclusion_add(inclusion, inner + skip, inclusion->situations[at].path, inclusion->set);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
		const int step = token_read(token, bytes[i]);

		if (step >= 0)
			inclusion_read(inclusion, at, bytes[i], inner + (size_t)step);
	}
}

static bool inclusion_holds(struct inclusion *inclusion)
{
	set_add(&inclusion->outer, inclusion->set, 0);
	inclusion_add(inclusion, 0, PATH_START, inclusion->set);
	for (size_t at = 0; at < inclusion->count && !inclusion->gave_up; at++) {
		const struct situation *situation = &inclusion->situations[at];

		if (situation->inner < inclusion->inner.count) {
			inclusion_follow(inclusion, at);
			continue;
		}
		if ((situation->path == PATH_START || situation->path == PATH_NAME) &&
		    !set_has(&inclusion->sets[at * inclusion->words], inclusion->outer.count))
			return false;
	}
	return !inclusion->gave_up;
}

static bool inclusion_decide(const struct pattern *outer, const struct pattern *inner)
{
	auto_free struct inclusion *inclusion = calloc(1, sizeof(*inclusion));
	bool holds = false;

	if (!inclusion)
		return false;
	automaton_make(&inclusion->outer, outer);
	automaton_make(&inclusion->inner, inner);
	inclusion->words = inclusion->outer.count / 64 + 1;
	inclusion->first = calloc((inclusion->inner.count + 1) * PATH_BAD, sizeof(*inclusion->first));
	inclusion->set = calloc(inclusion->words, sizeof(*inclusion->set));
	if (inclusion->first && inclusion->set)
		holds = inclusion_holds(inclusion);
	free(inclusion->situations);
	free(inclusion->sets);
	free(inclusion->first);
	free(inclusion->set);
	return holds;
}

static bool path_below(const char *path, const char *root)
{
	const size_t size = strlen(root);

	if (size == 1)
		return true;
	return strncmp(path, root, size) == 0 && (path[size] == '/' || !path[size]);
}

bool pattern_covers(const struct pattern *outer, const struct pattern *inner)
{
	/* the common cases need no search: what has a wildcard matches more than one path, and leaves its root */
	if (outer->literal_root && !outer->subtree)
		return strcmp(outer->text, inner->text) == 0;
	if (outer->literal_root)
		return path_below(inner->root, outer->root);
	return inclusion_decide(outer, inner);
}
