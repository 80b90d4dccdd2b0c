/* arena.c - see arena.h. Chunks of zeroed memory, handed out from front to back and never taken back. */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_SANITIZED 1
#endif

/* Under AddressSanitizer every allocation is a chunk of its own, so that running over its end is seen. */
#ifdef ARENA_SANITIZED
#define CHUNK_SIZE ((size_t)0)
#else
/* Large enough for the C library to take it from the kernel by itself: then it is zero already, and what isn't used is
 * never touched. */
#define CHUNK_SIZE ((size_t)256 << 10)
#endif
#define ALIGNMENT _Alignof(max_align_t)

struct chunk {
	struct chunk *next;
	size_t size, used; /* of data */
	max_align_t data[];
};

struct arena {
	struct chunk *chunks; /* the first is the one that is handed out from */
	size_t left_bytes;
	bool caught;
	jmp_buf catch;
};

struct arena *arena_new(size_t limit_bytes)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena)
		arena->left_bytes = limit_bytes ? limit_bytes : ARENA_LIMIT_DEFAULT;
	return arena;
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

jmp_buf *arena_catch(struct arena *arena)
{
	arena->caught = true;
	return &arena->catch;
}

void arena_uncatch(struct arena *arena)
{
	arena->caught = false;
}

static __attribute__((noreturn)) void exhausted(struct arena *arena)
{
	if (!arena->caught)
		abort();
	arena->caught = false;
	longjmp(arena->catch, 1);
}

static struct chunk *chunk_new(struct arena *arena, size_t size)
{
	struct chunk *chunk = NULL;

	if (size <= arena->left_bytes && size <= SIZE_MAX - sizeof(*chunk))
		chunk = calloc(1, sizeof(*chunk) + size);
	if (!chunk)
		exhausted(arena);
	arena->left_bytes -= size;
	chunk->size = size;
	return chunk;
}

static void *chunk_take(struct chunk *chunk, size_t size)
{
	void *start = (char *)chunk->data + chunk->used;

	chunk->used += size;
	return start;
}

void arena_warm(struct arena *arena, size_t size)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	struct chunk *chunk;

	if (CHUNK_SIZE == 0 || arena->chunks || size > arena->left_bytes)
		return;
	chunk = calloc(1, sizeof(*chunk) + size);
	if (!chunk)
		return;
	arena->left_bytes -= size;
	chunk->size = size;
	arena->chunks = chunk;
	/* Linux 5.14; where it isn't known the pages come one by one. */
	(void)madvise((void *)((uintptr_t)chunk & ~(page - 1)), size, MADV_POPULATE_WRITE);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	struct chunk *chunk = arena->chunks;

	if (rounded < size)
		exhausted(arena);
	if (!rounded)
		rounded = ALIGNMENT;
	if (chunk && chunk->size - chunk->used >= rounded)
		return chunk_take(chunk, rounded);
	if (rounded <= CHUNK_SIZE / 4) {
		size_t whole = CHUNK_SIZE <= arena->left_bytes ? CHUNK_SIZE : rounded;

		chunk = chunk_new(arena, whole);
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		return chunk_take(chunk, rounded);
	}
	/* Large: of its own size, behind the first, whose rest stays in use. The exact size keeps ASan's eye on the end. */
	chunk = chunk_new(arena, CHUNK_SIZE ? rounded : size + !size);
	if (arena->chunks) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	} else {
		arena->chunks = chunk;
	}
	return chunk_take(chunk, chunk->size);
}

void *arena_resize(struct arena *arena, void *old, size_t old_size, size_t new_size)
{
	struct chunk *chunk = arena->chunks;
	void *copy;

	if (CHUNK_SIZE && old && chunk && new_size <= SIZE_MAX - ALIGNMENT) {
		size_t old_rounded = (old_size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
		size_t more = ((new_size + ALIGNMENT - 1) & ~(ALIGNMENT - 1)) - old_rounded;

		/* the last that was handed out: take what follows it */
		if ((char *)old + old_rounded == (char *)chunk->data + chunk->used && old_rounded &&
		    more <= chunk->size - chunk->used) {
			chunk_take(chunk, more);
			return old;
		}
	}
	copy = arena_alloc(arena, new_size);
	if (old_size)
		memcpy(copy, old, old_size);
	return copy;
}

char *arena_strndup(struct arena *arena, const char *text, size_t size)
{
	char *copy;

	if (size == SIZE_MAX)
		exhausted(arena);
	copy = arena_alloc(arena, size + 1);
	if (size)
		memcpy(copy, text, size);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	char *text;
	int size;

	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0)
		exhausted(arena);
	text = arena_alloc(arena, (size_t)size + 1);
	vsnprintf(text, (size_t)size + 1, format, args);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t element_size)
{
	size_t wanted = *capacity ? *capacity * 2 : 4;

	if (count < *capacity)
		return items;
	if (wanted <= *capacity || wanted > SIZE_MAX / element_size)
		exhausted(arena);
	items = arena_resize(arena, items, count * element_size, wanted * element_size);
	*capacity = wanted;
	return items;
}
