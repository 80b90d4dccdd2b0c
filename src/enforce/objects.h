/* objects.h - what lies at a path, and what the way there leads through.
 *
 * A path is walked by hand, one name at a time, because three things matter that realpath() forgets: where the symbolic
 * links lie (whoever can put one there decides what a rule reaches), which directories hold the object (an object that is
 * mounted in two places has two names and is one), and what is mounted below it (with flags and a kind of its own). */
#ifndef CORDON_ENFORCE_OBJECTS_H
#define CORDON_ENFORCE_OBJECTS_H

#include "plan/plan.h"

/* What the mounts of this process are, as far as it matters here. Zero-initialised: nothing is known. */
struct mount_view {
	struct mount_entry {
		uint64_t id; /* as statx() has it */
		const char *path;
		bool noexec, proc; /* proc: a proc file system */
	} * items;
	size_t count, capacity;
	bool known;
};

/* 0, or -errno where the table can't be read. */
must_check int mount_view_read(struct arena *arena, struct mount_view *ret);

/* Walks to many paths: what one has in common with the one before is not looked at again, so paths in order are cheap. */
struct object_walk;
struct object_walk *object_walk_new(const struct mount_view *mounts, struct arena *arena);

/* Fill in everything but object->path. What isn't there, or where this user may not look, is absent. Returns 0, or -errno
 * where it is not known what is there: whoever takes that for absence would drop what a policy says about it. */
must_check int object_look(struct object_walk *walk, struct host_object *object);

#endif
