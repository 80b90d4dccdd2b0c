/* test_ast_json.c - the AST for programs. */
#include "policy/parse.h"

#include <string.h>

#include "harness/tap.h"

static struct arena *arena;

/* What @text, the lines of a profile, becomes between "statements":[ and ]. */
static const char *statements(const char *text)
{
	static const char start[] = "\"statements\":[";
	struct str out, whole;
	struct source source = { .name = "text" };
	struct ast_file *file;
	struct diags diags;
	struct json json;
	char *found;

	arena = arena_new(0);
	diags_init(&diags, arena);
	str_init(&whole, arena);
	str_init(&out, arena);
	str_addf(&whole, "cordon 1\nprofile p {\n%s\n}\n", text);
	source.text = whole.text;
	source.size = whole.size;
	REQUIRE(parse_file(&source, arena, &diags, &file) == 0);
	json_init(&json, &out, false);
	ast_json(file, &json);
	CHECK_INT(json.depth, 0);
	found = strstr(out.text, start);
	REQUIRE(found != NULL);
	found[strlen(found) - strlen("]}]}")] = '\0';
	return found + strlen(start);
}

static void check(const char *text, const char *expected)
{
	CHECK_STR(statements(text), expected);
	arena_free(arena);
}

TEST(rules)
{
	check("deny file read,write /a \"/b c\" except /a/x errno EROFS log because \"y\" for uid != 5 @learned",
	      "{\"statement\":\"rule\",\"verdict\":\"deny\",\"class\":\"file\",\"operations\":[\"read\",\"write\"],"
	      "\"objects\":[\"/a\",\"/b c\"],"
	      "\"except\":[\"/a/"
	      "x\"],\"errno\":\"EROFS\",\"log\":true,\"because\":\"y\",\"uid\":{\"compare\":\"!=\",\"user\":\"5\"},"
	      "\"origins\":[\"@learned\"]}");
	check("net bind tcp *:80 as root:adm", "{\"statement\":\"rule\",\"verdict\":\"allow\",\"class\":\"net\","
					       "\"operations\":[\"bind\"],\"protocol\":\"tcp\",\"objects\":[\"*:80\"],"
					       "\"as_user\":\"root\",\"as_group\":\"adm\"}");
	check("ioctl tty A", "{\"statement\":\"rule\",\"verdict\":\"allow\",\"class\":\"ioctl\",\"kind\":\"tty\","
			     "\"objects\":[\"A\"]}");
	check("exec /a profile b", "{\"statement\":\"rule\",\"verdict\":\"allow\",\"class\":\"exec\",\"objects\":[\"/"
				   "a\"],\"profile\":\"b\"}");
	check("never ptrace", "{\"statement\":\"never\",\"class\":\"ptrace\"}");
}

TEST(conditions)
{
	check("syscall x if a & M|N == 1 or b not in {2 3} or not (c < 4 and d within E)",
	      "{\"statement\":\"rule\",\"verdict\":\"allow\",\"class\":\"syscall\",\"objects\":[\"x\"],\"if\":{\"or\":["
	      "{\"argument\":\"a\",\"mask\":[\"M\",\"N\"],\"compare\":\"==\",\"values\":[\"1\"]},"
	      "{\"argument\":\"b\",\"compare\":\"not in\",\"values\":[\"2\",\"3\"]},"
	      "{\"not\":{\"and\":[{\"argument\":\"c\",\"compare\":\"<\",\"values\":[\"4\"]},"
	      "{\"argument\":\"d\",\"compare\":\"within\",\"values\":[\"E\"]}]}}]}}");
}

TEST(other_statements)
{
	check("use t@1 a=b", "{\"statement\":\"use\",\"name\":\"t\",\"version\":\"1\",\"parameters\":[[\"a\",\"b\"]]}");
	check("phase s {\nptrace\n}",
	      "{\"statement\":\"phase\",\"name\":\"s\",\"statements\":[{\"statement\":\"rule\",\"verdict\":\"allow\","
	      "\"class\":\"ptrace\"}]}");
	check("phase s after 5 bind tcp *:1 domain {\n}",
	      "{\"statement\":\"phase\",\"name\":\"s\",\"after\":{\"count\":5,\"call\":\"bind\",\"protocol\":\"tcp\","
	      "\"objects\":[\"*:1\"],"
	      "\"domain\":true},\"statements\":[]}");
	check("phase s after \"e\" {\n}",
	      "{\"statement\":\"phase\",\"name\":\"s\",\"after\":{\"count\":1,\"event\":\"e\",\"domain\":false},"
	      "\"statements\":[]}");
	check("default net deny errno EPERM",
	      "{\"statement\":\"default\",\"class\":\"net\",\"verdict\":\"deny\",\"errno\":\"EPERM\"}");
	check("require x >= 4 else refuse", "{\"statement\":\"require\",\"feature\":\"x\",\"at_least\":\"4\"}");
	check("prefer x else vanilla", "{\"statement\":\"prefer\",\"name\":\"x\",\"else\":\"vanilla\"}");
	check("test in s kill syscall a(1, 2) on i386", "{\"statement\":\"test\",\"phase\":\"s\",\"verdict\":\"kill\","
							"\"request\":{\"class\":\"syscall\",\"object\":\"a\","
							"\"arguments\":[\"1\",\"2\"],\"arch\":\"i386\"}}");
	check("isolate pid net", "{\"statement\":\"isolate\",\"words\":[\"pid\",\"net\"]}");
	check("env set A=b", "{\"statement\":\"env\",\"action\":\"set\",\"pairs\":[[\"A\",\"b\"]]}");
	check("env keep A", "{\"statement\":\"env\",\"action\":\"keep\",\"names\":[\"A\"]}");
	check("chdir /a", "{\"statement\":\"chdir\",\"word\":\"/a\"}");
	check("limit mem 2G", "{\"statement\":\"limit\",\"pairs\":[[\"mem\",\"2G\"]]}");
	check("decider x y", "{\"statement\":\"decider\",\"name\":\"x\",\"arguments\":[\"y\"]}");
}

/* The deepest condition that the parser takes fits the writer. */
TEST(deepest)
{
	struct arena *own = arena_new(0);
	struct str text;

	str_init(&text, own);
	str_add(&text, "phase s {\nsyscall x if ");
	for (unsigned i = 0; i < POLICY_NESTING_MAX; i++)
		str_add(&text, "a == 1 or a == 1 and (");
	str_add(&text, "a == 1");
	for (unsigned i = 0; i < POLICY_NESTING_MAX; i++)
		str_addc(&text, ')');
	str_add(&text, "\n}");
	CHECK(strlen(statements(text.text)) > 1000);
	arena_free(arena);
	arena_free(own);
}
