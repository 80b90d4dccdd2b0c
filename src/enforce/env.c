/* env.c - the program's environment from the caller's and the policy's env lines.
 *
 * Without a line all is passed on. `env clear` passes nothing, `env keep` only what it names; `env set` comes on
 * top, and the last line about a name holds. */
#include <string.h>

#include "enforce/confinement.h"

static bool name_matches(const char *entry, const char *pattern)
{
	size_t size = strlen(pattern), name = strcspn(entry, "=");

	if (size > 0 && pattern[size - 1] == '*')
		return name >= size - 1 && memcmp(entry, pattern, size - 1) == 0;
	return name == size && memcmp(entry, pattern, size) == 0;
}

static bool is_set(const struct plan *plan, size_t from, const char *entry)
{
	for (size_t i = from; i < plan->env.count; i++)
		if (plan->env.items[i].action == ENV_SET && name_matches(entry, plan->env.items[i].name))
			return true;
	return false;
}

static bool is_passed(const struct plan *plan, const char *entry)
{
	bool passed = true;

	for (size_t i = 0; i < plan->env.count; i++) {
		const struct env_op *op = &plan->env.items[i];

		if (op->action == ENV_KEEP && name_matches(entry, op->name))
			return !is_set(plan, 0, entry);
		if (op->action != ENV_SET)
			passed = false;
	}
	return passed && !is_set(plan, 0, entry);
}

char **environment_make(const struct plan *plan, char *const *envp, struct arena *arena)
{
	LAYER_LIST(char *) list = { 0 };

	for (; envp && *envp; envp++)
		if (is_passed(plan, *envp))
			*arena_push(arena, &list) = *envp;
	for (size_t i = 0; i < plan->env.count; i++) {
		const struct env_op *op = &plan->env.items[i];
		char *entry;

		if (op->action != ENV_SET)
			continue;
		entry = arena_printf(arena, "%s=%s", op->name, op->value);
		if (!is_set(plan, i + 1, entry))
			*arena_push(arena, &list) = entry;
	}
	*arena_push(arena, &list) = NULL;
	return list.items;
}
