/* session.h - what run, compile and explain have in common: policies by name, the kernel, the host, the plan. */
#ifndef CORDON_CLI_SESSION_H
#define CORDON_CLI_SESSION_H

#include "cli/cli.h"
#include "plan/plan.h"
#include "policy/load.h"

/* The options that say which policy; rows for an option table with SESSION_OPTIONS(struct, member). */
struct policy_settings {
	struct texts policies, additions;
	const char *profile;
};
#define POLICY_OPTIONS(type, member)                                                                      \
	{ 'p',         "policy",                                                                          \
	  "POLICY",    "a policy file, `-` for standard input, or a template (std/build); several stack", \
	  OPTION_LIST, offsetof(type, member.policies),                                                   \
	  NULL },                                                                                         \
		{ 'a',         "add",                                                                     \
		  "LINE",      "add a line to the (last) policy; alone it makes one",                     \
		  OPTION_LIST, offsetof(type, member.additions),                                          \
		  NULL },                                                                                 \
	{                                                                                                 \
		0, "profile", "NAME", "the profile to take from a file that holds several", OPTION_TEXT,  \
			offsetof(type, member.profile), NULL                                              \
	}

/* Options that put another kernel, host or caller in the place of this one. */
struct world_settings {
	const char *kernel, *surroundings;
	bool no_host;
};
#define WORLD_OPTIONS(type, member)                                                                                \
	{ 0,           "kernel",                                                                                   \
	  "FILE",      "plan for the kernel that FILE describes (`cordon doctor --kernel` writes one)",            \
	  OPTION_TEXT, offsetof(type, member.kernel),                                                              \
	  NULL },                                                                                                  \
		{ 0,           "no-host",                                                                          \
		  NULL,        "do not look at this host's files: assume that every path exists",                  \
		  OPTION_FLAG, offsetof(type, member.no_host),                                                     \
		  NULL },                                                                                          \
	{                                                                                                          \
		0, "surroundings", "LIST", "instead of the caller's: home=DIR,user=NAME,cwd=DIR,tmpdir=DIR,uid=N", \
			OPTION_TEXT, offsetof(type, member.surroundings), NULL                                     \
	}

struct session {
	struct loaded loaded;
	struct kernel_caps caps;
	struct host_facts facts;
	struct plan *plan;
	/* before session_plan() */
	bool attended;   /* somebody stays with the program */
	const char *log; /* his file, or NULL: no rule may let it be changed */
};

enum session_depth {
	SESSION_TEXTS, /* read and parse; no profile is chosen */
	SESSION_LOOK,  /* and resolve; nothing will be run, so nobody asks who can write the files */
	SESSION_RUN
};

/* @program: see load_options. Returns 0, or EXIT_SETUP after the diagnostics were shown. */
must_check int session_load(struct cli *cli, const struct policy_settings *policy, const struct world_settings *world,
			    const char *program, enum session_depth depth, struct session *ret);

/* Ask kernel and host (or what @world has in their place), and plan. Same results. */
must_check int session_plan(struct cli *cli, const struct world_settings *world, const char *program,
			    struct session *session);

#endif
