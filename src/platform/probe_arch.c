/* probe_arch.c - attempts at the other ways into an x86-64 kernel. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/probe_attempt.h"
#include "platform/tables.h"

#if defined(__x86_64__)

/* getpid in the numbers of i386. Where the kernel has no such entry the child ends by a signal. */
int attempt_i386(struct attempt *attempt)
{
	long result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	if ((int)result != getpid())
		return attempt_fail(attempt, "int 0x80", result < 0 ? -(int)result : ENOSYS);
	attempt_say(attempt, "a call by int 0x80 was answered");
	return 1;
}

int attempt_x32(struct attempt *attempt)
{
	if (syscall(SYS_getpid | X32_SYSCALL_BIT) != getpid())
		return attempt_fail(attempt, "a call with the x32 bit", errno);
	attempt_say(attempt, "a call with the x32 bit was answered");
	return 1;
}

#else

int attempt_i386(struct attempt *attempt)
{
	attempt_say(attempt, "not on this machine");
	return 0;
}

int attempt_x32(struct attempt *attempt)
{
	attempt_say(attempt, "not on this machine");
	return 0;
}

#endif
