/* without.c - `without CALL... -- PROGRAM [ARGUMENT...]` runs PROGRAM as on a kernel that lacks the calls: they answer
 * ENOSYS. `prctl:OPTION` and `seccomp:OPERATION` (numbers) lack one of their operations only: EINVAL. `CALL=ERRNO` answers
 * another number. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned nr;
} calls[] = {
	{ "landlock_create_ruleset", 444 },
	{ "landlock_add_rule", 445 },
	{ "landlock_restrict_self", 446 },
	{ "seccomp", SYS_seccomp },
	{ "prctl", SYS_prctl },
	{ "execveat", SYS_execveat },
	{ "close_range", 436 },
	{ "openat2", 437 },
	{ "getrandom", SYS_getrandom },
	{ "unshare", SYS_unshare },
	{ "open_tree", 428 },
	{ "mount_setattr", 442 },
	{ "capset", SYS_capset },
	{ "pidfd_open", 434 },
	{ "signalfd4", SYS_signalfd4 },
	{ "clone", SYS_clone },
	{ "fchdir", SYS_fchdir },
};

static struct sock_filter code[256];
static unsigned short count;

static void add(struct sock_filter instruction)
{
	if (count == sizeof(code) / sizeof(code[0])) {
		fprintf(stderr, "without: too many\n");
		exit(2);
	}
	code[count++] = instruction;
}

/* "NAME", "NAME=ERRNO" or "NAME:FIRST_ARGUMENT" */
static void lack(char *word)
{
	char *equals = strchr(word, '='), *colon = strchr(word, ':');
	const unsigned error = equals ? (unsigned)atoi(equals + 1) : colon ? EINVAL : ENOSYS;

	if (equals)
		*equals = '\0';
	if (colon)
		*colon = '\0';
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(word, calls[i].name) != 0)
			continue;
		add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
		add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].nr, 0, colon ? 3 : 1));
		if (colon) {
			add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							 offsetof(struct seccomp_data, args[0])));
			add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)atoi(colon + 1), 0, 1));
		}
		add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
		return;
	}
	fprintf(stderr, "without: no call %s in the table\n", word);
	exit(2);
}

int main(int argc, char **argv)
{
	struct sock_fprog program = { .filter = code };
	int at = 1;

	for (; at < argc && strcmp(argv[at], "--") != 0; at++)
		lack(argv[at]);
	if (at + 1 >= argc) {
		fprintf(stderr, "usage: without CALL... -- PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	program.len = count;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("without");
		return 2;
	}
	execvp(argv[at + 1], argv + at + 1);
	perror(argv[at + 1]);
	return 2;
}
