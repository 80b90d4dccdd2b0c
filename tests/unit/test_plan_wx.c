/* W^X: what the planner has to refuse, because MDWE doesn't see it. */
#include <string.h>

#include "fixture.h"
#include "tap.h"

struct row {
	const char *body;
	const char *why; /* NULL: carried */
};

static void expect(struct fixture *f, const struct row *row)
{
	const struct carrier *carrier;

	fixture_plan(f, row->body);
	carrier = fixture_carrier(f, "wx strict");
	if (!CHECK(carrier != NULL) || !CHECK_INT(carrier->carried, !row->why) ||
	    (row->why && (!CHECK(carrier->why != NULL) || !CHECK(strstr(carrier->why, row->why) != NULL))))
		CHECK_STR(carrier && carrier->why ? carrier->why : row->body, row->why);
}

TEST(T07_grants_that_go_around_mdwe)
{
	static const struct row rows[] = {
		{ "file read,write /w/**", "mapped twice" },
		{ "file write /w/**", NULL },
		{ "file write /w/**\nfile read /r/**", NULL },
		{ "file write /w/**\nfile read /w/a/**", "mapped twice" },
		{ "file write /w/**\nexec /w/**", "written and executed" },
		{ "isolate mount\nfile read,write /w/**", NULL },
		{ "isolate mount\nfile read,write /w/**\nexec /w/**", "written and executed" },
		{ "file write /proc/**", "/proc/PID/mem" },
		{ "isolate mount\nfile write /proc/**", "/proc/PID/mem" },
		{ "file write /**", "/proc/PID/mem" },
		{ "file write /proc/1/**", "/proc/PID/mem" },
		{ "file write /proc/sys/**", NULL },
		{ "file read /proc/**", NULL },
		{ "file read,write /dev/null", NULL },
		{ "syscall memfd_create because \"x\"", "memfd_create" },
		{ "syscall shmget shmat", "shmat" },
		{ "syscall shmget", NULL },
		{ "deny syscall shmat", NULL },
		{ "ptrace because \"x\"", "ptrace" },
		{ "deny ptrace", NULL },
		{ "syscall userfaultfd because \"x\"", "userfaultfd" },
		{ "ioctl any USERFAULTFD_IOC_NEW\nfile read /dev/**", "USERFAULTFD_IOC_NEW" },
		{ "syscall ioctl because \"x\"\nfile read /dev/userfaultfd", "USERFAULTFD_IOC_NEW" },
		{ "ioctl any USERFAULTFD_IOC_NEW\nfile read /dev/pts/**", NULL },
		{ "ioctl any UFFDIO_COPY TCGETS\nfile read /dev/**", NULL },
		{ "cap sys_admin", "map_files" },
		{ "cap setuid checkpoint_restore", "map_files" },
		{ "cap setuid sys_ptrace", NULL },
		{ "isolate user\ncap sys_admin", NULL },
		{ "isolate pid\ncap sys_admin", NULL }, /* the fixture's caller needs a user namespace for it */
		{ "file read,write /w/** for uid != 1000", NULL },
		{ "syscall shmat for uid != 1000", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;

		fixture_init(&f);
		expect(&f, &rows[i]);
		fixture_release(&f);
	}
}

/* A proc file system somewhere else, and one that a private directory hides. */
TEST(T07_memory_elsewhere)
{
	static const struct row rows[] = {
		{ "file write /srv/**", "/proc/PID/mem" },
		{ "file write /srv/chroot/proc/1/**", "/proc/PID/mem" },
		{ "file write /srv/chroot/proc/sys/**", NULL },
		{ "file write /srv/www/**", NULL },
		{ "isolate mount\nprivate /srv\nfile write /srv/**", NULL },
		{ "isolate mount\nprivate /srv\nfile write /srv/chroot/**", "/proc/PID/mem" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;

		fixture_init(&f);
		*arena_push(f.arena, &f.facts.procs) = "/srv/chroot/proc";
		expect(&f, &rows[i]);
		fixture_release(&f);
	}
}

TEST(T07_devices)
{
	static const struct {
		struct row row;
		enum object_type type;
	} rows[] = {
		{ { "file read,write /dev/sda", "the device" }, OBJECT_DEVICE },
		{ { "isolate mount\nfile read,write /dev/sda", "the device" }, OBJECT_DEVICE },
		{ { "file read /dev/sda", NULL }, OBJECT_DEVICE },
		{ { "file read,write /dev/sda", NULL }, OBJECT_OTHER }, /* a FIFO */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;

		fixture_init(&f);
		f.facts.assumed = false;
		*arena_push(f.arena, &f.facts) =
			(struct host_object){ .path = "/dev/sda", .real = "/dev/sda", .type = rows[i].type };
		expect(&f, &rows[i].row);
		fixture_release(&f);
	}
}

/* What is started may be read and executed without a rule; and it may ask for more than MDWE sees. */
TEST(T07_the_program_itself)
{
	struct fixture f;

	fixture_init(&f);
	f.facts.program = "/w/run";
	expect(&f, &(struct row){ "file write /w/**", "is what is started" });
	fixture_release(&f);
	fixture_init(&f);
	f.facts.program = "/w/run";
	f.facts.script_interpreter = "/i/sh";
	expect(&f, &(struct row){ "file write /i/**", "is what is started" });
	fixture_release(&f);
	fixture_init(&f);
	f.facts.stack_is_code = true;
	expect(&f, &(struct row){ "file read /w/**", "executable stack" });
	fixture_release(&f);
}

TEST(noexec_mounts_hold_it)
{
	struct fixture f;

	fixture_init(&f);
	f.facts.assumed = false;
	*arena_push(f.arena, &f.facts) =
		(struct host_object){ .path = "/w", .real = "/w", .type = OBJECT_DIRECTORY, .noexec = true };
	expect(&f, &(struct row){ "file read,write /w/**", NULL });
	fixture_release(&f);
}
