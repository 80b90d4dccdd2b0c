/* error.c - the texts are made at once, so that reading them can't fail. */
#include "lib/error.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

struct cordon_error {
	char *text, *json;
};

/* Into @text and @json, of the arena of @diags. */
static void write_texts(const struct diags *diags, struct str *text, struct str *json_text)
{
	struct json json;

	str_init(text, diags->arena);
	diags_print(diags, text, false);
	str_init(json_text, diags->arena);
	json_init(&json, json_text, true);
	json_object(&json);
	json_kv_string(&json, "schema", "cordon.diagnostics/1");
	json_key(&json, "diagnostics");
	diags_json(diags, &json);
	json_end_object(&json);
}

struct cordon_error *error_new(const struct diags *diags)
{
	struct str text, json;
	struct cordon_error *error;

	if (diags->count == 0 || setjmp(*arena_catch(diags->arena)))
		return NULL;
	write_texts(diags, &text, &json);
	arena_uncatch(diags->arena);
	error = calloc(1, sizeof(*error));
	if (!error)
		return NULL;
	error->text = strdup(text.text);
	error->json = strdup(json.text);
	if (error->text && error->json)
		return error;
	cordon_error_free(error);
	return NULL;
}

const char *cordon_error_text(const struct cordon_error *error)
{
	return error ? error->text : "";
}

const char *cordon_error_json(const struct cordon_error *error)
{
	return error ? error->json : "{\"schema\": \"cordon.diagnostics/1\", \"diagnostics\": []}";
}

void cordon_error_free(struct cordon_error *error)
{
	if (!error)
		return;
	free(error->text);
	free(error->json);
	free(error);
}
