/* guard.c - the frame of a public function; see policy.h. */
#include <errno.h>
#include <string.h>

#include "lib/policy.h"

int guarded(struct arena *arena, struct diags *diags, int (*body)(void *context), void *context,
	    struct cordon_error **ret_error)
{
	int result;

	if (!arena)
		return -ENOMEM;
	diags_init(diags, arena);
	if (setjmp(*arena_catch(arena)))
		return -ENOMEM;
	result = body(context);
	arena_uncatch(arena);
	if (result < 0 && ret_error)
		*ret_error = error_new(diags);
	return result;
}

void cleanup_arena(struct arena **arena)
{
	arena_free(*arena);
}

int options_take(const void *options, size_t first_size, void *ret, size_t ret_size)
{
	size_t size;

	if (!options)
		return -EINVAL;
	memcpy(&size, options, sizeof(size));
	if (size < first_size)
		return -EINVAL;
	for (size_t i = ret_size; i < size; i++)
		if (((const char *)options)[i])
			return -E2BIG;
	memset(ret, 0, ret_size);
	memcpy(ret, options, size < ret_size ? size : ret_size);
	return 0;
}

int text_give(const struct str *text, char **ret_text, size_t *ret_size)
{
	char *copy = malloc(text->size + 1);

	if (!copy)
		return -ENOMEM;
	if (text->size)
		memcpy(copy, text->text, text->size);
	copy[text->size] = '\0';
	*ret_text = copy;
	*ret_size = text->size;
	return 0;
}
