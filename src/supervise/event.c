/* event.c - see event.h. */
#include "supervise/event.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "platform/sys.h"
#include "supervise/caller.h"

/* x86-64 and x32 have one architecture number, and are told apart by the call's. */
static enum arch find_arch(const struct seccomp_data *data)
{
	enum arch arch = 0;

	while (arch < ARCH_COUNT && (arch_table[arch].audit_arch != data->arch ||
				     (arch == ARCH_X32) != ((uint32_t)data->nr >= X32_SYSCALL_BIT && arch <= ARCH_X32)))
		arch++;
	return arch;
}

struct event event_read(const struct seccomp_notif *notif)
{
	struct event event = {
		.id = notif->id,
		.thread = (pid_t)notif->pid,
		.arch = find_arch(&notif->data),
		.nr = (uint32_t)notif->data.nr,
		.call = -1,
		.args = (const uint64_t *)notif->data.args,
	};

	if (event.arch < ARCH_COUNT)
		event.call = call_find_nr(event.arch, event.nr - arch_table[event.arch].nr_base);
	return event;
}

int event_open_thread(const struct event *event)
{
	int fd = sys_pidfd_open(event->thread, SYS_PIDFD_THREAD);
	pid_t pid;

	if (fd != -EINVAL)
		return fd;
	pid = caller_process(event->thread);
	return pid < 0 ? pid : sys_pidfd_open(pid, 0);
}

bool event_is_pending(int listener, const struct event *event)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &event->id) == 0;
}
