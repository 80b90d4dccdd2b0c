/* log_main.c - the program cordon-log: `cordon log`, and as "explain" what `cordon explain ID` becomes. */
#include <string.h>

#include "cli/complete.h"
#include "cli/log_verbs.h"

int main(int argc, char **argv)
{
	static const char no_memory[] = "cordon: out of memory\n";
	struct cli cli = { .arena = arena_new(0) };
	int status;

	if (!cli.arena || setjmp(*arena_catch(cli.arena))) {
		(void)!write(STDERR_FILENO, no_memory, sizeof(no_memory) - 1);
		return EXIT_SETUP;
	}
	diags_init(&cli.diags, cli.arena);
	if (argc > 0 && (!strcmp(argv[0], COMPLETE_AS_TEXT) || !strcmp(argv[0], COMPLETE_AS_JSON))) {
		struct completion completion;

		cli.common.json = !strcmp(argv[0], COMPLETE_AS_JSON);
		complete_verb(&cli, &verb_log, (const char *const *)argv + 1, (size_t)argc - 1, &completion);
		return completion_write(&cli, &completion);
	}
	status = verb_start(&cli, argc > 0 && !strcmp(argv[0], "explain") ? &verb_explain_denial : &verb_log, argc - 1,
			    argv + 1);
	arena_free(cli.arena);
	return status;
}
