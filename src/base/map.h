/* map.h - a growing table from byte strings to small numbers, in an arena. Keys are not copied: they live as long as the
 * map. Nothing is ever taken out. */
#ifndef CORDON_BASE_MAP_H
#define CORDON_BASE_MAP_H

#include <stdint.h>

#include "base/arena.h"

/* Zero-initialised: empty. */
struct map {
	struct map_slot *slots;
	size_t count, capacity;
};

/* The number at @key, or NULL. */
const uint32_t *map_find(const struct map *map, const void *key, size_t size);
/* The same, made with the value 0 where there was none. Stays valid until the next one is made. */
uint32_t *map_at(struct map *map, struct arena *arena, const void *key, size_t size);
/* Empty again; keeps its room. */
void map_clear(struct map *map);

#endif
