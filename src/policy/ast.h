/* ast.h - a policy as it is written: every statement with its words and their places, nothing looked up.
 *
 * text --parse--> AST (this) --resolve--> model. The printer turns an AST back into canonical text, and
 * parse(print(ast)) = ast. Names are still words here: whether `fiel` is an operation or ENOENTT an errno is the
 * resolver's business; the parser only knows the shape of each statement. */
#ifndef CORDON_POLICY_AST_H
#define CORDON_POLICY_AST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"

struct word {
	const char *text; /* unescaped; NULL: absent */
	struct span span;
	bool quoted; /* was written in quotes */
};
struct words {
	struct word *items;
	size_t count, capacity;
};

/* In order of strength: a stronger verdict wins. */
enum verdict_kind { VERDICT_ALLOW, VERDICT_ASK, VERDICT_DENY, VERDICT_KILL };

/* What a rule speaks about. The first word of a rule. */
enum request_class {
	REQUEST_FILE,    /* file OPERATION[,OPERATION...] PATTERN... */
	REQUEST_NET,     /* net OPERATION[,...] [PROTOCOL [ADDRESS...]] */
	REQUEST_EXEC,    /* exec PATTERN... [profile NAME] */
	REQUEST_SIGNAL,  /* signal TARGET... : self domain other; optionally SIGNAL names */
	REQUEST_PTRACE,  /* ptrace */
	REQUEST_IOCTL,   /* ioctl KIND COMMAND... */
	REQUEST_MOUNT,   /* mount */
	REQUEST_SYSCALL, /* syscall NAME|@group... [if CONDITION] */
	REQUEST_CLASS_COUNT
};

/* Comparison of one argument with values. */
enum compare {
	COMPARE_EQ, /* arg == v        arg in {v w}: several values */
	COMPARE_NE, /* arg != v */
	COMPARE_LT, /* arg <  v */
	COMPARE_LE,
	COMPARE_GT,
	COMPARE_GE,
	COMPARE_WITHIN /* arg within A|B: no bit outside */
};

enum cond_kind { COND_AND, COND_OR, COND_NOT, COND_ATOM };
struct ast_cond {
	enum cond_kind kind;
	struct span span;
	struct ast_cond *left, *right; /* AND, OR: both, at most POLICY_TESTS_MAX deep; NOT: left */
	struct word argument;          /* ATOM: name, or argN, or argN:64 (raw register) */
	bool negated_in;               /* `not in {...}` */
	struct words mask;             /* ATOM: `arg & A|B == ...`: names ORed together; count 0: none */
	enum compare compare;
	struct words values;      /* EQ: alternatives; elsewhere the names ORed together, or one number */
	bool values_alternatives; /* written as `in {...}` */
};

/* One value in a condition may be A|B: then word.text is "A|B" as written without blanks. */

struct ast_uid_cond {
	bool present;
	enum compare compare; /* COMPARE_EQ or COMPARE_NE */
	struct word user;     /* number or name */
};

struct ast_rule {
	bool verdict_written; /* false: allow by default */
	enum verdict_kind verdict;
	struct span verdict_span;
	enum request_class class;
	struct span class_span;
	struct words operations; /* file, net: comma-separated; in a restriction count 0: all */
	struct word protocol;    /* net: tcp udp unix netlink packet vsock; ioctl: the kind */
	struct words objects;    /* patterns, addresses, targets, commands, call names; in a restriction count 0: all */
	struct words excepts;    /* file, net, exec, syscall: like objects */
	struct ast_cond *cond;   /* syscall */
	struct word profile;     /* exec ... profile NAME */
	/* modifiers, in canonical order */
	struct word as_user, as_group;
	struct word errno_name;
	bool log;
	struct word because;
	struct ast_uid_cond uid;
	struct words origins; /* @learned @derived @unresolved */
};

/* A literal request in `test` lines and in `cordon explain`. */
struct ast_request {
	enum request_class class;
	struct span span;
	struct word operation;
	struct word protocol;
	struct word object;     /* path, address, target, command, call name */
	struct words arguments; /* syscall NAME(ARG, ...) */
	struct word arch;       /* syscall NAME(...) on ARCH */
};

enum statement_kind {
	STATEMENT_RULE,
	STATEMENT_USE,
	STATEMENT_PHASE,
	STATEMENT_DEFAULT,
	STATEMENT_REQUIRE,
	STATEMENT_PREFER,
	STATEMENT_NEVER,
	STATEMENT_TEST,
	STATEMENT_ISOLATE,
	STATEMENT_PRIVATE,
	STATEMENT_ENV,
	STATEMENT_CHDIR,
	STATEMENT_CAP,
	STATEMENT_ARCH,
	STATEMENT_LIMIT,
	STATEMENT_WX,
	STATEMENT_DECIDER,
	STATEMENT_ASK_TIMEOUT,
	STATEMENT_KIND_COUNT
};

struct ast_trigger { /* phase NAME after TRIGGER */
	struct span span;
	unsigned count; /* `after 5 chdir`; 1 when not written */
	bool count_written;
	struct word event; /* call name, "bind" ..., or a quoted event name of cordon_tell / a fictive path */
	struct word protocol;
	struct words objects; /* after bind tcp *:443 */
};

struct ast_pair { /* limit mem 2G; use NAME key=value; env set KEY=VALUE */
	struct word key, value;
};
struct ast_pairs {
	struct ast_pair *items;
	size_t count, capacity;
};

struct ast_statement;
struct ast_block {
	struct ast_statement **items;
	size_t count, capacity;
	const char *comment_end; /* comments before the closing brace, or before the end of the text; NULL: none */
};

struct ast_statement {
	enum statement_kind kind;
	struct span span;
	const char *comment_before; /* whole-line comments above: each "#...\n", an empty line "\n"; NULL: none */
	const char *comment_after;  /* on the same line (a phase: after "{"): "#...", NULL: none */
	union {
		struct ast_rule rule; /* RULE, NEVER (the rule that must not be allowed) */
		struct {
			struct word name;    /* std/c-runtime */
			struct word version; /* "1" */
			struct ast_pairs parameters;
		} use;
		struct {
			struct word name;
			struct ast_trigger *trigger; /* NULL: the first phase */
			bool domain;
			struct ast_block body;
		} phase;
		struct {
			struct word class; /* a request class, or "syscall" */
			enum verdict_kind verdict;
			struct word errno_name;
		} fallback; /* default CLASS ... */
		struct {
			struct word feature;
			enum compare compare; /* meaningful when value.text */
			struct word value;
		} require; /* require landlock >= 4 else refuse */
		struct {
			struct word name;
			bool vanilla; /* else vanilla; otherwise die */
		} prefer;
		struct {
			enum verdict_kind verdict;
			struct word errno_name;
			struct word phase; /* test in PHASE ... */
			struct ast_request request;
		} test;
		struct words words; /* ISOLATE PRIVATE CAP ARCH */
		struct {
			struct word action;     /* keep set clear */
			struct words names;     /* keep, clear */
			struct ast_pairs pairs; /* set */
		} env;
		struct word word;       /* CHDIR WX ASK_TIMEOUT */
		struct ast_pairs pairs; /* LIMIT */
		struct {
			struct word name;
			struct words arguments;
		} decider;
	} u;
};

/* profile NAME [BINARY...] { }     or     template NAME@VERSION [PARAMETER[=DEFAULT]...] { } */
struct ast_profile {
	bool is_template;
	struct span span;
	const char *comment_before, *comment_after;
	struct word name;
	struct word version;         /* template */
	struct words binaries;       /* profile */
	struct ast_pairs parameters; /* template: key without "$", value the default or text NULL */
	struct ast_block body;
};

struct ast_file {
	const struct source *source;
	unsigned version; /* cordon 1 */
	struct ast_profile **items;
	size_t count, capacity;
	const char *comment_top, *comment_after; /* before `cordon 1`, and behind it */
	const char *comment_end;
};

#endif
