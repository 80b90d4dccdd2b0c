/* reach.c - attacks on strangers by calls that look harmless (T11): signals, limits, scheduling, owners of descriptors,
 * datagrams to foreign sockets. The stranger is a process of the same user outside the domain. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

/* linux/ioprio.h */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE (3 << 13)

static enum outcome attack_signal(char *const *arguments)
{
	pid_t pid = (pid_t)number(arguments[0]);

	return kill(pid, SIGTERM) == 0 ? succeeded("sent SIGTERM to process %d", (int)pid) : refused("kill", errno);
}

static enum outcome attack_tgkill(char *const *arguments)
{
	pid_t pid = (pid_t)number(arguments[0]);

	return syscall(SYS_tgkill, pid, pid, SIGTERM) == 0 ? succeeded("sent SIGTERM to thread %d", (int)pid)
							   : refused("tgkill", errno);
}

static enum outcome attack_sigqueue(char *const *arguments)
{
	pid_t pid = (pid_t)number(arguments[0]);

	return sigqueue(pid, SIGTERM, (union sigval){ 0 }) == 0 ? succeeded("queued SIGTERM to process %d", (int)pid)
								: refused("rt_sigqueueinfo", errno);
}

static enum outcome attack_pidfd_signal(char *const *arguments)
{
	long pid = number(arguments[0]);
	long pidfd = syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return refused("pidfd_open", errno);
	return syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0) == 0
		       ? succeeded("sent SIGTERM to process %ld by a pidfd", pid)
		       : refused("pidfd_send_signal", errno);
}

static enum outcome attack_prlimit(char *const *arguments)
{
	static const struct rlimit64 limit = { 1000, 1000 };
	pid_t pid = (pid_t)number(arguments[0]);

	return prlimit64(pid, RLIMIT_CPU, &limit, NULL) == 0 ? succeeded("set a limit of process %d", (int)pid)
							     : refused("prlimit64", errno);
}

static enum outcome attack_scheduler(char *const *arguments)
{
	static const struct sched_param parameters = { 0 };
	pid_t pid = (pid_t)number(arguments[0]);

	return sched_setscheduler(pid, SCHED_BATCH, &parameters) == 0
		       ? succeeded("changed the scheduling of process %d", (int)pid)
		       : refused("sched_setscheduler", errno);
}

static enum outcome attack_affinity(char *const *arguments)
{
	pid_t pid = (pid_t)number(arguments[0]);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return sched_setaffinity(pid, sizeof(set), &set) == 0 ? succeeded("moved process %d", (int)pid)
							      : refused("sched_setaffinity", errno);
}

static enum outcome attack_nice(char *const *arguments)
{
	pid_t pid = (pid_t)number(arguments[0]);

	return setpriority(PRIO_PROCESS, (id_t)pid, 19) == 0 ? succeeded("slowed process %d down", (int)pid)
							     : refused("setpriority", errno);
}

static enum outcome attack_ioprio(char *const *arguments)
{
	long pid = number(arguments[0]);

	return syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, IOPRIO_IDLE) == 0
		       ? succeeded("changed the I/O priority of process %ld", pid)
		       : refused("ioprio_set", errno);
}

/* A socket that gets ready signals its owner: with F_SETSIG any signal, to any owner. */
static enum outcome own_and_poke(pid_t pid, int command, void *owner, int own_signal, const char *what)
{
	int pair[2], on = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return refused("socketpair", errno);
	if (own_signal && fcntl(pair[0], F_SETSIG, SIGTERM) < 0)
		return refused("F_SETSIG", errno);
	if ((owner ? fcntl(pair[0], command, owner) : fcntl(pair[0], command, pid)) < 0)
		return refused(what, errno);
	if (ioctl(pair[0], FIOASYNC, &on) < 0)
		return refused("FIOASYNC", errno);
	if (write(pair[1], "x", 1) != 1)
		return refused("write", errno);
	return succeeded("%s made a socket signal process %d", what, (int)pid);
}

static enum outcome attack_owner(char *const *arguments)
{
	return own_and_poke((pid_t)number(arguments[0]), F_SETOWN, NULL, 1, "F_SETOWN");
}

static enum outcome attack_owner_ex(char *const *arguments)
{
	pid_t pid = (pid_t)number(arguments[0]);
	struct f_owner_ex owner = { F_OWNER_PID, pid };

	return own_and_poke(pid, F_SETOWN_EX, &owner, 1, "F_SETOWN_EX");
}

/* Without F_SETSIG the signal is SIGIO, which ends a program that doesn't expect it. */
static enum outcome attack_sigio(char *const *arguments)
{
	return own_and_poke((pid_t)number(arguments[0]), F_SETOWN, NULL, 0, "F_SETOWN");
}

/* A terminal that becomes ready signals its foreground group: FIOASYNC makes that group the owner. Whether somebody got the
 * signal is for the starter to see, who types a line when this one says so. */
static enum outcome attack_terminal_signal(char *const *arguments)
{
	const struct timespec patience = { 5, 0 };
	sigset_t io;
	int on = 1;

	(void)arguments;
	sigemptyset(&io);
	sigaddset(&io, SIGIO);
	sigprocmask(SIG_BLOCK, &io, NULL);
	signal(SIGIO, SIG_DFL);
	if (ioctl(STDIN_FILENO, FIOASYNC, &on) < 0)
		return refused("FIOASYNC", errno);
	printf("armed\n");
	if (sigtimedwait(&io, NULL, &patience) != SIGIO)
		return untried("no signal arrived here");
	return succeeded("made the terminal signal its group");
}

/* A clock number with a process number in it: the timer is kept in that process. */
static enum outcome attack_clock(char *const *arguments)
{
	const clockid_t clock = (clockid_t)(~(unsigned)number(arguments[0]) << 3 | 2);
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct timespec time;
	timer_t timer;

	signal(SIGUSR1, SIG_IGN);
	if (clock_gettime(clock, &time) < 0)
		return refused("clock_gettime", errno);
	if (timer_create(clock, &event, &timer) < 0)
		return refused("timer_create", errno);
	return succeeded("set a timer on the processor time of process %s", arguments[0]);
}

static enum outcome attack_datagram(char *const *arguments)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int pair[2];

	if (strlen(arguments[0]) >= sizeof(address.sun_path))
		return untried("the path is too long for a socket");
	memcpy(address.sun_path, arguments[0], strlen(arguments[0]));
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
		return refused("socketpair", errno);
	if (sendto(pair[0], "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) == 1)
		return succeeded("a socketpair sent to %s", arguments[0]);
	return refused("sendto", errno);
}

static const struct attack items[] = {
	{ "signal", "PID", "send SIGTERM to a process", attack_signal },
	{ "signal-thread", "PID", "send SIGTERM to a thread of it", attack_tgkill },
	{ "signal-queue", "PID", "send SIGTERM by rt_sigqueueinfo", attack_sigqueue },
	{ "signal-pidfd", "PID", "send SIGTERM by a pidfd", attack_pidfd_signal },
	{ "prlimit", "PID", "set the CPU limit of a process", attack_prlimit },
	{ "scheduler", "PID", "change the scheduling of a process", attack_scheduler },
	{ "affinity", "PID", "bind a process to one CPU", attack_affinity },
	{ "nice", "PID", "slow a process down", attack_nice },
	{ "ioprio", "PID", "change a process's I/O priority", attack_ioprio },
	{ "clock", "PID", "set a timer on the time that a process uses", attack_clock },
	{ "owner", "PID", "have a descriptor signal a process (F_SETOWN)", attack_owner },
	{ "owner-ex", "PID", "have a descriptor signal a process (F_SETOWN_EX)", attack_owner_ex },
	{ "sigio", "PID", "have a descriptor send SIGIO to a process", attack_sigio },
	{ "terminal-signal", "", "have the terminal signal its foreground group", attack_terminal_signal },
	{ "datagram", "PATH", "send to a foreign socket out of a socketpair", attack_datagram },
};
const struct attacks reach_attacks = { items, sizeof(items) / sizeof(items[0]) };
