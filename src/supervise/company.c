/* company.c - see company.h. */
#include "supervise/company.h"

#include <limits.h>
#include <sys/stat.h>

int company_open(struct company *company, const char *where, struct arena *arena, struct diags *diags)
{
	*company = (struct company){ .log = NULL };
	if (!where)
		return 0;
	company->log = arena_new_of(arena, struct denial_log);
	return denial_log_open(company->log, where, diags);
}

const char *company_log_path(const struct company *company, struct arena *arena)
{
	char path[PATH_MAX];
	struct stat st;
	ssize_t size;

	if (!company->log || fstat(company->log->sink.fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	size = readlink(arena_printf(arena, "/proc/self/fd/%d", company->log->sink.fd), path, sizeof(path));
	return size > 0 ? arena_strndup(arena, path, (size_t)size) : NULL;
}

/* ---- record ---- */

struct event_record {
	const struct supervisor *supervisor;
	const struct event *event;
	int error;
};

static void record_event(struct denial_log *log, struct arena *arena, void *context)
{
	const struct event_record *record = context;
	const struct supervisor *supervisor = record->supervisor;
	const struct caller caller = caller_find(supervisor->attendant.fd, record->event, arena);
	const struct denial denial = denial_of_event(supervisor->plan, geteuid(), record->event, record->error, &caller,
						     arena);

	denial_log_record(log, &denial);
}

static void denied(void *recorder, const struct event *event, int error)
{
	const struct company *company = recorder;
	struct event_record record = { .supervisor = &company->supervisor, .event = event, .error = error };

	denial_log_with_arena(company->log, record_event, &record);
}

/* ---- gather ---- */

static void add(struct company *company, struct attendant *attendant)
{
	company->list[company->count++] = attendant;
}

void company_gather(struct company *company, const struct plan *plan, struct arena *arena, struct launch *launch)
{
	struct supervisor *supervisor = &company->supervisor;

	if (plan_asks(plan) || company->log) {
		supervisor_init(supervisor, plan, arena);
		launch->supervisor = &supervisor->attendant;
		launch->calls = &supervisor->calls;
	}
	if (company->log) {
		launch->hand_over = HAND_OVER_DENIALS;
		supervisor->denied = denied;
		supervisor->recorder = company;
		add(company, &company->log->attendant);
	}
	launch->attendants = company->list;
	launch->attendant_count = company->count;
}

void company_release(struct company *company)
{
	if (company->log)
		denial_log_close(company->log);
	company->log = NULL;
}
