/* pattern.c - path patterns: canonical form, and matching of paths component by component. */
#include "policy/pattern.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "policy/pattern_walk.h"

/* ---- components ---- */

bool component_next(const char **at, struct component *ret)
{
	const char *text = *at;

	while (*text == '/')
		text++;
	if (!*text)
		return false;
	ret->text = text;
	ret->size = strcspn(text, "/");
	*at = text + ret->size;
	return true;
}

static bool component_is(const struct component *component, const char *text)
{
	return strlen(text) == component->size && memcmp(component->text, text, component->size) == 0;
}

bool component_any_depth(const struct component *component)
{
	return component_is(component, "**");
}

static bool component_has_wildcard(const struct component *component)
{
	return memchr(component->text, '*', component->size) || memchr(component->text, '?', component->size);
}

/* ---- canonical form ---- */

struct pattern_writer {
	char *text;
	size_t size;
	size_t root_size; /* while everything so far is literal */
	bool wildcard;    /* seen one */
	bool subtree;     /* the last component is "**" */
	bool inner;       /* a wildcard besides the last component's "**" */
};

static const char *component_fault(const struct component *component)
{
	if (component_is(component, ".."))
		return "holds ..";
	if (component->size > PATTERN_COMPONENT_MAX)
		return "has a component of more than 255 bytes";
	if (component->size > 2 && memmem(component->text, component->size, "**", 2))
		return "has ** within a component: ** stands alone between slashes";
	return NULL;
}

static void write_component(struct pattern_writer *writer, const struct component *component)
{
	const bool any_depth = component_any_depth(component);

	if (any_depth && writer->subtree)
		return; /* one ** says as much as two */
	writer->inner |= writer->subtree || (!any_depth && component_has_wildcard(component));
	writer->subtree = any_depth;
	writer->wildcard |= component_has_wildcard(component);
	writer->text[writer->size++] = '/';
	memcpy(writer->text + writer->size, component->text, component->size);
	writer->size += component->size;
	if (!writer->wildcard)
		writer->root_size = writer->size;
}

int pattern_parse(struct arena *arena, const char *text, struct pattern *ret, const char **ret_why)
{
	struct pattern_writer writer = { .text = arena_alloc(arena, strlen(text) + 2) };
	struct component component;
	const char *why = NULL;

	if (*text != '/')
		why = "not absolute";
	else if (strlen(text) > PATTERN_TEXT_MAX)
		why = "longer than 4095 bytes";
	while (!why && component_next(&text, &component)) {
		why = component_fault(&component);
		if (!why && !component_is(&component, "."))
			write_component(&writer, &component);
	}
	if (why) {
		*ret_why = why;
		return -EINVAL;
	}
	if (writer.size == 0)
		writer.text[writer.size++] = '/';
	*ret = (struct pattern){
		.text = writer.text,
		.root = writer.root_size ? arena_strndup(arena, writer.text, writer.root_size) : "/",
		.subtree = writer.subtree,
		.literal_root = !writer.inner,
	};
	return 0;
}

/* ---- matching ---- */

/* `*` and `?` within one component: on a mismatch, let the last `*` take one byte more. */
static bool component_match(const struct component *glob, const struct component *name)
{
	size_t g = 0, n = 0, star = SIZE_MAX, star_n = 0;

	while (n < name->size) {
		if (g < glob->size && glob->text[g] == '*') {
			star = g++;
			star_n = n;
		} else if (g < glob->size && (glob->text[g] == '?' || glob->text[g] == name->text[n])) {
			g++;
			n++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			n = ++star_n;
		} else {
			return false;
		}
	}
	while (g < glob->size && glob->text[g] == '*')
		g++;
	return g == glob->size;
}

/* The same one level up: components instead of bytes, "**" instead of "*". */
bool pattern_match(const struct pattern *pattern, const char *path)
{
	const char *glob_at = pattern->text, *path_at = path, *star_glob = NULL, *star_path = NULL;
	struct component glob = { 0 }, name = { 0 };

	if (*path != '/')
		return false;
	for (;;) {
		const char *glob_next = glob_at, *path_next = path_at;
		const bool more_glob = component_next(&glob_next, &glob);
		const bool more_path = component_next(&path_next, &name);

		if (more_glob && component_any_depth(&glob)) {
			star_glob = glob_at = glob_next;
			star_path = path_at;
		} else if (!more_path) {
			return !more_glob;
		} else if (more_glob && component_match(&glob, &name)) {
			glob_at = glob_next;
			path_at = path_next;
		} else if (star_glob && component_next(&star_path, &name)) {
			glob_at = star_glob;
			path_at = star_path;
		} else {
			return false;
		}
	}
}
