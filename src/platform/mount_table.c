/* mount_table.c - see mount_table.h. */
#include "platform/mount_table.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "platform/sys.h"

static int make_private(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

/* Joining our own mount namespace leaves a chroot: root and current directory become what lies on top of its root. */
static int enter_root(int self)
{
	return setns(self, CLONE_NEWNS) < 0 ? -errno : 0;
}

/* In a chroot "/" is no mount, so it has no flags to set. Put a clone of it on top of the namespace's root. Then it is
 * one, and what was outside the chroot lies below, where no path leads. */
static int make_root(void)
{
	auto_close int tree = sys_open_tree("/"), self = sys_pidfd_open(getpid(), 0);
	int result;

	if (tree < 0 || self < 0)
		return tree < 0 ? tree : self;
	result = enter_root(self);
	if (result == 0)
		result = make_private();
	if (result == 0)
		result = sys_move_mount(tree, "/");
	if (result == 0)
		result = enter_root(self);
	return result == 0 ? make_private() : result;
}

int mount_table_make_private(void)
{
	int result = make_private();

	return result == -EINVAL ? make_root() : result;
}

bool mount_table_has_root(void)
{
	struct statx root;

	return statx(AT_FDCWD, "/", 0, 0, &root) == 0 && (root.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}
