/* picture.h - decode images from strangers in a process that can do nothing else.
 *
 * The decoder runs in a worker that this library starts and confines by itself; the program that uses it needs no policy, no
 * privilege, and no knowledge of Cordon. Whatever an image does to the worker, all it can do is send a wrong picture. */
#ifndef PICTURE_H
#define PICTURE_H

#include <stddef.h>
#include <stdint.h>

#define PICTURE_PIXELS_MAX (64u << 20)

struct picture {
	uint32_t width, height;
	unsigned char *pixels; /* width * height times red, green, blue, opacity; free() */
};

/* A worker at work; for one thread at a time. */
struct picture_decoder;

/* Start a worker: the program @worker. 0 and *ret, or a negative errno; *ret_why (may be NULL) gets a text for people, to be
 * freed, or NULL. */
int picture_decoder_new(const char *worker, struct picture_decoder **ret, char **ret_why);
void picture_decoder_free(struct picture_decoder *decoder);

/* Decode @data, an image in the QOI format (qoiformat.org). 0 and *ret; -EINVAL: it is no such image; -EFBIG: it is larger
 * than PICTURE_PIXELS_MAX; -EPIPE: it has ended the worker (make a new one); -ENOMEM. */
int picture_decode(struct picture_decoder *decoder, const void *data, size_t size, struct picture *ret);

#endif
