/* test_arena.c - memory of one compilation: zeroed, aligned, bounded. */
#include "base/arena.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "harness/tap.h"

static bool is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

TEST(memory_is_zeroed_and_aligned)
{
	struct arena *arena = arena_new(0);

	for (size_t size = 0; size < 3000; size += 7) {
		unsigned char *memory = arena_alloc(arena, size);

		CHECK_INT((uintptr_t)memory % _Alignof(max_align_t), 0);
		CHECK(is_zero(memory, size));
		memset(memory, 0xff, size);
	}
	arena_free(arena);
}

TEST(large_and_small_do_not_overlap)
{
	struct arena *arena = arena_new(0);
	char *items[64];

	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		size_t size = i % 4 == 3 ? 200000 : 40;

		items[i] = arena_alloc(arena, size);
		memset(items[i], (int)i, size);
	}
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		CHECK_INT(items[i][0], (char)i);
		CHECK_INT(items[i][39], (char)i);
	}
	arena_free(arena);
}

TEST(free_takes_null)
{
	arena_free(NULL);
}

TEST(strings)
{
	struct arena *arena = arena_new(0);

	CHECK_STR(arena_strdup(arena, ""), "");
	CHECK_STR(arena_strdup(arena, "word"), "word");
	CHECK_STR(arena_strndup(arena, "words", 3), "wor");
	CHECK_STR(arena_strndup(arena, NULL, 0), "");
	CHECK_STR(arena_printf(arena, "%s-%d", "a", 5), "a-5");
	CHECK_INT(strlen(arena_printf(arena, "%100000d", 1)), 100000);
	arena_free(arena);
}

TEST(lists_grow)
{
	struct arena *arena = arena_new(0);
	struct {
		size_t *items;
		size_t count, capacity;
	} list = { 0 }, other = { 0 };

	for (size_t i = 0; i < 10000; i++) {
		*arena_push(arena, &list) = i;
		if (i % 3 == 0)
			*arena_push(arena, &other) = ~i;
	}
	CHECK_INT(list.count, 10000);
	for (size_t i = 0; i < list.count; i++)
		REQUIRE(list.items[i] == i);
	for (size_t i = 0; i < other.count; i++)
		REQUIRE(other.items[i] == ~(3 * i));
	arena_free(arena);
}

TEST(resized_memory_keeps_its_contents_and_is_zeroed_behind)
{
	struct arena *arena = arena_new(0);
	unsigned char *memory = NULL;
	size_t size = 0;

	for (size_t next = 1; next < 300000; next = next * 2 + 1) {
		memory = arena_resize(arena, memory, size, next);
		REQUIRE(is_zero(memory + size, next - size));
		for (size_t i = 0; i < size; i++)
			REQUIRE(memory[i] == 0xab);
		memset(memory, 0xab, next);
		size = next;
	}
	arena_free(arena);
}

/* The caller goes on where it said, and nothing is lost but what it asked for. */
TEST(limit_is_caught)
{
	struct arena *arena = arena_new(1 << 20);
	volatile size_t taken = 0;

	if (!setjmp(*arena_catch(arena))) {
		for (;;) {
			arena_alloc(arena, 1000);
			taken = taken + 1000;
		}
	}
	CHECK(taken >= (1 << 20) / 2);
	CHECK(taken <= 1 << 20);
	if (!setjmp(*arena_catch(arena))) {
		arena_alloc(arena, SIZE_MAX);
		CHECK(!"more than there is");
	}
	if (!setjmp(*arena_catch(arena))) {
		arena_strndup(arena, "", SIZE_MAX);
		CHECK(!"more than can be counted");
	}
	if (!setjmp(*arena_catch(arena))) {
		size_t capacity = SIZE_MAX / 4;

		arena_grow(arena, NULL, capacity, &capacity, 64);
		CHECK(!"an array that would wrap");
	}
	arena_free(arena);
}

TEST_SIGNAL(limit_without_a_catcher_aborts, SIGABRT)
{
	arena_alloc(arena_new(1000), 2000);
}

TEST_SIGNAL(a_catcher_that_is_gone_is_not_used, SIGABRT)
{
	struct arena *arena = arena_new(1000);

	if (setjmp(*arena_catch(arena)))
		tap_leave();
	arena_uncatch(arena);
	arena_alloc(arena, 2000);
}

TEST(warm_memory_is_ordinary_memory)
{
	struct arena *arena = arena_new(1 << 20);
	char *first, *second;

	REQUIRE(arena != NULL);
	arena_warm(arena, 1 << 21); /* above the limit: nothing happens */
	arena_warm(arena, 1 << 16);
	first = arena_alloc(arena, 1 << 15);
	second = arena_alloc(arena, 1 << 17); /* beyond it */
	for (size_t i = 0; i < 1 << 15; i++)
		CHECK(first[i] == 0);
	second[0] = 1;
	arena_warm(arena, 1 << 16); /* in use: nothing happens */
	arena_free(arena);
}
