/* users_ask.c - the user data base for a program that is linked statically: the helper program user-lookup is asked
 * (platform/users.h). It stands in Cordon's own libexec folder, and is never looked for elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/libexec.h"
#include "platform/users.h"

#define ANSWER_MAX 16384

enum { EXIT_FOUND, EXIT_NONE }; /* of user-lookup */

/* The helper with its output in @fd. */
static int start(const char *path, const char *how, const char *what, int fd, pid_t *ret)
{
	extern char **environ;
	char *const argv[] = { (char *)path, (char *)how, (char *)what, NULL };
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return -error;
	error = posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	if (!error)
		error = posix_spawn(ret, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

/* Everything that is written to @fd, up to its end. Returns how much, or -errno. */
static ssize_t read_answer(int fd, char answer[ANSWER_MAX])
{
	size_t size = 0;

	while (size < ANSWER_MAX) {
		ssize_t got = read(fd, answer + size, ANSWER_MAX - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return (ssize_t)size;
		size += (size_t)got;
	}
	return -E2BIG;
}

/* Runs the helper. Returns the size of the answer, or -errno. Where the caller ignores SIGCHLD there is no exit status: a
 * whole answer says it as well. */
static ssize_t ask(const char *path, const char *how, const char *what, char answer[ANSWER_MAX])
{
	auto_close int output = -1;
	int ends[2], status = 0, result;
	ssize_t size;
	pid_t helper = -1;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	output = ends[0];
	result = start(path, how, what, ends[1], &helper);
	close(ends[1]);
	if (result < 0)
		return result == -ENOENT ? -ENOPKG : result;
	size = read_answer(output, answer);
	while (waitpid(helper, &status, 0) < 0)
		if (errno != EINTR)
			return size;
	if (size < 0)
		return size;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NONE)
		return -ENOENT;
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FOUND ? size : -ECHILD;
}

/* The next of three lines. */
static char *take_line(char **rest, const char *end)
{
	char *line = *rest, *newline = memchr(line, '\n', (size_t)(end - line));

	if (!newline)
		return NULL;
	*newline = '\0';
	*rest = newline + 1;
	return line;
}

static int look(const char *how, const char *what, struct arena *arena, struct user *ret)
{
	char answer[ANSWER_MAX], *rest = answer, *uid, *name, *home, *end;
	const ssize_t size = ask(arena_printf(arena, "%s/user-lookup", libexec_folder(arena)), how, what, answer);
	unsigned long number;

	if (size <= 0)
		return size ? (int)size : -ENOENT;
	uid = take_line(&rest, answer + size);
	name = uid ? take_line(&rest, answer + size) : NULL;
	home = name ? take_line(&rest, answer + size) : NULL;
	if (!home)
		return -EBADMSG;
	errno = 0;
	number = strtoul(uid, &end, 10);
	if (errno || end == uid || *end || number > UINT32_MAX)
		return -EBADMSG;
	*ret = (struct user){ .uid = (uint32_t)number,
			      .name = arena_strdup(arena, name),
			      .home = arena_strdup(arena, home) };
	return 0;
}

int user_by_name(const char *name, struct arena *arena, struct user *ret)
{
	return look("name", name, arena, ret);
}

int user_by_id(uint32_t uid, struct arena *arena, struct user *ret)
{
	return look("id", arena_printf(arena, "%u", uid), arena, ret);
}
