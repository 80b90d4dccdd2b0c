/* caller.c - see caller.h. */
#include "supervise/caller.h"

#include <errno.h>
#include <limits.h>

pid_t caller_process(pid_t tid)
{
	char path[64], line[256];
	auto_fclose FILE *file = NULL;
	int pid = -ESRCH;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &pid) == 1)
			break;
	return pid;
}

const char *caller_program(pid_t process, struct arena *arena)
{
	char link[64], path[PATH_MAX];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/%d/exe", process);
	size = readlink(link, path, sizeof(path));
	return size > 0 ? arena_strndup(arena, path, (size_t)size) : NULL;
}

struct caller caller_find(int listener, const struct event *event, struct arena *arena)
{
	const struct caller nobody = { 0 };
	struct caller caller;
	pid_t process = event->thread > 0 ? caller_process(event->thread) : -ESRCH;

	if (process <= 0)
		return nobody;
	caller = (struct caller){ .process = process, .program = caller_program(process, arena) };
	/* Still waiting: so the number was, and is, the caller's. */
	return event_is_pending(listener, event) ? caller : nobody;
}
