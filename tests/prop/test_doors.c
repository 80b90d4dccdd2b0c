/* test_doors.c - doors that few kernels have (x32, i386 by int 0x80, modules): the filter that std/c-runtime becomes is
 * run on every number of theirs.
 *
 * Each is closed, whatever the arguments, and open when just that is granted (T60). */
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>

#include "fixture.h"
#include "plan/cbpf.h"
#include "tap.h"

#define X32_BIT 0x40000000U
#define NUMBERS 0x800U /* well above the last call of any table */
#define X86_64_INIT_MODULE 175
#define X86_64_FINIT_MODULE 313
#define X86_64_DELETE_MODULE 176
#define X86_64_KEXEC_LOAD 246
#define X86_64_GETPID 39
#define I386_GETPID 20
#define X32_EXECVE 520 /* of the numbers that x32 has for itself */

struct door {
	struct fixture f;
	struct cbpf program;
};

static void door_init(struct door *door, const char *lines)
{
	char body[512];

	fixture_init(&door->f);
	snprintf(body, sizeof(body), "use std/c-runtime@1\n%s\n", lines);
	door->f.caps.arches = (1U << ARCH_COUNT) - 1;
	fixture_plan(&door->f, body);
	REQUIRE(cbpf_emit(&door->f.plan->layers[0].calls, NULL, door->f.arena, &door->program) == 0);
}

static uint32_t ask(const struct door *door, uint32_t arch, uint32_t nr, uint64_t argument)
{
	const struct seccomp_data data = {
		.nr = (int)nr,
		.arch = arch,
		.args = { argument, argument, argument, argument, argument, argument },
	};
	uint32_t action = 0;

	REQUIRE(cbpf_run(door->program.code, door->program.count, &data, &action, NULL) == 0);
	return action;
}

static const uint64_t arguments[] = { 0, 1, UINT32_MAX, 1ULL << 32, UINT64_MAX };

static const uint32_t closed = SECCOMP_RET_ERRNO | ENOSYS;

TEST(T14_every_x32_number_is_closed)
{
	struct door door;

	door_init(&door, "arch x86_64\nfile read,write,create /srv/**\nnet connect tcp *:443");
	for (uint32_t nr = 0; nr < NUMBERS; nr++)
		for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
			if (!CHECK_INT(ask(&door, AUDIT_ARCH_X86_64, X32_BIT | nr, arguments[i]), closed))
				return;
	/* Numbers are 32 bits wide, and negative ones are none. */
	CHECK_INT(ask(&door, AUDIT_ARCH_X86_64, UINT32_MAX, 0), closed);
	CHECK_INT(ask(&door, AUDIT_ARCH_X86_64, 0x80000000U | X86_64_GETPID, 0), closed);
	CHECK_INT(ask(&door, AUDIT_ARCH_X86_64, X86_64_GETPID, 0), SECCOMP_RET_ALLOW);
	fixture_release(&door.f);
}

TEST(T14_x32_opens_when_granted)
{
	struct door door;

	door_init(&door, "arch x86_64 x32");
	CHECK_INT(ask(&door, AUDIT_ARCH_X86_64, X32_BIT | X86_64_GETPID, 0), SECCOMP_RET_ALLOW);
	/* And nothing more than the policy says: exec is not granted, under either number. */
	CHECK(ask(&door, AUDIT_ARCH_X86_64, X32_BIT | X32_EXECVE, 0) != SECCOMP_RET_ALLOW);
	CHECK(ask(&door, AUDIT_ARCH_X86_64, X32_BIT | 59, 0) != SECCOMP_RET_ALLOW); /* execve of x86-64, with the bit */
	fixture_release(&door.f);
}

TEST(T14_every_i386_number_is_closed)
{
	struct door door;

	door_init(&door, "arch x86_64 x32");
	for (uint32_t nr = 0; nr < NUMBERS; nr++)
		if (!CHECK_INT(ask(&door, AUDIT_ARCH_I386, nr, 0), closed))
			return;
	fixture_release(&door.f);
	door_init(&door, "arch x86_64 i386");
	CHECK_INT(ask(&door, AUDIT_ARCH_I386, I386_GETPID, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(ask(&door, AUDIT_ARCH_X86_64, X32_BIT | X86_64_GETPID, 0), closed);
	fixture_release(&door.f);
}

/* Architectures that no kernel has together with this one. */
TEST(foreign_architectures_are_closed)
{
	static const uint32_t foreign[] = { AUDIT_ARCH_ARM, AUDIT_ARCH_PPC64LE, AUDIT_ARCH_S390X, 0, UINT32_MAX };
	struct door door;

	door_init(&door, "arch x86_64 i386 x32");
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		for (uint32_t nr = 0; nr < NUMBERS; nr++)
			if (!CHECK_INT(ask(&door, foreign[i], nr, 0), closed))
				return;
	fixture_release(&door.f);
}

TEST(modules_are_closed)
{
	static const uint32_t numbers[] = { X86_64_INIT_MODULE, X86_64_FINIT_MODULE, X86_64_DELETE_MODULE,
					    X86_64_KEXEC_LOAD };
	struct door door;

	door_init(&door, "arch x86_64\ncap sys_module sys_boot\nfile read /**");
	for (size_t k = 0; k < ARRAY_SIZE(numbers); k++)
		for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
			CHECK_INT(ask(&door, AUDIT_ARCH_X86_64, numbers[k], arguments[i]), SECCOMP_RET_ERRNO | EPERM);
	fixture_release(&door.f);
	door_init(&door, "arch x86_64\ncap sys_module\nsyscall init_module finit_module delete_module kexec_load "
			 "because \"a test\"");
	for (size_t k = 0; k < ARRAY_SIZE(numbers); k++)
		CHECK_INT(ask(&door, AUDIT_ARCH_X86_64, numbers[k], 0), SECCOMP_RET_ALLOW);
	fixture_release(&door.f);
}
