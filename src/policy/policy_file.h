/* policy_file.h - read a policy file, and know who could have changed what was read.
 *
 * The path is walked one component at a time, by descriptors, symbolic links by hand; each directory on the way and the
 * file itself is checked on the descriptor that the next step goes through, and the text is read from the descriptor
 * that was checked. So nobody but root, the owners of those objects and the caller can have chosen the text:
 *   - the file is regular, and neither its group nor others can write it;
 *   - a directory that its group or others can write is refused, unless it is sticky; and in a sticky one the next
 *     component (file, link or directory) has to belong to root or to the caller, since anybody can make names there. */
#ifndef CORDON_POLICY_POLICY_FILE_H
#define CORDON_POLICY_POLICY_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/diag.h"

struct file_identity {
	dev_t device;
	ino_t inode;
};

/* Read @name ("-": standard input, which the caller vouches for; shown as "<stdin>"). @trusted: apply the rules above;
 * otherwise only what a reader needs (regular file, size). Returns 0, *ret in @arena and *ret_identity (may be NULL; zero
 * for standard input), or -errno with a C05xx diagnostic: -EPERM for what is not trusted, -EFBIG above POLICY_SIZE_MAX,
 * -EINVAL for what is no regular file, else what the system said. */
must_check int policy_file_read(const char *name, bool trusted, struct arena *arena, struct diags *diags,
				const struct source **ret, struct file_identity *ret_identity);

#endif
