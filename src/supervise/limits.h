/* limits.h - watches the limits of a domain that a clock or a counter shows: time, processor time, and what its control group
 * tells of memory and tasks. Says when the domain has to end, and what was used. */
#ifndef CORDON_SUPERVISE_LIMITS_H
#define CORDON_SUPERVISE_LIMITS_H

#include "enforce/enforce.h"
#include "platform/cgroup.h"

enum limit_kind { LIMIT_NONE, LIMIT_MEM, LIMIT_CPU, LIMIT_TIME, LIMIT_OUTPUT };
/* "mem" ...; NULL for LIMIT_NONE */
const char *limit_kind_name(enum limit_kind kind);

/* What a domain has used. UINT64_MAX: not known. */
struct usage {
	uint64_t wall_ns;
	uint64_t user_ns, system_ns; /* of the whole domain with a control group, else of what was waited for */
	uint64_t mem_peak;           /* bytes: of the domain with a control group, else of its largest process */
	uint64_t procs_peak;
	uint64_t procs_refused; /* forks and threads that the limit refused */
	uint64_t output;        /* bytes; see relay.h */
	bool by_group;          /* the figures are the whole domain's */
};

struct limits {
	struct attendant attendant; /* for struct launch */
	struct domain_limits wanted;
	struct cgroup group;
	int group_procs;         /* for struct launch */
	enum limit_kind reached; /* the one that ended the domain */
	uint64_t started_ns;
	struct usage usage; /* once the program has ended */
};

/* Make the control group if @wanted needs one, or @report wants to know what is used and one can be had. Returns 0, or
 * -errno when a group that is needed can't be made or filled: nothing is left then. */
must_check int limits_init(struct limits *limits, const struct domain_limits *wanted, bool report);
/* Another process has them now (fork), and releases them: only the descriptors are closed. */
void limits_forget(struct limits *limits);
/* Nothing of the group is left. */
void limits_release(struct limits *limits);

#endif
