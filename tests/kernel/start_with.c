/* start_with.c - `start_with WAY -- PROGRAM [ARGUMENT...]` runs PROGRAM in a way that no shell knows:
 *   argc-0        no argument at all, not even a name
 *   no-argv       a NULL for argv
 *   full-table    every descriptor that the limit allows is in use
 *   no-files N    at most N descriptors, and those that are open stay so
 *   as-limit N    at most N bytes of address space (RLIMIT_AS); data-limit N: of data (RLIMIT_DATA)
 *   ignored       every signal that can be ignored is; blocked: every signal is blocked
 *   no-stdio      0, 1 and 2 are closed
 *   many-words N  N arguments more
 *   stop-reading  its standard output is a pipe that nobody reads */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static char **program;
static const char *number;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void set_limit(int resource)
{
	const struct rlimit limit = { strtoull(number, NULL, 0), strtoull(number, NULL, 0) };

	if (setrlimit(resource, &limit) < 0)
		die("setrlimit");
}

static void no_name(void)
{
	char *none[] = { NULL };

	execve(program[0], none, environ);
	die(program[0]);
}

static void no_argv(void)
{
	syscall(SYS_execve, program[0], NULL, environ);
	die(program[0]);
}

static void full_table(void)
{
	const struct rlimit limit = { 64, 64 };

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		die("setrlimit");
	while (dup(STDERR_FILENO) >= 0)
		;
}

static void no_files(void)
{
	set_limit(RLIMIT_NOFILE);
}

static void as_limit(void)
{
	set_limit(RLIMIT_AS);
}

static void data_limit(void)
{
	set_limit(RLIMIT_DATA);
}

static void ignored(void)
{
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_IGN);
}

static void blocked(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static void no_stdio(void)
{
	for (int fd = 0; fd < 3; fd++)
		close(fd);
}

static void many_words(void)
{
	const size_t more = strtoul(number, NULL, 0);
	size_t count = 0;
	char **words;

	while (program[count])
		count++;
	words = calloc(count + more + 1, sizeof(*words));
	if (!words)
		die("calloc");
	memcpy(words, program, count * sizeof(*words));
	for (size_t i = 0; i < more; i++)
		words[count + i] = (char *)"word";
	execve(program[0], words, environ);
	die(program[0]);
}

static void stop_reading(void)
{
	int ends[2];

	if (pipe(ends) < 0 || dup2(ends[1], STDOUT_FILENO) < 0)
		die("pipe");
	close(ends[0]);
	close(ends[1]);
}

static const struct {
	const char *name;
	void (*set)(void);
	int operands;
} ways[] = {
	{ "argc-0", no_name, 0 },        { "no-argv", no_argv, 0 },           { "full-table", full_table, 0 },
	{ "no-files", no_files, 1 },     { "as-limit", as_limit, 1 },         { "data-limit", data_limit, 1 },
	{ "ignored", ignored, 0 },       { "blocked", blocked, 0 },           { "no-stdio", no_stdio, 0 },
	{ "many-words", many_words, 1 }, { "stop-reading", stop_reading, 0 },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(ways[0]); i++) {
		const int at = 2 + ways[i].operands;

		if (strcmp(argv[1], ways[i].name) != 0)
			continue;
		if (at + 1 >= argc || strcmp(argv[at], "--") != 0)
			break;
		number = argv[2];
		program = argv + at + 1;
		ways[i].set();
		execve(program[0], program, environ);
		die(program[0]);
	}
	fprintf(stderr, "usage: start_with WAY [N] -- PROGRAM [ARGUMENT...]\n");
	return 2;
}
