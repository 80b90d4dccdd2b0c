/* test_print.c - canonical text: what fmt changes, and what it leaves alone. */
#include "policy/parse.h"

#include <string.h>

#include "harness/tap.h"
#include "policy/keywords.h"

static struct arena *arena;

static const char *formatted(const char *text)
{
	struct source source = { .name = "text", .text = text, .size = strlen(text) };
	struct ast_block block;
	struct diags diags;
	struct str out;

	arena = arena_new(0);
	diags_init(&diags, arena);
	str_init(&out, arena);
	if (parse_statements(&source, arena, &diags, &block) < 0) {
		diags_print(&diags, &out, false);
		fprintf(stderr, "%s\n", out.text);
		REQUIRE(!"parsed");
	}
	for (size_t i = 0; i < block.count; i++)
		print_statement(block.items[i], 0, &out);
	return out.text;
}

static void check(const char *text, const char *expected)
{
	CHECK_STR(formatted(text), expected);
	arena_free(arena);
	CHECK_STR(formatted(expected), expected);
	arena_free(arena);
}

TEST(canonical_order)
{
	check("file write,edit , read,own /b /a", "file edit,read,write,own /b /a\n");
	check("net accept,connect tcp *:1", "net connect,accept tcp *:1\n");
}

TEST(clauses_have_an_order)
{
	check("deny exec /a @unresolved @learned if uid == 0 because \"x\" log errno EPERM profile p except /b",
	      "deny exec /a except /b profile p errno EPERM log because \"x\" for uid == 0 @learned @unresolved\n");
	check("syscall a log if x == 1 except b", "syscall a except b if x == 1 log\n");
	check("net bind tcp *:80 as root:adm", "net bind tcp *:80 as root:adm\n");
}

TEST(shorter_forms)
{
	check("allow file read /a", "file read /a\n");
	check("prefer x", "prefer x else die\n");
	check("prefer x   else   vanilla", "prefer x else vanilla\n");
	check("phase p { }", "phase p {\n}\n");
	check("wx \"allow\"", "wx allow\n");
}

TEST(quotes_only_where_needed)
{
	check("file read \"/a\" \"/a b\" \"/a#b\" \"#\" \"\" \"etc\" \"$HOME/x\"",
	      "file read /a \"/a b\" /a#b \"#\" \"\" \"etc\" $HOME/x\n");
	check("cap \"except\" \"log\"", "cap except log\n");
	check("signal \"except\" \"@learned\" \"@x\"", "signal \"except\" \"@learned\" @x\n");
	check("cap \"\\x01\\xff\\xc3\\xa4\\n\\t\\\\\\\"\\xe2\\x80\\x8b\"",
	      "cap \"\\x01\\xff\xc3\xa4\\n\\t\\\\\\\"\\xe2\\x80\\x8b\"\n");
	check("file read \"${HOME}x\" ${A}b \"a{b}\"", "file read ${HOME}x ${A}b \"a{b}\"\n");
}

TEST(reasons_and_paths_of_tests_keep_their_quotes)
{
	check("file read /a because \"x\"", "file read /a because \"x\"\n");
	check("test allow file read /a", "test allow file read \"/a\"\n");
	check("test deny exec /bin/sh", "test deny exec \"/bin/sh\"\n");
	check("test deny syscall a ( 1,2 )", "test deny syscall a(1, 2)\n");
	check("test deny syscall a ()", "test deny syscall a\n");
}

TEST(pairs)
{
	check("env set A=\"b\" C=\"d e\" \"F=g h\" \"i j=k\" L=", "env set A=b C=\"d e\" F=\"g h\" \"i j=k\" L=\n");
	check("use a@1 b=\"#\" c=\"=\"", "use a@1 b=\"#\" c==\n");
}

/* What was two words must not become one that is too long (found by fuzz_print). */
TEST(long_values_keep_their_quotes)
{
	char text[POLICY_WORD_MAX + 100] = "env set \\\n    A=\"";

	memset(text + strlen(text), 'v', POLICY_WORD_MAX);
	strcat(text, "\"\n");
	check(text, text);
}

TEST(events)
{
	check("phase a after \"ready\" {\n}", "phase a after \"ready\" {\n}\n");
	check("phase a after 1 setuid {\n}", "phase a after 1 setuid {\n}\n");
	check("phase a after bind \"domain\" \"domain\" domain {\n}",
	      "phase a after bind \"domain\" \"domain\" domain {\n}\n");
}

TEST(comments_and_empty_lines)
{
	check("\n\n# a\n\n\n\n#b   \nptrace    # c  \n\n\nmount\n\n\n", "# a\n\n#b\nptrace  # c\n\nmount\n");
	check("phase p {   #x\n\n\n ptrace\n\n #y\n\n}", "phase p {  #x\n  ptrace\n\n  #y\n}\n");
}

TEST(long_lines_are_broken)
{
	static const char word[] = " /0123456789012345678901234567890123456789";
	static const char line[] =
		"file read /0123456789012345678901234567890123456789 /0123456789012345678901234567890123456789 \\\n"
		"    /0123456789012345678901234567890123456789 /0123456789012345678901234567890123456789\n";
	char text[512] = "file read";

	for (unsigned i = 0; i < 4; i++)
		strcat(text, word);
	check(text, line);
}

TEST(rules_in_messages_are_one_line)
{
	struct str out;
	struct source source = { .name = "text" };
	struct ast_block block;
	struct diags diags;
	char text[512] = "deny file read";

	for (unsigned i = 0; i < 6; i++)
		strcat(text, " /0123456789012345678901234567890123456789");
	source.text = text;
	source.size = strlen(text);
	arena = arena_new(0);
	diags_init(&diags, arena);
	str_init(&out, arena);
	REQUIRE(parse_statements(&source, arena, &diags, &block) == 0);
	print_rule(&block.items[0]->u.rule, &out);
	CHECK_STR(out.text, text);
	arena_free(arena);
}

TEST(words_in_messages_are_short)
{
	struct word word = { .text = "a\nb" };
	char text[200];

	arena = arena_new(0);
	CHECK_STR(word_show(arena, &word), "\"a\\nb\"");
	memset(text, '\xc3', sizeof(text));
	for (size_t i = 1; i < sizeof(text); i += 2)
		text[i] = '\xa4';
	text[sizeof(text) - 1] = '\0';
	word.text = text;
	CHECK(strlen(word_show(arena, &word)) <= 63);
	arena_free(arena);
}

TEST(file)
{
	static const char text[] =
		"cordon 1\n\nprofile a /b \"/c d\" {\n  ptrace\n}\n\ntemplate t@1 $A $B=c $D=\"e f\" $G= {\n}\n";
	struct source source = { .name = "text", .text = text, .size = sizeof(text) - 1 };
	struct ast_file *parsed;
	struct diags diags;
	struct str out;

	arena = arena_new(0);
	diags_init(&diags, arena);
	str_init(&out, arena);
	REQUIRE(parse_file(&source, arena, &diags, &parsed) == 0);
	print_file(parsed, &out);
	CHECK_STR(out.text, text);
	arena_free(arena);
}
