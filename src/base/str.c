/* str.c - see str.h. */
#include "base/str.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"

void str_init(struct str *str, struct arena *arena)
{
	/* The "" is never written to: capacity 0 moves the text before the first byte is added. */
	*str = (struct str){ .arena = arena, .text = (char *)"" };
}

/* Room for @more bytes and the final NUL. */
static void reserve(struct str *str, size_t more)
{
	size_t wanted = str->capacity ? str->capacity : 64;

	if (more < str->capacity - str->size && str->capacity)
		return;
	while (wanted - str->size <= more && wanted <= SIZE_MAX / 2)
		wanted *= 2;
	str->text = arena_resize(str->arena, str->capacity ? str->text : NULL, str->capacity, wanted);
	str->capacity = wanted;
}

void str_addn(struct str *str, const char *text, size_t size)
{
	if (!size)
		return;
	reserve(str, size);
	memcpy(str->text + str->size, text, size);
	str->size += size;
	str->text[str->size] = '\0';
}

void str_add(struct str *str, const char *text)
{
	str_addn(str, text, strlen(text));
}

void str_addc(struct str *str, char c)
{
	str_addn(str, &c, 1);
}

void str_addf(struct str *str, const char *format, ...)
{
	va_list args, again;
	int size;

	va_start(args, format);
	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size > 0) {
		reserve(str, (size_t)size);
		vsnprintf(str->text + str->size, (size_t)size + 1, format, args);
		str->size += (size_t)size;
	}
	va_end(args);
}

/* Shown as it is in either form. */
static bool is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '\\';
}

/* Bytes at @text that may be shown as they are; 0: escape the first. */
static size_t showable(const char *text, size_t size)
{
	uint32_t character;
	size_t length = utf8_decode(text, size, &character);

	return length && !character_hidden(character) ? length : 0;
}

static void add_visible(struct str *str, const char *text, size_t size, bool double_backslash)
{
	for (size_t i = 0, length; i < size; i += length) {
		for (length = 0; i + length < size && is_plain(text[i + length]); length++)
			;
		if (length) {
			str_addn(str, text + i, length);
			continue;
		}
		length = showable(text + i, size - i);
		if (!length)
			str_addf(str, "\\x%02x", (unsigned char)text[i]);
		else if (text[i] == '\\' && double_backslash)
			str_addn(str, "\\\\", 2);
		else
			str_addn(str, text + i, length);
		length += !length;
	}
}

void str_add_escaped(struct str *str, const char *text, size_t size)
{
	add_visible(str, text, size, true);
}

void str_add_visible(struct str *str, const char *text, size_t size)
{
	add_visible(str, text, size, false);
}

/* ---- JSON ---- */

void json_init(struct json *json, struct str *out, bool pretty)
{
	*json = (struct json){ .out = out, .pretty = pretty };
}

static void new_line(struct json *json)
{
	if (!json->pretty)
		return;
	str_addc(json->out, '\n');
	for (unsigned i = 0; i < json->depth; i++)
		str_add(json->out, "  ");
}

/* What stands before a key or a value: a comma, a line end, or nothing after a key. */
static void before(struct json *json)
{
	if (json->after_key) {
		json->after_key = false;
		return;
	}
	if (json->comma[json->depth])
		str_addc(json->out, ',');
	if (json->depth)
		new_line(json);
	json->comma[json->depth] = true;
}

static void open_container(struct json *json, char c)
{
	before(json);
	str_addc(json->out, c);
	json->depth++;
	assert(json->depth < ARRAY_SIZE(json->comma));
	json->comma[json->depth] = false;
}

static void close_container(struct json *json, char c)
{
	bool filled = json->comma[json->depth];

	assert(json->depth > 0 && !json->after_key);
	json->depth--;
	if (filled)
		new_line(json);
	str_addc(json->out, c);
}

void json_object(struct json *json)
{
	open_container(json, '{');
}

void json_array(struct json *json)
{
	open_container(json, '[');
}

void json_end_object(struct json *json)
{
	close_container(json, '}');
}

void json_end_array(struct json *json)
{
	close_container(json, ']');
}

static void quote(struct str *out, const char *text, size_t size)
{
	str_addc(out, '"');
	for (size_t i = 0, length; i < size; i += length) {
		uint32_t character;

		length = utf8_decode(text + i, size - i, &character);
		if (!length) {
			str_add(out, "\\ufffd");
			length = 1;
		} else if (character == '"' || character == '\\') {
			str_addf(out, "\\%c", (char)character);
		} else if (character == '\n') {
			str_add(out, "\\n");
		} else if (character == '\t') {
			str_add(out, "\\t");
		} else if (character <= 0xffff && character_hidden(character)) {
			str_addf(out, "\\u%04x", (unsigned)character);
		} else {
			str_addn(out, text + i, length);
		}
	}
	str_addc(out, '"');
}

void json_key(struct json *json, const char *key)
{
	before(json);
	quote(json->out, key, strlen(key));
	str_add(json->out, json->pretty ? ": " : ":");
	json->after_key = true;
}

void json_string(struct json *json, const char *text)
{
	before(json);
	if (text)
		quote(json->out, text, strlen(text));
	else
		str_add(json->out, "null");
}

void json_int(struct json *json, long long value)
{
	before(json);
	str_addf(json->out, "%lld", value);
}

void json_uint(struct json *json, unsigned long long value)
{
	before(json);
	str_addf(json->out, "%llu", value);
}

void json_bool(struct json *json, bool value)
{
	before(json);
	str_add(json->out, value ? "true" : "false");
}

void json_null(struct json *json)
{
	json_string(json, NULL);
}

void json_kv_string(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_string(json, value);
}

void json_kv_int(struct json *json, const char *key, long long value)
{
	json_key(json, key);
	json_int(json, value);
}

void json_kv_bool(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}
