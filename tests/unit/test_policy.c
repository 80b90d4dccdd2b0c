/* test_policy.c - libcordon as its users see it: cordon.h alone. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cordon/cordon.h"
#include "harness/tap.h"

static const char text[] =
	"cordon 1\n\nprofile web {\n  use std/c-runtime@1\n  file read /etc/hostname\n  kill ptrace\n"
	"  deny net errno ENETDOWN because \"offline\"\n"
	"  test allow file read \"/etc/hostname\"\n  never file read /etc/shadow\n}\n";

static struct cordon_policy *load(const char *policy_text)
{
	struct cordon_load_options options = {
		.size = sizeof(options), .text = policy_text, .text_size = strlen(policy_text), .name = "test"
	};
	struct cordon_policy *policy = NULL;
	struct cordon_error *error;

	if (cordon_policy_load(&options, &policy, &error) < 0)
		fprintf(stderr, "%s", cordon_error_text(error));
	REQUIRE(policy != NULL);
	return policy;
}

TEST(the_version_is_a_version)
{
	unsigned major, minor, patch;

	CHECK_INT(sscanf(cordon_version(), "%u.%u.%u", &major, &minor, &patch), 3);
}

TEST(nothing_is_freed)
{
	cordon_policy_free(NULL);
	cordon_error_free(NULL);
	CHECK_STR(cordon_error_text(NULL), "");
	CHECK(strstr(cordon_error_json(NULL), "cordon.diagnostics/1") != NULL);
}

TEST(a_text_may_go_once_it_is_loaded)
{
	struct cordon_load_options options = { .size = sizeof(options), .name = "memory" };
	struct cordon_policy *policy;
	enum cordon_verdict verdict;
	char *copy = strdup(text), *rule;

	options.text = copy;
	options.text_size = strlen(copy);
	CHECK_INT(cordon_policy_load(&options, &policy, NULL), 0);
	memset(copy, 'x', strlen(copy));
	free(copy);
	CHECK_INT(cordon_policy_decide(policy, "file read /etc/hostname", &verdict, NULL, &rule, NULL), 0);
	CHECK_INT(verdict, CORDON_ALLOW);
	CHECK_STR(rule, "file read /etc/hostname");
	free(rule);
	cordon_policy_free(policy);
}

TEST(errors_say_where)
{
	struct cordon_load_options options = { .size = sizeof(options),
					       .text = "cordon 1\nprofile a {\n  fiel read /x\n}\n" };
	struct cordon_policy *policy = (struct cordon_policy *)&options;
	struct cordon_error *error = NULL;

	options.text_size = strlen(options.text);
	CHECK_INT(cordon_policy_load(&options, &policy, &error), -EINVAL);
	CHECK(policy == (struct cordon_policy *)&options);
	CHECK(strstr(cordon_error_text(error), "<text>:3:3") != NULL);
	CHECK(strstr(cordon_error_text(error), "fiel") != NULL);
	CHECK(strstr(cordon_error_json(error), "\"schema\": \"cordon.diagnostics/1\"") != NULL);
	cordon_error_free(error);
	CHECK_INT(cordon_policy_load(&options, &policy, NULL), -EINVAL);
}

TEST(options_are_versioned)
{
	struct {
		struct cordon_load_options options;
		char future[16];
	} large = { .options = { .text = text, .text_size = sizeof(text) - 1 } };
	struct cordon_policy *policy = NULL;
	struct cordon_error *error;

	large.options.size = sizeof(large);
	CHECK_INT(cordon_policy_load(&large.options, &policy, &error), 0);
	cordon_policy_free(policy);
	large.future[3] = 1;
	CHECK_INT(cordon_policy_load(&large.options, &policy, &error), -E2BIG);
	CHECK(error == NULL);
	large.options.size = 8;
	CHECK_INT(cordon_policy_load(&large.options, &policy, &error), -EINVAL);
	large.options.size = sizeof(large.options);
	large.options.flags = 1u << 31;
	CHECK_INT(cordon_policy_load(&large.options, &policy, &error), -EINVAL);
	large.options.flags = 0;
	large.options.file = "std/readonly";
	CHECK_INT(cordon_policy_load(&large.options, &policy, &error), -EINVAL);
	large.options.file = large.options.text = NULL;
	CHECK_INT(cordon_policy_load(&large.options, &policy, &error), -EINVAL);
	CHECK_INT(cordon_policy_load(NULL, &policy, NULL), -EINVAL);
}

TEST(files_templates_and_lines)
{
	const char *lines[] = { "use std/c-runtime@1", "file read /etc/hostname" };
	struct cordon_load_options options = { .size = sizeof(options), .file = "std/readonly" };
	char name[] = "/tmp/test_policy.XXXXXX";
	struct cordon_policy *policy;
	int fd = mkstemp(name);

	CHECK_INT(cordon_policy_load(&options, &policy, NULL), 0);
	cordon_policy_free(policy);
	CHECK_INT(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	options.file = name;
	CHECK_INT(cordon_policy_load(&options, &policy, NULL), 0);
	cordon_policy_free(policy);
	CHECK_INT(fchmod(fd, 0666), 0);
	CHECK_INT(cordon_policy_load(&options, &policy, NULL), -EPERM);
	options.flags = CORDON_LOAD_UNTRUSTED;
	CHECK_INT(cordon_policy_load(&options, &policy, NULL), 0);
	cordon_policy_free(policy);
	unlink(name);
	CHECK_INT(cordon_policy_load(&options, &policy, NULL), -ENOENT);
	options.file = NULL;
	options.additions = lines;
	options.addition_count = 2;
	CHECK_INT(cordon_policy_load(&options, &policy, NULL), 0);
	cordon_policy_free(policy);
	close(fd);
}

TEST(decisions_are_explained)
{
	struct cordon_policy *policy = load(text);
	struct cordon_error *error;
	char *why = NULL;
	size_t size = 0;

	CHECK_INT(cordon_policy_explain(policy, "file read /etc/passwd", CORDON_FORMAT_TEXT, &why, &size, NULL), 0);
	CHECK_INT(size, strlen(why));
	CHECK(strstr(why, "deny") == why);
	CHECK(strstr(why, "fix: file read /etc/passwd\n") != NULL);
	free(why);
	CHECK_INT(cordon_policy_explain(policy, "file read /etc/hostname", CORDON_FORMAT_TEXT, &why, &size, NULL), 0);
	CHECK(strstr(why, "by file read /etc/hostname  (test:5)") != NULL);
	CHECK(strstr(why, "mechanism: ") != NULL);
	free(why);
	CHECK_INT(cordon_policy_explain(policy, "net connect tcp 10.0.0.1:443", CORDON_FORMAT_JSON, &why, &size, NULL),
		  0);
	CHECK(strstr(why, "\"schema\": \"cordon.decision/1\"") != NULL);
	CHECK(strstr(why, "\"place\": \"test:7\"") != NULL);
	CHECK(strstr(why, "\"mechanism\": \"seccomp\"") != NULL);
	free(why);
	why = (char *)text;
	CHECK_INT(cordon_policy_explain(policy, "file read /x", CORDON_FORMAT_RAW, &why, &size, &error), -EINVAL);
	CHECK_INT(cordon_policy_explain(policy, "fiel read /x", CORDON_FORMAT_TEXT, &why, &size, &error), -EINVAL);
	CHECK(strstr(cordon_error_text(error), "fiel") != NULL);
	CHECK(why == text);
	cordon_error_free(error);
	cordon_policy_free(policy);
}

TEST(nobody_is_left_without_a_policy)
{
	static const char wish[] = "cordon 1\n\nprofile a {\n  prefer /nowhere/b.cordon else vanilla\n}\n";
	struct cordon_load_options options = { .size = sizeof(options), .text = wish, .text_size = sizeof(wish) - 1 };
	struct cordon_policy *policy;
	struct cordon_error *error;

	CHECK_INT(cordon_policy_load(&options, &policy, &error), -ENOENT);
	CHECK(strstr(cordon_error_text(error), "C0513") != NULL);
	cordon_error_free(error);
}

TEST(tests_and_theorems)
{
	struct cordon_policy *good = load(text);
	struct cordon_policy *bad =
		load("cordon 1\n\nprofile a {\n  file read /etc/**\n  never file read /etc/shadow\n}\n");
	struct cordon_error *error;

	CHECK_INT(cordon_policy_check(good, &error), 0);
	CHECK(error == NULL);
	CHECK_INT(cordon_policy_check(bad, &error), -EINVAL);
	CHECK(strstr(cordon_error_text(error), "C0302") != NULL);
	cordon_error_free(error);
	cordon_policy_free(good);
	cordon_policy_free(bad);
}

TEST(verdicts)
{
	static const struct {
		const char *request;
		enum cordon_verdict verdict;
		int error;
		const char *rule;
	} rows[] = {
		{ "file read \"/etc/hostname\"", CORDON_ALLOW, 0, "file read /etc/hostname" },
		{ "file read \"/etc/shadow\"", CORDON_DENY, 0, NULL },
		{ "ptrace", CORDON_KILL, 0, "kill ptrace" },
		{ "net connect tcp 10.0.0.1:80", CORDON_DENY, ENETDOWN, "deny net errno ENETDOWN because \"offline\"" },
		{ "syscall getpid", CORDON_ALLOW, 0, "syscall @basic" },
		{ "syscall 100000", CORDON_DENY, ENOSYS, NULL },
	};
	struct cordon_policy *policy = load(text);
	enum cordon_verdict verdict = CORDON_KILL;
	struct cordon_error *error;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *rule = NULL;
		int number = -1;

		CHECK_INT(cordon_policy_decide(policy, rows[i].request, &verdict, &number, &rule, NULL), 0);
		CHECK_INT(verdict, rows[i].verdict);
		CHECK_INT(number, rows[i].error);
		CHECK_STR(rule, rows[i].rule);
		free(rule);
	}
	CHECK_INT(cordon_policy_decide(policy, "fiel read /x", &verdict, NULL, NULL, &error), -EINVAL);
	CHECK(*cordon_error_text(error) != '\0');
	cordon_error_free(error);
	cordon_policy_free(policy);
}

TEST(stages)
{
	struct cordon_policy *policy = load(text);
	struct cordon_error *error;
	char *out = NULL;
	size_t size = 0;

	NEED("landlock>=1");
	for (int stage = CORDON_STAGE_AST; stage <= CORDON_STAGE_LANDLOCK; stage++)
		for (int format = CORDON_FORMAT_TEXT; format <= CORDON_FORMAT_JSON; format++) {
			CHECK_INT(cordon_policy_compile(policy, (enum cordon_stage)stage, (enum cordon_format)format,
							&out, &size, &error),
				  0);
			CHECK_INT(strlen(out), size);
			CHECK(size > 0 && (format == CORDON_FORMAT_TEXT || out[0] == '{'));
			free(out);
		}
	CHECK_INT(cordon_policy_compile(policy, CORDON_STAGE_CBPF, CORDON_FORMAT_RAW, &out, &size, &error), 0);
	CHECK_INT(size % sizeof(struct sock_filter), 0);
	free(out);
	out = NULL;
	CHECK_INT(cordon_policy_compile(policy, CORDON_STAGE_PLAN, CORDON_FORMAT_RAW, &out, &size, NULL), -EINVAL);
	CHECK_INT(cordon_policy_compile(policy, (enum cordon_stage)9, CORDON_FORMAT_TEXT, &out, &size, NULL), -EINVAL);
	CHECK_INT(cordon_policy_compile(policy, CORDON_STAGE_AST, (enum cordon_format)9, &out, &size, NULL), -EINVAL);
	CHECK(out == NULL);
	cordon_policy_free(policy);
}

TEST(what_nothing_carries_is_not_compiled)
{
	struct cordon_policy *policy = load("cordon 1\n\nprofile a {\n  net connect udp 10.0.0.1:53\n}\n");
	struct cordon_error *error;
	char *out;
	size_t size;

	CHECK_INT(cordon_policy_compile(policy, CORDON_STAGE_PLAN, CORDON_FORMAT_TEXT, &out, &size, &error), 0);
	free(out);
	CHECK_INT(cordon_policy_compile(policy, CORDON_STAGE_CBPF, CORDON_FORMAT_TEXT, &out, &size, &error), -ENOTSUP);
	CHECK(strstr(cordon_error_text(error), "C0401") != NULL);
	cordon_error_free(error);
	cordon_policy_free(policy);
}

static void *decide_often(void *policy)
{
	for (unsigned i = 0; i < 200; i++) {
		enum cordon_verdict verdict = CORDON_KILL;

		if (cordon_policy_decide(policy, i % 2 ? "file read /etc/shadow" : "file read /etc/hostname", &verdict,
					 NULL, NULL, NULL) < 0 ||
		    verdict != (i % 2 ? CORDON_DENY : CORDON_ALLOW))
			return policy;
	}
	return NULL;
}

TEST(threads_share_a_policy)
{
	struct cordon_policy *policy = load(text);
	pthread_t threads[4];

	for (unsigned i = 0; i < 4; i++)
		REQUIRE(pthread_create(&threads[i], NULL, decide_often, policy) == 0);
	for (unsigned i = 0; i < 4; i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		CHECK(failed == NULL);
	}
	cordon_policy_free(policy);
}
