/* install.c - what seccomp(SECCOMP_SET_MODE_FILTER) costs for docker's default list, beside a filter of one instruction.
 *
 * Each install happens in a process of its own; the call alone is timed, as the process waits for it. Rounds go through all
 * filters in turn, each time beginning with another. The kernel checks the program, translates it, and runs it
 * for every call number of the native architectures to learn which are always allowed. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "compile.h"
#include "measure.h"
#include "peer.h"

#define POLICY "bench/policies/docker-default.cordon"
#define TARGET 3.75
#define ROUNDS 1001
#define ROUNDS_MAX 100001

enum { ONE, OURS, LINEAR, TREE, FILTERS };

static const char *const names[FILTERS] = { "one instruction", "cordon", "libseccomp, linear", "libseccomp, tree" };
static struct sock_filter code[FILTERS][BPF_MAXINSNS];
static size_t counts[FILTERS];
static uint64_t times[FILTERS][ROUNDS_MAX];

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* In the child: nothing is left behind but the time. */
static void install(int filter, uint64_t *ret)
{
	const struct sock_fprog program = { .len = (unsigned short)counts[filter], .filter = code[filter] };
	uint64_t before;
	long result;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		_exit(1);
	before = now();
	result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
	*ret = now() - before;
	_exit(result != 0);
}

static uint64_t time_of(int filter, uint64_t *shared)
{
	const pid_t child = fork();
	int status;

	if (child == 0)
		install(filter, shared);
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		measure_fail("%s can't be installed", names[filter]);
	return *shared;
}

static void make_filters(struct arena *arena)
{
	const struct source text = compile_read(POLICY, arena);
	auto_close int fd = memfd_create("program", MFD_CLOEXEC);
	struct compiled compiled;
	struct peer_rules rules;

	if (!text.text || fd < 0 || compile_text(&text, arena, &compiled) != 0 ||
	    !peer_rules(compiled.model->items[0], arena, &rules))
		measure_fail("%s can't be read, or not be told to libseccomp", POLICY);
	peer_allow(&rules, "socketcall", arena); /* Docker's list has it, see the policy */
	code[ONE][counts[ONE]++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	while (counts[OURS] < compiled.filter.count) {
		code[OURS][counts[OURS]] = compiled.filter.code[counts[OURS]];
		counts[OURS]++;
	}
	for (int filter = LINEAR; filter <= TREE; filter++) {
		scmp_filter_ctx context = peer_context(compiled.model->items[0]->arches, SCMP_ACT_ERRNO(EPERM),
						       filter == TREE ? 2 : 1);

		if (!context || !peer_add(context, &rules))
			measure_fail("libseccomp does not take the rules");
		counts[filter] = peer_export(context, fd, code[filter]);
		seccomp_release(context);
	}
}

int main(void)
{
	size_t rounds = measure_rounds(ROUNDS);
	struct arena *arena = arena_new(0);
	uint64_t *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double middle[FILTERS];

	rounds = rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX;
	if (shared == MAP_FAILED)
		measure_fail("no shared memory");
	make_filters(arena);
	for (size_t round = 0; round < rounds; round++)
		for (int i = 0; i < FILTERS; i++) {
			const int filter = (int)((i + round) % FILTERS);

			times[filter][round] = time_of(filter, shared);
		}
	printf("docker's default list, x86-64 + i386 + x32: install, %zu rounds, median\n", rounds);
	for (int filter = 0; filter < FILTERS; filter++) {
		middle[filter] = (double)measure_median(times[filter], rounds) / 1000;
		printf("  %-20s %5zu instructions %9.1f us  ratio %6.2f\n", names[filter], counts[filter],
		       middle[filter], middle[filter] / middle[ONE]);
	}
	printf("  ratio");
	measure_target(middle[OURS] / middle[ONE], TARGET);
	printf("\n");
	arena_free(arena);
	return 0;
}
