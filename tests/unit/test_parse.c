/* test_parse.c - what is taken, what it becomes, and what is refused with which code. The texts of diagnostics are held by
 * tests/golden/bad, the round trip by tests/prop/test_syntax.c. */
#include "policy/parse.h"

#include <errno.h>
#include <string.h>

#include "harness/tap.h"

struct parsed {
	struct arena *arena;
	struct diags diags;
	struct source source;
	struct ast_file *file;
	struct ast_block block;
	struct ast_cond *cond;
	struct ast_request request;
};

static void begin(struct parsed *p, const char *text)
{
	*p = (struct parsed){ .arena = arena_new(0) };
	p->source = (struct source){ .name = "text", .text = text, .size = strlen(text) };
	diags_init(&p->diags, p->arena);
}

static const char *codes(struct parsed *p)
{
	struct str out;

	str_init(&out, p->arena);
	for (size_t i = 0; i < p->diags.count; i++)
		str_addf(&out, "%s%s", i ? " " : "", p->diags.items[i].code);
	return out.text;
}

/* One statement. */
static const struct ast_statement *statement(struct parsed *p, const char *text)
{
	begin(p, text);
	REQUIRE(parse_statements(&p->source, p->arena, &p->diags, &p->block) == 0);
	REQUIRE(p->block.count == 1);
	return p->block.items[0];
}

static void refuse(const char *text, const char *expected)
{
	struct parsed p;

	begin(&p, text);
	CHECK_INT(parse_statements(&p.source, p.arena, &p.diags, &p.block), -EINVAL);
	if (!CHECK_STR(codes(&p), expected))
		fprintf(stderr, "# in: %s\n", text);
	CHECK_INT(p.block.count, 0);
	arena_free(p.arena);
}

TEST(file_rule)
{
	struct parsed p;
	const struct ast_statement *s =
		statement(&p, "deny file read, write /a \"/b c\" except /a/x errno EROFS log because \"why\" "
			      "if uid != www-data @learned");
	const struct ast_rule *rule = &s->u.rule;

	CHECK_INT(s->kind, STATEMENT_RULE);
	CHECK(rule->verdict_written);
	CHECK_INT(rule->verdict, VERDICT_DENY);
	CHECK_INT(rule->class, REQUEST_FILE);
	CHECK_INT(rule->operations.count, 2);
	CHECK_STR(rule->operations.items[1].text, "write");
	CHECK_INT(rule->objects.count, 2);
	CHECK_STR(rule->objects.items[1].text, "/b c");
	CHECK(rule->objects.items[1].quoted && !rule->objects.items[0].quoted);
	CHECK_INT(rule->excepts.count, 1);
	CHECK_STR(rule->errno_name.text, "EROFS");
	CHECK(rule->log);
	CHECK_STR(rule->because.text, "why");
	CHECK(rule->uid.present);
	CHECK_INT(rule->uid.compare, COMPARE_NE);
	CHECK_STR(rule->uid.user.text, "www-data");
	CHECK_INT(rule->origins.count, 1);
	CHECK_INT(s->span.offset, 0);
	CHECK_INT(s->span.length, p.source.size);
	CHECK_INT(rule->objects.items[0].span.offset, 22);
	arena_free(p.arena);
}

TEST(other_rules)
{
	struct parsed p;
	const struct ast_rule *rule = &statement(&p, "net bind,connect tcp *:80 [::1]:443 as root:adm")->u.rule;

	CHECK(!rule->verdict_written);
	CHECK_STR(rule->protocol.text, "tcp");
	CHECK_INT(rule->objects.count, 2);
	CHECK_STR(rule->as_user.text, "root");
	CHECK_STR(rule->as_group.text, "adm");
	arena_free(p.arena);
	rule = &statement(&p, "exec /usr/bin/git profile git for uid == 0")->u.rule;
	CHECK_STR(rule->profile.text, "git");
	CHECK_INT(rule->uid.compare, COMPARE_EQ);
	arena_free(p.arena);
	rule = &statement(&p, "ioctl tty TCGETS 0x5401")->u.rule;
	CHECK_STR(rule->protocol.text, "tty");
	CHECK_INT(rule->objects.count, 2);
	arena_free(p.arena);
	rule = &statement(&p, "net connect unix @abstract @learned")->u.rule;
	CHECK_INT(rule->objects.count, 1);
	CHECK_INT(rule->origins.count, 1);
	arena_free(p.arena);
	rule = &statement(&p, "net connect unix \"@learned\"")->u.rule;
	CHECK_STR(rule->objects.items[0].text, "@learned");
	CHECK_INT(rule->origins.count, 0);
	arena_free(p.arena);
	rule = &statement(&p, "allow syscall @timer nanosleep if clockid == 1 for uid == 5")->u.rule;
	CHECK_INT(rule->objects.count, 2);
	CHECK(rule->cond && rule->uid.present);
	arena_free(p.arena);
}

/* A restriction may speak of everything, a grant may not. */
TEST(operands_may_be_missing)
{
	static const char *const texts[] = {
		"deny file",       "deny file write", "kill net",   "ask net connect", "deny net connect tcp",
		"deny exec",       "deny signal",     "deny ioctl", "deny ioctl tty",  "kill ptrace",
		"mount",           "deny mount",      "never file", "never exec",      "never net accept",
		"ask signal other"
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct parsed p;

		statement(&p, texts[i]);
		arena_free(p.arena);
	}
	refuse("file", "C0126");
	refuse("allow file read", "C0126");
	refuse("net connect tcp", "C0126");
	refuse("deny syscall", "C0126");
	refuse("never syscall", "C0126");
}

TEST(phases)
{
	struct parsed p;
	const struct ast_statement *s =
		statement(&p, "phase serve after 5 bind tcp *:443 [::]:443 domain { # c\n  file read /a\n  # end\n}");

	CHECK_STR(s->u.phase.name.text, "serve");
	CHECK_INT(s->u.phase.trigger->count, 5);
	CHECK_STR(s->u.phase.trigger->event.text, "bind");
	CHECK_STR(s->u.phase.trigger->protocol.text, "tcp");
	CHECK_INT(s->u.phase.trigger->objects.count, 2);
	CHECK(s->u.phase.domain);
	CHECK_INT(s->u.phase.body.count, 1);
	CHECK_STR(s->u.phase.body.comment_end, "# end\n");
	CHECK_STR(s->comment_after, "# c");
	arena_free(p.arena);
	s = statement(&p, "phase start { }");
	CHECK(!s->u.phase.trigger);
	arena_free(p.arena);
	s = statement(&p, "phase x after \"bind\" {\n}");
	CHECK(s->u.phase.trigger->event.quoted);
	CHECK(!s->u.phase.trigger->protocol.text);
	CHECK_INT(s->u.phase.trigger->count, 1);
	arena_free(p.arena);
	s = statement(&p, "phase x after open /cordon/ready domain {\n}");
	CHECK(!s->u.phase.trigger->protocol.text);
	CHECK_STR(s->u.phase.trigger->objects.items[0].text, "/cordon/ready");
	arena_free(p.arena);
}

TEST(other_statements)
{
	struct parsed p;
	const struct ast_statement *s = statement(&p, "use std/tmp@12 path=/var/tmp note=\"a b\" \"c d=e\" empty=");

	CHECK_STR(s->u.use.name.text, "std/tmp");
	CHECK_STR(s->u.use.version.text, "12");
	CHECK_INT(s->u.use.parameters.count, 4);
	CHECK_STR(s->u.use.parameters.items[1].value.text, "a b");
	CHECK_STR(s->u.use.parameters.items[2].key.text, "c d");
	CHECK_STR(s->u.use.parameters.items[3].value.text, "");
	CHECK_INT(s->u.use.parameters.items[0].value.span.offset, 20);
	arena_free(p.arena);
	s = statement(&p, "default net deny errno EACCES");
	CHECK_STR(s->u.fallback.class.text, "net");
	CHECK_STR(s->u.fallback.errno_name.text, "EACCES");
	arena_free(p.arena);
	s = statement(&p, "require landlock >= 4 else refuse");
	CHECK_STR(s->u.require.feature.text, "landlock");
	CHECK_STR(s->u.require.value.text, "4");
	arena_free(p.arena);
	s = statement(&p, "require seccomp else refuse");
	CHECK(!s->u.require.value.text);
	arena_free(p.arena);
	s = statement(&p, "prefer strict");
	CHECK(!s->u.prefer.vanilla);
	arena_free(p.arena);
	s = statement(&p, "prefer strict else vanilla");
	CHECK(s->u.prefer.vanilla);
	arena_free(p.arena);
	s = statement(&p, "test in serve deny errno EROFS file write \"/a b\"");
	CHECK_STR(s->u.test.phase.text, "serve");
	CHECK_STR(s->u.test.errno_name.text, "EROFS");
	CHECK_STR(s->u.test.request.object.text, "/a b");
	arena_free(p.arena);
	s = statement(&p, "limit mem 2G procs 64");
	CHECK_INT(s->u.pairs.count, 2);
	CHECK_STR(s->u.pairs.items[1].value.text, "64");
	arena_free(p.arena);
	s = statement(&p, "env set A=b=c D=\"e f\"");
	CHECK_STR(s->u.env.action.text, "set");
	CHECK_STR(s->u.env.pairs.items[0].value.text, "b=c");
	CHECK_STR(s->u.env.pairs.items[1].value.text, "e f");
	arena_free(p.arena);
	s = statement(&p, "isolate pid \\\n  net");
	CHECK_INT(s->u.words.count, 2);
	arena_free(p.arena);
}

static void check_cond(const char *text, const char *expected)
{
	struct parsed p;
	struct str out;

	begin(&p, text);
	REQUIRE(parse_condition(&p.source, p.arena, &p.diags, &p.cond) == 0);
	str_init(&out, p.arena);
	print_condition(p.cond, &out);
	CHECK_STR(out.text, expected ? expected : text);
	arena_free(p.arena);
}

TEST(conditions)
{
	check_cond("a == 1", NULL);
	check_cond("a & X|Y != Z", NULL);
	check_cond("a & X | Y == A | B", "a & X|Y == A|B");
	check_cond("a not in {A|B 2} and b in {-1}", NULL);
	check_cond("flags within A|B", NULL);
	check_cond("arg0:64 <= 0x10", NULL);
	/* or < and < not; only the parentheses that are needed stay */
	check_cond("a == 1 or b == 2 and c == 3", NULL);
	check_cond("(a == 1 or b == 2) and c == 3", NULL);
	check_cond("(a == 1) or ((b == 2 and c == 3))", "a == 1 or b == 2 and c == 3");
	check_cond("not (a == 1 or b == 2)", NULL);
	check_cond("not not a == 1", NULL);
	check_cond("a == 1 or (b == 2 or c == 3)", NULL);
}

TEST(condition_tree)
{
	struct parsed p;

	begin(&p, "not a & X|Y < Z and b in {A|B C}");
	REQUIRE(parse_condition(&p.source, p.arena, &p.diags, &p.cond) == 0);
	CHECK_INT(p.cond->kind, COND_AND);
	CHECK_INT(p.cond->left->kind, COND_NOT);
	/* names are one by one where they are ORed together anyway, and stay joined among alternatives */
	CHECK_INT(p.cond->left->left->mask.count, 2);
	CHECK_INT(p.cond->right->values.count, 2);
	CHECK_STR(p.cond->right->values.items[0].text, "A|B");
	CHECK_INT(p.cond->span.length, p.source.size);
	arena_free(p.arena);
}

TEST(requests)
{
	static const char *const texts[] = { "file read \"/etc/passwd\"",
					     "net connect tcp [::1]:443",
					     "exec \"/bin/sh\"",
					     "signal other",
					     "ptrace",
					     "mount",
					     "ioctl tty TIOCSTI",
					     "syscall getpid",
					     "syscall socket(AF_VSOCK, SOCK_STREAM|SOCK_CLOEXEC, 0)",
					     "syscall mmap(0, 1, 2, 3, 4, 5) on x86_64" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct parsed p;
		struct str out;

		begin(&p, texts[i]);
		REQUIRE(parse_request(&p.source, p.arena, &p.diags, &p.request) == 0);
		str_init(&out, p.arena);
		print_request(&p.request, &out);
		CHECK_STR(out.text, texts[i]);
		arena_free(p.arena);
	}
}

TEST(one_part_only)
{
	struct parsed p;

	begin(&p, "\n# c\nptrace");
	CHECK_INT(parse_request(&p.source, p.arena, &p.diags, &p.request), -EINVAL);
	arena_free(p.arena);
	begin(&p, "ptrace\n\nptrace");
	CHECK_INT(parse_request(&p.source, p.arena, &p.diags, &p.request), -EINVAL);
	CHECK_STR(codes(&p), "C0125");
	arena_free(p.arena);
	begin(&p, "a == 1 log");
	CHECK_INT(parse_condition(&p.source, p.arena, &p.diags, &p.cond), -EINVAL);
	CHECK_STR(codes(&p), "C0125");
	CHECK(!p.cond);
	arena_free(p.arena);
	begin(&p, "");
	CHECK_INT(parse_condition(&p.source, p.arena, &p.diags, &p.cond), -EINVAL);
	arena_free(p.arena);
	begin(&p, "a == 1 # why\n\n");
	CHECK_INT(parse_condition(&p.source, p.arena, &p.diags, &p.cond), 0);
	arena_free(p.arena);
}

static const char whole[] = "\n# top\n\n\ncordon 1 # v\n\n# p\nprofile web /usr/sbin/nginx \"/a b\" { # after\n\n\n"
			    "  # first\n  file read /a # a\n\n\n  # two\n\n  file read /b\n\n  # end\n\n} # behind\n"
			    "template t/x@3 $A $B=\"c d\" $C= {\n}\n\n# last\n\n";

TEST(whole_file)
{
	struct parsed p;
	const struct ast_profile *web, *template;

	begin(&p, whole);
	REQUIRE(parse_file(&p.source, p.arena, &p.diags, &p.file) == 0);
	CHECK_INT(p.file->version, 1);
	CHECK_INT(p.file->count, 2);
	web = p.file->items[0];
	template = p.file->items[1];
	CHECK(!web->is_template && template->is_template);
	CHECK_INT(web->binaries.count, 2);
	CHECK_STR(template->name.text, "t/x");
	CHECK_STR(template->version.text, "3");
	CHECK_INT(template->parameters.count, 3);
	CHECK_STR(template->parameters.items[0].key.text, "A");
	CHECK_STR(template->parameters.items[0].value.text, NULL);
	CHECK_STR(template->parameters.items[1].value.text, "c d");
	CHECK_STR(template->parameters.items[2].value.text, "");
	arena_free(p.arena);
}

TEST(comments_find_their_place)
{
	struct parsed p;
	const struct ast_profile *web;

	begin(&p, whole);
	REQUIRE(parse_file(&p.source, p.arena, &p.diags, &p.file) == 0);
	web = p.file->items[0];
	CHECK_STR(p.file->comment_top, "# top\n\n");
	CHECK_STR(p.file->comment_after, "# v");
	CHECK_STR(web->comment_before, "\n# p\n");
	CHECK_STR(web->comment_after, "# after");
	CHECK_STR(web->body.items[0]->comment_before, "# first\n");
	CHECK_STR(web->body.items[0]->comment_after, "# a");
	CHECK_STR(web->body.items[1]->comment_before, "\n# two\n\n");
	CHECK_STR(web->body.comment_end, "\n# end\n");
	CHECK_STR(p.file->items[1]->comment_before, "# behind\n");
	CHECK_STR(p.file->comment_end, "\n# last\n");
	arena_free(p.arena);
}

TEST(several_mistakes_in_one_run)
{
	struct parsed p;

	begin(&p, "cordon 1\nprofile p {\n  fiel x\n  phase a b {\n    wx on\n    limit x\n  }\n  file read /a "
		  "}\nchdir /\nprofile q {\n  exec x\n}\n");
	CHECK_INT(parse_file(&p.source, p.arena, &p.diags, &p.file), -EINVAL);
	CHECK_STR(codes(&p), "C0101 C0109 C0154 C0156 C0110 C0105 C0132");
	CHECK(!p.file);
	arena_free(p.arena);
}

/* One mistake, one report: what follows from it on the same line is not said. */
TEST(no_second_report_on_a_line)
{
	refuse("file read \"a", "C0111");
	refuse("file read /a'b' \\x errno", "C0135 C0119");
	refuse("syscall x if a in {1 2", "C0142");
	refuse("fiel read {a b} (c), \"d", "C0101 C0111");
}

TEST(blocks_within_what_is_refused)
{
	refuse("nonsense {\n  wx on\n}\nlimit x\n", "C0101 C0154 C0156");
	refuse("a {\nb {\nc {\n}\n}\n}\n", "C0101 C0101 C0101");
	refuse("}\n", "C0108");
	refuse("phase p {\n", "C0107");
	refuse("phase p {\n}}\n", "C0110");
}

/* Hostile depth and length: bounded time and stack. */
TEST(deep_and_long)
{
	size_t size = 1 << 20;
	struct parsed p;
	char *text;

	begin(&p, "");
	text = arena_alloc(p.arena, size + 1);
	for (size_t i = 0; i + 4 <= size; i += 4)
		memcpy(text + i, "x {\n", 4);
	p.source = (struct source){ .name = "deep", .text = text, .size = size };
	CHECK_INT(parse_statements(&p.source, p.arena, &p.diags, &p.block), -EINVAL);
	arena_free(p.arena);
	begin(&p, "");
	text = arena_alloc(p.arena, size + 1);
	memset(text, '(', size);
	p.source = (struct source){ .name = "parentheses", .text = text, .size = 60000 };
	CHECK_INT(parse_condition(&p.source, p.arena, &p.diags, &p.cond), -EINVAL);
	CHECK_STR(codes(&p), "C0140");
	arena_free(p.arena);
	begin(&p, "");
	text = arena_alloc(p.arena, size + 1);
	for (size_t i = 0; i + 8 <= size; i += 8)
		memcpy(text + i, i + 16 <= size ? "not a \\\n" : "a == 1 \n", 8);
	p.source = (struct source){ .name = "not", .text = text, .size = size };
	CHECK_INT(parse_condition(&p.source, p.arena, &p.diags, &p.cond), -EINVAL);
	arena_free(p.arena);
}

/* Outputs stay as they are when a text is refused. */
TEST(outputs_untouched)
{
	struct ast_file *file = (struct ast_file *)&whole;
	struct ast_cond *cond = (struct ast_cond *)&whole;
	struct ast_request request = { .class = REQUEST_MOUNT };
	struct ast_block block = { .count = 7 };
	struct parsed p;

	begin(&p, "x x x");
	CHECK_INT(parse_file(&p.source, p.arena, &p.diags, &file), -EINVAL);
	CHECK_INT(parse_statements(&p.source, p.arena, &p.diags, &block), -EINVAL);
	CHECK_INT(parse_condition(&p.source, p.arena, &p.diags, &cond), -EINVAL);
	CHECK_INT(parse_request(&p.source, p.arena, &p.diags, &request), -EINVAL);
	CHECK((const void *)file == &whole && (const void *)cond == &whole);
	CHECK_INT(request.class, REQUEST_MOUNT);
	CHECK_INT(block.count, 7);
	arena_free(p.arena);
}
