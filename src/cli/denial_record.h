/* denial_record.h - a line of a log of denials (cordon-denial(5)), read. The line may have been written by anybody. */
#ifndef CORDON_CLI_DENIAL_RECORD_H
#define CORDON_CLI_DENIAL_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define DENIAL_LINE_MAX ((size_t)64 << 10) /* bytes; longer lines are none of ours */

/* Members that are missing or null are NULL, 0 or false. Texts may hold any character but NUL. */
struct denial_record {
	const char *id, *time, *first, *last;
	const char *domain, *profile, *program, *request;
	const char *verdict, *error, *mechanism; /* @error: "EPERM" */
	const char *rule, *file;
	const char *missing, *fix, *note;
	const char *event;
	int64_t line, pid, count;
	bool fix_replaces, permissive;
};

/* The members of a line and of its rule, as they are written, and where they stand here. */
enum denial_member_kind { MEMBER_TEXT, MEMBER_NUMBER, MEMBER_FLAG };
struct denial_member {
	const char *name;
	enum denial_member_kind kind;
	size_t offset; /* const char *, int64_t or bool */
};
extern const struct denial_member denial_members[], denial_rule_members[];
extern const size_t denial_member_count, denial_rule_member_count;

/* Reads @size bytes at @line. Returns true and *ret, whose texts are in @arena; or false and why not in *ret_why (static). */
bool denial_record_parse(const char *line, size_t size, struct arena *arena, struct denial_record *ret,
			 const char **ret_why);

/* DOMAIN-NUMBER? */
bool denial_id_is(const char *word);

#endif
