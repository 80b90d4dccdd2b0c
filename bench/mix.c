#include "mix.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "measure.h"
#include "platform/tables.h"

static void read_program(struct mix *mix, const char *path, const char *name, struct arena *arena)
{
	auto_fclose FILE *file = fopen(path, "re");
	double *shares = arena_alloc(arena, call_count * sizeof(*shares)), sum = 0;
	char line[256], call[64];
	unsigned long count;

	if (!file || mix->count == MIX_PROGRAMS_MAX)
		measure_fail("%s can't be read", path);
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '#')
			continue;
		if (sscanf(line, "%63s %lu", call, &count) != 2 || call_find(call) < 0)
			measure_fail("%s: no call and count: %s", path, line);
		shares[call_find(call)] += (double)count;
		sum += (double)count;
	}
	for (size_t i = 0; i < call_count; i++)
		shares[i] /= sum > 0 ? sum : 1;
	mix->programs[mix->count] = arena_strdup(arena, name);
	mix->shares[mix->count++] = shares;
}

static int is_histogram(const struct dirent *entry)
{
	const size_t length = strlen(entry->d_name);

	return length > 4 && !strcmp(entry->d_name + length - 4, ".tsv");
}

void mix_read(struct mix *ret, struct arena *arena)
{
	const char *root = getenv("CORDON_SOURCE");
	const char *directory = arena_printf(arena, "%s/bench/histograms", root ? root : ".");
	struct dirent **names;
	const int count = scandir(directory, &names, is_histogram, alphasort);

	if (count <= 0)
		measure_fail("no histograms in %s", directory);
	*ret = (struct mix){ .all = arena_alloc(arena, call_count * sizeof(double)) };
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;

		read_program(ret, arena_printf(arena, "%s/%s", directory, name),
			     arena_strndup(arena, name, strlen(name) - 4), arena);
		free(names[i]);
	}
	free(names);
	for (size_t program = 0; program < ret->count; program++)
		for (size_t call = 0; call < call_count; call++)
			ret->all[call] += ret->shares[program][call] / (double)ret->count;
}
