/* audit_record.h - records of the kernel's audit log as text (type, "audit(TIME:SERIAL): key=value ..."), parsed. Pure. */
#ifndef CORDON_SUPERVISE_AUDIT_RECORD_H
#define CORDON_SUPERVISE_AUDIT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "supervise/denial.h"

/* include/uapi/linux/audit.h of Linux 6.15 */
#define AUDIT_TYPE_LANDLOCK_ACCESS 1423
#define AUDIT_TYPE_LANDLOCK_DOMAIN 1424

/* What all records of one event (one serial) say together. Texts in the arena. */
struct audit_event {
	uint64_t serial;
	bool is_access;      /* a Landlock denial */
	bool makes_domain;   /* it tells who made the domain: @maker, @maker_program */
	bool is_kill;        /* seccomp ended the process */
	uint64_t domain;     /* Landlock's number */
	const char *blocker; /* the first right that was missing: "fs.read_file" */
	const char *path;    /* bytes as they are, or NULL */
	const char *source_port, *target_port;
	pid_t process;
	const char *program;
	pid_t maker;
	const char *maker_program;
	uint32_t arch, nr; /* is_kill: AUDIT_ARCH_* and the call */
};

/* The serial of the record @text; 0: it is none. */
uint64_t audit_serial(const char *text);
/* Adds what the record says to @event. Records that don't matter change nothing. */
void audit_event_add(struct audit_event *event, unsigned type, const char *text, struct arena *arena);

/* The denial that an event with is_access means, decided by the model as far as the event tells. */
struct denial audit_denial(const struct audit_event *event, const struct model *model, uint32_t uid,
			   struct arena *arena);

#endif
