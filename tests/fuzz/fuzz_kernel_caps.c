/* fuzz_kernel_caps.c - any text as the description of a kernel (--kernel FILE): it is refused with the number of a line, or
 * what it says can be written and read again. */
#include <string.h>

#include "platform/probe.h"
#include "world.h"

static unsigned count_lines(const char *text)
{
	unsigned lines = 1;

	while ((text = strchr(text, '\n')) != NULL) {
		lines++;
		text++;
	}
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	const char *text = arena_strndup(arena, size ? (const char *)data : "", size);
	struct kernel_caps caps = { 0 }, again = { 0 };
	struct str first, second;
	unsigned line = 0;

	str_init(&first, arena);
	str_init(&second, arena);
	if (kernel_caps_parse(text, &caps, &line) < 0) {
		must(line >= 1 && line <= count_lines(text), "refused without a place");
	} else {
		kernel_caps_print(&caps, &first);
		must(kernel_caps_parse(first.text, &again, &line) == 0, "what was written is refused");
		kernel_caps_print(&again, &second);
		must(!strcmp(first.text, second.text), "what was written says something else");
	}
	arena_free(arena);
	return 0;
}
