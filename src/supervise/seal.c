/* seal.c - see seal.h. */
#include "supervise/seal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#include "platform/sys.h"

#define IMAGES_SIZE ((size_t)1 << 20) /* places; touched as they are used */
#define IMAGES_MAX (IMAGES_SIZE / 4 * 3)
#define IMAGE_UNKNOWN 0

void seal_init(struct seal *seal)
{
	*seal = (struct seal){ .images = sys_map(IMAGES_SIZE * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_PRIVATE) };
}

void seal_release(struct seal *seal)
{
	if (seal->images)
		munmap(seal->images, IMAGES_SIZE * sizeof(uint64_t));
	*seal = (struct seal){ .images = NULL };
}

/* FNV-1a. Two images with one number would only seal the second too early. */
static uint64_t hash(const unsigned char *bytes, size_t size)
{
	uint64_t number = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		number = (number ^ bytes[i]) * 0x100000001b3;
	return number ? number : 1;
}

static uint64_t image_of(int listener, const struct event *event)
{
	unsigned char vector[1024];
	char path[64];
	auto_close int fd = -1;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/auxv", (int)event->thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, vector, sizeof(vector));
	/* the number is still the caller's, so it was when we looked */
	if (size <= 0 || !event_is_pending(listener, event))
		return IMAGE_UNKNOWN;
	return hash(vector, (size_t)size);
}

/* Where @image is, or could be put. */
static uint64_t *place_of(const struct seal *seal, uint64_t image)
{
	size_t at = image % IMAGES_SIZE;

	while (seal->images[at] && seal->images[at] != image)
		at = (at + 1) % IMAGES_SIZE;
	return &seal->images[at];
}

static bool is_full(const struct seal *seal)
{
	return !seal->images || seal->count >= IMAGES_MAX;
}

void seal_close(struct seal *seal, int listener, const struct event *event)
{
	const uint64_t image = image_of(listener, event);
	uint64_t *place;

	if (image == IMAGE_UNKNOWN || is_full(seal))
		return;
	place = place_of(seal, image);
	seal->count += !*place;
	*place = image;
}

bool seal_is_closed(const struct seal *seal, int listener, const struct event *event)
{
	const uint64_t image = image_of(listener, event);

	return image == IMAGE_UNKNOWN || is_full(seal) || *place_of(seal, image) == image;
}
