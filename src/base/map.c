/* map.c - see map.h. Open addressing, at most half full. */
#include "base/map.h"

#include <string.h>

#define CAPACITY_FIRST 64

struct map_slot {
	const void *key; /* NULL: free */
	size_t size;
	uint32_t hash, value;
};

/* FNV-1a */
static uint32_t hash_of(const void *key, size_t size)
{
	const unsigned char *bytes = key;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash ^ hash >> 15;
}

/* The slot that holds @key, or the free one where it belongs. The map is never full. */
static struct map_slot *slot_of(const struct map *map, const void *key, size_t size, uint32_t hash)
{
	size_t at = hash & (map->capacity - 1);

	for (;; at = (at + 1) & (map->capacity - 1)) {
		struct map_slot *slot = &map->slots[at];

		if (!slot->key || (slot->hash == hash && slot->size == size && !memcmp(slot->key, key, size)))
			return slot;
	}
}

const uint32_t *map_find(const struct map *map, const void *key, size_t size)
{
	const struct map_slot *slot = map->capacity ? slot_of(map, key, size, hash_of(key, size)) : NULL;

	return slot && slot->key ? &slot->value : NULL;
}

static void grow(struct map *map, struct arena *arena)
{
	struct map larger = { .count = map->count, .capacity = map->capacity ? 2 * map->capacity : CAPACITY_FIRST };

	larger.slots = arena_alloc(arena, larger.capacity * sizeof(*larger.slots));
	for (size_t i = 0; i < map->capacity; i++)
		if (map->slots[i].key)
			*slot_of(&larger, map->slots[i].key, map->slots[i].size, map->slots[i].hash) = map->slots[i];
	*map = larger;
}

uint32_t *map_at(struct map *map, struct arena *arena, const void *key, size_t size)
{
	const uint32_t hash = hash_of(key, size);
	struct map_slot *slot;

	if (2 * (map->count + 1) > map->capacity)
		grow(map, arena);
	slot = slot_of(map, key, size, hash);
	if (!slot->key) {
		*slot = (struct map_slot){ .key = key, .size = size, .hash = hash };
		map->count++;
	}
	return &slot->value;
}

void map_clear(struct map *map)
{
	if (map->capacity)
		memset(map->slots, 0, map->capacity * sizeof(*map->slots));
	map->count = 0;
}
