/* suggest.c - see suggest.h. */
#include "base/suggest.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static int lower(char c)
{
	return tolower((unsigned char)c);
}

unsigned edit_distance(const char *a, const char *b)
{
	/* rows of the usual table; [i % 3] is the row of the first i letters of a */
	unsigned rows[3][SUGGEST_LENGTH_MAX + 1];
	size_t a_size = strnlen(a, SUGGEST_LENGTH_MAX + 1), b_size = strnlen(b, SUGGEST_LENGTH_MAX + 1);

	if (a_size > SUGGEST_LENGTH_MAX || b_size > SUGGEST_LENGTH_MAX)
		return UINT_MAX;
	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_size; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_size; j++) {
			row[j] = least(above[j], row[j - 1]) + 1;
			row[j] = least(row[j], above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1])));
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = least(row[j], rows[(i + 1) % 3][j - 2] + 1);
		}
	}
	return rows[a_size % 3][b_size];
}

void suggestion_offer(struct suggestion *suggestion, const char *name)
{
	size_t size = strlen(suggestion->word);
	unsigned distance = edit_distance(suggestion->word, name), enough;

	/* of a word of two letters everything is near: one edit, and one letter must stay */
	enough = size <= 3 ? 1 : size / 3 > 2 ? (unsigned)(size / 3) : 2;
	if (distance > enough || distance >= size || (suggestion->best && distance >= suggestion->distance))
		return;
	suggestion->best = name;
	suggestion->distance = distance;
}
