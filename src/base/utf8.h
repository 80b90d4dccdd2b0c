/* utf8.h - one character at a time, and which of them a reader can't see. */
#ifndef CORDON_BASE_UTF8_H
#define CORDON_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at @text (1 to 4), or 0 when the bytes are not UTF-8 (RFC 3629: shortest form, no surrogates,
 * nothing above U+10FFFF) or @size is 0. *ret is set on success. */
size_t utf8_decode(const char *text, size_t size, uint32_t *ret);

/* May show nothing, or something else than it is: control characters, blanks other than the ASCII one, characters that
 * turn the direction of writing, and other invisible ones. */
bool character_hidden(uint32_t character);

#endif
