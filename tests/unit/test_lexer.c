/* test_lexer.c - text -> tokens. A token is shown as its text, a kind letter, and a mark: w word, s string, S a string that
 * touches a word, c comment, n line end; braces, parentheses and commas as they are. */
#include "policy/lexer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/tap.h"
#include "policy/keywords.h"
#include "policy/parse.h"

struct lexed {
	struct arena *arena;
	struct diags diags;
	struct str shown;
	const char *codes; /* of the diagnostics, joined by blanks */
};

static void show_token(struct str *out, const struct token *token)
{
	static const char kinds[] = "ws{}(),cn";

	if (out->size)
		str_addc(out, ' ');
	str_addc(out, token->glued ? 'S' : kinds[token->kind]);
	if (token->text) {
		str_addc(out, ':');
		str_add_escaped(out, token->text, strlen(token->text));
	}
}

static void lex(const char *text, size_t size, struct lexed *ret)
{
	/* of exactly that size: a read behind it is seen by AddressSanitizer */
	char *copy = malloc(size ? size : 1);
	struct source source = { .name = "text", .text = memcpy(copy, text, size), .size = size };
	struct token token;
	struct lexer lexer;
	struct str codes;

	ret->arena = arena_new(0);
	diags_init(&ret->diags, ret->arena);
	str_init(&ret->shown, ret->arena);
	str_init(&codes, ret->arena);
	if (source_check(&source, &ret->diags) == 0) {
		lexer_init(&lexer, &source, ret->arena, &ret->diags);
		for (token = lexer_next(&lexer); token.kind != TOKEN_FILE_END; token = lexer_next(&lexer)) {
			CHECK(token.span.source == &source && token.span.offset + token.span.length <= size);
			show_token(&ret->shown, &token);
		}
		CHECK_INT(lexer_next(&lexer).kind, TOKEN_FILE_END);
	}
	for (size_t i = 0; i < ret->diags.count; i++)
		str_addf(&codes, "%s%s", i ? " " : "", ret->diags.items[i].code);
	ret->codes = codes.text;
	free(copy);
}

static void check(const char *text, const char *tokens, const char *codes)
{
	struct lexed lexed;

	lex(text, strlen(text), &lexed);
	CHECK_STR(lexed.shown.text, tokens);
	CHECK_STR(lexed.codes, codes);
	arena_free(lexed.arena);
}

TEST(words)
{
	check("", "", "");
	check(" \t ", "", "");
	check("file read /etc/hosts", "w:file w:read w:/etc/hosts", "");
	check("read,write", "w:read , w:write", "");
	check("socket(A, 1)", "w:socket ( w:A , w:1 )", "");
	check("in {A B}", "w:in { w:A w:B }", "");
	check("a{b}c", "w:a { w:b } w:c", "");
	/* the bare words of the language */
	check("[::1]:443 *:80 10.0.0.0/8:5432 *:8000-8010", "w:[::1]:443 w:*:80 w:10.0.0.0/8:5432 w:*:8000-8010", "");
	check("$HOME/x ${HOME}y ./** 2G A|B @group arg0:64 == <= ?.c -1 ~ K=V",
	      "w:$HOME/x w:${HOME}y w:./** w:2G w:A|B w:@group "
	      "w:arg0:64 w:== w:<= w:?.c w:-1 w:~ w:K=V",
	      "");
	check("${HOME ${} $ {", "w:$ { w:HOME w:$ { } w:$ {", "");
	check("\xc3\xa4/\xe4\xb8\xad", "w:\xc3\xa4/\xe4\xb8\xad", "");
}

TEST(lines)
{
	check("a\nb\n\nc", "w:a n w:b n n w:c", "");
	check("a \\\n b", "w:a w:b", "");
	check("a\\\nb", "w:a w:b", "");
	check("a \\\n\\\n\nb", "w:a n w:b", "");
	check("a \\ \nb", "w:a w:b", "C0119");
	check("a \\b", "w:a w:\\\\b", "C0119");
	check("a \\", "w:a w:\\\\", "C0119");
	check("a; b", "w:a n w:b", "C0120");
	check("a;b;", "w:a n w:b n", "C0120 C0120");
}

TEST(comments)
{
	check("# one\n#two  \t\n#", "c:# one n c:#two n c:#", "");
	check("a # b \\\nc", "w:a c:# b \\\\ n w:c", "");
	check("a#b #c", "w:a#b c:#c", "");
	check("{#c", "{ c:#c", "");
	check("\"a\"#c", "s:a w:#c", "C0124");
}

TEST(strings)
{
	check("\"\" \"a b\" \"a#b{}(),;'\"", "s: s:a b s:a#b{}(),;'", "");
	check("\"\\\\ \\\" \\n \\t \\x41\\x7F\\xe4\"", "s:\\\\ \" \\x0a \\x09 A\\x7f\\xe4", "");
	check("\"tab\there\"", "s:tab\\x09here", "");
	check("\"open\nb", "s:open n w:b", "C0111");
	check("\"open", "s:open", "C0111");
	check("\"a\\", "s:a", "C0112 C0111");
	check("\"a\\\nb\"", "s:a n w:b S:", "C0112 C0111 C0111");
	check("\"\\q\" \"\\x4\" \"\\x\" \"\\xg0\"", "s: s:4 s: s:g0", "C0112 C0112 C0112 C0112");
	check("\"\\\xc3\xa4"
	      "b\"",
	      "s:b", "C0112");
	check("\"a\\x00b\"", "s:ab", "C0113");
}

TEST(touching_words)
{
	check("K=\"a b\"", "w:K= S:a b", "");
	check("K= \"a b\"", "w:K= s:a b", "");
	check("a\"b\"", "w:a S:b", "");
	check("\"a\"b", "s:a w:b", "C0124");
	check("\"a\"\"b\"", "s:a s:b", "C0124");
	check("a,\"b\"", "w:a , s:b", "");
	check("(\"b\")", "( s:b )", "");
}

TEST(single_quotes)
{
	check("'a b' c", "s:a b w:c", "C0135");
	check("it's", "w:it's", "C0135");
	check("'open x", "w:'open w:x", "C0135");
	check("''", "w:''", "C0135");
	check("'", "w:'", "C0135");
}

/* Each kind of fault is said once, where it is first. */
TEST(no_text)
{
	check("a\r\nb\r\n", "w:a n w:b n", "C0117");
	check("a\rb", "w:a w:b", "C0114");
	check("\xef\xbb\xbf"
	      "a \xef\xbb\xbf",
	      "w:a", "C0118 C0116");
	check("a\x01\x1b b\x7f", "w:a\\x01\\x1b w:b\\x7f", "C0114");
	check("a\xe2\x80\x8b"
	      "b\xc2\xa0"
	      "c",
	      "w:a w:b w:c", "C0116");
	check("# \xe2\x80\xae", "c:# \\xe2\\x80\\xae", "C0116");
	check("a\xff \xc0\xaf", "w:a\\xff w:\\xc0\\xaf", "C0115");
}

TEST(nul_bytes_end_it)
{
	struct lexed lexed;

	lex("a\0b\0", 4, &lexed);
	CHECK_STR(lexed.shown.text, "");
	CHECK_STR(lexed.codes, "C0113");
	arena_free(lexed.arena);
}

/* A text of @size bytes of @fill between @before and @after. */
static void check_long(const char *before, char fill, size_t size, const char *after, const char *codes)
{
	size_t start = strlen(before), all = start + size + strlen(after);
	char *text = malloc(all + 1);
	struct lexed lexed;

	memcpy(text, before, start);
	memset(text + start, fill, size);
	strcpy(text + start + size, after);
	lex(text, all, &lexed);
	CHECK_STR(lexed.codes, codes);
	arena_free(lexed.arena);
	free(text);
}

TEST(limits)
{
	check_long("", 'a', POLICY_WORD_MAX, "", "");
	check_long("", 'a', POLICY_WORD_MAX + 1, "", "C0121");
	check_long("\"", 'a', POLICY_WORD_MAX, "\"", "");
	check_long("\"", 'a', POLICY_WORD_MAX + 1, "\"", "C0121");
	check_long("#", 'a', POLICY_WORD_MAX - 1, "   \nb", "");
	check_long("#", 'a', POLICY_WORD_MAX, "", "C0121");
	check_long("", ' ', POLICY_LINE_MAX, "\na", "");
	check_long("", ' ', POLICY_LINE_MAX + 1, "\na", "C0122");
	check_long("a\n", ' ', POLICY_LINE_MAX + 1, "", "C0122");
	check_long("", '\n', POLICY_SIZE_MAX, "", "");
	check_long("", '\n', POLICY_SIZE_MAX + 1, "", "C0123");
}

TEST(names)
{
	static const char *const good[] = { "a", "web", "std/c-runtime", "a.b_c+d-9", "9", "a/b/c", ".a", "..a" },
				 *const bad[] = { "",     "/",     "/a",  "a/",  "a//b", ".",        "..", "a/..",
						  "../a", "a/./b", "a b", "a@1", "$a",   "\xc3\xa4", "a*" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		CHECK(word_is_name(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!word_is_name(bad[i]));
}

/* What is printed bare comes back as that word. */
TEST(bare_words_are_words)
{
	for (unsigned first = 1; first < 256; first++)
		for (unsigned second = 0; second < 256; second++) {
			char text[4] = { 'x', (char)first, (char)second, 0 };

			for (unsigned start = 0; start < 2; start++) {
				struct lexed lexed;
				struct str expected;

				if (!word_is_bare(text + start))
					continue;
				lex(text + start, strlen(text + start), &lexed);
				str_init(&expected, lexed.arena);
				str_add(&expected, "w:");
				str_add_escaped(&expected, text + start, strlen(text + start));
				REQUIRE(!strcmp(lexed.shown.text, expected.text) && !*lexed.codes);
				arena_free(lexed.arena);
			}
		}
}
