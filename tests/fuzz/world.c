/* world.c - see world.h. */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void must(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

void must_be_shown(const struct str *text)
{
	for (size_t i = 0, length; i < text->size; i += length) {
		uint32_t character;

		length = utf8_decode(text->text + i, text->size - i, &character);
		must(length > 0, "what is shown is not UTF-8");
		must(character == '\n' || !character_hidden(character), "what is shown holds a hidden character");
	}
}

void must_be_explained(const struct diags *diags, struct arena *arena)
{
	struct json json;
	struct str out;

	must(diags->errors > 0, "refused without a reason");
	str_init(&out, arena);
	diags_print(diags, &out, false);
	must_be_shown(&out);
	str_init(&out, arena);
	json_init(&json, &out, true);
	diags_json(diags, &json);
	must_be_shown(&out);
	must(json.depth == 0, "JSON is not closed");
}

static int find_user(const char *name, struct arena *arena, struct user *ret)
{
	(void)arena;
	if (strcmp(name, "root") != 0)
		return -ENOENT;
	*ret = (struct user){ .name = "root", .home = "/root" };
	return 0;
}

const struct surroundings world_surroundings = {
	.home = "/home/u", .user = "u", .cwd = "/home/u/work", .tmpdir = "/tmp", .uid = 1000, .find_user = find_user
};

int world_model(const struct source *source, struct arena *arena, struct diags *diags, struct model **ret)
{
	struct layer_source layers[WORLD_PROFILES] = { 0 };
	struct ast_file *file;
	size_t count = 0;
	int error = parse_file(source, arena, diags, &file);

	if (error)
		return error;
	for (size_t i = 0; i < file->count && count < WORLD_PROFILES; i++)
		if (!file->items[i]->is_template)
			layers[count++] = (struct layer_source){ .file = file, .profile = file->items[i] };
	if (count == 0) {
		diag_error(diags, "C0511", (struct span){ 0 }, "no profile");
		return -EINVAL;
	}
	return resolve(layers, count, &world_surroundings, arena, diags, ret);
}
