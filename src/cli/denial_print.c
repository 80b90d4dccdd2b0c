/* denial_print.c - see denial_print.h. */
#include "cli/denial_print.h"

#include <string.h>

/* Nothing of the file reaches the terminal as it is. */
static void add_visible(struct str *out, const char *text)
{
	str_add_visible(out, text ? text : "?", text ? strlen(text) : 1);
}

static void add_row(struct str *out, const char *title, const char *text)
{
	if (!text)
		return;
	str_addf(out, "  %-9s ", title);
	add_visible(out, text);
	str_addc(out, '\n');
}

static void add_verdict(const struct denial_record *record, struct str *out)
{
	add_visible(out, record->verdict);
	if (record->error) {
		str_addc(out, ' ');
		add_visible(out, record->error);
	}
	if (record->permissive)
		str_add(out, " (permissive: not enforced)");
}

static const char *because(const struct denial_record *record, struct arena *arena)
{
	if (record->rule && record->file)
		return arena_printf(arena, "%s  (%s:%lld)", record->rule, record->file, (long long)record->line);
	if (record->rule)
		return arena_printf(arena, "%s  (built in)", record->rule);
	if (record->missing)
		return arena_printf(arena, "no line of class `%s` grants it", record->missing);
	return NULL;
}

void denial_record_explain(const struct denial_record *record, struct str *out)
{
	add_visible(out, record->id);
	str_add(out, ": ");
	add_verdict(record, out);
	str_addc(out, '\n');
	add_row(out, "asked", record->request);
	add_row(out, "by", record->program);
	if (record->pid)
		add_row(out, "process", arena_printf(out->arena, "%lld", (long long)record->pid));
	add_row(out, "first", record->first);
	if (record->count > 1) {
		add_row(out, "last", record->last);
		add_row(out, "times", arena_printf(out->arena, "%lld", (long long)record->count));
	}
	add_row(out, "profile", record->profile);
	add_row(out, "noticed", record->mechanism);
	add_row(out, "because", because(record, out->arena));
	add_row(out, "note", record->note);
	if (record->fix)
		str_addf(out, "  to allow it, %s:\n",
			 record->fix_replaces ? "write in the place of that line" : "add to the profile");
	else
		str_add(out, "  no single line is known that would allow it\n");
	if (record->fix) {
		str_add(out, "    ");
		add_visible(out, record->fix);
		str_addc(out, '\n');
	}
}

void denial_record_list(const struct denial_record *record, struct str *out)
{
	add_visible(out, record->event ? record->domain : record->id);
	str_addf(out, "  %lldx  ", (long long)record->count);
	add_visible(out, record->last);
	if (record->event) {
		str_add(out, "  ");
		add_visible(out, record->event);
		str_add(out, ": not written one by one\n");
		return;
	}
	str_add(out, "  ");
	add_visible(out, record->program);
	str_add(out, "\n    ");
	add_verdict(record, out);
	str_add(out, ": ");
	add_visible(out, record->request);
	str_addc(out, '\n');
	if (record->fix) {
		str_add(out, record->fix_replaces ? "    fix (in the place of the line): " : "    fix: ");
		add_visible(out, record->fix);
		str_addc(out, '\n');
	}
}

static void json_members(const struct denial_record *record, const struct denial_member *rows, size_t count,
			 struct json *json)
{
	for (size_t i = 0; i < count; i++) {
		const void *from = (const char *)record + rows[i].offset;

		switch (rows[i].kind) {
		case MEMBER_TEXT: json_kv_string(json, rows[i].name, *(const char *const *)from); break;
		case MEMBER_NUMBER: json_kv_int(json, rows[i].name, *(const int64_t *)from); break;
		case MEMBER_FLAG: json_kv_bool(json, rows[i].name, *(const bool *)from); break;
		}
	}
}

void denial_record_json(const struct denial_record *record, struct json *json)
{
	json_object(json);
	json_kv_string(json, "schema", "cordon.denial/1");
	json_members(record, denial_members, denial_member_count, json);
	json_key(json, "rule");
	if (record->rule) {
		json_object(json);
		json_members(record, denial_rule_members, denial_rule_member_count, json);
		json_end_object(json);
	} else {
		json_null(json);
	}
	json_end_object(json);
}
