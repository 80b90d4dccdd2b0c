/* process.c - everything by pidfd: a process number may be another's by the time it is used. */
#include "lib/process.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"

struct cordon_process {
	struct spawned spawned;
	bool ended; /* and collected */
	int status;
};

struct cordon_process *process_new(void)
{
	return calloc(1, sizeof(struct cordon_process));
}

void process_set(struct cordon_process *process, const struct spawned *spawned)
{
	process->spawned = *spawned;
}

pid_t cordon_process_pid(const struct cordon_process *process)
{
	return process->spawned.pid;
}

int cordon_process_pidfd(const struct cordon_process *process)
{
	return process->spawned.pidfd;
}

/* ---- wait ---- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 0: it has ended. */
static int wait_for_end(int pidfd, int timeout_ms)
{
	const int64_t end = now_ms() + timeout_ms;
	struct pollfd polled = { .fd = pidfd, .events = POLLIN };
	int result, rest = timeout_ms;

	while ((result = poll(&polled, 1, rest)) < 0 && errno == EINTR)
		if (timeout_ms >= 0)
			rest = end > now_ms() ? (int)(end - now_ms()) : 0;
	if (result < 0)
		return -errno;
	return result ? 0 : -ETIMEDOUT;
}

static int collect(struct cordon_process *process)
{
	siginfo_t info = { .si_pid = 0 };

	while (waitid(P_PIDFD, (id_t)process->spawned.pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return -errno;
	process->ended = true;
	process->status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

int cordon_process_wait(struct cordon_process *process, int timeout_ms, int *ret_status)
{
	int result = process->ended ? 0 : wait_for_end(process->spawned.pidfd, timeout_ms);

	if (result == 0 && !process->ended)
		result = collect(process);
	if (result == 0 && ret_status)
		*ret_status = process->status;
	return result;
}

/* ---- end ---- */

int cordon_process_kill(const struct cordon_process *process, int signal)
{
	if (process->ended)
		return -ESRCH;
	return syscall(SYS_pidfd_send_signal, process->spawned.pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

void cordon_process_free(struct cordon_process *process)
{
	if (!process)
		return;
	if (!process->ended && cordon_process_kill(process, SIGKILL) == 0)
		(void)!collect(process);
	else if (!process->ended)
		(void)!cordon_process_wait(process, 0, NULL);
	close(process->spawned.pidfd);
	free(process);
}
