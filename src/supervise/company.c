/* company.c - see company.h. */
#include "supervise/company.h"

#include <limits.h>
#include <sys/stat.h>

#include "supervise/look.h"

int company_open(struct company *company, const char *where, bool permissive, struct arena *arena, struct diags *diags)
{
	int result;

	*company = (struct company){ .permissive = permissive };
	if (!where && permissive)
		where = "fd:2";
	if (!where)
		return 0;
	company->log = arena_new_of(arena, struct denial_log);
	result = denial_log_open(company->log, where, diags);
	company->log->permissive = permissive;
	return result;
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

	if (!supervisor->permissive || !denial.is_granted)
		denial_log_record(log, &denial);
}

static void denied(void *recorder, const struct event *event, int error)
{
	const struct company *company = recorder;
	struct event_record record = { .supervisor = &company->supervisor, .event = event, .error = error };

	if (!company->marked_only || event->verdict.log)
		denial_log_with_arena(company->log, record_event, &record);
}

/* ---- permissive ---- */

struct look_record {
	struct denial_log *log;
	const struct caller *caller;
	struct arena *arena;
};

static void record_found(void *context, const struct decision *decision)
{
	const struct look_record *record = context;
	struct denial denial = denial_of_decision(decision, record->caller, "permissive", record->arena);

	denial_log_record(record->log, &denial);
}

/* What the objects of a call say is told before what its registers say, which is less. */
static void look_at_event(struct denial_log *log, struct arena *arena, void *context)
{
	const struct event_record *record = context;
	const struct supervisor *supervisor = record->supervisor;
	const struct caller caller = caller_find(supervisor->attendant.fd, record->event, arena);
	struct look_record found = { .log = log, .caller = &caller, .arena = arena };
	struct look look = { .model = supervisor->plan->model,
			     .uid = geteuid(),
			     .event = record->event,
			     .arena = arena,
			     .found = record_found,
			     .context = &found };

	look_at(&look);
	if (!look.count && record->event->verdict.kind >= VERDICT_DENY)
		record_event(log, arena, context);
}

static void watched(void *recorder, const struct event *event)
{
	const struct company *company = recorder;
	struct event_record record = { .supervisor = &company->supervisor, .event = event };

	denial_log_with_arena(company->log, look_at_event, &record);
}

const struct plan *company_relax(const struct plan *plan, struct arena *arena)
{
	struct plan *relaxed = arena_new_of(arena, struct plan);

	*relaxed = *plan;
	relaxed->layers = arena_alloc(arena, (plan->layer_count + 1) * sizeof(*relaxed->layers));
	for (size_t i = 0; i < plan->layer_count; i++) {
		relaxed->layers[i] = plan->layers[i];
		relaxed->layers[i].landlock = (struct landlock_plan){ 0 };
	}
	relaxed->mounts.items = arena_alloc(arena, (plan->mounts.count + 1) * sizeof(*plan->mounts.items));
	relaxed->mounts.count = 0;
	for (size_t i = 0; i < plan->mounts.count; i++) {
		struct mount_op op = plan->mounts.items[i];

		if (op.kind == MOUNT_TREE)
			op.attr_set = 0;
		if (op.kind != MOUNT_ROOT)
			relaxed->mounts.items[relaxed->mounts.count++] = op;
	}
	relaxed->uncarried = 0;
	relaxed->strict_wx = false;
	relaxed->mdwe = false;
	relaxed->exec_check = false;
	relaxed->domain = (struct domain_limits){ 0 };
	relaxed->rlimits.count = 0;
	return relaxed;
}

/* ---- gather ---- */

static void add(struct company *company, struct attendant *attendant)
{
	company->list[company->count++] = attendant;
}

static bool has_landlock(const struct plan *plan)
{
	for (size_t i = 0; i < plan->layer_count; i++)
		if (plan->layers[i].landlock.handled_fs || plan->layers[i].landlock.handled_net)
			return true;
	return false;
}

static void add_audit(struct company *company, const struct plan *plan, struct arena *arena, struct launch *launch)
{
	const char *why;

	company->audit.attendant.fd = -1;
	if (company->permissive || company->marked_only || !has_landlock(plan))
		return;
	if (audit_open(&company->audit, company->log, plan->model, arena, &why) < 0) {
		company->blind = why;
		return;
	}
	launch->audited = true;
	add(company, &company->audit.attendant);
}

/* What `log` rules deny is recorded anyhow. */
static int open_marked(struct company *company, const struct plan *plan, struct arena *arena, struct diags *diags)
{
	if (company->log || !plan_logs(plan))
		return 0;
	company->marked_only = true;
	company->log = arena_new_of(arena, struct denial_log);
	return denial_log_open(company->log, "fd:2", diags);
}

int company_gather(struct company *company, const struct plan *plan, struct arena *arena, struct diags *diags,
		   struct launch *launch)
{
	struct supervisor *supervisor = &company->supervisor;
	const int error = open_marked(company, plan, arena, diags);

	if (error < 0)
		return error;
	if (plan_asks(plan) || company->log) {
		supervisor_init(supervisor, plan, arena);
		launch->supervisor = &supervisor->attendant;
		launch->calls = &supervisor->calls;
	}
	if (company->log) {
		launch->hand_over = company->marked_only ? HAND_OVER_ASKED : HAND_OVER_DENIALS;
		supervisor->denied = denied;
		supervisor->recorder = company;
		add_audit(company, plan, arena, launch); /* before the log: it has last words for it */
		add(company, &company->log->attendant);
	}
	if (company->permissive) {
		supervisor->permissive = true;
		supervisor->watched = watched;
		launch->hand_over = HAND_OVER_ALL;
		launch->keeps_capabilities = true;
		look_hand_over(&supervisor->calls, arena, &company->handed);
		launch->calls = &company->handed;
	}
	launch->attendants = company->list;
	launch->attendant_count = company->count;
	return 0;
}

void company_release(struct company *company)
{
	if (company->audit.self)
		audit_close(&company->audit);
	if (company->log)
		denial_log_close(company->log);
	company->log = NULL;
}
