/* test_suggest.c - edit distance, and when a word is near enough. */
#include "base/suggest.h"

#include <limits.h>

#include "harness/tap.h"

TEST(distances)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} rows[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "file", "file", 0 },
		{ "file", "File", 0 },
		{ "fiel", "file", 1 },
		{ "fil", "file", 1 },
		{ "ffile", "file", 1 },
		{ "xile", "file", 1 },
		{ "exept", "except", 1 },
		{ "kitten", "sitting", 3 },
		{ "ab", "ba", 1 },
		{ "abcd", "badc", 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_INT(edit_distance(rows[i].a, rows[i].b), rows[i].distance);
		CHECK_INT(edit_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
}

TEST(long_words)
{
	static const char sixty_four[] = "0123456789012345678901234567890123456789012345678901234567890123",
			  sixty_five[] = "01234567890123456789012345678901234567890123456789012345678901234";

	CHECK_INT(edit_distance(sixty_four, sixty_four), 0);
	CHECK_INT(edit_distance(sixty_four, ""), 64);
	CHECK(edit_distance(sixty_five, "a") == UINT_MAX);
	CHECK(edit_distance("a", sixty_five) == UINT_MAX);
}

static const char *nearest(const char *word)
{
	static const char *const names[] = {
		"file", "net", "exec", "limit", "profile", "except", "unconfined-looking"
	};
	struct suggestion suggestion = { .word = word };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		suggestion_offer(&suggestion, names[i]);
	return suggestion.best;
}

TEST(suggestions)
{
	CHECK_STR(nearest("fiel"), "file");
	CHECK_STR(nearest("ent"), "net");
	CHECK_STR(nearest("limits"), "limit");
	CHECK_STR(nearest("profil"), "profile");
	CHECK_STR(nearest("unconfined-lokking"), "unconfined-looking");
	CHECK_STR(nearest("frobnicate"), NULL);
	CHECK_STR(nearest("x"), NULL);
	CHECK_STR(nearest("ab"), NULL);
	CHECK_STR(nearest(""), NULL);
}
