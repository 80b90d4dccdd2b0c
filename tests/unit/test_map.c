/* A table from byte strings to numbers. */
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "tap.h"

TEST(keys_are_found_again)
{
	struct arena *arena = arena_new(0);
	struct map map = { 0 };
	char text[32];

	CHECK(map_find(&map, "", 0) == NULL);
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "key %u", i * 7919);
		CHECK_INT(*map_at(&map, arena, arena_strdup(arena, text), strlen(text)), 0);
		*map_at(&map, arena, arena_strdup(arena, text), strlen(text)) = i + 1;
	}
	CHECK_INT(map.count, 5000);
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "key %u", i * 7919);
		REQUIRE(map_find(&map, text, strlen(text)) != NULL);
		CHECK_INT(*map_find(&map, text, strlen(text)), i + 1);
		CHECK(map_find(&map, text, strlen(text) - 1) == NULL || i > 0);
	}
	CHECK(map_find(&map, "key", 3) == NULL);
	arena_free(arena);
}

TEST(a_key_is_its_bytes)
{
	static const char bytes[] = { 'a', 0, 'b', 0, 'a', 0, 'c' };
	struct arena *arena = arena_new(0);
	struct map map = { 0 };

	*map_at(&map, arena, bytes, 3) = 1;
	*map_at(&map, arena, bytes + 4, 3) = 2;
	*map_at(&map, arena, bytes, 1) = 3;
	*map_at(&map, arena, bytes, 0) = 4;
	CHECK_INT(*map_find(&map, bytes, 3), 1);
	CHECK_INT(*map_find(&map, bytes + 4, 3), 2);
	CHECK_INT(*map_find(&map, "a", 1), 3);
	CHECK_INT(*map_find(&map, "", 0), 4);
	arena_free(arena);
}

TEST(cleared_is_empty)
{
	struct arena *arena = arena_new(0);
	struct map map = { 0 };

	map_clear(&map);
	*map_at(&map, arena, "x", 1) = 1;
	map_clear(&map);
	CHECK_INT(map.count, 0);
	CHECK(map_find(&map, "x", 1) == NULL);
	CHECK_INT(*map_at(&map, arena, "x", 1), 0);
	arena_free(arena);
}
