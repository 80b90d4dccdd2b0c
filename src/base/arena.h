/* arena.h - memory of one compilation: allocate freely, free once.
 *
 * The stages text -> AST -> model -> plan -> programs are pure: all they hold is memory, and all of it comes from one
 * arena. So running out (of memory, or of the arena's limit, which bounds what hostile input may cost) is handled in
 * one place: arena_alloc() never returns NULL; it jumps to the point set by arena_catch(), or aborts when there is none.
 * Code between arena_catch() and the allocation may own nothing but memory of that arena. */
#ifndef CORDON_BASE_ARENA_H
#define CORDON_BASE_ARENA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

struct arena;

#define ARENA_LIMIT_DEFAULT ((size_t)256 << 20)

/* A new arena that gives out at most @limit_bytes (0: ARENA_LIMIT_DEFAULT). NULL when even that fails. */
struct arena *arena_new(size_t limit_bytes);
/* Frees everything that came from @arena. NULL is fine. */
/* Have the first @size bytes there before they are used: one call instead of a page fault for every 4 KiB. Only for a process
 * that is going to use them. Without memory nothing happens. */
void arena_warm(struct arena *arena, size_t size);
void arena_free(struct arena *arena);

/* Where to continue when @arena is exhausted. Use: `if (setjmp(*arena_catch(a))) return -ENOMEM;` then arena_uncatch(a). */
jmp_buf *arena_catch(struct arena *arena);
void arena_uncatch(struct arena *arena);

/* @size zeroed bytes, aligned for any type; never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
#define arena_new_of(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t size);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *arena, const char *format, ...);
__attribute__((format(printf, 2, 0))) char *arena_vprintf(struct arena *arena, const char *format, va_list args);

/* A larger place for the @old_size bytes at @old (NULL: none); the new part is zeroed. Stays in place where it can. */
void *arena_resize(struct arena *arena, void *old, size_t old_size, size_t new_size);

/* Room for one more element in a growing array: returns @items or its larger copy. @capacity is updated. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t element_size);

/* Append to a struct that has the members items, count, capacity: `*arena_push(arena, &list) = element;` */
#define arena_push(arena, list)                                                                                        \
	((list)->items = arena_grow((arena), (list)->items, (list)->count, &(list)->capacity, sizeof(*(list)->items)), \
	 &(list)->items[(list)->count++])

#endif
