/* memory.c - attacks on W^X: each puts a few bytes of machine code somewhere and runs them. It succeeds when they ran. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

/* return 42 */
#if defined(__x86_64__)
static const uint8_t payload[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
#elif defined(__aarch64__)
static const uint8_t payload[] = { 0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6 };
#else
#error "machine code for this architecture is missing"
#endif

#define PAGE 4096

static enum outcome run_payload(void *code, const char *how)
{
	int (*function)(void);

	__builtin___clear_cache(code, (char *)code + sizeof(payload));
	memcpy(&function, &code, sizeof(function));
	if (function() != 42)
		return untried("the machine code didn't return what it should");
	return succeeded("ran code from %s", how);
}

static enum outcome run_written(void *page, const char *how)
{
	memcpy(page, payload, sizeof(payload));
	return run_payload(page, how);
}

static enum outcome attack_rwx(char *const *arguments)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arguments;
	return page == MAP_FAILED ? refused("mmap", errno) : run_written(page, "a page mapped rwx");
}

/* T13: mmap's third argument is a whole register to a filter, and the kernel looks at some bits of it. */
static enum outcome attack_rwx_wide(char *const *arguments)
{
	long page = syscall(SYS_mmap, NULL, PAGE, 7L | 0x100, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arguments;
	return page == -1 ? refused("mmap", errno) : run_written((void *)page, "a page mapped rwx | 0x100");
}

static enum outcome attack_mprotect(char *const *arguments)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arguments;
	if (page == MAP_FAILED)
		return refused("mmap", errno);
	memcpy(page, payload, sizeof(payload));
	if (mprotect(page, PAGE, PROT_READ | PROT_EXEC) < 0)
		return refused("mprotect", errno);
	return run_payload(page, "a page first writable, then executable");
}

static enum outcome attack_pkey(char *const *arguments)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arguments;
	if (page == MAP_FAILED)
		return refused("mmap", errno);
	memcpy(page, payload, sizeof(payload));
	if (pkey_mprotect(page, PAGE, PROT_READ | PROT_EXEC, -1) < 0)
		return refused("pkey_mprotect", errno);
	return run_payload(page, "a page made executable by pkey_mprotect");
}

/* Under this personality every readable mapping is executable. */
static enum outcome attack_personality(char *const *arguments)
{
	void *page;

	(void)arguments;
	if (personality(READ_IMPLIES_EXEC) < 0)
		return refused("personality", errno);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED ? refused("mmap", errno) : run_written(page, "a page under READ_IMPLIES_EXEC");
}

/* T07: one object, mapped once to write and once to execute: no mapping is both. */
static enum outcome map_twice(int fd, const char *how)
{
	void *writable, *executable;

	if (ftruncate(fd, PAGE) < 0)
		return refused("ftruncate", errno);
	writable = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (writable == MAP_FAILED)
		return refused("mmap to write", errno);
	executable = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (executable == MAP_FAILED)
		return refused("mmap to execute", errno);
	memcpy(writable, payload, sizeof(payload));
	return run_payload(executable, how);
}

static enum outcome attack_twice(char *const *arguments)
{
	int fd = open(arguments[0], O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? refused(arguments[0], errno) : map_twice(fd, "a file mapped twice");
}

/* The flags of a mount are there for whoever may change them. */
static enum outcome attack_remount(char *const *arguments)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_NOEXEC };
	int directory = open(arguments[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	if (directory < 0)
		return refused(arguments[0], errno);
	if (syscall(SYS_mount_setattr, directory, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return refused("mount_setattr", errno);
	fd = openat(directory, "twice", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? refused("twice", errno) : map_twice(fd, "a file mapped twice on a noexec mount");
}

static enum outcome attack_memfd(char *const *arguments)
{
	int fd = memfd_create("attacker", MFD_CLOEXEC);

	(void)arguments;
	return fd < 0 ? refused("memfd_create", errno) : map_twice(fd, "a memfd mapped twice");
}

/* No shared mapping at all: what write() puts into a file, a private mapping of it executes. */
static enum outcome attack_written(char *const *arguments)
{
	int fd = open(arguments[0], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *page;

	if (fd < 0)
		return refused(arguments[0], errno);
	if (ftruncate(fd, PAGE) < 0 || pwrite(fd, payload, sizeof(payload), 0) != (ssize_t)sizeof(payload))
		return refused("write", errno);
	page = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	return page == MAP_FAILED ? refused("mmap to execute", errno) : run_payload(page, "a file it had written");
}

/* The same by two names, neither of which can be used for both. */
static enum outcome attack_two(char *const *arguments)
{
	int written = open(arguments[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0600), mapped;
	void *page;

	if (written < 0)
		return refused(arguments[0], errno);
	if (ftruncate(written, PAGE) < 0 || pwrite(written, payload, sizeof(payload), 0) != (ssize_t)sizeof(payload))
		return refused("write", errno);
	mapped = open(arguments[1], O_RDONLY | O_CLOEXEC);
	if (mapped < 0)
		return refused(arguments[1], errno);
	page = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, mapped, 0);
	return page == MAP_FAILED ? refused("mmap to execute", errno) : run_payload(page, "a file with two names");
}

/* No page is ever written: only `wx sealed` minds. */
static enum outcome attack_library(char *const *arguments)
{
	int fd = open(arguments[0], O_RDONLY | O_CLOEXEC);
	void *page;

	if (fd < 0)
		return refused("open", errno);
	page = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	return page == MAP_FAILED ? refused("mmap", errno) : succeeded("mapped %s executable", arguments[0]);
}

static enum outcome attack_library_in_child(char *const *arguments)
{
	pid_t child = fork();

	if (child == 0)
		_exit(attack_library(arguments));
	return child_outcome(child);
}

/* A page of code that nobody runs. */
__asm__(".text\n.balign 4096\nspare_code:\nret\n.skip 4095\n");
extern char spare_code[];

/* `wx sealed` answers every mremap() as a kernel without memory would. */
static enum outcome attack_move_code(char *const *arguments)
{
	void *moved = mremap(spare_code, PAGE, 2 * (size_t)PAGE, MREMAP_MAYMOVE);

	(void)arguments;
	if (moved == MAP_FAILED)
		return refused("mremap", errno == ENOMEM ? EPERM : errno);
	return succeeded("moved code, and mapped what stands behind it in the file");
}

static enum outcome attack_stdin(char *const *arguments)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, STDIN_FILENO, 0);

	(void)arguments;
	return page == MAP_FAILED ? refused("mmap to execute", errno) : run_payload(page, "its standard input");
}

/* What is open for reading is opened again: the link in /proc leads to the object, whatever its name. */
static enum outcome attack_again(char *const *arguments)
{
	int fd = open("/proc/self/fd/0", O_RDWR | O_CLOEXEC);

	(void)arguments;
	return fd < 0 ? refused("/proc/self/fd/0", errno) : map_twice(fd, "its standard input, opened again");
}

static enum outcome attack_stack(char *const *arguments)
{
	uint8_t room[64] __attribute__((aligned(64)));

	(void)arguments;
	return run_written(room, "the stack");
}

/* Not an attack by itself: the machine code in a file, for others. */
static enum outcome make_payload(char *const *arguments)
{
	int fd = open(arguments[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, payload, sizeof(payload)) != (ssize_t)sizeof(payload))
		return refused(arguments[0], errno);
	return succeeded("wrote %s", arguments[0]);
}

static enum outcome attack_sysv(char *const *arguments)
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0700);
	void *writable, *executable;
	int error;

	(void)arguments;
	if (id < 0)
		return refused("shmget", errno);
	writable = shmat(id, NULL, 0);
	executable = shmat(id, NULL, SHM_EXEC | SHM_RDONLY);
	error = errno;
	shmctl(id, IPC_RMID, NULL);
	if (writable == (void *)-1 || executable == (void *)-1)
		return refused("shmat", error);
	memcpy(writable, payload, sizeof(payload));
	return run_payload(executable, "a System V segment attached twice");
}

/* The kernel writes through /proc/self/mem whatever the protection of the page is. */
__attribute__((noinline, aligned(64))) static int victim(void)
{
	__asm__ volatile("nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop");
	return 1;
}

static enum outcome attack_proc_mem(char *const *arguments)
{
	int fd = open("/proc/self/mem", O_WRONLY | O_CLOEXEC);

	(void)arguments;
	if (fd < 0)
		return refused("/proc/self/mem", errno);
	if (pwrite(fd, payload, sizeof(payload), (off_t)(uintptr_t)&victim) != (ssize_t)sizeof(payload))
		return refused("pwrite", errno);
	return run_payload((void *)(uintptr_t)&victim, "its own text, changed through /proc/self/mem");
}

/* So does ptrace. */
static enum outcome poke(pid_t child)
{
	long word;
	int status;

	if (waitpid(child, &status, 0) != child)
		return refused("waitpid", errno);
	if (!WIFSTOPPED(status))
		return WIFEXITED(status) ? (enum outcome)WEXITSTATUS(status) : ATTACK_BROKEN;
	for (size_t at = 0; at < sizeof(payload); at += sizeof(word)) {
		const size_t rest = sizeof(payload) - at;

		memcpy(&word, (const char *)(uintptr_t)&victim + at, sizeof(word));
		memcpy(&word, payload + at, rest < sizeof(word) ? rest : sizeof(word));
		if (ptrace(PTRACE_POKETEXT, child, (char *)(uintptr_t)&victim + at, word) < 0)
			return refused("PTRACE_POKETEXT", errno);
	}
	ptrace(PTRACE_CONT, child, NULL, NULL);
	return child_outcome(child);
}

static enum outcome attack_poke(char *const *arguments)
{
	pid_t child = fork();
	enum outcome outcome;

	(void)arguments;
	if (child < 0)
		return refused("fork", errno);
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit((int)refused("PTRACE_TRACEME", errno));
		raise(SIGSTOP);
		_exit((int)run_payload((void *)(uintptr_t)&victim, "a child's text, changed by ptrace"));
	}
	outcome = poke(child);
	kill(child, SIGKILL);
	return outcome;
}

/* Shared memory without a file has one all the same, for those who may open it. */
static enum outcome attack_map_files(char *const *arguments)
{
	char path[96];
	char *writable = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	void *executable;
	int fd;

	(void)arguments;
	if (writable == MAP_FAILED)
		return refused("mmap", errno);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)(uintptr_t)writable,
		 (unsigned long)(uintptr_t)writable + PAGE);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return refused(path, errno);
	memcpy(writable, payload, sizeof(payload));
	executable = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (executable == MAP_FAILED)
		return refused("mmap", errno);
	return run_payload(executable, "shared memory, mapped again by map_files");
}

static const struct attack items[] = {
	{ "map-rwx", "", "map memory writable and executable, run code", attack_rwx },
	{ "map-rwx-wide", "", "map writable and executable memory, with an unknown bit in prot", attack_rwx_wide },
	{ "protect-exec", "", "write code, then make the page executable", attack_mprotect },
	{ "pkey-exec", "", "write code, then make the page executable by pkey_mprotect", attack_pkey },
	{ "personality-exec", "", "make readable memory executable by personality", attack_personality },
	{ "map-remounted", "MOUNT", "take noexec off a mount, and map a file in it twice", attack_remount },
	{ "map-twice", "PATH", "map a file to write and again to execute", attack_twice },
	{ "map-memfd", "", "map a memfd to write and again to execute", attack_memfd },
	{ "map-written", "PATH", "write a file and map it to execute", attack_written },
	{ "map-two", "PATH PATH", "write a file by one name and map it by another", attack_two },
	{ "map-library", "PATH", "map a library to execute, after the start", attack_library },
	{ "map-library-child", "PATH", "the same in a child", attack_library_in_child },
	{ "move-code", "", "move and extend code by mremap", attack_move_code },
	{ "map-stdin", "", "map the standard input to execute", attack_stdin },
	{ "reopen-stdin", "", "open the standard input again, map it twice", attack_again },
	{ "stack", "", "run code on the stack", attack_stack },
	{ "payload", "PATH", "(write the machine code to a file)", make_payload },
	{ "map-sysv", "", "attach shared memory to write and to execute", attack_sysv },
	{ "proc-mem", "", "change the program's text through /proc/self/mem", attack_proc_mem },
	{ "map-files", "", "map shared memory again by /proc/self/map_files", attack_map_files },
	{ "poke", "", "change a child's text by ptrace", attack_poke },
};
const struct attacks memory_attacks = { items, sizeof(items) / sizeof(items[0]) };
