/* denial_log.c - see denial_log.h. */
#include "cli/denial_log.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/* ---- by id ---- */

static uint64_t hash_id(const char *id)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * UINT64_C(0x100000001b3);
	return hash;
}

/* The slot of @id, or the free one where it belongs. */
static size_t *find_slot(const struct denial_records *records, const char *id)
{
	for (size_t i = hash_id(id);; i++) {
		size_t *slot = &records->slots[i % records->slot_count];

		if (!*slot || !strcmp(records->items[*slot - 1].id, id))
			return slot;
	}
}

/* At most half of the slots are taken. */
static void grow_slots(struct denial_records *records, struct arena *arena)
{
	if (records->slot_count > 2 * (records->count + 1))
		return;
	records->slot_count = records->slot_count ? 2 * records->slot_count : 64;
	records->slots = arena_alloc(arena, records->slot_count * sizeof(*records->slots));
	for (size_t i = 0; i < records->count; i++)
		if (records->items[i].id)
			*find_slot(records, records->items[i].id) = i + 1;
}

static void add(struct denial_records *records, const struct denial_record *record, struct arena *arena)
{
	size_t *slot;

	grow_slots(records, arena);
	slot = record->id ? find_slot(records, record->id) : NULL;
	if (slot && *slot && *slot <= records->count) {
		records->items[*slot - 1] = *record;
		return;
	}
	*arena_push(arena, records) = *record;
	if (slot)
		*slot = records->count;
}

/* ---- lines ---- */

enum line { LINE_END, LINE_WHOLE, LINE_TOO_LONG };

/* Without its newline. What is too long is read over. */
static enum line read_line(FILE *file, char line[DENIAL_LINE_MAX], size_t *ret_size)
{
	size_t size = 0;
	int c;

	while ((c = getc_unlocked(file)) != EOF && c != '\n') {
		if (size < DENIAL_LINE_MAX)
			line[size] = (char)c;
		size++;
	}
	*ret_size = size;
	if (c == EOF && size == 0)
		return LINE_END;
	return size > DENIAL_LINE_MAX ? LINE_TOO_LONG : LINE_WHOLE;
}

int denial_records_read(FILE *file, struct arena *arena,
			void (*broken)(void *context, unsigned long line, const char *why), void *context,
			struct denial_records *ret)
{
	char *line = arena_alloc(arena, DENIAL_LINE_MAX);
	struct denial_records records = { 0 };
	enum line kind;
	size_t size;

	for (unsigned long number = 1; (kind = read_line(file, line, &size)) != LINE_END; number++) {
		struct denial_record record;
		const char *why = "it is too long";

		if (kind == LINE_WHOLE && denial_record_parse(line, size, arena, &record, &why))
			add(&records, &record, arena);
		else
			broken(context, number, why);
	}
	*ret = records;
	return ferror(file) ? -EIO : 0;
}
