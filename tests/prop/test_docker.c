/* test_docker.c - a long real list, compiled here and by libseccomp: both filters say the same on every call number.
 *
 * Docker's default list for x86-64, i386 and x32 holds equalities and masks only, where libseccomp is an oracle. What is meant
 * to differ is named below, and nothing else may. Both programs run in our interpreter. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compile.h"
#include "peer.h"
#include "tap.h"

#define POLICY "bench/policies/docker-default.cordon"
#define NUMBERS 1024 /* beyond the last call of any architecture */
#define OTHERWISE 1  /* errno that theirs answers to what no rule matches */

struct pair {
	struct compiled ours;
	struct peer_rules rules;
	struct sock_filter theirs[BPF_MAXINSNS];
	size_t their_count;
	unsigned compared, allowed, excused;
};

static void make_pair(struct pair *pair, struct arena *arena, uint32_t level)
{
	const struct source text = compile_read(POLICY, arena);
	const int fd = memfd_create("program", MFD_CLOEXEC);
	scmp_filter_ctx context;

	REQUIRE(text.text && fd >= 0);
	REQUIRE(compile_text(&text, arena, &pair->ours) == 0);
	REQUIRE(peer_rules(pair->ours.model->items[0], arena, &pair->rules));
	context = peer_context(pair->ours.model->items[0]->arches, SCMP_ACT_ERRNO(OTHERWISE), level);
	REQUIRE(context && peer_add(context, &pair->rules));
	pair->their_count = peer_export(context, fd, pair->theirs);
	seccomp_release(context);
	close(fd);
	REQUIRE(pair->their_count > 0);
}

static struct verdict run(const struct sock_filter *code, size_t count, const struct seccomp_data *data)
{
	uint32_t action = 0;

	REQUIRE(cbpf_run(code, count, data, &action, NULL) == 0);
	return verdict_from_action(action);
}

/* Where ours is meant to say something else than theirs. */
static bool is_meant(enum arch arch, int call, const struct seccomp_data *data)
{
	const char *name = call < 0 ? "" : call_table[call].name;

	/* no architecture has the number, or x86-64 alone has it, where x32 says what x86-64 says */
	if (call < 0)
		return true;
	/* libseccomp does not know it, at all or on this architecture: its number is negative */
	if (seccomp_syscall_resolve_name_arch(peer_arch(arch), name) < 0)
		return true;
	/* nobody types into the terminal */
	if (!strcmp(name, "ioctl"))
		return (uint32_t)data->args[1] == 0x5412 || (uint32_t)data->args[1] == 0x541c;
	/* theirs opens the multiplexer for the calls that the list opens by name */
	return arch == ARCH_I386 && !strcmp(name, "socketcall");
}

static void compare(struct pair *pair, enum arch arch, uint32_t nr, const uint64_t args[2])
{
	const struct seccomp_data data = { .arch = arch_table[arch].audit_arch,
					   .nr = (int)(nr | arch_table[arch].nr_base),
					   .args = { args[0], args[1] } };
	const struct verdict our = run(pair->ours.filter.code, pair->ours.filter.count, &data);
	const struct verdict their = run(pair->theirs, pair->their_count, &data);
	const int call = call_find_nr(arch, nr);

	pair->compared++;
	pair->allowed += our.kind == VERDICT_ALLOW;
	if (our.kind == their.kind)
		return;
	if (is_meant(arch, call, &data)) {
		pair->excused++;
		return;
	}
	fprintf(stderr, "# %s, number %u (%s), arguments 0x%llx 0x%llx: ours %d %d, theirs %d %d\n",
		arch_table[arch].name, nr, call < 0 ? "none" : call_table[call].name, (unsigned long long)args[0],
		(unsigned long long)args[1], our.kind, our.error, their.kind, their.error);
	CHECK(false);
}

static void compare_all(uint32_t level)
{
	/* at and around the constants of the list, with bits above 32 too */
	static const uint64_t values[] = {
		0,          1,          7,          8,          9,          39,          0x28,        0x29,
		0x20000,    0x20008,    0x20009,    0x5401,     0x5412,     0x541c,      0x1200011,   0x10000000,
		0x40000000, 0x7e020000, 0x80000000, 0xffffffff, 1ULL << 32, 0x100000028, 0x100000008, UINT64_MAX,
	};
	static struct pair pair;
	struct arena *arena = arena_new(0);

	make_pair(&pair, arena, level);
	for (enum arch arch = ARCH_X86_64; arch <= ARCH_X32; arch++)
		for (uint32_t nr = 0; nr < NUMBERS; nr++)
			for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
				/* it sees only half of the registers there */
				if (arch_table[arch].pointer_bits == 32 && values[i] > UINT32_MAX)
					continue;
				compare(&pair, arch, nr, (const uint64_t[]){ values[i], 0 });
				compare(&pair, arch, nr, (const uint64_t[]){ 0, values[i] });
			}
	fprintf(stderr, "# %u compared, %u allowed, %u differ as they are meant to\n", pair.compared, pair.allowed,
		pair.excused);
	CHECK(pair.allowed > pair.compared / 4);
	CHECK(pair.excused < pair.compared / 20);
	arena_free(arena);
}

TEST(docker_list_is_that_of_libseccomp)
{
	compare_all(1);
}

TEST(docker_list_is_that_of_libseccomp_as_a_tree)
{
	compare_all(2);
}
