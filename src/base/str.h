/* str.h - a growing string, in an arena. Always NUL-terminated once something was added. */
#ifndef CORDON_BASE_STR_H
#define CORDON_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct str {
	struct arena *arena;
	char *text; /* "" until something is added */
	size_t size;
	size_t capacity;
};

void str_init(struct str *str, struct arena *arena);
void str_add(struct str *str, const char *text);
void str_addn(struct str *str, const char *text, size_t size);
void str_addc(struct str *str, char c);
__attribute__((format(printf, 2, 3))) void str_addf(struct str *str, const char *format, ...);
/* @text as people may see it: bytes that are not UTF-8 or whose character is hidden (utf8.h) become \xNN, backslash
 * becomes \\: the original can be read back. */
void str_add_escaped(struct str *str, const char *text, size_t size);
/* The same but for backslash, which stays: for text that was written by us or is shown beside its source. */
void str_add_visible(struct str *str, const char *text, size_t size);

/* JSON: a writer that places commas itself. Values: string, number, bool, null; containers nest to JSON_DEPTH_MAX. */
#define JSON_DEPTH_MAX 128
struct json {
	struct str *out;
	unsigned depth;
	bool pretty;
	bool comma[JSON_DEPTH_MAX];
	bool after_key;
};
void json_init(struct json *json, struct str *out, bool pretty);
void json_object(struct json *json);
void json_array(struct json *json);
void json_end_object(struct json *json);
void json_end_array(struct json *json);
void json_key(struct json *json, const char *key);
/* NULL: null. Bytes that are not UTF-8 become U+FFFD; escape before where they matter. */
void json_string(struct json *json, const char *text);
void json_int(struct json *json, long long value);
void json_uint(struct json *json, unsigned long long value);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);
/* key and value in one */
void json_kv_string(struct json *json, const char *key, const char *value);
void json_kv_int(struct json *json, const char *key, long long value);
void json_kv_bool(struct json *json, const char *key, bool value);

#endif
