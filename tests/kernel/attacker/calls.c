/* calls.c - attacks on the filter itself: other doors into the kernel (int 0x80, x32), characters typed into the
 * terminal (TIOCSTI, T14), and calls that no template grants. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include "attack.h"

/* asm/unistd.h: __X32_SYSCALL_BIT */
#define X32_BIT 0x40000000L
/* asm/unistd_32.h: __NR_getpid; the 64-bit call of this number is writev */
#define I386_GETPID 20

static enum outcome attack_int80(char *const *arguments)
{
#if defined(__x86_64__)
	long result;

	(void)arguments;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"((long)I386_GETPID) : "memory", "r8", "r9", "r10", "r11");
	if ((int)result == (int)getpid())
		return succeeded("a 32-bit call answered");
	return refused("int 0x80", -(int)result);
#else
	(void)arguments;
	return untried("only x86 has int 0x80");
#endif
}

static enum outcome attack_x32(char *const *arguments)
{
#if defined(__x86_64__)
	(void)arguments;
	if (syscall(X32_BIT | SYS_getpid) == getpid())
		return succeeded("an x32 call answered");
	return refused("x32", errno);
#else
	(void)arguments;
	return untried("only x86 has x32");
#endif
}

/* Above bit 31 there is no call number: the kernel reads 32 bits, as the filter must. */
static enum outcome attack_number_wide(char *const *arguments)
{
	(void)arguments;
	if (syscall(SYS_memfd_create | 1L << 40, "attacker", 0) >= 0)
		return succeeded("memfd_create answered to a number with bit 40 set");
	return refused("memfd_create", errno);
}

static enum outcome type_into_terminal(unsigned long request)
{
	char key = ' ';

	if (ioctl(STDIN_FILENO, request, &key) == 0)
		return succeeded("typed into the terminal");
	if (errno == ENOTTY)
		return untried("standard input is no terminal");
	if (errno == EIO)
		return untried("this kernel has TIOCSTI switched off");
	return refused("ioctl", errno);
}

static enum outcome attack_tiocsti(char *const *arguments)
{
	(void)arguments;
	return type_into_terminal(TIOCSTI);
}

static enum outcome attack_tiocsti_wide(char *const *arguments)
{
	(void)arguments;
	return type_into_terminal(TIOCSTI | 1UL << 40);
}

/* A virtual console pastes what is selected on it. Asked for here is only a state. */
static enum outcome attack_tioclinux(char *const *arguments)
{
	char state = 6; /* TIOCL_GETSHIFTSTATE */

	(void)arguments;
	if (ioctl(STDIN_FILENO, TIOCLINUX, &state) == 0)
		return succeeded("spoke to the virtual console");
	return errno == ENOTTY ? untried("standard input is no virtual console") : refused("ioctl", errno);
}

/* ---- calls that only a line of their own opens ---- */

static long try_io_uring(void)
{
	struct io_uring_params parameters = { 0 };

	return syscall(SYS_io_uring_setup, 1, &parameters);
}

static long try_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
}

static long try_keyctl(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1);
}

static long try_perf(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .exclude_kernel = 1 };

	attr.config = PERF_COUNT_SW_TASK_CLOCK;
	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static long try_memfd(void)
{
	return syscall(SYS_memfd_create, "attacker", 0);
}

static long try_chroot(void)
{
	return syscall(SYS_chroot, "/");
}

static long try_setuid(void)
{
	return syscall(SYS_setuid, 12345);
}

static long try_add_key(void)
{
	return syscall(SYS_add_key, "user", "attacker", "x", 1L, KEY_SPEC_PROCESS_KEYRING);
}

/* There is no such key: that the kernel looked for it is enough. */
static long try_request_key(void)
{
	long result = syscall(SYS_request_key, "user", "attacker-has-none", NULL, KEY_SPEC_PROCESS_KEYRING);

	return result < 0 && errno == ENOKEY ? 0 : result;
}

static long try_bpf(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static long try_inotify(void)
{
	return syscall(SYS_inotify_init1, IN_CLOEXEC);
}

static long try_fanotify(void)
{
	return syscall(SYS_fanotify_init, FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);
}

static long try_msgget(void)
{
	long id = syscall(SYS_msgget, IPC_PRIVATE, 0600);

	if (id >= 0)
		syscall(SYS_msgctl, id, IPC_RMID, NULL);
	return id;
}

static long try_semget(void)
{
	long id = syscall(SYS_semget, IPC_PRIVATE, 1, 0600);

	if (id >= 0)
		syscall(SYS_semctl, id, 0, IPC_RMID, 0L);
	return id;
}

static long try_shmget(void)
{
	long id = syscall(SYS_shmget, IPC_PRIVATE, 4096L, 0600);

	if (id >= 0)
		syscall(SYS_shmctl, id, IPC_RMID, NULL);
	return id;
}

static long try_mq_open(void)
{
	long result = syscall(SYS_mq_open, "attacker", O_RDWR | O_CREAT | O_CLOEXEC, 0600, NULL);

	const int error = errno;

	/* A domain refuses to open it when it has been made already. */
	syscall(SYS_mq_unlink, "attacker");
	errno = error;
	return result;
}

static long try_io_setup(void)
{
	unsigned long context = 0;

	return syscall(SYS_io_setup, 1, &context);
}

static long try_memfd_secret(void)
{
	return syscall(SYS_memfd_secret, O_CLOEXEC);
}

static long try_pidfd_open(void)
{
	return syscall(SYS_pidfd_open, getppid(), 0);
}

static long try_name_to_handle(void)
{
	struct file_handle handle = { .handle_bytes = 0 };
	int mount_id;
	long result = syscall(SYS_name_to_handle_at, AT_FDCWD, "/", &handle, &mount_id, 0);

	return result < 0 && (errno == EOVERFLOW || errno == EOPNOTSUPP) ? 0 : result;
}

static long try_syslog(void)
{
	return syscall(SYS_syslog, 10 /* SYSLOG_ACTION_SIZE_BUFFER */, NULL, 0);
}

static long try_sethostname(void)
{
	char name[HOST_NAME_MAX + 1];

	if (gethostname(name, sizeof(name)) < 0)
		return -1;
	return syscall(SYS_sethostname, name, strlen(name));
}

/* The step that the clock makes is none. */
static long try_adjtimex(void)
{
	struct timex change = { .modes = ADJ_OFFSET_SINGLESHOT };

	return syscall(SYS_adjtimex, &change);
}

static long try_quotactl(void)
{
	/* Q_SYNC of everything */
	return syscall(SYS_quotactl, 0x800001 << 8, NULL, 0, NULL);
}

static long try_modify_ldt(void)
{
	char table[8];

#ifdef SYS_modify_ldt
	return syscall(SYS_modify_ldt, 0, table, sizeof(table));
#else
	(void)table;
	errno = ENOSYS;
	return -1;
#endif
}

static long try_ioperm(void)
{
#ifdef SYS_ioperm
	return syscall(SYS_ioperm, 0x80L, 1L, 0);
#else
	errno = ENOSYS;
	return -1;
#endif
}

static long try_swapoff(void)
{
	long result = syscall(SYS_swapoff, "/dev/null");

	return result < 0 && errno == EINVAL ? 0 : result;
}

static long try_acct(void)
{
	long result = syscall(SYS_acct, "/");

	return result < 0 && errno == EISDIR ? 0 : result;
}

static long try_clone3(void)
{
	struct clone_args how = { .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &how, sizeof(how));

	if (pid == 0)
		_exit(0);
	return pid;
}

static long try_sync(void)
{
	return syscall(SYS_sync);
}

static const struct {
	const char *name;
	long (*call)(void);
} calls[] = {
	{ "io_uring_setup", try_io_uring }, { "userfaultfd", try_userfaultfd },
	{ "keyctl", try_keyctl },           { "perf_event_open", try_perf },
	{ "memfd_create", try_memfd },      { "chroot", try_chroot },
	{ "setuid", try_setuid },           { "add_key", try_add_key },
	{ "request_key", try_request_key }, { "bpf", try_bpf },
	{ "inotify_init1", try_inotify },   { "fanotify_init", try_fanotify },
	{ "msgget", try_msgget },           { "semget", try_semget },
	{ "shmget", try_shmget },           { "mq_open", try_mq_open },
	{ "io_setup", try_io_setup },       { "memfd_secret", try_memfd_secret },
	{ "pidfd_open", try_pidfd_open },   { "name_to_handle_at", try_name_to_handle },
	{ "syslog", try_syslog },           { "sethostname", try_sethostname },
	{ "adjtimex", try_adjtimex },       { "quotactl", try_quotactl },
	{ "modify_ldt", try_modify_ldt },   { "ioperm", try_ioperm },
	{ "swapoff", try_swapoff },         { "acct", try_acct },
	{ "clone3", try_clone3 },           { "sync", try_sync },
};

static enum outcome attack_call(char *const *arguments)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, arguments[0]) != 0)
			continue;
		if (calls[i].call() >= 0)
			return succeeded("%s answered", arguments[0]);
		/* Under a filter that is an answer as well. */
		if (errno == ENOSYS && prctl(PR_GET_SECCOMP) == 0)
			return untried("this kernel has no %s", arguments[0]);
		return refused(arguments[0], errno);
	}
	return untried("no such call: %s", arguments[0]);
}

static const struct attack items[] = {
	{ "int80", "", "make a call by int 0x80", attack_int80 },
	{ "x32", "", "make an x32 call", attack_x32 },
	{ "number-wide", "", "call memfd_create by a number with bit 40 set", attack_number_wide },
	{ "tiocsti", "", "type into the terminal on standard input", attack_tiocsti },
	{ "tiocsti-wide", "", "type into the terminal, with bit 40 of the command set", attack_tiocsti_wide },
	{ "tioclinux", "", "speak to the virtual console on standard input", attack_tioclinux },
	{ "call", "NAME", "make a dangerous or privileged call", attack_call },
};
const struct attacks call_attacks = { items, sizeof(items) / sizeof(items[0]) };
