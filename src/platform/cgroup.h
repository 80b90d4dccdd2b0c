/* cgroup.h - a control group (v2) of one's own: made where this caller may make one, filled, read, ended, removed.
 *
 * Source: the kernel's Documentation/admin-guide/cgroup-v2.rst. */
#ifndef CORDON_PLATFORM_CGROUP_H
#define CORDON_PLATFORM_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

#define CGROUP_MEMORY 1U
#define CGROUP_PIDS 2U

struct cgroup {
	char path[PATH_MAX];
	int directory; /* descriptor; -1: there is none */
};

/* The mount point of the v2 hierarchy that we are in, into @ret. -ENOENT: there is none. */
must_check int cgroup_mount(char ret[PATH_MAX]);

/* Make an empty group that has @controllers (CGROUP_*; 0: none, it still counts processor time): below our own group, or the
 * nearest above it where the controllers are handed down to children; where none is, they are switched on for the
 * children of our own group, which works in the root and in a group that was delegated to us alone (we move into a child
 * of it). Returns 0, -ENOENT: no hierarchy or no such controller, -EACCES, -EPERM, -EBUSY: not for us. */
must_check int cgroup_make(unsigned controllers, struct cgroup *ret);

/* A descriptor: whoever writes "0" to it joins the group. */
must_check int cgroup_open_procs(const struct cgroup *group);
must_check int cgroup_write(const struct cgroup *group, const char *file, const char *text);
must_check int cgroup_write_number(const struct cgroup *group, const char *file, uint64_t number);
/* The number behind @key in @file ("usage_usec" in "cpu.stat"), or with @key NULL its only number. @missing where there is
 * no such file or key. */
uint64_t cgroup_read(const struct cgroup *group, const char *file, const char *key, uint64_t missing);

/* End every process of the group, wait until none is left, and remove it. Async-signal-safe. */
void cgroup_end(const struct cgroup *group);
/* 0, or -errno: it is still there, and @group is as it was. */
int cgroup_remove(struct cgroup *group);

#endif
