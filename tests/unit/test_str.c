/* test_str.c - growing strings, what of them can be shown, and JSON. */
#include "base/str.h"

#include <signal.h>
#include <string.h>

#include "harness/tap.h"

static struct arena *arena;

static struct str fresh(void)
{
	struct str str;

	arena = arena_new(0);
	str_init(&str, arena);
	return str;
}

TEST(grows)
{
	struct str str = fresh();

	CHECK_STR(str.text, "");
	for (unsigned i = 0; i < 50000; i++)
		str_addc(&str, (char)('a' + i % 26));
	CHECK_INT(str.size, 50000);
	CHECK_INT(strlen(str.text), 50000);
	CHECK_INT(str.text[27], 'b');
	str_addf(&str, "%s", "");
	str_addn(&str, "", 0);
	CHECK_INT(str.size, 50000);
	arena_free(arena);
}

/* Two strings and other memory take turns: neither may run into the other. */
TEST(grow_side_by_side)
{
	struct str a = fresh(), b;

	str_init(&b, arena);
	for (unsigned i = 0; i < 2000; i++) {
		str_addf(&a, "%u,", i);
		str_addf(&b, "%u;", i);
		memset(arena_alloc(arena, 24), 0xff, 24);
	}
	CHECK_STR(a.text + a.size - 10, "1998,1999,");
	CHECK_STR(b.text + b.size - 10, "1998;1999;");
	CHECK(!strchr(a.text, ';') && !strchr(b.text, ','));
	arena_free(arena);
}

static void check_shown(const char *text, size_t size, const char *escaped, const char *visible)
{
	struct str str = fresh();

	str_add_escaped(&str, text, size);
	CHECK_STR(str.text, escaped);
	str_init(&str, arena);
	str_add_visible(&str, text, size);
	CHECK_STR(str.text, visible);
	arena_free(arena);
}

TEST(what_can_be_shown)
{
	check_shown("plain", 5, "plain", "plain");
	check_shown("a\\b", 3, "a\\\\b", "a\\b");
	check_shown("\x1b[2K\n\t\0", 7, "\\x1b[2K\\x0a\\x09\\x00", "\\x1b[2K\\x0a\\x09\\x00");
	check_shown("\xc3\xa4", 2, "\xc3\xa4", "\xc3\xa4");
	check_shown("\xc3", 1, "\\xc3", "\\xc3");
	check_shown("\xff\xfe", 2, "\\xff\\xfe", "\\xff\\xfe");
	/* zero width space, right-to-left override, C1 control */
	check_shown("\xe2\x80\x8b", 3, "\\xe2\\x80\\x8b", "\\xe2\\x80\\x8b");
	check_shown("\xe2\x80\xae", 3, "\\xe2\\x80\\xae", "\\xe2\\x80\\xae");
	check_shown("\xc2\x9b", 2, "\\xc2\\x9b", "\\xc2\\x9b");
	check_shown("\x7f", 1, "\\x7f", "\\x7f");
}

static void write_sample(struct json *json)
{
	json_object(json);
	json_kv_string(json, "schema", "test/1");
	json_key(json, "list");
	json_array(json);
	json_int(json, -5);
	json_uint(json, 18446744073709551615ULL);
	json_bool(json, true);
	json_null(json);
	json_array(json);
	json_end_array(json);
	json_end_array(json);
	json_kv_int(json, "n", 1);
	json_kv_bool(json, "b", false);
	json_kv_string(json, "none", NULL);
	json_key(json, "empty");
	json_object(json);
	json_end_object(json);
	json_end_object(json);
}

TEST(json_places_commas)
{
	struct str str = fresh();
	struct json json;

	json_init(&json, &str, false);
	write_sample(&json);
	CHECK_STR(str.text,
		  "{\"schema\":\"test/1\",\"list\":[-5,18446744073709551615,true,null,[]],\"n\":1,\"b\":false,"
		  "\"none\":null,\"empty\":{}}");
	CHECK_INT(json.depth, 0);
	arena_free(arena);
}

TEST(json_can_be_read_by_people)
{
	struct str str = fresh();
	struct json json;

	json_init(&json, &str, true);
	json_object(&json);
	json_key(&json, "a");
	json_array(&json);
	json_int(&json, 1);
	json_int(&json, 2);
	json_end_array(&json);
	json_end_object(&json);
	CHECK_STR(str.text, "{\n  \"a\": [\n    1,\n    2\n  ]\n}");
	arena_free(arena);
}

TEST(json_texts)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "", "\"\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\n\t\x01\x7f", "\"\\n\\t\\u0001\\u007f\"" },
		{ "\xc3\xa4\xf0\x9f\x98\x80", "\"\xc3\xa4\xf0\x9f\x98\x80\"" },
		{ "\xe2\x80\xae", "\"\\u202e\"" },
		{ "x\xff\xc3y", "\"x\\ufffd\\ufffdy\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str str = fresh();
		struct json json;

		json_init(&json, &str, false);
		json_string(&json, rows[i].text);
		CHECK_STR(str.text, rows[i].json);
		arena_free(arena);
	}
}

TEST(json_nests)
{
	struct str str = fresh();
	struct json json;

	json_init(&json, &str, false);
	for (unsigned i = 0; i < JSON_DEPTH_MAX - 1; i++)
		json_array(&json);
	for (unsigned i = 0; i < JSON_DEPTH_MAX - 1; i++)
		json_end_array(&json);
	CHECK_INT(str.size, 2 * (JSON_DEPTH_MAX - 1));
	arena_free(arena);
}

TEST_SIGNAL(json_too_deep_is_a_bug, SIGABRT)
{
	struct str str = fresh();
	struct json json;

	json_init(&json, &str, false);
	for (unsigned i = 0; i < JSON_DEPTH_MAX; i++)
		json_array(&json);
}
