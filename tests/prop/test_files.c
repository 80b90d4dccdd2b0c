/* A plan that claims to carry file rules exactly is held against the running kernel: for random rules over a small tree, a
 * confined worker tries every operation on every object, and what happens must be what the evaluator says - where it
 * allows, the kernel lets it through; where it denies, the kernel refuses. Plans with a refused rule are only counted:
 * refusing is honest, and the counts show that most are carried. Seed: PROP_SEED, number: PROP_FILE_POLICIES. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enforce/enforce.h"
#include "enforce/facts.h"
#include "fixture.h"
#include "platform/probe.h"
#include "policy/names.h"
#include "tap.h"

static const char *const directories[] = { "a", "a/b", "a/b/c", "d", "d/e" };

/* The same directories by other names, which rules use too: a symbolic link, and (as root) a second mount. */
static const struct {
	const char *name, *other;
} names[] = { { "a/b", "link" }, { "d", "bound" } };
static const char *const aliases[] = { "link", "link/c", "bound", "bound/e", "absent" };
static bool has_bound;

/* One attempt per operation; each has files of its own, so that one attempt does not spoil another. */
static const struct {
	uint32_t operation;
	const char *file; /* in each directory; NULL: not there yet */
} attempts[] = {
	{ FILE_READ, "r" },     { FILE_WRITE, "w" },  { FILE_CREATE, "new" }, { FILE_DELETE, "gone" },
	{ FILE_RENAME, "old" }, { FILE_LINK, "one" }, { FILE_ATTR, "mode" },
};
#define OUTCOMES (ARRAY_SIZE(directories) * ARRAY_SIZE(attempts))

/* ---- the worker, inside ---- */

static bool attempt(uint32_t operation, const char *path)
{
	char other[600];
	int fd = -1;

	snprintf(other, sizeof(other), "%s.to", path);
	switch (operation) {
	case FILE_READ: fd = open(path, O_RDONLY | O_CLOEXEC); break;
	case FILE_WRITE: fd = open(path, O_WRONLY | O_CLOEXEC); break;
	case FILE_CREATE: return mkdir(path, 0700) == 0;
	case FILE_DELETE: return unlink(path) == 0;
	case FILE_RENAME: return rename(path, other) == 0;
	case FILE_LINK: return link(path, other) == 0;
	case FILE_ATTR: return chmod(path, 0640) == 0;
	default: return false;
	}
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* argv: --worker ROOT; writes OUTCOMES bytes to descriptor 3. */
static int work(const char *root)
{
	char outcomes[OUTCOMES];
	size_t at = 0;

	for (size_t d = 0; d < ARRAY_SIZE(directories); d++)
		for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
			char path[512];

			snprintf(path, sizeof(path), "%s/%s/%s", root, directories[d], attempts[i].file);
			outcomes[at++] = attempt(attempts[i].operation, path) ? '+' : '-';
		}
	return write(3, outcomes, sizeof(outcomes)) == (ssize_t)sizeof(outcomes) ? 0 : 1;
}

/* Runs before the harness: the confined program is this binary. */
__attribute__((constructor)) static void be_worker(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--worker"))
		_exit(work(argv[2]));
}

/* ---- the tree ---- */

static void make_tree(const char *root)
{
	for (size_t d = 0; d < ARRAY_SIZE(directories); d++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", root, directories[d]);
		REQUIRE(mkdir(path, 0755) == 0);
		for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
			int fd;

			if (attempts[i].operation == FILE_CREATE)
				continue;
			snprintf(path, sizeof(path), "%s/%s/%s", root, directories[d], attempts[i].file);
			fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
			REQUIRE(fd >= 0);
			close(fd);
		}
	}
}

static void make_aliases(const char *root)
{
	char from[512], to[512];

	snprintf(from, sizeof(from), "%s/%s", root, names[0].name);
	snprintf(to, sizeof(to), "%s/%s", root, names[0].other);
	REQUIRE(symlink(from, to) == 0);
	if (!has_bound)
		return;
	snprintf(from, sizeof(from), "%s/%s", root, names[1].name);
	snprintf(to, sizeof(to), "%s/%s", root, names[1].other);
	REQUIRE(mkdir(to, 0755) == 0 && mount(from, to, NULL, MS_BIND, NULL) == 0);
}

static void remove_tree(const char *root)
{
	char command[512];

	snprintf(command, sizeof(command), "%s/%s", root, names[1].other);
	if (has_bound)
		umount(command);

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	CHECK_INT(system(command), 0);
}

/* ---- random rules ---- */

static uint64_t random_state;

static unsigned pick(unsigned count)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % count;
}

static const char *random_operations(struct arena *arena)
{
	static const char *const bundles[] = { "read",
					       "write",
					       "read,write",
					       "create",
					       "delete",
					       "create,delete",
					       "create,delete,rename",
					       "create,link",
					       "read,write,create,delete,rename",
					       "edit",
					       "attr",
					       "delete,attr",
					       "edit,link" };

	return arena_strdup(arena, bundles[pick(ARRAY_SIZE(bundles))]);
}

static const char *random_body(struct arena *arena, const char *root, const char *program)
{
	struct str body;
	unsigned rules = 1 + pick(4);

	str_init(&body, arena);
	str_addf(&body, "use std/c-runtime@1\nfile read %s\nwx allow\n", program);
	if (pick(2))
		str_add(&body, "isolate mount\n");
	for (unsigned i = 0; i < rules; i++) {
		const char *directory = pick(3) ? directories[pick(ARRAY_SIZE(directories))]
						: aliases[pick(ARRAY_SIZE(aliases))];

		if (pick(4))
			str_addf(&body, "%sfile %s %s/%s/**\n", pick(8) ? "" : "deny ", random_operations(arena), root,
				 directory);
		else
			str_addf(&body, "file %s %s/%s/%s\n", pick(2) ? "read" : "write", root, directory,
				 pick(2) ? "r" : "w");
	}
	return body.text;
}

/* ---- one policy ---- */

struct trial {
	struct fixture f;
	const char *root, *program;
	const char *bodies[2]; /* the second, or NULL */
	char outcomes[OUTCOMES];
};

static void run_worker(struct trial *t, int outcome_fd)
{
	char *const argv[] = { (char *)t->program, (char *)"--worker", (char *)t->root, NULL };
	char *const envp[] = { NULL };
	static const int keep[] = { 3 };
	struct launch launch = {
		.program = t->program, .argv = argv, .envp = envp, .keep_fds = keep, .keep_fd_count = 1
	};
	struct confinement *confinement;
	struct str out;
	int status;

	if (dup2(outcome_fd, 3) != 3 || chdir("/") < 0)
		_exit(99);
	if (confinement_prepare(t->f.plan, &launch, t->f.arena, &t->f.diags, &confinement) == 0 &&
	    confinement_start(confinement, &t->f.diags, &status) == 0)
		_exit(97);
	str_init(&out, t->f.arena);
	diags_print(&t->f.diags, &out, false);
	fputs(out.text ? out.text : "", stderr);
	_exit(98);
}

/* What @layer says when the object is called @path: -1 a rule denies, 1 one allows, 0 none speaks. */
static int by_name(const struct layer *layer, uint32_t operation, const char *path)
{
	struct request request = { .class = REQUEST_FILE, .operation = operation, .path = path, .phase = PHASE_NONE };
	long rule;

	if (layer_decide(layer, &request, &rule).kind == VERDICT_ALLOW)
		return 1;
	return rule < 0 ? 0 : -1;
}

/* What @operation on @path must give: a path means the object, so whatever a rule calls it. A rename needs its right on
 * both names; they lie in one directory. With `isolate mount` a view belongs to a name: what a rule lets change under
 * one mount stays read-only under another (*ret_may_fail). */
static bool expected(const struct trial *t, const struct layer *layer, uint32_t operation, const char *path,
		     bool *ret_may_fail)
{
	const int own = by_name(layer, operation, path);
	char prefix[512], other[1024];
	int verdict = own;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const bool mounted = i == 1;
		int otherwise;
		size_t size;

		snprintf(prefix, sizeof(prefix), "%s/%s/", t->root, names[i].name);
		size = strlen(prefix);
		if (strncmp(path, prefix, size) != 0 || (mounted && !has_bound))
			continue;
		snprintf(other, sizeof(other), "%s/%s/%s", t->root, names[i].other, path + size);
		otherwise = by_name(layer, operation, other);
		if (verdict < 0 || otherwise < 0)
			return false;
		*ret_may_fail |= mounted && otherwise && !own && t->f.plan->isolate & ISOLATE_MOUNT;
		verdict |= otherwise;
	}
	return verdict > 0;
}

static void compare(const struct trial *t)
{
	size_t at = 0;

	for (size_t d = 0; d < ARRAY_SIZE(directories); d++)
		for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
			char path[512];
			bool allowed = t->outcomes[at++] == '+', may_fail = false, wanted = true;

			snprintf(path, sizeof(path), "%s/%s/%s", t->root, directories[d], attempts[i].file);
			for (size_t l = 0; l < t->f.model->count; l++)
				wanted &= expected(t, t->f.model->items[l], attempts[i].operation, path, &may_fail);
			if (!(may_fail && !allowed) && !CHECK_INT(allowed, wanted))
				fprintf(stderr, "# %s on %s under\n%s%s%s",
					named_name(&file_operation_table, attempts[i].operation), path, t->bodies[0],
					t->bodies[1] ? "and\n" : "", t->bodies[1] ? t->bodies[1] : "");
		}
}

static void end_trial(struct trial *t)
{
	remove_tree(t->root);
	REQUIRE(mkdir(t->root, 0755) == 0);
	fixture_release(&t->f);
}

static bool try_policy(const char *root, const char *program, const struct kernel_caps *caps)
{
	struct trial t = { .root = root, .program = program };
	int channel[2], status;
	ssize_t size;
	pid_t child;

	fixture_init(&t.f);
	t.f.caps = *caps;
	t.bodies[0] = random_body(t.f.arena, root, program);
	if (pick(4) == 0)
		t.bodies[1] = random_body(t.f.arena, root, program);
	make_tree(root);
	make_aliases(root);
	REQUIRE(fixture_resolve(&t.f, t.bodies, t.bodies[1] ? 2 : 1) == 0);
	t.f.facts = (struct host_facts){ 0 };
	REQUIRE(host_facts_gather(t.f.model, program, t.f.arena, &t.f.diags, &t.f.facts) == 0);
	REQUIRE(plan_make(t.f.model, caps, &t.f.facts, t.f.arena, &t.f.plan) == 0);
	if (t.f.plan->uncarried) {
		end_trial(&t);
		return false;
	}
	REQUIRE(pipe2(channel, O_CLOEXEC) == 0);
	child = fork();
	if (child == 0)
		run_worker(&t, channel[1]);
	close(channel[1]);
	size = read(channel[0], t.outcomes, sizeof(t.outcomes));
	close(channel[0]);
	REQUIRE(waitpid(child, &status, 0) == child);
	if (CHECK_INT(size, sizeof(t.outcomes)) && CHECK_INT(status, 0))
		compare(&t);
	else
		fprintf(stderr, "# under\n%s%s", t.bodies[0], t.bodies[1] ? t.bodies[1] : "");
	end_trial(&t);
	return true;
}

static unsigned setting(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* This binary may lie where another user can't reach it. */
static void copy_self(const char *path)
{
	char command[512];

	snprintf(command, sizeof(command), "cp /proc/%d/exe '%s' && chmod 755 '%s'", getpid(), path, path);
	REQUIRE(system(command) == 0);
}

static void try_policies(const char *base, const char *program)
{
	char root[128];
	unsigned count = setting("PROP_FILE_POLICIES", 120), carried = 0;
	struct arena *arena = arena_new(0);
	struct kernel_caps caps;

	random_state = setting("PROP_SEED", 20261121) + getuid();
	snprintf(root, sizeof(root), "%s/tree", base);
	REQUIRE(mkdir(root, 0755) == 0);
	REQUIRE(probe_kernel(arena, &caps, NULL, NULL) == 0);
	for (unsigned i = 0; i < count; i++)
		carried += try_policy(root, program, &caps);
	fprintf(stderr, "# %u policies, %u carried and tried\n", count, carried);
	CHECK(carried >= count / 4);
	remove_tree(root);
	arena_free(arena);
}

/* In a directory of its own, as @uid. */
static void try_as(uid_t uid)
{
	char base[] = "/tmp/cordon-files-XXXXXX", program[64];

	REQUIRE(mkdtemp(base) != NULL && chmod(base, 0755) == 0);
	snprintf(program, sizeof(program), "%s/worker", base);
	copy_self(program);
	/* a second mount takes a mount table of the test's own */
	has_bound = getuid() == 0 && uid == 0 && unshare(CLONE_NEWNS) == 0 &&
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	if (uid != getuid()) {
		REQUIRE(chown(base, uid, uid) == 0);
		REQUIRE(setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0);
		/* who changes its user owns its files in /proc again only after exec, or so */
		REQUIRE(prctl(PR_SET_DUMPABLE, 1) == 0);
	}
	try_policies(base, program);
	remove_tree(base);
}

TEST(carried_file_rules_are_what_the_kernel_does)
{
	NEED("landlock>=3");
	try_as(getuid());
}

TEST(carried_file_rules_are_what_the_kernel_does_for_nobody)
{
	NEED("root landlock>=3 userns");
	try_as(65534);
}
