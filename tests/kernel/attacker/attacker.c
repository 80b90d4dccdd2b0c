/* attacker.c - the program that does what an exploit would: `attacker ATTACK [ARGUMENT...]` performs one attack and says
 * how it went. Exit status: 0 it succeeded, 1 it was denied, 2 it can't be tried here, 3 it is broken (bad usage, or it
 * failed in a way that isn't a refusal). `attacker --list` names the attacks. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

static const struct attacks *const kinds[] = {
	&file_attacks,  &descriptor_attacks, &race_attacks, &memory_attacks, &process_attacks, &kin_attacks,
	&reach_attacks, &network_attacks,    &call_attacks, &undo_attacks,   &module_attacks,
};

/* With these a kernel, a filter, Landlock or a mount says no. ENOSYS: a call that the policy's tables don't know or an
 * architecture that is closed; attacks for which the kernel itself may say so look at it before. */
static const int refusals[] = { EPERM, EACCES, EROFS, EXDEV, ENOSYS };

__attribute__((format(printf, 2, 0))) static void say(const char *outcome, const char *format, va_list arguments)
{
	printf("%s: ", outcome);
	vprintf(format, arguments);
	putchar('\n');
}

enum outcome succeeded(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("succeeded", format, arguments);
	va_end(arguments);
	return ATTACK_SUCCEEDED;
}

enum outcome untried(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("can't be tried here", format, arguments);
	va_end(arguments);
	return ATTACK_UNTRIED;
}

enum outcome refused(const char *what, int error)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (error != refusals[i])
			continue;
		printf("denied: %s: %s\n", what, strerrorname_np(error));
		return ATTACK_DENIED;
	}
	printf("broken: %s: %s\n", what, strerrorname_np(error));
	return ATTACK_BROKEN;
}

enum outcome child_outcome(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return refused("waitpid", errno);
	if (WIFEXITED(status))
		return WEXITSTATUS(status) <= ATTACK_BROKEN ? (enum outcome)WEXITSTATUS(status) : ATTACK_BROKEN;
	printf("denied: killed by SIG%s\n", sigabbrev_np(WTERMSIG(status)));
	return ATTACK_DENIED;
}

long number(const char *text)
{
	char *end;
	long value;

	if (strcmp(text, "parent") == 0)
		return getppid();
	errno = 0;
	value = strtol(text, &end, 0);
	if (errno || end == text || *end) {
		printf("broken: not a number: %s\n", text);
		exit(ATTACK_BROKEN);
	}
	return value;
}

static size_t count_words(const char *text)
{
	size_t count = 0;

	for (const char *at = text; *at; at++)
		count += *at != ' ' && (at == text || at[-1] == ' ');
	return count;
}

static const struct attack *find(const char *name)
{
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		for (size_t i = 0; i < kinds[kind]->count; i++)
			if (strcmp(kinds[kind]->items[i].name, name) == 0)
				return &kinds[kind]->items[i];
	return NULL;
}

static int list(void)
{
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		for (size_t i = 0; i < kinds[kind]->count; i++) {
			const struct attack *attack = &kinds[kind]->items[i];

			printf("%-20s %-18s %s\n", attack->name, attack->arguments, attack->title);
		}
	return 0;
}

int main(int argc, char **argv)
{
	const struct attack *attack = argc > 1 ? find(argv[1]) : NULL;

	/* A process that forks must not print a line twice, and one that a filter kills must not lose it. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	if (!attack || (size_t)argc - 2 != count_words(attack->arguments)) {
		printf("broken: usage: attacker ATTACK [ARGUMENT...], see attacker --list\n");
		return ATTACK_BROKEN;
	}
	return (int)attack->run(argv + 2);
}
