/* protocol.h - what library and worker say to each other over a socket: a question of that size and then the image, an
 * answer and then (when error is 0) width * height * 4 bytes. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_SIZE_MAX (64u << 20)

struct question {
	uint32_t size; /* bytes */
};

struct answer {
	int32_t error; /* errno, 0: a picture follows */
	uint32_t width, height;
};

/* All of it; false: the other side is gone. */
bool send_bytes(int fd, const void *data, size_t size);
bool receive_bytes(int fd, void *data, size_t size);

#endif
