/* audit.h - reads the kernel's audit log for Landlock's denials of one domain, and for calls that the filter killed.
 *
 * Only where that is possible: with CAP_AUDIT_READ in the initial user namespace, and when auditing is on. It is never
 * turned on here. */
#ifndef CORDON_SUPERVISE_AUDIT_H
#define CORDON_SUPERVISE_AUDIT_H

#include "supervise/audit_record.h"
#include "supervise/log.h"

#define AUDIT_PENDING_MAX 16
#define AUDIT_DOMAINS_MAX 64 /* one per layer: Landlock nests 16 */

struct audit {
	struct attendant attendant; /* for struct launch */
	struct denial_log *log;
	const struct model *model;
	const char *self; /* our own program: what makes the domains */
	pid_t program;
	struct audit_pending {
		struct arena *arena; /* NULL: free */
		struct audit_event event;
	} pending[AUDIT_PENDING_MAX];
	size_t next; /* to be given up when all are taken */
	uint64_t domains[AUDIT_DOMAINS_MAX];
	size_t domain_count;
};

/* Before privileges are given up. Returns 0, or -errno and in *ret_why (static) what is in the way. */
must_check int audit_open(struct audit *audit, struct denial_log *log, const struct model *model, struct arena *arena,
			  const char **ret_why);
void audit_close(struct audit *audit);

#endif
