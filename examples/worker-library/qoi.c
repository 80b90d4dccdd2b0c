/* qoi.c - a stream of chunks, each of which says how the next pixels follow from those before. */
#include "qoi.h"

#include <errno.h>
#include <string.h>

#define HEADER_SIZE 14
#define TAG_RGB 0xfe
#define TAG_RGBA 0xff

enum { CHUNK_INDEX, CHUNK_DIFFERENCE, CHUNK_LUMA, CHUNK_RUN };

struct pixel {
	unsigned char red, green, blue, opacity;
};

struct decoder {
	const unsigned char *at, *end;
	struct pixel now, seen[64]; /* seen: by a hash of the colour */
};

static uint32_t big_endian(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

int qoi_size(const unsigned char *data, size_t size, uint32_t *ret_width, uint32_t *ret_height)
{
	if (size < HEADER_SIZE || memcmp(data, "qoif", 4) != 0 || !big_endian(data + 4) || !big_endian(data + 8))
		return -EINVAL;
	*ret_width = big_endian(data + 4);
	*ret_height = big_endian(data + 8);
	return 0;
}

static void change(struct pixel *pixel, int red, int green, int blue)
{
	pixel->red = (unsigned char)(pixel->red + red);
	pixel->green = (unsigned char)(pixel->green + green);
	pixel->blue = (unsigned char)(pixel->blue + blue);
}

/* How many bytes follow the first one of a chunk. */
static size_t rest_size(unsigned char first)
{
	if (first == TAG_RGB)
		return 3;
	if (first == TAG_RGBA)
		return 4;
	return first >> 6 == CHUNK_LUMA ? 1 : 0;
}

/* One chunk: the next pixel is in decoder->now. How often it stands there, or 0 at the end of the data. */
static unsigned next(struct decoder *decoder)
{
	const unsigned char *at = decoder->at;
	struct pixel *now = &decoder->now;
	unsigned count = 1;

	if (at == decoder->end || (size_t)(decoder->end - at) <= rest_size(*at))
		return 0;
	decoder->at += 1 + rest_size(*at);
	if (*at >= TAG_RGB) {
		*now = (struct pixel){ at[1], at[2], at[3], *at == TAG_RGBA ? at[4] : now->opacity };
	} else if (*at >> 6 == CHUNK_INDEX) {
		*now = decoder->seen[*at];
	} else if (*at >> 6 == CHUNK_DIFFERENCE) {
		change(now, (*at >> 4 & 3) - 2, (*at >> 2 & 3) - 2, (*at & 3) - 2);
	} else if (*at >> 6 == CHUNK_LUMA) {
		const int green = (*at & 63) - 32;

		change(now, green + (at[1] >> 4) - 8, green, green + (at[1] & 15) - 8);
	} else {
		count = (*at & 63u) + 1;
	}
	decoder->seen[(now->red * 3 + now->green * 5 + now->blue * 7 + now->opacity * 11) % 64] = *now;
	return count;
}

int qoi_decode(const unsigned char *data, size_t size, unsigned char *pixels, size_t pixel_count)
{
	struct decoder decoder = { .at = data + HEADER_SIZE, .end = data + size, .now = { .opacity = 255 } };

	for (size_t i = 0; i < pixel_count;) {
		unsigned count = next(&decoder);

		if (!count)
			return -EINVAL;
		for (; count > 0 && i < pixel_count; count--, i++)
			memcpy(pixels + 4 * i, &decoder.now, 4);
	}
	return 0;
}
