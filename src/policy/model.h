/* model.h - a policy as it is meant: every name looked up, every template expanded, every rule typed. Immutable.
 *
 * A model is a stack of layers; each is one profile, resolved. A request's verdict is the strongest over all layers, and
 * within a layer the strongest over all matching rules (kill > deny > ask > allow), or the class's default when none
 * matches. So order never matters, and adding a layer never widens. */
#ifndef CORDON_POLICY_MODEL_H
#define CORDON_POLICY_MODEL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "platform/tables.h"
#include "policy/ast.h"
#include "policy/pattern.h"

struct verdict {
	enum verdict_kind kind;
	uint16_t error; /* errno of a deny; 0: the mechanism's own (EPERM for calls, EACCES for objects) */
	bool log;       /* in call policies: what gets this answer is recorded */
};

/* ---- calls ---- */

/* A condition on the arguments of one call on one architecture: names are numbers, widths are fixed. */
struct cond {
	enum cond_kind kind;
	const struct cond *left, *right; /* AND, OR: both; NOT: left */
	/* ATOM: take @bits low bits of argument @arg (sign- or zero-extended to 64), AND with @mask, compare with @value.
	 * @value is already truncated or extended to @bits in the same way. WITHIN: (arg & ~value) == 0 over @bits. */
	uint8_t arg;
	uint8_t bits; /* 8, 16, 32 or 64 */
	bool is_signed;
	bool has_mask;
	uint64_t mask;
	enum compare compare;
	uint64_t value;
};

/* One line's effect on one call. cond[arch] NULL: always (only architectures in the layer are filled). */
struct call_rule {
	struct verdict verdict;
	uint16_t call; /* row of call_table */
	uint32_t rule; /* index into layer->rules: where it comes from */
	const struct cond *cond[ARCH_COUNT];
};
struct call_rules {
	struct call_rule *items; /* sorted by call once the model is frozen */
	size_t count, capacity;
};

/* ---- typed rules ---- */

enum file_operation {
	FILE_READ = 1 << 0,
	FILE_WRITE = 1 << 1,
	FILE_APPEND = 1 << 2,
	FILE_CREATE = 1 << 3,
	FILE_DELETE = 1 << 4,
	FILE_RENAME = 1 << 5,
	FILE_LINK = 1 << 6,
	FILE_ATTR = 1 << 7,
	FILE_EXEC_MAP = 1 << 8,
	FILE_STAT = 1 << 9,
};
#define FILE_EDIT (FILE_READ | FILE_WRITE | FILE_CREATE | FILE_DELETE | FILE_RENAME | FILE_ATTR)
#define FILE_ALL ((1 << 10) - 1)

enum net_operation {
	NET_CONNECT = 1 << 0,
	NET_BIND = 1 << 1,
	NET_ACCEPT = 1 << 2, /* accept implies bind; the resolver adds it */
};
#define NET_ALL 7

enum net_protocol { NET_TCP, NET_UDP, NET_UNIX, NET_NETLINK, NET_PACKET, NET_VSOCK, NET_PROTOCOL_COUNT };

struct net_address {
	bool any_address; /* "*" */
	bool ipv6;
	uint8_t prefix;      /* bits of @bytes that count */
	uint8_t bytes[16];   /* network order; IPv4 in the first four */
	uint16_t port_first; /* tcp, udp; 0..65535 for "*" */
	uint16_t port_last;
	struct pattern path;  /* unix: path.text NULL when unused */
	const char *abstract; /* unix "@name"; "" and any_address for all */
	uint32_t number;      /* netlink protocol, packet protocol, vsock port */
	const char *text;     /* as shown */
};

enum signal_target { SIGNAL_SELF = 1 << 0, SIGNAL_DOMAIN = 1 << 1, SIGNAL_OTHER = 1 << 2 };

struct patterns {
	struct pattern *items;
	size_t count, capacity;
};
struct net_addresses {
	struct net_address *items;
	size_t count, capacity;
};
struct numbers {
	uint64_t *items;
	size_t count, capacity;
};

#define PHASE_NONE (-1)

struct rule {
	struct verdict verdict;
	enum request_class class;
	struct span span;           /* where it is written */
	const struct ast_rule *ast; /* for messages; template parameters already replaced */
	const char *template_name;  /* NULL: the profile's own line */
	int phase;                  /* index into layer->phases, or PHASE_NONE */
	/* by class */
	uint32_t operations;            /* FILE_*, NET_*, SIGNAL_* bits */
	struct patterns objects;        /* file, exec; empty in a restriction: all */
	enum net_protocol protocol;     /* net */
	bool all_protocols;             /* net restriction without a protocol */
	struct net_addresses addresses; /* empty in a restriction: all */
	const char *ioctl_kind;
	struct numbers commands;
	const char *exec_profile;
	struct patterns excepts;
	struct net_addresses except_addresses;
	/* modifiers */
	const char *as_user, *as_group;
	bool log;
	const char *because;
	bool has_uid;
	bool uid_not;
	uint32_t uid;
	bool builtin; /* self-protection, not written by anybody */
};
struct rules {
	struct rule *items;
	size_t count, capacity;
};

/* ---- the rest of a profile ---- */

enum isolate {
	ISOLATE_PID = 1,
	ISOLATE_NET = 2,
	ISOLATE_IPC = 4,
	ISOLATE_UTS = 8,
	ISOLATE_USER = 16,
	ISOLATE_MOUNT = 32
};
enum wx_mode { WX_STRICT, WX_SEALED, WX_ALLOW };
enum env_action { ENV_KEEP, ENV_SET, ENV_CLEAR };

struct env_op {
	enum env_action action;
	const char *name;  /* KEEP: exact, or with a final "*" */
	const char *value; /* SET */
};
struct limit {
	const char *name; /* mem procs cpu files time output core stack fsize memlock */
	uint64_t value;   /* bytes, a count, or of cpu and time milliseconds */
	struct span span;
};
/* "ms" where the value of limit @name is a time, else "". */
const char *limit_unit(const char *name);
/* Is it a limit on all processes together, that a control group can hold? */
bool limit_is_of_domain(const char *name);

struct requirement {
	const char *feature;
	uint64_t at_least;
	struct span span;
};
struct phase {
	const char *name;
	struct span span;
	const struct ast_statement *ast;
};
struct preference {
	const char *name;
	bool vanilla;
	struct span span;
};
struct fallback {
	bool written;
	struct verdict verdict;
	struct span span;
};

struct request {
	enum request_class class;
	uint32_t operation; /* one bit */
	const char *path;   /* file, exec */
	enum net_protocol protocol;
	struct net_address address; /* port_first is the port */
	uint64_t number;            /* ioctl command; signal target bit */
	const char *ioctl_kind;
	enum arch arch;
	uint32_t nr; /* syscall: as the kernel sees it (x32 with its bit) */
	uint64_t args[6];
	int phase; /* PHASE_NONE: the first, if there are phases */
	uint32_t uid;
};

struct policy_test {
	struct span span;
	struct verdict expected;
	bool error_written;
	struct request request;
	const struct ast_statement *ast;
};

/* `never RULE`: no request that @rule describes may be allowed. */
struct never {
	struct rule rule;
	struct call_rules calls; /* syscall class: under which conditions it is described */
};

#define LAYER_LIST(type)                \
	struct {                        \
		type *items;            \
		size_t count, capacity; \
	}

struct layer {
	const char *name;
	struct span span;
	LAYER_LIST(const char *) binaries; /* resolved, absolute */
	struct rules rules;
	struct call_rules calls; /* what the rules, and the typed ones through data/grants.cordon, say about calls */
	struct fallback defaults[REQUEST_CLASS_COUNT];
	uint32_t arches; /* bit per enum arch */
	uint32_t isolate;
	struct span isolate_span[6];
	LAYER_LIST(const char *) privates;
	LAYER_LIST(struct span) private_spans;
	LAYER_LIST(struct env_op) env;
	const char *chdir;
	uint64_t capabilities; /* kept */
	enum wx_mode wx;
	struct span wx_span;
	LAYER_LIST(struct limit) limits;
	LAYER_LIST(struct requirement) requirements;
	LAYER_LIST(struct preference) preferences;
	LAYER_LIST(struct phase) phases;
	LAYER_LIST(struct never) nevers;
	LAYER_LIST(struct policy_test) tests;
	LAYER_LIST(const struct ast_statement *) deciders; /* decider, ask-timeout: for the supervisor */
};

struct model {
	struct arena *arena;
	struct layer **items;
	size_t count, capacity;
};

/* Which request class a call belongs to: the class of the grants that open it, else REQUEST_SYSCALL. */
enum request_class call_request_class(uint16_t call);

/* ---- evaluate: the meaning, by direct inspection of the rules (used by tests, `test` lines and explain; the planner
 * and the emitter must agree with it) ---- */

bool cond_holds(const struct cond *cond, const uint64_t args[6]);
/* Verdict of one layer on a call as the kernel sees it. Never fails: what is unknown is denied with ENOSYS.
 * *ret_rule (may be NULL): index of the deciding rule, or -1 for the default. */
struct verdict layer_decide_call(const struct layer *layer, enum arch arch, uint32_t nr, const uint64_t args[6],
				 long *ret_rule);
struct verdict layer_decide(const struct layer *layer, const struct request *request, long *ret_rule);
/* Strongest over all layers; ties keep the later layer's. *ret_layer: which. */
struct verdict model_decide(const struct model *model, const struct request *request, size_t *ret_layer,
			    long *ret_rule);

/* a stronger than b? */
bool verdict_stronger(struct verdict a, struct verdict b);

#endif
