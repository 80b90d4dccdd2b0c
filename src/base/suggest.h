/* suggest.h - "did you mean": which known word is nearest to a misspelt one. */
#ifndef CORDON_BASE_SUGGEST_H
#define CORDON_BASE_SUGGEST_H

#include <stddef.h>

#define SUGGEST_LENGTH_MAX 64

/* Least number of letters to insert, drop, replace or swap with their neighbour that turns @a into @b; case is ignored.
 * Words longer than SUGGEST_LENGTH_MAX are as far as can be: returns (unsigned)-1. */
unsigned edit_distance(const char *a, const char *b);

/* The best row so far of a search over any table; start with { .word = wrong }. */
struct suggestion {
	const char *word;
	const char *best; /* NULL: none is near enough (two edits, or a third of the word's length) */
	unsigned distance;
};
void suggestion_offer(struct suggestion *suggestion, const char *name);

#endif
