/* Which mechanism carries what, and what is refused: one row per decision of the planner. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "fixture.h"
#include "tap.h"

/* ---- what is carried, or not, and why ---- */

struct expectation {
	const char *body;
	const char *carrier; /* start of its canonical text */
	bool carried;
	uint32_t mechanisms;
	const char *why; /* a piece of it, or NULL */
};

static void expect(const struct expectation *rows, size_t count, const struct kernel_caps *caps)
{
	for (size_t i = 0; i < count; i++) {
		const struct carrier *carrier;
		struct fixture f;

		fixture_init(&f);
		if (caps)
			f.caps = *caps;
		fixture_plan(&f, rows[i].body);
		carrier = fixture_carrier(&f, rows[i].carrier);
		if (!CHECK(carrier != NULL) || !CHECK_INT(carrier->carried, rows[i].carried) ||
		    !CHECK_INT(carrier->mechanisms, rows[i].mechanisms) ||
		    !CHECK(!rows[i].why || (carrier->why && strstr(carrier->why, rows[i].why)))) {
			CHECK_STR(rows[i].body, "(the case above)");
			if (carrier)
				CHECK_STR(carrier->why, rows[i].why);
		}
		fixture_release(&f);
	}
}

#define FILTER MECHANISM_SECCOMP
#define OBJECTS (MECHANISM_SECCOMP | MECHANISM_LANDLOCK)

TEST(files)
{
	static const struct expectation rows[] = {
		{ "file read /etc/ssl/**", "file read", true, OBJECTS, NULL },
		{ "file read /etc/hostname", "file read", true, OBJECTS, NULL },
		{ "file write /var/log/a/**", "file write", true, OBJECTS, NULL },
		{ "file append /var/log/a/**", "file append", false, MECHANISM_SUPERVISOR, "appending" },
		{ "file stat /srv/**", "file stat", false, MECHANISM_SUPERVISOR, "does not see stat" },
		{ "file read /var/log/*.log", "file read", false, MECHANISM_SUPERVISOR, "not the pattern" },
		{ "file read /var/**\nfile read /var/log/*.log", "file read /var/log", true, MECHANISM_DEFAULT,
		  "another rule" },
		{ "file read /srv/** except /srv/.git/**", "file read", false, MECHANISM_SUPERVISOR, "can't subtract" },
		{ "file read /srv/** except /etc/**", "file read", true, OBJECTS, NULL },
		{ "file create /run/a.pid", "file create", false, MECHANISM_SUPERVISOR, "one name" },
		{ "file create /run/a/**", "file create", true, OBJECTS, NULL },
		{ "file rename /a/**", "file rename", false, MECHANISM_SUPERVISOR, "right to make and remove" },
		{ "file create,delete,rename /a/**", "file create", true, OBJECTS, NULL },
		{ "file create,delete,rename /a/**\nfile create,delete /b/**", "file create,delete,rename", false,
		  MECHANISM_SUPERVISOR, "below /b too" },
		{ "file create,delete,rename /a/**\nfile create,delete /a/b/**", "file create,delete,rename", true,
		  OBJECTS, NULL },
		{ "file create,link /a/**\nfile create /b/**", "file create,link", false, MECHANISM_SUPERVISOR,
		  "below /b too" },
		{ "file attr /a/**", "file attr", false, MECHANISM_MOUNT, "chmod" },
		{ "file attr /**", "file attr", true, OBJECTS, NULL },
		{ "isolate mount\nfile attr /a/**", "file attr", true, OBJECTS | MECHANISM_MOUNT, NULL },
		{ "isolate mount\nfile attr /a/**\nfile write /b/**", "file attr", false, MECHANISM_SUPERVISOR,
		  "possible there too" },
		{ "isolate mount\nfile edit /a/**", "file edit", true, OBJECTS | MECHANISM_MOUNT, NULL },
		{ "file read,exec-map /usr/**", "file read,exec-map", false, MECHANISM_MOUNT, "noexec" },
		{ "isolate mount\nfile read,exec-map /usr/**", "file read,exec-map", true, OBJECTS | MECHANISM_MOUNT,
		  NULL },
		{ "isolate mount\nfile exec-map /usr/**", "file exec-map", false, MECHANISM_SUPERVISOR, "can be read" },
		{ "file read /proc/self/maps", "file read", false, MECHANISM_SUPERVISOR,
		  "another object in each process" },
		{ "deny file read /etc/**", "deny file", true, MECHANISM_DEFAULT, "no rule grants" },
		{ "file read /etc/**\ndeny file read /etc/ssh/**", "deny file", false, MECHANISM_SUPERVISOR,
		  "can't subtract" },
		{ "deny file write /etc/** errno EROFS", "deny file", false, MECHANISM_SUPERVISOR, "one answer" },
		{ "kill file", "kill file", true, FILTER, NULL },
		{ "file read /etc/**\ndeny file delete,rename", "deny file", true, FILTER, NULL },
		{ "exec /usr/bin/git", "exec", true, OBJECTS, NULL },
		{ "exec /usr/bin/*", "exec", false, MECHANISM_SUPERVISOR, "not the pattern" },
		{ "exec /usr/bin/git profile git", "exec", false, MECHANISM_SUPERVISOR, "change of profile" },
		{ "deny exec", "deny exec", true, FILTER, NULL },
	};

	expect(rows, ARRAY_SIZE(rows), NULL);
}

TEST(nets)
{
	uint32_t listens = OBJECTS | MECHANISM_LISTENER;
	const struct expectation rows[] = {
		{ "net connect tcp *:443", "net connect", true, OBJECTS, NULL },
		{ "net accept tcp *:80", "net accept", true, listens, NULL },
		{ "net bind tcp *:80", "net bind", true, OBJECTS, NULL },
		{ "net connect tcp 10.0.0.1:443", "net connect", false, MECHANISM_SUPERVISOR, "not the address" },
		{ "net connect tcp *:* except *:25", "net connect", true, OBJECTS, NULL },
		{ "net connect udp *:*", "net connect", true, FILTER, NULL },
		{ "net connect udp *:53", "net connect", false, MECHANISM_SUPERVISOR, "of UDP" },
		{ "net connect udp *:*\nnet bind tcp *:80", "net connect udp", false, MECHANISM_SUPERVISOR,
		  "on which socket" },
		{ "net connect,bind udp *:*\nnet bind tcp *:80", "net connect,bind udp", true, FILTER, NULL },
		{ "net bind udp *:*", "net bind", true, FILTER, NULL }, /* nothing sends */
		{ "use std/c-runtime@1\nnet bind udp *:*", "net bind", false, MECHANISM_SUPERVISOR, "sendmsg" },
		{ "use std/c-runtime@1\nnet bind vsock *", "net bind", false, MECHANISM_SUPERVISOR, "sendmsg" },
		{ "net connect udp *:*\nnet accept tcp *:80", "net connect udp", false, MECHANISM_SUPERVISOR,
		  "opens bind for" },
		{ "net connect unix /run/x", "net connect", false, MECHANISM_SUPERVISOR, "in memory" },
		{ "net bind tcp *:80 as root", "net bind", false, MECHANISM_SUPERVISOR, "acting as" },
		{ "net accept vsock *\nnet accept tcp *:80", "net accept vsock", false, MECHANISM_SUPERVISOR,
		  "TCP sockets only" },
		{ "deny net", "deny net", true, FILTER, NULL },
		{ "net connect tcp *:20-30\ndeny net connect tcp *:25", "deny net", true, MECHANISM_LANDLOCK, NULL },
		{ "net connect tcp *:20-30\ndeny net connect tcp *:25 errno ENETUNREACH", "deny net", false,
		  MECHANISM_SUPERVISOR, "one answer" },
		{ "deny net connect udp", "deny net", true, MECHANISM_DEFAULT, "no rule grants" },
		{ "default net ask", "default net ask", false, MECHANISM_SUPERVISOR, "answers" },
		{ "default net kill", "default net kill", true, FILTER, NULL },
		{ "default net kill\nnet connect tcp *:1", "default net kill", false, MECHANISM_SUPERVISOR, "EACCES" },
	};

	expect(rows, ARRAY_SIZE(rows), NULL);
}

TEST(others)
{
	static const struct expectation rows[] = {
		{ "signal domain", "signal", true, OBJECTS, NULL },
		{ "signal self", "signal", false, MECHANISM_SUPERVISOR, "children" },
		{ "use std/c-runtime@1\nsignal self", "signal", true, OBJECTS, NULL },
		{ "signal other", "signal", true, FILTER, NULL },
		{ "signal other\nnet accept tcp *:80", "signal", false, MECHANISM_SUPERVISOR, "parent" },
		{ "syscall prlimit64", "syscall", true, FILTER, NULL },
		{ "syscall prlimit64\nnet accept tcp *:80", "syscall", false, MECHANISM_SUPERVISOR, "parent" },
		{ "syscall prlimit64 if resource == RLIMIT_CPU\nnet accept tcp *:80", "syscall", false,
		  MECHANISM_SUPERVISOR, "parent" },
		{ "syscall prlimit64 if pid == 0\nnet accept tcp *:80", "syscall", true, FILTER, NULL },
		{ "syscall prlimit64\nisolate pid\nnet accept tcp *:80", "syscall", true, FILTER, NULL },
		{ "use std/c-runtime@1\nnet accept tcp *:80", "syscall @basic", true, FILTER, NULL },
		{ "deny signal other", "deny signal", true, MECHANISM_LANDLOCK, NULL },
		{ "deny signal domain", "deny signal", false, MECHANISM_SUPERVISOR, "names" },
		{ "kill ptrace", "kill ptrace", true, FILTER, NULL },
		{ "ptrace because \"x\"", "ptrace", true, OBJECTS, "inside" },
		{ "mount because \"x\"", "mount", false, MECHANISM_BPF, "Landlock domain" },
		{ "ioctl any TCGETS", "ioctl", true, FILTER, NULL },
		{ "ioctl tty TCGETS", "ioctl", false, MECHANISM_SUPERVISOR, "the command" },
		{ "ask syscall getpid", "ask syscall", false, MECHANISM_SUPERVISOR, "asking" },
		{ "deny syscall getpid log", "deny syscall", true, MECHANISM_SECCOMP | MECHANISM_SUPERVISOR, NULL },
		{ "kill syscall getpid log", "kill syscall", false, MECHANISM_SUPERVISOR, "recorded" },
		{ "syscall setuid log", "syscall setuid", false, MECHANISM_SUPERVISOR, "recorded" },
		{ "deny file write /srv/** log", "deny file", false, MECHANISM_SUPERVISOR, "recorded" },
		{ "deny signal log", "deny signal", false, MECHANISM_SUPERVISOR, "recorded" },
		{ "syscall getpid for uid == 0", "syscall", true, MECHANISM_DEFAULT, "does not apply" },
		{ "syscall setuid\nsyscall getpid for uid == 0", "syscall getpid", false, MECHANISM_SUPERVISOR,
		  "change its user" },
		{ "limit files 10", "limit files", true, MECHANISM_RLIMIT, NULL },
		{ "limit mem 1G", "limit mem", false, MECHANISM_CGROUP, "control group" },
		{ "isolate net", "isolate net", true, MECHANISM_NAMESPACE, NULL },
		{ "require landlock >= 8 else refuse", "require", false, MECHANISM_LAUNCH, "has landlock 7" },
		{ "require landlock >= 7 else refuse", "require", true, MECHANISM_LAUNCH, NULL },
		{ "phase a {\n}", "phase a", false, MECHANISM_SUPERVISOR, NULL },
		{ "wx sealed", "wx sealed", true, MECHANISM_PRCTL | MECHANISM_SECCOMP | MECHANISM_LISTENER, NULL },
	};

	expect(rows, ARRAY_SIZE(rows), NULL);
}

TEST(T07_double_mapping_is_refused)
{
	static const struct expectation rows[] = {
		{ "file read,write /srv/**", "wx strict", false, MECHANISM_MOUNT, "mapped twice" },
		{ "file read /**\nfile write /srv/**", "wx strict", false, MECHANISM_MOUNT,
		  "/srv may be read and written" },
		{ "file read,write /srv/**\nwx allow", "wx allow", true, MECHANISM_DEFAULT, NULL },
		{ "isolate mount\nfile read,write /srv/**", "wx strict", true, MECHANISM_PRCTL | MECHANISM_MOUNT,
		  NULL },
		{ "isolate mount\nfile read,write /srv/**\nexec /srv/**", "wx strict", false, MECHANISM_MOUNT,
		  "executed" },
		{ "file read /a/**\nfile write /b/**", "wx strict", true, MECHANISM_PRCTL, NULL },
		{ "file read,write /dev/null", "wx strict", true, MECHANISM_PRCTL, NULL },
		{ "syscall memfd_create because \"x\"", "wx strict", false, MECHANISM_SUPERVISOR, "memfd_create" },
		{ "use std/c-runtime@1", "wx strict", true, MECHANISM_PRCTL, NULL },
	};

	expect(rows, ARRAY_SIZE(rows), NULL);
}

/* A program's loader has to be executable for the start; once anything may be executed it could be started by hand. */
TEST(T06_the_loader_must_be_meant)
{
	struct fixture f;

	fixture_init(&f);
	f.facts.program = "/usr/bin/app";
	f.facts.loader = "/usr/lib/ld.so";
	fixture_plan(&f, "exec /usr/bin/git");
	CHECK_INT(fixture_carrier(&f, "exec")->carried, false);
	CHECK(strstr(fixture_carrier(&f, "exec")->why, "runs any file") != NULL);
	fixture_plan(&f, "exec /usr/bin/git /usr/lib/ld.so");
	CHECK_INT(fixture_carrier(&f, "exec")->carried, true);
	fixture_plan(&f, "file read /usr/**");
	CHECK_INT(f.plan->uncarried, 0);
	CHECK_INT(fixture_call(&f, "execve", (uint64_t[6]){ 0 }).kind, VERDICT_DENY);
	fixture_release(&f);
}

TEST(an_older_kernel_loses_nothing_silently)
{
	struct kernel_caps old = { .landlock = 2,
				   .seccomp = true,
				   .notify = true,
				   .userns = true,
				   .mount_setattr = true,
				   .ns = { true, true, true, true, true, true },
				   .execveat_token = true,
				   .uid = 1000 };
	static const struct expectation rows[] = {
		{ "file read /etc/**", "file read", true, OBJECTS, NULL },
		{ "file write /etc/**", "file write", true, OBJECTS, NULL },
		{ "file read /etc/**", "nothing is truncated", true, MECHANISM_SECCOMP, "ABI 2" },
		{ "net connect tcp *:443", "net connect", false, MECHANISM_LANDLOCK, "ABI 4" },
		{ "net connect tcp *:*", "net connect", true, OBJECTS, NULL },
		{ "use std/c-runtime@1", "signals stay", false, MECHANISM_LANDLOCK, "ABI 6" },
		{ "file read /a/**", "wx strict", true, MECHANISM_SECCOMP, NULL },
		{ "file read /a/**\narch x86_64 x32", "wx strict", true, MECHANISM_SECCOMP, NULL },
		{ "file read /a/**\narch x86_64 i386", "wx strict", false, MECHANISM_PRCTL, "MDWE" },
		{ "file read,write /a/**", "wx strict", false, MECHANISM_MOUNT, "mapped twice" },
		{ "syscall io_uring_setup io_uring_enter io_uring_register openat openat2 because \"a test\"\nwx allow",
		  "syscall io_uring_setup", false, MECHANISM_BPF, "openat" },
	};

	expect(rows, ARRAY_SIZE(rows), &old);
}

/* What a right to write does not stand behind, as the filter sees it: the access mode and O_TRUNC. */
TEST(truncation_below_landlock_abi_3)
{
	static const struct {
		const char *body;
		int flags;
		enum verdict_kind kind;
	} rows[] = {
		{ "file read,write /a/**", O_RDONLY, VERDICT_ALLOW },
		{ "file read,write /a/**", O_WRONLY | O_TRUNC | O_CREAT, VERDICT_ALLOW },
		{ "file read,write /a/**", O_RDWR | O_TRUNC, VERDICT_ALLOW },
		{ "file read,write /a/**", O_RDONLY | O_TRUNC, VERDICT_DENY },
		{ "file read,write /a/**", O_ACCMODE | O_TRUNC, VERDICT_DENY },
		{ "file read,write /a/**", O_ACCMODE, VERDICT_ALLOW },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int abi = 2; abi <= 3; abi++) {
			struct fixture f;
			enum verdict_kind wanted = abi == 2 ? rows[i].kind : VERDICT_ALLOW;

			fixture_init(&f);
			f.caps.landlock = abi;
			fixture_plan(&f, rows[i].body);
			CHECK_INT(fixture_call(&f, "openat", (uint64_t[6]){ 0, 0, (uint64_t)rows[i].flags }).kind,
				  wanted);
			CHECK_INT(fixture_call(&f, "open", (uint64_t[6]){ 0, (uint64_t)rows[i].flags }).kind, wanted);
			fixture_release(&f);
		}
}

/* As PR_SET_MDWE answers, where there is none. */
TEST(T07_the_filter_holds_wx_where_the_kernel_does_not)
{
	struct fixture f;
	const struct {
		const char *call;
		uint64_t protection;
		enum verdict_kind kind;
	} rows[] = {
		{ "mmap", PROT_READ | PROT_EXEC, VERDICT_ALLOW },
		{ "mmap", PROT_READ | PROT_WRITE, VERDICT_ALLOW },
		{ "mmap", PROT_WRITE | PROT_EXEC, VERDICT_DENY },
		{ "mprotect", PROT_READ | PROT_WRITE, VERDICT_ALLOW },
		{ "mprotect", PROT_READ | PROT_EXEC, VERDICT_DENY },
		{ "pkey_mprotect", PROT_EXEC, VERDICT_DENY },
	};

	for (int mdwe = 0; mdwe <= 1; mdwe++) {
		fixture_init(&f);
		f.caps.mdwe = mdwe;
		fixture_plan(&f, "syscall @basic\nfile read /a/**\nsyscall pkey_mprotect because \"a test\"");
		CHECK_INT(f.plan->mdwe, mdwe);
		CHECK_INT(f.plan->strict_wx, true);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			CHECK_INT(fixture_call(&f, rows[i].call, (uint64_t[6]){ 0, 4096, rows[i].protection }).kind,
				  mdwe ? VERDICT_ALLOW : rows[i].kind);
		fixture_release(&f);
	}
}

/* ---- what the programs then are ---- */

TEST(programs)
{
	struct fixture f;

	fixture_init(&f);
	fixture_plan(&f, "use std/c-runtime@1\nnet accept tcp *:80\nfile read /srv/**");
	CHECK_INT(f.plan->uncarried, 0);
	CHECK(f.plan->keeps_parent && f.plan->layers[0].listens);
	CHECK(f.plan->layers[0].listen_ports[80 / 8] & 1);
	CHECK_INT(fixture_call(&f, "listen", (uint64_t[6]){ 3, 10 }).kind, VERDICT_ASK);
	CHECK_INT(fixture_call(&f, "bind", (uint64_t[6]){ 3 }).kind, VERDICT_ALLOW);
	CHECK_INT(fixture_call(&f, "socket", (uint64_t[6]){ 2, 1, 0 }).kind, VERDICT_ALLOW);
	CHECK_INT(fixture_call(&f, "socket", (uint64_t[6]){ 2, 1 | 02000000, 6 }).kind, VERDICT_ALLOW);
	CHECK_INT(fixture_call(&f, "socket", (uint64_t[6]){ 2, 1, 262 }).kind, VERDICT_DENY); /* MPTCP */
	CHECK_INT(fixture_call(&f, "socket", (uint64_t[6]){ 2, 2, 0 }).kind, VERDICT_DENY);   /* UDP */
	CHECK_INT(fixture_call(&f, "socket", (uint64_t[6]){ 16, 3, 0 }).kind, VERDICT_DENY);  /* netlink */
	CHECK_INT(fixture_call(&f, "socket", (uint64_t[6]){ 2, 1 | 0x100, 0 }).kind,
		  VERDICT_DENY); /* a flag nobody knows */
	CHECK_INT(fixture_call(&f, "connect", (uint64_t[6]){ 3 }).kind, VERDICT_DENY);
	CHECK_INT(fixture_call(&f, "clone3", (uint64_t[6]){ 0 }).error, ENOSYS);
	CHECK_INT(fixture_call(&f, "ioctl", (uint64_t[6]){ 0, 0x5412 }).kind, VERDICT_DENY); /* TIOCSTI */
	fixture_release(&f);
}

/* T13: the kernel reads 32 bits of clone's flags, so a bit above changes nothing, and unknown bits inside are denied. */
TEST(T13_widths_and_unknown_bits)
{
	struct fixture f;

	fixture_init(&f);
	fixture_plan(&f, "use std/c-runtime@1\nsyscall mprotect if prot & PROT_EXEC == 0");
	CHECK_INT(fixture_call(&f, "clone", (uint64_t[6]){ 0x11 }).kind, VERDICT_ALLOW);
	CHECK_INT(fixture_call(&f, "clone", (uint64_t[6]){ 0x11 | 1ull << 40 }).kind, VERDICT_ALLOW);
	CHECK_INT(fixture_call(&f, "clone", (uint64_t[6]){ 0x10000000 }).kind, VERDICT_DENY);
	CHECK_INT(fixture_call(&f, "clone", (uint64_t[6]){ 0x10000000 | 1ull << 40 }).kind, VERDICT_DENY);
	CHECK_INT(fixture_call(&f, "prlimit64", (uint64_t[6]){ 1ull << 32 }).kind, VERDICT_ALLOW);
	CHECK_INT(fixture_call(&f, "prlimit64", (uint64_t[6]){ 1 }).kind, VERDICT_DENY);
	fixture_release(&f);
}

TEST(every_rule_has_one_carrier)
{
	static const char *const bodies[] = {
		"use std/c-runtime@1",
		"use std/readonly@1",
		"use std/server@1",
		"use std/build@1",
		"phase a {\nfile read /x/**\n}\nphase b after setuid {\ndeny exec\n}",
		"file append /a\nask net\nnet connect udp *:1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct fixture f;
		size_t rules = 0;

		fixture_init(&f);
		fixture_plan(&f, bodies[i]);
		for (size_t k = 0; k < f.plan->carriers.count; k++) {
			const struct carrier *carrier = &f.plan->carriers.items[k];

			CHECK(carrier->mechanisms != 0);
			CHECK(carrier->carried || carrier->why);
		}
		rules = f.model->items[0]->rules.count;
		CHECK(f.plan->carriers.count >= rules);
		fixture_release(&f);
	}
}
