/* calls.c - call policies: look-up by direct inspection, and how they are shown. */
#include "plan/calls.h"

#include <errno.h>

#include "policy/resolve.h"

bool call_nr_belongs(enum arch arch, uint32_t nr)
{
	switch (arch) {
	case ARCH_X86_64: return nr < X32_SYSCALL_BIT;
	case ARCH_X32: return nr >= X32_SYSCALL_BIT && nr < 2 * X32_SYSCALL_BIT;
	case ARCH_I386:
	case ARCH_AARCH64: return true;
	case ARCH_COUNT: break;
	}
	return false;
}

static const struct call_entry *entry_find(const struct call_entries *entries, uint32_t nr)
{
	size_t low = 0, high = entries->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (entries->items[middle].nr < nr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < entries->count && entries->items[low].nr == nr ? &entries->items[low] : NULL;
}

struct verdict call_policy_decide(const struct call_policy *policy, enum arch arch, uint32_t nr, const uint64_t args[6])
{
	const struct call_entry *entry;

	if (arch >= ARCH_COUNT || !(policy->arches & 1U << arch) || !call_nr_belongs(arch, nr))
		return policy->unknown;
	entry = entry_find(&policy->entries[arch], nr);
	if (!entry)
		return policy->unknown;
	for (size_t i = 0; i < entry->case_count; i++)
		if (!entry->cases[i].cond || cond_holds(entry->cases[i].cond, args))
			return entry->cases[i].verdict;
	return entry->otherwise;
}

/* ---- shown ---- */

static bool is_plain_denial(const struct call_entry *entry)
{
	return entry->case_count == 0 && entry->otherwise.kind == VERDICT_DENY &&
	       (entry->otherwise.error == 0 || entry->otherwise.error == EPERM);
}

static const char *entry_name(const struct call_entry *entry)
{
	return entry->call < call_count ? call_table[entry->call].name : "?";
}

static void print_entry(const struct call_entry *entry, struct str *out)
{
	str_addf(out, "  %-24s", entry_name(entry));
	for (size_t i = 0; i < entry->case_count; i++) {
		const struct call_case *item = &entry->cases[i];

		if (i > 0)
			str_addf(out, "\n  %-24s", "");
		str_addc(out, ' ');
		verdict_print(item->verdict, out);
		if (item->cond) {
			str_add(out, " if ");
			cond_print(item->cond, out);
		}
	}
	if (entry->case_count > 0)
		str_addf(out, "\n  %-24s else", "");
	str_addc(out, ' ');
	verdict_print(entry->otherwise, out);
	str_addc(out, '\n');
}

void call_policy_print(const struct call_policy *policy, struct str *out)
{
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
		if (!(policy->arches & 1U << arch))
			continue;
		str_addf(out, "calls %s\n", arch_table[arch].name);
		for (size_t i = 0; i < policy->entries[arch].count; i++)
			if (!is_plain_denial(&policy->entries[arch].items[i]))
				print_entry(&policy->entries[arch].items[i], out);
	}
	str_add(out, "calls that are not known\n  ");
	verdict_print(policy->unknown, out);
	str_addc(out, '\n');
}

static void json_verdict(struct json *json, const char *key, struct verdict verdict)
{
	struct str text;

	str_init(&text, json->out->arena);
	verdict_print(verdict, &text);
	json_kv_string(json, key, text.text);
}

static void json_case(struct json *json, const struct call_case *item)
{
	struct str text;

	json_object(json);
	json_verdict(json, "verdict", item->verdict);
	if (item->cond) {
		str_init(&text, json->out->arena);
		cond_print(item->cond, &text);
		json_kv_string(json, "if", text.text);
	}
	json_end_object(json);
}

static void json_entry(struct json *json, const struct call_entry *entry)
{
	json_object(json);
	json_kv_string(json, "call", entry_name(entry));
	json_kv_int(json, "nr", entry->nr);
	if (entry->case_count > 0) {
		json_key(json, "cases");
		json_array(json);
		for (size_t i = 0; i < entry->case_count; i++)
			json_case(json, &entry->cases[i]);
		json_end_array(json);
	}
	json_verdict(json, "otherwise", entry->otherwise);
	json_end_object(json);
}

void call_policy_json(const struct call_policy *policy, struct json *json)
{
	json_object(json);
	json_key(json, "arches");
	json_object(json);
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
		if (!(policy->arches & 1U << arch))
			continue;
		json_key(json, arch_table[arch].name);
		json_array(json);
		for (size_t i = 0; i < policy->entries[arch].count; i++)
			if (!is_plain_denial(&policy->entries[arch].items[i]))
				json_entry(json, &policy->entries[arch].items[i]);
		json_end_array(json);
	}
	json_end_object(json);
	json_verdict(json, "unknown", policy->unknown);
	json_end_object(json);
}
