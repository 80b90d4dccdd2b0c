/* race_policy.c - `race_policy WAY ROUNDS TARGET A B ANSWER-A ANSWER-B -- COMMAND...`: while COMMAND runs again and again,
 * somebody puts the texts A and B into the file TARGET in turn. What COMMAND writes has to be the one answer or the other,
 * whole, or it exits with 125. WAY: rename (a new file takes the name) or truncate (the file itself is written anew).
 * Prints how often each was seen. Exit status 1: something else was seen. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct text {
	char *bytes;
	size_t size;
};

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static struct text read_all(int fd)
{
	struct text text = { NULL, 0 };
	ssize_t got;

	do {
		text.bytes = realloc(text.bytes, text.size + 65536);
		if (!text.bytes)
			die("realloc");
		got = read(fd, text.bytes + text.size, 65536);
		text.size += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	return text;
}

static struct text read_file(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct text text;

	if (fd < 0)
		die(path);
	text = read_all(fd);
	close(fd);
	return text;
}

static void put(const char *path, const struct text *text)
{
	const int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text->bytes, text->size) != (ssize_t)text->size)
		die(path);
	close(fd);
}

__attribute__((noreturn)) static void keep_writing(bool renames, const char *target, const struct text texts[2])
{
	char other[4096];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(other, sizeof(other), "%s.new", target);
	for (unsigned i = 0;; i++) {
		put(renames ? other : target, &texts[i % 2]);
		if (renames && rename(other, target) < 0)
			die(target);
	}
}

static struct text answer(char **command, int *ret_status)
{
	int ends[2];
	struct text text;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		die("pipe");
	child = fork();
	if (child == 0) {
		const int null = open("/dev/null", O_RDWR);

		dup2(ends[1], STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execv(command[0], command);
		_exit(99);
	}
	close(ends[1]);
	text = read_all(ends[0]);
	close(ends[0]);
	if (child < 0 || waitpid(child, ret_status, 0) != child)
		die("waitpid");
	return text;
}

static bool same(const struct text *a, const struct text *b)
{
	return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

int main(int argc, char **argv)
{
	struct text texts[2], answers[2];
	unsigned seen[3] = { 0 };
	pid_t writer;

	if (argc < 10 || strcmp(argv[8], "--") != 0) {
		fprintf(stderr, "usage: race_policy WAY ROUNDS TARGET A B ANSWER-A ANSWER-B -- COMMAND...\n");
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		texts[i] = read_file(argv[4 + i]);
		answers[i] = read_file(argv[6 + i]);
	}
	put(argv[3], &texts[0]);
	writer = fork();
	if (writer == 0)
		keep_writing(!strcmp(argv[1], "rename"), argv[3], texts);
	for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
		int status;
		const struct text got = answer(argv + 9, &status);
		const bool refused = WIFEXITED(status) && WEXITSTATUS(status) == 125 && got.size == 0;

		if (!refused && !same(&got, &answers[0]) && !same(&got, &answers[1])) {
			printf("status %#x, %zu bytes: %.*s\n", (unsigned)status, got.size, (int)got.size, got.bytes);
			return 1;
		}
		seen[refused ? 2 : same(&got, &answers[1])]++;
		free(got.bytes);
	}
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	printf("old %u new %u refused %u\n", seen[0], seen[1], seen[2]);
	return 0;
}
