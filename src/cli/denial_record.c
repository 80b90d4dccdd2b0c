/* denial_record.c - see denial_record.h. jansson and base/str.h both call something json_object: only one of them is included
 * in a file. */
#include "cli/denial_record.h"

#include <jansson.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

#define SCHEMA "cordon.denial/1"

/* ---- read ---- */

#define MEMBER(name, kind, field)                                 \
	{                                                         \
		name, kind, offsetof(struct denial_record, field) \
	}

/* In the order in which they are written. */
const struct denial_member denial_members[] = {
	MEMBER("id", MEMBER_TEXT, id),
	MEMBER("time", MEMBER_TEXT, time),
	MEMBER("pid", MEMBER_NUMBER, pid),
	MEMBER("count", MEMBER_NUMBER, count),
	MEMBER("first", MEMBER_TEXT, first),
	MEMBER("last", MEMBER_TEXT, last),
	MEMBER("domain", MEMBER_TEXT, domain),
	MEMBER("profile", MEMBER_TEXT, profile),
	MEMBER("program", MEMBER_TEXT, program),
	MEMBER("request", MEMBER_TEXT, request),
	MEMBER("verdict", MEMBER_TEXT, verdict),
	MEMBER("errno", MEMBER_TEXT, error),
	MEMBER("mechanism", MEMBER_TEXT, mechanism),
	MEMBER("permissive", MEMBER_FLAG, permissive),
	MEMBER("missing", MEMBER_TEXT, missing),
	MEMBER("fix", MEMBER_TEXT, fix),
	MEMBER("fix_replaces", MEMBER_FLAG, fix_replaces),
	MEMBER("note", MEMBER_TEXT, note),
	MEMBER("event", MEMBER_TEXT, event),
};

const size_t denial_member_count = ARRAY_SIZE(denial_members);

const struct denial_member denial_rule_members[] = {
	MEMBER("text", MEMBER_TEXT, rule),
	MEMBER("file", MEMBER_TEXT, file),
	MEMBER("line", MEMBER_NUMBER, line),
};

const size_t denial_rule_member_count = ARRAY_SIZE(denial_rule_members);

/* false: it is there, and of another type. */
static bool take_member(const json_t *object, const struct denial_member *member, struct arena *arena,
			struct denial_record *record)
{
	const json_t *value = json_object_get(object, member->name);
	void *target = (char *)record + member->offset;

	if (!value || json_is_null(value))
		return true;
	switch (member->kind) {
	case MEMBER_TEXT:
		if (json_is_string(value))
			*(const char **)target = arena_strdup(arena, json_string_value(value));
		return json_is_string(value);
	case MEMBER_NUMBER:
		if (json_is_integer(value))
			*(int64_t *)target = json_integer_value(value);
		return json_is_integer(value);
	case MEMBER_FLAG: *(bool *)target = json_is_true(value); return json_is_boolean(value);
	}
	return false;
}

static bool take_members(const json_t *object, const struct denial_member *rows, size_t count, struct arena *arena,
			 struct denial_record *record)
{
	for (size_t i = 0; i < count; i++)
		if (!take_member(object, &rows[i], arena, record))
			return false;
	return true;
}

/* NULL, or what is wrong with it. */
static const char *read_object(const json_t *object, struct arena *arena, struct denial_record *record)
{
	const char *schema = json_string_value(json_object_get(object, "schema"));
	const json_t *rule = json_object_get(object, "rule");

	if (!schema || strcmp(schema, SCHEMA) != 0)
		return "not of schema " SCHEMA;
	if (!take_members(object, denial_members, denial_member_count, arena, record) ||
	    (rule && !json_is_null(rule) && !json_is_object(rule)) ||
	    (json_is_object(rule) && !take_members(rule, denial_rule_members, denial_rule_member_count, arena, record)))
		return "a member is of the wrong type";
	if (record->event)
		return NULL;
	if (!record->id || !denial_id_is(record->id))
		return "it has no id";
	return record->request && record->verdict ? NULL : "it lacks the request or the verdict";
}

bool denial_record_parse(const char *line, size_t size, struct arena *arena, struct denial_record *ret,
			 const char **ret_why)
{
	struct denial_record record = { 0 };
	json_error_t error;
	json_t *value = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
	const char *why = json_is_object(value) ? NULL : "not one JSON object";

	if (!why)
		why = read_object(value, arena, &record);
	json_decref(value);
	if (why)
		*ret_why = why;
	else
		*ret = record;
	return !why;
}
