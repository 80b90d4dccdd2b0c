/* test_env.c - environment_make(): what the env lines of a policy leave of the caller's environment. */
#include <string.h>

#include "enforce/confinement.h"
#include "tap.h"

static char *const caller[] = {
	(char[]){ "PATH=/bin" },
	(char[]){ "LC_ALL=C" },
	(char[]){ "LC_TIME=de" },
	(char[]){ "LANG=en" },
	(char[]){ "EMPTY=" },
	(char[]){ "odd" },
	NULL,
};

/* All entries, separated by blanks. */
static const char *make(const struct env_op *ops, size_t count)
{
	static char text[512];
	struct arena *arena = arena_new(0);
	struct plan plan = { .env = { .items = (struct env_op *)ops, .count = count } };
	char **made;

	REQUIRE(arena != NULL);
	made = environment_make(&plan, caller, arena);
	text[0] = '\0';
	for (size_t i = 0; made[i]; i++) {
		strcat(text, i ? " " : "");
		strcat(text, made[i]);
	}
	arena_free(arena);
	return text;
}

#define MAKE(...) make((const struct env_op[]){ __VA_ARGS__ }, ARRAY_SIZE(((const struct env_op[]){ __VA_ARGS__ })))

TEST(without_lines_all_is_passed)
{
	CHECK_STR(make(NULL, 0), "PATH=/bin LC_ALL=C LC_TIME=de LANG=en EMPTY= odd");
}

TEST(clear_passes_nothing)
{
	CHECK_STR(MAKE({ ENV_CLEAR, NULL, NULL }), "");
}

TEST(keep_passes_only_what_it_names)
{
	CHECK_STR(MAKE({ ENV_KEEP, "LANG", NULL }), "LANG=en");
	CHECK_STR(MAKE({ ENV_KEEP, "LC_*", NULL }, { ENV_KEEP, "EMPTY", NULL }), "LC_ALL=C LC_TIME=de EMPTY=");
	CHECK_STR(MAKE({ ENV_KEEP, "LAN", NULL }), "");
	CHECK_STR(MAKE({ ENV_KEEP, "*", NULL }), "PATH=/bin LC_ALL=C LC_TIME=de LANG=en EMPTY= odd");
	CHECK_STR(MAKE({ ENV_KEEP, "LC_ALL*", NULL }), "LC_ALL=C");
}

TEST(order_of_keep_and_clear_does_not_matter)
{
	CHECK_STR(MAKE({ ENV_KEEP, "LANG", NULL }, { ENV_CLEAR, NULL, NULL }), "LANG=en");
	CHECK_STR(MAKE({ ENV_CLEAR, NULL, NULL }, { ENV_KEEP, "LANG", NULL }), "LANG=en");
}

TEST(set_comes_on_top_and_the_last_holds)
{
	CHECK_STR(MAKE({ ENV_CLEAR, NULL, NULL }, { ENV_SET, "A", "1" }, { ENV_SET, "A", "2" }), "A=2");
	CHECK_STR(MAKE({ ENV_KEEP, "LANG", NULL }, { ENV_SET, "LANG", "xx" }), "LANG=xx");
	CHECK_STR(MAKE({ ENV_SET, "LANG", "" }), "PATH=/bin LC_ALL=C LC_TIME=de EMPTY= odd LANG=");
}

TEST(no_environment_at_all)
{
	struct arena *arena = arena_new(0);
	struct plan plan = { 0 };

	REQUIRE(arena != NULL);
	CHECK(environment_make(&plan, NULL, arena)[0] == NULL);
	arena_free(arena);
}
