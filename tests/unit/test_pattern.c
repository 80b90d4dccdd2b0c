/* test_pattern.c - path patterns: a table of examples, and brute force over all short paths. */
#include "policy/pattern.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "tap.h"

static struct pattern make(struct arena *arena, const char *text)
{
	struct pattern pattern = { 0 };
	const char *why;

	if (pattern_parse(arena, text, &pattern, &why) != 0)
		fprintf(stderr, "%s: %s\n", text, why);
	REQUIRE(pattern.text != NULL);
	return pattern;
}

TEST(canonical_form)
{
	static const struct {
		const char *text, *canonical, *root;
		bool subtree, literal_root;
	} rows[] = {
		{ "/", "/", "/", false, true },
		{ "//", "/", "/", false, true },
		{ "/a", "/a", "/a", false, true },
		{ "/a/", "/a", "/a", false, true },
		{ "//a//./b/.", "/a/b", "/a/b", false, true },
		{ "/a/**", "/a/**", "/a", true, true },
		{ "/a/**/", "/a/**", "/a", true, true },
		{ "/a/**/**", "/a/**", "/a", true, true },
		{ "/**", "/**", "/", true, true },
		{ "/a/*", "/a/*", "/a", false, false },
		{ "/a*/b/**", "/a*/b/**", "/", true, false },
		{ "/a/b/?.c", "/a/b/?.c", "/a/b", false, false },
		{ "/a/**/b", "/a/**/b", "/a", false, false },
		{ "/a/**/b/**", "/a/**/b/**", "/a", true, false },
		{ "/a/*/**", "/a/*/**", "/a", true, false },
		{ "/.a/...", "/.a/...", "/.a/...", false, true },
	};
	struct arena *arena = arena_new(0);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pattern pattern = make(arena, rows[i].text);

		CHECK_STR(pattern.text, rows[i].canonical);
		CHECK_STR(pattern.root, rows[i].root);
		CHECK_INT(pattern.subtree, rows[i].subtree);
		CHECK_INT(pattern.literal_root, rows[i].literal_root);
	}
	arena_free(arena);
}

TEST(refused)
{
	char *long_component = calloc(1, 300), *long_text = calloc(1, 5000);
	const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "not absolute" },
		{ "a", "not absolute" },
		{ "./a", "not absolute" },
		{ "/a/../b", "holds .." },
		{ "/..", "holds .." },
		{ "/a**", "has ** within a component: ** stands alone between slashes" },
		{ "/***", "has ** within a component: ** stands alone between slashes" },
		{ long_component, "has a component of more than 255 bytes" },
		{ long_text, "longer than 4095 bytes" },
	};
	struct arena *arena = arena_new(0);

	memset(long_component, 'a', 257);
	memset(long_text, '/', 4096);
	long_component[0] = '/';
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pattern pattern = { .text = "untouched" };
		const char *why = NULL;

		CHECK_INT(pattern_parse(arena, rows[i].text, &pattern, &why), -EINVAL);
		CHECK_STR(why, rows[i].why);
		CHECK_STR(pattern.text, "untouched");
	}
	long_component[256] = '\0';
	make(arena, long_component);
	arena_free(arena);
	free(long_component);
	free(long_text);
}

TEST(match)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
	} rows[] = {
		{ "/", "/", true },
		{ "/", "/a", false },
		{ "/a", "/a", true },
		{ "/a", "/a/b", false },
		{ "/a", "/ab", false },
		{ "/a/**", "/a", true },
		{ "/a/**", "/a/b/c", true },
		{ "/a/**", "/ab", false },
		{ "/**", "/", true },
		{ "/**", "/a/b", true },
		{ "/*", "/", false },
		{ "/*", "/a", true },
		{ "/*", "/a/b", false },
		{ "/a/*.log", "/a/x.log", true },
		{ "/a/*.log", "/a/.log", true },
		{ "/a/*.log", "/a/b/x.log", false },
		{ "/a/?", "/a/b", true },
		{ "/a/?", "/a/bc", false },
		{ "/a/?", "/a", false },
		{ "/a/**/b", "/a/b", true },
		{ "/a/**/b", "/a/x/y/b", true },
		{ "/a/**/b", "/a/x/y/c", false },
		{ "/**/b/*/c", "/b/b/b/c", true },
		{ "/**/b/*/c", "/b/b/c/b", false },
		{ "/**/b/**", "/a/b", true },
		{ "/*a*b*", "/xxaxxbxx", true },
		{ "/*a*b*", "/xxbxxaxx", false },
		{ "/a", "a", false },
		{ "/**", "", false },
	};
	struct arena *arena = arena_new(0);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pattern pattern = make(arena, rows[i].pattern);

		if (!CHECK_INT(pattern_match(&pattern, rows[i].path), rows[i].matches))
			fprintf(stderr, "# %s and %s\n", rows[i].pattern, rows[i].path);
	}
	arena_free(arena);
}

TEST(relations)
{
	/* overlap: both ways; covers: a covers b, b covers a */
	static const struct {
		const char *a, *b;
		bool overlap, a_covers, b_covers;
	} rows[] = {
		{ "/a", "/a", true, true, true },
		{ "/a", "/b", false, false, false },
		{ "/a/**", "/a", true, true, false },
		{ "/a/**", "/a/b/**", true, true, false },
		{ "/a/**", "/ab/**", false, false, false },
		{ "/a/**", "/*/b", true, false, false },
		{ "/**", "/*", true, true, false },
		{ "/a/*", "/a/*b", true, true, false },
		{ "/a/*b", "/a/b*", true, false, false },
		{ "/?*", "/*?", true, true, true },
		{ "/*", "/*?", true, true, true },
		{ "/??*", "/*?*?*", true, true, true },
		{ "/*a?*", "/a*a*", true, true, false },
		{ "/a?*b", "/a*b", true, false, true },
		{ "/**/a/**", "/x/**/a", true, true, false },
		{ "/**/a*/**", "/x/ab/y", true, true, false },
		{ "/**/*/b", "/**/b", true, false, true },
		{ "/*/**", "/**/*", true, true, true },
		/* only "." and ".." would be in both, and they are no names */
		{ "/.?", "/?.", false, false, false },
		{ "/.", "/", true, true, true },
		{ "/.?*", "/.*", true, true, true },
	};
	struct arena *arena = arena_new(0);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pattern a = make(arena, rows[i].a), b = make(arena, rows[i].b);
		bool held = CHECK_INT(pattern_overlap(&a, &b), rows[i].overlap);

		held &= CHECK_INT(pattern_overlap(&b, &a), rows[i].overlap);
		held &= CHECK_INT(pattern_covers(&a, &b), rows[i].a_covers);
		held &= CHECK_INT(pattern_covers(&b, &a), rows[i].b_covers);
		if (!held)
			fprintf(stderr, "# %s and %s\n", rows[i].a, rows[i].b);
	}
	arena_free(arena);
}

/* ---- brute force: every canonical path of up to LENGTH bytes over "/.ab" ---- */

#define LENGTH 8
#define PATTERNS 400
static const char bytes[] = "/.ab";

struct paths {
	char (*items)[LENGTH + 1];
	size_t count, words;
};

static bool is_canonical(const char *path)
{
	for (const char *at = path; *at; at++) {
		const size_t size = strcspn(at + 1, "/");

		if (*at != '/')
			continue;
		if (size == 0 || (size == 1 && at[1] == '.') || (size == 2 && at[1] == '.' && at[2] == '.'))
			return path[0] == '/' && path[1] == '\0';
	}
	return path[0] == '/';
}

static struct paths all_paths(void)
{
	struct paths paths = { .items = calloc(1 << (2 * LENGTH), LENGTH + 1) };

	for (size_t size = 1; size <= LENGTH; size++) {
		for (size_t code = 0; code < (size_t)1 << 2 * size; code++) {
			char *path = paths.items[paths.count];

			for (size_t i = 0; i < size; i++)
				path[i] = bytes[code >> 2 * i & 3];
			path[size] = '\0';
			paths.count += is_canonical(path);
		}
	}
	paths.words = paths.count / 64 + 1;
	return paths;
}

/* The definition itself, by recursion over bytes of the component and over components. */
static bool naive_component(const char *glob, const char *name)
{
	const bool end = !*name || *name == '/';

	if (!*glob || *glob == '/')
		return end;
	if (*glob == '*')
		return naive_component(glob + 1, name) || (!end && naive_component(glob, name + 1));
	return !end && (*glob == '?' || *glob == *name) && naive_component(glob + 1, name + 1);
}

static const char *skip_component(const char *text)
{
	return text + 1 + strcspn(text + 1, "/");
}

/* @glob and @path: "" or "/..." */
static bool naive_match(const char *glob, const char *path)
{
	if (!*glob)
		return !*path;
	if (strncmp(glob, "/**", 3) == 0 && (!glob[3] || glob[3] == '/'))
		return naive_match(glob + 3, path) || (*path && naive_match(glob, skip_component(path)));
	return *path && naive_component(glob + 1, path + 1) && naive_match(skip_component(glob), skip_component(path));
}

static const char *without_root(const char *text)
{
	return text[1] ? text : "";
}

static void random_pattern(char *ret, size_t size)
{
	static const char *const parts[] = { "/", "/", "a", "b", ".", "*", "*", "?", "/**", "/*", "/a" };

	strcpy(ret, "/");
	while (strlen(ret) < size)
		strcat(ret, parts[(size_t)rand() % ARRAY_SIZE(parts)]);
}

/* Short ones only: then a path that shows the difference is short as well. */
static size_t random_patterns(struct arena *arena, struct pattern *ret)
{
	size_t count = 0;

	while (count < PATTERNS) {
		char text[16];
		const char *why;

		random_pattern(text, 1 + (size_t)rand() % 6);
		if (pattern_parse(arena, text, &ret[count], &why) == 0 && strlen(ret[count].text) <= 6)
			count++;
	}
	return count;
}

static uint64_t *matched(const struct pattern *pattern, const struct paths *paths)
{
	uint64_t *set = calloc(paths->words, sizeof(*set));

	for (size_t i = 0; i < paths->count; i++) {
		const bool matches = pattern_match(pattern, paths->items[i]);

		if (matches != naive_match(without_root(pattern->text), without_root(paths->items[i])))
			fprintf(stderr, "# %s matches %s: %d\n", pattern->text, paths->items[i], matches);
		CHECK(matches == naive_match(without_root(pattern->text), without_root(paths->items[i])));
		set[i / 64] |= (uint64_t)matches << i % 64;
	}
	return set;
}

/* Both over the enumerated paths. The byte "b" is in no pattern's way when the other one doesn't name it, so that the
 * enumeration holds a byte that is fresh for most pairs; pairs that name a and b are only checked in one direction. */
static void check_pair(const struct pattern *a, const struct pattern *b, const uint64_t *set_a, const uint64_t *set_b,
		       size_t words)
{
	const bool fresh = !(strchr(a->text, 'b') || strchr(b->text, 'b'));
	bool common = false, within = true;
	bool held;

	for (size_t i = 0; i < words; i++) {
		common |= (set_a[i] & set_b[i]) != 0;
		within &= (set_b[i] & ~set_a[i]) == 0;
	}
	held = CHECK(pattern_overlap(a, b) == common);
	held &= fresh ? CHECK(pattern_covers(a, b) == within) : CHECK(within || !pattern_covers(a, b));
	if (!held)
		fprintf(stderr, "# %s and %s: overlap %d covers %d, found %d %d\n", a->text, b->text,
			pattern_overlap(a, b), pattern_covers(a, b), common, within);
}

TEST(brute_force)
{
	static struct pattern patterns[PATTERNS];
	static uint64_t *sets[PATTERNS];
	struct arena *arena = arena_new(0);
	struct paths paths = all_paths();
	const size_t count = random_patterns(arena, patterns);

	for (size_t i = 0; i < count; i++)
		sets[i] = matched(&patterns[i], &paths);
	for (size_t a = 0; a < count; a++)
		for (size_t b = 0; b < count; b++)
			check_pair(&patterns[a], &patterns[b], sets[a], sets[b], paths.words);
	for (size_t i = 0; i < count; i++)
		free(sets[i]);
	free(paths.items);
	arena_free(arena);
}

/* What can't be decided cheaply is not covered; and neither question may take long. */
TEST(hostile_patterns)
{
	char outer_text[256] = "/*", inner_text[256] = "/";
	struct arena *arena = arena_new(0);
	struct pattern outer, inner, deep;
	char deep_text[4096] = "";

	strcat(outer_text, "a");
	for (int i = 0; i < 40; i++) {
		strcat(outer_text, "?");
		strcat(inner_text, "*a*b");
	}
	strcat(outer_text, "*");
	outer = make(arena, outer_text);
	inner = make(arena, inner_text);
	CHECK(pattern_overlap(&outer, &inner));
	CHECK(pattern_covers(&outer, &outer));
	pattern_covers(&outer, &inner); /* true, but it may give up */
	strcat(outer_text, "b*?a");
	outer = make(arena, outer_text);
	CHECK(!pattern_covers(&outer, &inner));
	for (size_t i = 0; i < 400; i++)
		strcat(deep_text, i % 2 ? "/**" : "/*a*");
	deep = make(arena, deep_text);
	CHECK(pattern_overlap(&deep, &deep));
	CHECK(!pattern_covers(&inner, &deep));
	pattern_covers(&deep, &deep);
	arena_free(arena);
}
