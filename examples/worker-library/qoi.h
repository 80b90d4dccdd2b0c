/* qoi.h - the QOI image format (qoiformat.org/qoi-specification.pdf). Knows nothing of processes. */
#ifndef QOI_H
#define QOI_H

#include <stddef.h>
#include <stdint.h>

/* Width and height of @data. 0, or -EINVAL. */
int qoi_size(const unsigned char *data, size_t size, uint32_t *ret_width, uint32_t *ret_height);
/* @pixels: room for width * height * 4 bytes. 0, or -EINVAL when the image ends too early. */
int qoi_decode(const unsigned char *data, size_t size, unsigned char *pixels, size_t pixel_count);

#endif
