/* mount_table.h - a mount table of one's own, also inside a chroot. Shared by what tries it (probes) and what uses it. */
#ifndef CORDON_PLATFORM_MOUNT_TABLE_H
#define CORDON_PLATFORM_MOUNT_TABLE_H

#include <stdbool.h>

#include "base/cleanup.h"

/* In a new mount namespace: nothing that is mounted from now on travels to the host, and nothing that the host mounts
 * appears later. Inside a chroot, where "/" is no mount, a clone of it becomes the namespace's root first.
 * Only async-signal-safe calls. Returns 0 or -errno (EPERM without CAP_SYS_ADMIN). */
must_check int mount_table_make_private(void);

/* Is "/" a mount? Not in a chroot to a mere directory; there the kernel makes no user namespaces either, until
 * mount_table_make_private() has left it. */
bool mount_table_has_root(void);

#endif
