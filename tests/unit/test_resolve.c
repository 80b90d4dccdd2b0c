/* Names become numbers, templates open up, mistakes are found. */
#include <string.h>

#include "fixture.h"
#include "tap.h"

TEST(mistakes_have_codes)
{
	static const struct {
		const char *body, *code;
	} rows[] = {
		{ "use std/nothing@1", "C0201" },
		{ "use std/c-runtime@7", "C0201" },
		{ "use std/build@1 dri=/x", "C0203" },
		{ "file read $NOPE/x", "C0204" },
		{ "file read ../x", "C0205" },
		{ "file read ~/x", "C0205" },
		{ "file red /x", "C0206" },
		{ "test allow file edit \"/x\"", "C0206" },
		{ "net connect tpc *:1", "C0207" },
		{ "net connect tcp example.org:1", "C0208" },
		{ "net connect tcp *:99999", "C0208" },
		{ "net connect tcp ::1:80", "C0208" },
		{ "deny file write /x errno EXYZ", "C0210" },
		{ "net bind tcp *:80 as nobody-here", "C0211" },
		{ "syscall getrandm", "C0212" },
		{ "syscall @bsic", "C0213" },
		{ "syscall prlimit64 if pd == 0", "C0214" },
		{ "syscall mmap if prot == PROT_EXE", "C0215" },
		{ "syscall prlimit64 if pid == 0x100000000", "C0216" },
		{ "syscall prlimit64 if new_limit == 4096", "C0217" },
		{ "syscall socket", "C0220" },
		{ "ptrace", "C0221" },
		{ "mount", "C0221" },
		{ "syscall userfaultfd", "C0222" },
		{ "cap net_bnd", "C0223" },
		{ "arch i486", "C0224" },
		{ "limit mem lots", "C0225" },
		{ "limit memory 5", "C0225" },
		{ "ask-timeout soon", "C0225" },
		{ "isolate network", "C0226" },
		{ "private /tmp", "C0227" },
		{ "wx allow\nwx sealed", "C0228" },
		{ "chdir /a/**", "C0230" },
		{ "signal everyone", "C0231" },
		{ "ioctl any TCGTS", "C0232" },
		{ "require landlok >= 4 else refuse", "C0233" },
		{ "file exec-map /x as root", "C0234" },
		{ "file write /etc/** as root", "C0234" },
		{ "phase a {\n}\nphase a after setuid {\n}", "C0235" },
		{ "kill ptrace errno EPERM", "C0237" },
		{ "file write /etc/cordon/**", "C0238" },
		{ "signal domain except self", "C0239" },
		{ "ioctl terminal TCGETS", "C0241" },
		{ "phase a after setuid {\n}", "C0242" },
		{ "test in nowhere deny ptrace", "C0243" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;

		fixture_init(&f);
		CHECK(fixture_resolve(&f, &rows[i].body, 1) < 0);
		if (!CHECK_STR(fixture_code(&f), rows[i].code))
			CHECK_STR(rows[i].body, "(the case above)");
		fixture_release(&f);
	}
}

TEST(variables_and_parameters)
{
	const char *body = "file read $HOME/a ./b ${CWD}/c";
	struct fixture f;
	const struct rule *rule;

	fixture_init(&f);
	REQUIRE(fixture_resolve(&f, &body, 1) == 0);
	rule = &f.model->items[0]->rules.items[0];
	CHECK_STR(rule->objects.items[0].text, "/home/u/a");
	CHECK_STR(rule->objects.items[1].text, "/home/u/work/b");
	CHECK_STR(rule->objects.items[2].text, "/home/u/work/c");
	fixture_release(&f);
}

TEST(every_template_resolves_and_passes_its_tests)
{
	unsigned templates = 0;

	for (size_t i = 0; i < embedded_text_count; i++) {
		struct fixture f;
		struct ast_file *file;
		struct layer_source source;
		struct source text = { .name = embedded_texts[i].name,
				       .text = embedded_texts[i].text,
				       .size = embedded_texts[i].size };

		if (strncmp(text.name, "std/", 4) != 0)
			continue;
		fixture_init(&f);
		REQUIRE(parse_file(&text, f.arena, &f.diags, &file) == 0);
		for (size_t k = 0; k < file->count; k++) {
			int result;

			source = (struct layer_source){ .file = file, .profile = file->items[k] };
			result = resolve(&source, 1, &f.surroundings, f.arena, &f.diags, &f.model);
			if (CHECK_INT(result, 0)) {
				CHECK_INT(model_check(f.model, &f.diags), 0);
				CHECK(f.model->items[0]->tests.count > 0);
			}
			if (f.diags.count)
				CHECK_STR(f.diags.items[0].message, text.name);
			templates++;
		}
		fixture_release(&f);
	}
	CHECK_INT(templates, 8);
}

/* names.c and data/grants.cordon say the same about which class a call belongs to. */
static bool grant_names(const struct ast_file *grants, enum request_class class, const char *call)
{
	for (size_t i = 0; i < grants->count; i++) {
		const char *name = grants->items[i]->name.text + strlen("grant/");
		size_t size = strcspn(name, "-");

		if (strncmp(name, request_class_name(class), size) != 0 || request_class_name(class)[size])
			continue;
		for (size_t k = 0; k < grants->items[i]->body.count; k++) {
			const struct ast_statement *statement = grants->items[i]->body.items[k];

			for (size_t w = 0; statement->kind == STATEMENT_RULE && w < statement->u.rule.objects.count;
			     w++)
				if (!strcmp(statement->u.rule.objects.items[w].text, call))
					return true;
		}
	}
	return false;
}

TEST(classes_agree_with_the_grant_tables)
{
	const struct embedded_text *embedded = embedded_find("grants");
	struct fixture f;
	struct ast_file *grants;
	struct source source;

	fixture_init(&f);
	REQUIRE(embedded != NULL);
	source = (struct source){ .name = embedded->name, .text = embedded->text, .size = embedded->size };
	REQUIRE(parse_file(&source, f.arena, &f.diags, &grants) == 0);
	for (size_t call = 0; call < call_count; call++) {
		enum request_class class = call_request_class((uint16_t)call);

		if (class != REQUEST_SYSCALL && class != REQUEST_IOCTL &&
		    strcmp(call_table[call].name, "socketcall") != 0 &&
		    !CHECK(grant_names(grants, class, call_table[call].name)))
			CHECK_STR(call_table[call].name, "named by a grant");
		if (class != REQUEST_SYSCALL)
			continue;
		for (unsigned other = 0; other < REQUEST_SYSCALL; other++)
			if (!CHECK(!grant_names(grants, (enum request_class)other, call_table[call].name)))
				CHECK_STR(call_table[call].name, "in names.c");
	}
	fixture_release(&f);
}

TEST(nevers)
{
	static const struct {
		const char *body;
		bool holds;
	} rows[] = {
		{ "net connect tcp *:443\nnever net connect tcp *:25", true },
		{ "net connect tcp *:20-30\nnever net connect tcp *:25", false },
		{ "net connect tcp 10.0.0.0/8:25\nnever net connect tcp 192.168.0.0/16:25", true },
		{ "net connect tcp 10.0.0.0/8:25\nnever net connect tcp 10.1.0.0/16:25", false },
		{ "file read /etc/**\nnever file write /etc/**", true },
		{ "file write /etc/x/*.conf\nnever file write /etc/**", false },
		{ "file write /srv/** except /srv/secret/**\nnever file write /srv/secret/**", true },
		{ "file write /srv/**\ndeny file write /srv/secret/**\nnever file write /srv/secret/x", true },
		{ "syscall clone if flags & CLONE_NEWUSER == 0\nnever syscall clone if flags & CLONE_NEWUSER != 0",
		  true },
		{ "syscall clone\nnever syscall clone if flags & CLONE_NEWUSER != 0", false },
		{ "syscall lseek if whence == SEEK_SET\nnever syscall lseek if whence == SEEK_END", true },
		{ "syscall lseek if offset < 100\nnever syscall lseek if offset > 98", false },
		{ "syscall lseek if offset < 100\nnever syscall lseek if offset > 99", true },
		{ "exec /opt/**\nnever file read /opt/secret", false },
		{ "syscall lseek for uid == 7\nnever syscall lseek", false },
		{ "syscall lseek for uid != 7\nnever syscall lseek", false },
		{ "ptrace because \"x\"\nnever ptrace", false },
		{ "exec /opt/x\ntest allow exec \"/opt/x\"\ntest allow file read \"/opt/x\"\ntest deny file read "
		  "\"/opt/y\"",
		  true },
		{ "use std/c-runtime@1\nnever ptrace\nnever syscall unshare\nnever exec\nnever net", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;

		fixture_init(&f);
		REQUIRE(fixture_resolve(&f, &rows[i].body, 1) == 0);
		if (!CHECK_INT(model_check(f.model, &f.diags) == 0, rows[i].holds))
			CHECK_STR(rows[i].body, "(the case above)");
		fixture_release(&f);
	}
}

TEST(layers_stack_strictest)
{
	const char *const bodies[] = { "use std/c-runtime@1\nnet connect tcp *:1-100",
				       "use std/c-runtime@1\nnet connect tcp *:50-200" };
	struct request request = {
		.class = REQUEST_NET, .operation = NET_CONNECT, .protocol = NET_TCP, .phase = PHASE_NONE
	};
	struct fixture f;

	fixture_init(&f);
	REQUIRE(fixture_resolve(&f, bodies, 2) == 0);
	for (unsigned port = 0; port < 250; port += 10) {
		request.address = (struct net_address){ .prefix = 32,
							.bytes = { 127, 0, 0, 1 },
							.port_first = (uint16_t)port,
							.port_last = (uint16_t)port,
							.text = "x" };
		CHECK_INT(model_decide(f.model, &request, NULL, NULL).kind,
			  port >= 50 && port <= 100 ? VERDICT_ALLOW : VERDICT_DENY);
	}
	fixture_release(&f);
}
