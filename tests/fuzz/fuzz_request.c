/* fuzz_request.c - any text as a request (`cordon explain`, `test` lines): it is refused with a reason, or the answer can be
 * shown, and the canonical text of the request asks the same. */
#include <string.h>

#include "lib/decision_print.h"
#include "policy/decision.h"
#include "world.h"

/* One policy for all: something of each class, with both kinds of line. */
static const char policy[] = "cordon 1\n"
			     "profile p {\n"
			     "  use std/c-runtime@1\n"
			     "  file read,write /srv/** except /srv/secret/**\n"
			     "  file append /var/log/x\n"
			     "  deny file create /srv/** errno EROFS because \"so\"\n"
			     "  exec /usr/bin/** except /usr/bin/sudo\n"
			     "  net connect tcp 10.0.0.0/8:80-90 [::1]:443\n"
			     "  net connect unix /run/x.sock @abstract\n"
			     "  net bind udp *:53\n"
			     "  kill net accept tcp *:25\n"
			     "  ask signal domain\n"
			     "  ioctl tty TCGETS TIOCGWINSZ\n"
			     "  syscall setuid if uid == 33 because \"it changes\"\n"
			     "  ptrace because \"a test\"\n"
			     "  cap net_bind_service\n"
			     "  phase start {\n"
			     "    file read /etc/**\n"
			     "  }\n"
			     "  phase serve after listen {\n"
			     "  }\n"
			     "}\n";

static void check_decision(const struct model *model, const char *text, struct arena *arena)
{
	struct decision decision, again;
	struct diags diags;
	struct json json;
	struct str out;

	diags_init(&diags, arena);
	if (decision_make(model, text, &world_surroundings, arena, &diags, &decision) < 0) {
		must_be_explained(&diags, arena);
		return;
	}
	str_init(&out, arena);
	decision_explain(&decision, NULL, &out, NULL);
	must_be_shown(&out);
	str_init(&out, arena);
	json_init(&json, &out, true);
	json_object(&json);
	decision_explain(&decision, NULL, &out, &json);
	json_end_object(&json);
	must(json.depth == 0, "JSON is not closed");
	must(decision_make(model, decision.request_text, &world_surroundings, arena, &diags, &again) == 0,
	     "the canonical request is refused");
	must(!strcmp(again.request_text, decision.request_text), "the canonical request is another one");
	must(again.verdict.kind == decision.verdict.kind && again.verdict.error == decision.verdict.error,
	     "the canonical request is answered otherwise");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct source source = { .name = "policy", .text = policy, .size = sizeof(policy) - 1 };
	static struct arena *kept;
	static struct model *model;
	struct arena *arena = arena_new(0);
	struct diags diags;

	if (!model) {
		kept = arena_new(0);
		diags_init(&diags, kept);
		must(world_model(&source, kept, &diags, &model) == 0, "the target's own policy is refused");
	}
	check_decision(model, arena_strndup(arena, size ? (const char *)data : "", size), arena);
	arena_free(arena);
	return 0;
}
