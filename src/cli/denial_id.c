/* denial_id.c - what the id of a denial looks like; by itself, because `cordon explain` wants to know and reads no JSON. */
#include <string.h>

#include "cli/denial_record.h"

#define DOMAIN_DIGITS 8

bool denial_id_is(const char *word)
{
	const char *number = word + DOMAIN_DIGITS + 1;

	if (strspn(word, "0123456789abcdef") != DOMAIN_DIGITS || word[DOMAIN_DIGITS] != '-')
		return false;
	return *number && !number[strspn(number, "0123456789")];
}
