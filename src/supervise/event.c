/* event.c - see event.h. */
#include "supervise/event.h"

#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "platform/sys.h"

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

/* The process of thread @tid: kernels before 6.9 open pidfds of whole processes only. */
static pid_t process_of(pid_t tid)
{
	char path[64], line[256];
	auto_fclose FILE *file = NULL;
	int pid = -ESRCH;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &pid) == 1)
			break;
	return pid;
}

int event_open_thread(const struct event *event)
{
	int fd = sys_pidfd_open(event->thread, SYS_PIDFD_THREAD);
	pid_t pid;

	if (fd != -EINVAL)
		return fd;
	pid = process_of(event->thread);
	return pid < 0 ? pid : sys_pidfd_open(pid, 0);
}

bool event_is_pending(int listener, const struct event *event)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &event->id) == 0;
}
