/* average.c - a program that uses the library: the size and the average colour of images.
 *
 *     average WORKER IMAGE... */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"

/* To be freed; NULL: it can't be read. */
static unsigned char *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	unsigned char *data = NULL;
	long size;

	if (!file)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
		rewind(file);
		data = malloc((size_t)size + 1);
		*ret_size = data ? fread(data, 1, (size_t)size, file) : 0;
	}
	fclose(file);
	return data;
}

static void print_average(const char *path, const struct picture *picture)
{
	const size_t count = (size_t)picture->width * picture->height;
	unsigned long long sums[3] = { 0 };

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < 3; k++)
			sums[k] += picture->pixels[4 * i + k];
	printf("%s: %u x %u, #%02llx%02llx%02llx\n", path, picture->width, picture->height, sums[0] / count,
	       sums[1] / count, sums[2] / count);
}

static int show(struct picture_decoder *decoder, const char *path)
{
	struct picture picture;
	unsigned char *data;
	size_t size = 0;
	int error;

	data = read_file(path, &size);
	error = data ? picture_decode(decoder, data, size, &picture) : -errno;
	free(data);
	if (error) {
		printf("%s: %s\n", path, strerror(-error));
		return error;
	}
	print_average(path, &picture);
	free(picture.pixels);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: average WORKER IMAGE...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		struct picture_decoder *decoder;
		char *why;
		const int error = picture_decoder_new(argv[1], &decoder, &why);

		if (error) {
			fprintf(stderr, "average: no worker: %s\n%s", strerror(-error), why ? why : "");
			free(why);
			return 1;
		}
		failed |= show(decoder, argv[i]) != 0;
		picture_decoder_free(decoder);
	}
	return failed;
}
