/* calls.c - attacks on the filter itself: other doors into the kernel (int 0x80, x32), characters typed into the
 * terminal (TIOCSTI, T14), and calls that no template grants. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
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

static const struct {
	const char *name;
	long (*call)(void);
} calls[] = {
	{ "io_uring_setup", try_io_uring }, { "userfaultfd", try_userfaultfd }, { "keyctl", try_keyctl },
	{ "perf_event_open", try_perf },    { "memfd_create", try_memfd },      { "chroot", try_chroot },
	{ "setuid", try_setuid },
};

static enum outcome attack_call(char *const *arguments)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, arguments[0]) != 0)
			continue;
		if (calls[i].call() >= 0)
			return succeeded("%s answered", arguments[0]);
		return errno == ENOSYS ? untried("this kernel has no %s", arguments[0]) : refused(arguments[0], errno);
	}
	return untried("no such call: %s", arguments[0]);
}

static const struct attack items[] = {
	{ "int80", "", "make a call by int 0x80", attack_int80 },
	{ "x32", "", "make an x32 call", attack_x32 },
	{ "number-wide", "", "call memfd_create by a number with bit 40 set", attack_number_wide },
	{ "tiocsti", "", "type into the terminal on standard input", attack_tiocsti },
	{ "tiocsti-wide", "", "the same with bit 40 of the command set", attack_tiocsti_wide },
	{ "call", "NAME", "make a dangerous or privileged call", attack_call },
};
const struct attacks call_attacks = { items, sizeof(items) / sizeof(items[0]) };
