/* attack.h - what an exploit would do once it runs inside a confined program, one attack at a time.
 *
 * An attack tries one thing for real, through to its effect where that is possible (the code in the page runs, the byte of
 * the secret is read), and ends in one of the outcomes below. Only an errno with which something refuses (EPERM, EACCES,
 * ...) counts as denied: an attack that failed for another reason is broken, and proves nothing. */
#ifndef CORDON_TESTS_ATTACK_H
#define CORDON_TESTS_ATTACK_H

#include <stddef.h>
#include <sys/types.h>

/* The exit status of the attacker. */
enum outcome { ATTACK_SUCCEEDED = 0, ATTACK_DENIED = 1, ATTACK_UNTRIED = 2, ATTACK_BROKEN = 3 };

struct attack {
	const char *name;
	const char *arguments; /* their names; each is required */
	const char *title;
	enum outcome (*run)(char *const *arguments);
};

struct attacks {
	const struct attack *items;
	size_t count;
};

extern const struct attacks file_attacks, descriptor_attacks, race_attacks, memory_attacks, process_attacks,
	kin_attacks, reach_attacks, network_attacks, call_attacks, undo_attacks, module_attacks;

/* Print one line that says how it went, and return the outcome. */
__attribute__((format(printf, 1, 2))) enum outcome succeeded(const char *format, ...);
__attribute__((format(printf, 1, 2))) enum outcome untried(const char *format, ...);
/* @error decides between denied and broken. */
enum outcome refused(const char *what, int error);
/* The child's part of an attack ended with wait status @status: its exit status is an outcome that it has printed. */
enum outcome child_outcome(pid_t pid);

/* A number from the command line, or `parent`: the number of the process that started this one. What isn't one ends the
 * program as broken. */
long number(const char *text);

#endif
