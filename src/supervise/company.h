/* company.h - who stays with a program, gathered before it starts: the supervisor where calls are handed over, the log
 * of denials where one is wanted. */
#ifndef CORDON_SUPERVISE_COMPANY_H
#define CORDON_SUPERVISE_COMPANY_H

#include "supervise/audit.h"
#include "supervise/log.h"
#include "supervise/supervisor.h"

struct company {
	struct supervisor supervisor;
	struct denial_log *log; /* NULL: denials aren't recorded */
	bool marked_only;       /* those of `log` rules alone, for there is no --log */
	struct audit audit;
	const char *blind;         /* why denials by Landlock aren't recorded, where there may be some; else NULL */
	bool permissive;           /* nothing is enforced, what would be denied is recorded */
	struct call_policy handed; /* permissive: what the filter is made of */
	struct attendant *list[ATTENDANTS_MAX];
	size_t count;
};

/* Opens the log @where (sink.h); NULL: none, or standard error where @permissive. Before the plan is made: no rule of it may let the log be changed
 * (company_log_path). Returns 0, or -errno with a diagnostic. */
must_check int company_open(struct company *company, const char *where, bool permissive, struct arena *arena,
			    struct diags *diags);
/* The log's file, or NULL where it is none. */
const char *company_log_path(const struct company *company, struct arena *arena);

/* @plan with nothing left that denies and can't be recorded instead: for company->permissive. Namespaces, the environment and
 * private directories stay. */
const struct plan *company_relax(const struct plan *plan, struct arena *arena);

/* Everybody whom @plan and the log need, into @launch. @company and @plan have to outlive the program. Where rules want a
 * record and there is no log, it goes to standard error. Returns 0, or -errno with a diagnostic. */
must_check int company_gather(struct company *company, const struct plan *plan, struct arena *arena,
			      struct diags *diags, struct launch *launch);
/* When the program has ended, or didn't start. */
void company_release(struct company *company);

#endif
