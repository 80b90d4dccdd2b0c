/* test_diag.c - what a person is shown: place, line, mark, cause, help. */
#include "base/diag.h"

#include <stdlib.h>
#include <string.h>

#include "harness/tap.h"

static struct arena *arena;
static struct diags diags;

static struct source source_of(const char *text)
{
	arena = arena_new(0);
	diags_init(&diags, arena);
	return (struct source){ .name = "web.cordon", .text = text, .size = strlen(text) };
}

static const char *printed(bool colour)
{
	struct str out;

	str_init(&out, arena);
	diags_print(&diags, &out, colour);
	return out.text;
}

TEST(positions)
{
	struct source source = source_of("ab\n\xc3\xa4\tx\n\xff\xffy");
	static const struct {
		uint32_t offset;
		unsigned line, column;
	} rows[] = { { 0, 1, 1 }, { 2, 1, 3 },  { 3, 2, 1 },  { 5, 2, 2 }, { 6, 2, 3 },
		     { 8, 3, 1 }, { 10, 3, 3 }, { 11, 3, 4 }, { 99, 3, 4 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct position position = span_position((struct span){ &source, rows[i].offset, 1 });

		CHECK_INT(position.line, rows[i].line);
		CHECK_INT(position.column, rows[i].column);
	}
	arena_free(arena);
}

TEST(spans_join)
{
	struct source source = source_of("0123456789"), other = source;
	struct span joined = span_join((struct span){ &source, 2, 1 }, (struct span){ &source, 5, 3 });

	CHECK_INT(joined.offset, 2);
	CHECK_INT(joined.length, 6);
	joined = span_join((struct span){ 0 }, (struct span){ &source, 5, 3 });
	CHECK_INT(joined.offset, 5);
	joined = span_join((struct span){ &source, 2, 1 }, (struct span){ &other, 5, 3 });
	CHECK_INT(joined.length, 1);
	arena_free(arena);
}

TEST(whole)
{
	struct source source = source_of("cordon 1\nprofile p {\n  fiel read /a\n}\n");
	struct diag *diag = diag_error(&diags, "C0101", (struct span){ &source, 23, 4 }, "unknown statement `%s`",
				       "fiel");

	diag_note(&diags, diag, "because");
	diag_help(&diags, diag, "write `%s`\nor nothing", "file");
	diag->related = (struct span){ &source, 9, 7 };
	diag->related_label = "in this profile";
	CHECK_STR(printed(false), "error[C0101]: unknown statement `fiel`\n"
				  "  --> web.cordon:3:3\n"
				  "   |\n"
				  " 3 |   fiel read /a\n"
				  "   |   ^^^^\n"
				  "  ::: web.cordon:2:1\n"
				  " 2 | profile p {\n"
				  "   | ------- in this profile\n"
				  "   = note: because\n"
				  "   = help: write `file`\n"
				  "           or nothing\n");
	CHECK_INT(diags.errors, 1);
	arena_free(arena);
}

TEST(colour_is_only_added)
{
	struct source source = source_of("a b\n");
	const char *plain, *coloured;
	char *stripped;
	size_t size = 0;

	diag_help(&diags, diag_warning(&diags, "C0999", (struct span){ &source, 2, 1 }, "hm"), "do");
	plain = printed(false);
	coloured = printed(true);
	CHECK(strstr(coloured, "\033[") && !strchr(plain, '\033'));
	stripped = arena_strdup(arena, coloured);
	for (const char *at = coloured; *at; at++) {
		if (*at == '\033')
			at = strchr(at, 'm');
		else
			stripped[size++] = *at;
	}
	stripped[size] = '\0';
	CHECK_STR(stripped, plain);
	CHECK_INT(diags.errors, 0);
	arena_free(arena);
}

TEST(without_a_place)
{
	source_of("");
	diag_error(&diags, "C0701", (struct span){ 0 }, "no file");
	CHECK_STR(printed(false), "error[C0701]: no file\n");
	arena_free(arena);
}

TEST(sorted_by_place)
{
	struct source source = source_of("a\nb\nc\n");
	const char *text;

	diag_error(&diags, "C0003", (struct span){ &source, 4, 1 }, "third");
	diag_error(&diags, "C0001", (struct span){ &source, 0, 1 }, "first");
	diag_error(&diags, "C0002", (struct span){ &source, 2, 1 }, "second");
	text = printed(false);
	CHECK(strstr(text, "first") < strstr(text, "second"));
	CHECK(strstr(text, "second") < strstr(text, "third"));
	arena_free(arena);
}

/* The mark stands below what it means, also behind tabs, wide bytes and escapes. */
TEST(marks)
{
	static const struct {
		const char *text;
		uint32_t offset, length;
		const char *line, *mark;
	} rows[] = {
		{ "\tfile x", 6, 1, "     file x", "          ^" },
		{ "\xc3\xa4 x", 3, 1, " \xc3\xa4 x", "   ^" },
		{ "\x1b[0m x", 5, 1, " \\x1b[0m x", "         ^" },
		{ "ab", 2, 0, " ab", "   ^" },
		{ "ab", 9, 9, " ab", "   ^" },
		{ "ab\ncd", 1, 4, " ab", "  ^" },
		{ "a\\b", 1, 1, " a\\b", "  ^" },
		{ "", 0, 0, " ", " ^" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct source source = source_of(rows[i].text);
		const char *text, *expected;

		diag_error(&diags, "C0001", (struct span){ &source, rows[i].offset, rows[i].length }, "m");
		text = strstr(printed(false), "   |\n") + 5;
		expected = arena_printf(arena, " 1 |%s\n   |%s\n", rows[i].line, rows[i].mark);
		CHECK_STR(text, expected);
		arena_free(arena);
	}
}

TEST(long_lines_are_cut)
{
	static char line[20000];
	struct source source;
	const char *text;

	memset(line, 'x', sizeof(line) - 1);
	memcpy(line + 10000, "HERE", 4);
	source = source_of(line);
	diag_error(&diags, "C0001", (struct span){ &source, 10000, 4 }, "m");
	text = printed(false);
	CHECK(strlen(text) < 600);
	CHECK(strstr(text, "| ...x") && strstr(text, "xHEREx") && strstr(text, "x...\n") && strstr(text, " ^^^^\n"));
	arena_free(arena);
	/* bytes that belong to no character: the cut must not run away (found by fuzz_parse) */
	memset(line, '\xa0', sizeof(line) - 1);
	source = source_of(line);
	diag_error(&diags, "C0001", (struct span){ &source, 50, 10000 }, "m");
	diag_error(&diags, "C0001", (struct span){ &source, 19998, 1 }, "m");
	CHECK(strlen(printed(false)) < 5000);
	arena_free(arena);
}

TEST(hostile_texts_are_escaped)
{
	struct source source = source_of("x\033]0;owned\007\n");
	const char *text;

	source.name = "evil\033[2J.cordon";
	diag_help(&diags, diag_error(&diags, "C0001", (struct span){ &source, 0, 1 }, "found %s", "\033[31m\n"), "%s",
		  "a\033b");
	text = printed(false);
	CHECK(!strchr(text, '\033') && !strchr(text, '\007'));
	CHECK(strstr(text, "found \\x1b[31m\\x0a\n"));
	CHECK(strstr(text, "--> evil\\x1b[2J.cordon:1:1\n"));
	arena_free(arena);
}

TEST(a_source_need_not_end_in_nul)
{
	char *text = malloc(4);
	struct source source = source_of("");

	memcpy(text, "a\0b\t", 4);
	source.text = text;
	source.size = 4;
	diag_error(&diags, "C0001", (struct span){ &source, 2, 1 }, "m");
	CHECK(strstr(printed(false), " 1 | a\\x00b    \n   |      ^\n"));
	free(text);
	arena_free(arena);
}

TEST(too_many)
{
	struct source source = source_of("x\n");

	for (unsigned i = 0; i < DIAGS_MAX + 50; i++) {
		struct diag *diag = diag_error(&diags, "C0001", (struct span){ &source, 0, 1 }, "number %u", i);

		diag_note(&diags, diag, "note");
		diag_help(&diags, diag, "help");
	}
	CHECK_INT(diags.count, DIAGS_MAX);
	CHECK_INT(diags.errors, DIAGS_MAX + 50);
	CHECK(diags.overflow);
	CHECK(strstr(printed(false), "number 99") && !strstr(printed(false), "number 100"));
	CHECK(strstr(printed(false), "\nMore than 100; the rest is not shown.\n"));
	arena_free(arena);
}

TEST(for_programs)
{
	struct source source = source_of("ab\ncd\n");
	struct diag *diag = diag_error(&diags, "C0101", (struct span){ &source, 3, 2 }, "what");
	struct json json;
	struct str out;

	diag_note(&diags, diag, "why");
	diag_help(&diags, diag, "how");
	diag->related = (struct span){ &source, 0, 1 };
	diag->related_label = "here";
	diag_warning(&diags, "C0102", (struct span){ 0 }, "nowhere");
	str_init(&out, arena);
	json_init(&json, &out, false);
	diags_json(&diags, &json);
	CHECK_STR(out.text,
		  "[{\"schema\":\"cordon.diagnostic/"
		  "1\",\"severity\":\"warning\",\"code\":\"C0102\",\"message\":\"nowhere\"},"
		  "{\"schema\":\"cordon.diagnostic/"
		  "1\",\"severity\":\"error\",\"code\":\"C0101\",\"file\":\"web.cordon\",\"line\":2,"
		  "\"column\":1,\"offset\":3,\"length\":2,\"message\":\"what\",\"note\":\"why\",\"help\":\"how\","
		  "\"related\":"
		  "{\"file\":\"web.cordon\",\"line\":1,\"column\":1,\"offset\":0,\"length\":1,\"label\":\"here\"}}]");
	arena_free(arena);
}
