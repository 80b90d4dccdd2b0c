/* worker.c - the process that reads what strangers made. Its socket is descriptor 0. */
#include <errno.h>
#include <stdlib.h>

#include "picture.h"
#include "protocol.h"
#include "qoi.h"

/* The picture of @data; *ret_pixels to be freed. 0 or -errno. */
static int decode(const unsigned char *data, size_t size, struct answer *answer, unsigned char **ret_pixels)
{
	unsigned char *pixels;
	uint64_t count;
	int error = qoi_size(data, size, &answer->width, &answer->height);

	if (error)
		return error;
	count = (uint64_t)answer->width * answer->height;
	if (count > PICTURE_PIXELS_MAX)
		return -EFBIG;
	pixels = malloc((size_t)count * 4);
	if (!pixels)
		return -ENOMEM;
	error = qoi_decode(data, size, pixels, (size_t)count);
	if (error)
		free(pixels);
	else
		*ret_pixels = pixels;
	return error;
}

static bool serve(int socket)
{
	struct question question;
	struct answer answer = { 0 };
	unsigned char *data, *pixels = NULL;
	bool good;

	if (!receive_bytes(socket, &question, sizeof(question)) || question.size > IMAGE_SIZE_MAX)
		return false;
	data = malloc(question.size + 1u);
	good = data && receive_bytes(socket, data, question.size);
	if (good) {
		answer.error = -decode(data, question.size, &answer, &pixels);
		good = send_bytes(socket, &answer, sizeof(answer)) &&
		       (answer.error || send_bytes(socket, pixels, (size_t)answer.width * answer.height * 4));
	}
	free(pixels);
	free(data);
	return good;
}

int main(void)
{
	while (serve(0))
		;
	return 0;
}
