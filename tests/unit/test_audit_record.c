/* test_audit_record.c - records as Linux 6.18 wrote them, and what their program's texts must not do. */
#include "supervise/audit_record.h"

#include <string.h>

#include "harness/fixture.h"
#include "harness/tap.h"

static const char access_text[] =
	"audit(1795631269.486:3751): domain=163bb90e6 blockers=fs.read_file path=\"/etc/passwd\" "
	"dev=\"vda\" ino=409605";
static const char domain_text[] =
	"audit(1795631269.454:3748): domain=163bb90e6 status=allocated mode=enforcing pid=16480 "
	"uid=0 exe=\"/usr/bin/cordon\" comm=\"cordon\"";
static const char call_text[] =
	"audit(1795631269.486:3751): arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c "
	"a1=7fffaeba581f a2=0 a3=0 items=0 ppid=16480 pid=16491 auid=4294967295 uid=0 gid=0 euid=0 "
	"suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=4294967295 comm=\"cat\" "
	"exe=\"/usr/bin/cat\" key=(null)";
#define TYPE_SYSCALL 1300
#define TYPE_SECCOMP 1326

TEST(records_of_one_event)
{
	struct arena *arena = arena_new(0);
	struct audit_event event = { 0 };

	CHECK_INT(audit_serial(access_text), 3751);
	CHECK_INT(audit_serial("pid=1 uid=0"), 0);
	audit_event_add(&event, AUDIT_TYPE_LANDLOCK_ACCESS, access_text, arena);
	audit_event_add(&event, TYPE_SYSCALL, call_text, arena);
	CHECK(event.is_access && !event.makes_domain);
	CHECK_INT(event.domain, 0x163bb90e6);
	CHECK_STR(event.blocker, "fs.read_file");
	CHECK_STR(event.path, "/etc/passwd");
	CHECK_INT(event.process, 16491);
	CHECK_STR(event.program, "/usr/bin/cat");
	audit_event_add(&event, AUDIT_TYPE_LANDLOCK_DOMAIN, domain_text, arena);
	CHECK(event.makes_domain);
	CHECK_INT(event.maker, 16480);
	CHECK_STR(event.maker_program, "/usr/bin/cordon");
	arena_free(arena);
}

/* A name with blanks, quotes or control characters comes as digits; nothing in a name is taken for a field. */
TEST(names_of_the_program)
{
	static const struct {
		const char *field, *path;
	} rows[] = {
		{ "path=2F612062", "/a b" }, { "path=2F61220A1B", "/a\"\n\033" },
		{ "path=\"/x=1\"", "/x=1" }, { "path=2F6", NULL },
		{ "path=\"/open", NULL },    { "path=zz", NULL },
		{ "path=", NULL },           { "xpath=\"/y\"", NULL },
	};
	struct arena *arena = arena_new(0);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct audit_event event = { 0 };

		audit_event_add(&event, AUDIT_TYPE_LANDLOCK_ACCESS,
				arena_printf(arena, "audit(1.2:3): domain=1 blockers=fs.make_reg,fs.refer %s dev=\"x\"",
					     rows[i].field),
				arena);
		CHECK_STR(event.blocker, "fs.make_reg");
		CHECK_STR(event.path ? event.path : "(null)", rows[i].path ? rows[i].path : "(null)");
	}
	arena_free(arena);
}

TEST(a_killed_call)
{
	static const char text[] = "audit(1.2:3): auid=1 uid=0 gid=0 ses=1 subj=x pid=77 comm=\"a\" exe=\"/a\" sig=31 "
				   "arch=c000003e syscall=101 compat=0 ip=0x7f code=0x80000000";
	struct arena *arena = arena_new(0);
	struct audit_event event = { 0 };

	audit_event_add(&event, TYPE_SECCOMP, text, arena);
	CHECK(event.is_kill);
	CHECK_INT(event.process, 77);
	CHECK_INT(event.nr, 101);
	CHECK_INT(event.arch, 0xc000003e);
	arena_free(arena);
}

TEST(denials_with_their_fix)
{
	static const struct {
		struct audit_event event;
		const char *request, *fix;
	} rows[] = {
		{ { .blocker = "fs.read_dir", .path = "/srv" }, "file read \"/srv\"", "file read /srv" },
		{ { .blocker = "fs.execute", .path = "/a b" }, "exec \"/a b\"", "exec \"/a b\"" },
		{ { .blocker = "fs.make_reg", .path = "/tmp" }, "file create \"/tmp\"", "file create /tmp/**" },
		{ { .blocker = "fs.remove_dir", .path = "/" }, "file delete \"/\"", "file delete /**" },
		{ { .blocker = "fs.make_dir", .path = "/t*" }, "file create \"/t*\"", "" },
		{ { .blocker = "fs.read_file", .path = "/t?" }, "file read \"/t?\"", "" },
		{ { .blocker = "net.bind_tcp", .source_port = "80" }, "net bind tcp *:80", "net bind tcp *:80" },
		{ { .blocker = "net.connect_tcp", .target_port = "81" },
		  "net connect tcp *:81",
		  "net connect tcp *:81" },
		{ { .blocker = "net.connect_tcp", .target_port = "8 1" }, "net connect tcp *:8 1", "" },
		{ { .blocker = "scope.signal" }, "signal other", "signal other" },
		{ { .blocker = "fs.new_right", .path = "/x" }, "fs.new_right", "" },
	};
	struct fixture f;

	fixture_init(&f);
	REQUIRE(fixture_resolve(&f, (const char *const[]){ "file stat /x" }, 1) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct denial denial = audit_denial(&rows[i].event, f.model, 1000, f.arena);

		CHECK_STR(denial.request, rows[i].request);
		CHECK_STR(denial.fix ? denial.fix : "", rows[i].fix);
		CHECK_INT(denial.verdict.kind, VERDICT_DENY);
	}
	fixture_release(&f);
}
