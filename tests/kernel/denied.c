/* denied.c - `denied WHAT [ARGUMENT...]`: a program that asks for what it won't get, and tells what it got. Statically
 * linked, so that a policy for it needs little. Exit status: 0 when everything was denied as WHAT says, 1 when not. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 64

/* A call that std/c-runtime doesn't grant. Its first argument tells one from another. */
static int ask(long which)
{
	return syscall(SYS_ptrace, PTRACE_ATTACH, which, 0, 0) == 0 ? 0 : errno;
}

/* same COUNT [ERRNO [PID]]: the same call COUNT times. */
static int same(char **args)
{
	const int expected = args[1] ? atoi(args[1]) : EPERM;
	int wrong = 0;

	for (int i = 0; i < atoi(args[0]); i++)
		wrong += ask(args[1] && args[2] ? atol(args[2]) : 1) != expected;
	printf("wrong %d\n", wrong);
	return wrong != 0;
}

struct flood {
	pthread_t thread;
	long first, count, wrong;
};

static void *flood_one(void *context)
{
	struct flood *flood = context;

	for (long i = 0; i < flood->count; i++)
		flood->wrong += ask(1000000 + flood->first + i) != EPERM;
	return NULL;
}

/* flood THREADS COUNT: each thread COUNT different calls. */
static int flood(char **args)
{
	static struct flood floods[THREADS_MAX];
	const int threads = atoi(args[0]);
	long wrong = 0;

	for (int i = 0; i < threads && i < THREADS_MAX; i++) {
		floods[i] = (struct flood){ .first = (long)i * atol(args[1]), .count = atol(args[1]) };
		if (pthread_create(&floods[i].thread, NULL, flood_one, &floods[i]) != 0)
			return 1;
	}
	for (int i = 0; i < threads && i < THREADS_MAX; i++) {
		pthread_join(floods[i].thread, NULL);
		wrong += floods[i].wrong;
	}
	printf("wrong %ld\n", wrong);
	return wrong != 0;
}

/* different COUNT: COUNT different calls of one thread, a tenth of a second between them. */
static int slowly(char **args)
{
	int wrong = 0;

	for (int i = 0; i < atoi(args[0]); i++) {
		wrong += ask(1 + i) != EPERM;
		usleep(100000);
	}
	printf("wrong %d\n", wrong);
	return wrong != 0;
}

/* parent SIGNAL: to the process that answers for us. */
static int parent(char **args)
{
	const int result = kill(getppid(), atoi(args[0])) == 0 ? 0 : errno;

	printf("kill %s\n", strerrorname_np(result) ? strerrorname_np(result) : "0");
	return result == 0;
}

/* descriptors: those that we have, and where they lead. */
static int descriptors(char **args)
{
	char path[64], target[4096];

	(void)args;
	for (int fd = 0; fd < 1024; fd++) {
		ssize_t size;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		size = readlink(path, target, sizeof(target) - 1);
		target[size < 0 ? 0 : size] = '\0';
		printf("%d %s\n", fd, target);
	}
	return 0;
}

/* write PATH, read PATH */
static int with_file(char **args, int flags)
{
	const int fd = open(args[0], flags, 0600);

	printf("open %s\n", fd < 0 ? strerrorname_np(errno) : "0");
	return fd >= 0;
}

static int write_file(char **args)
{
	return with_file(args, O_WRONLY | O_APPEND);
}

static int read_file(char **args)
{
	return with_file(args, O_RDONLY);
}

/* child: a child that dies of what it asks for; we go on. */
static int child(char **args)
{
	int status;
	pid_t pid = fork();

	(void)args;
	if (pid == 0)
		_exit(ask(1));
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	printf("child %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status));
	return 0;
}

static const struct {
	const char *name;
	int arguments;
	int (*run)(char **args);
} commands[] = {
	{ "same", 1, same },
	{ "flood", 2, flood },
	{ "slowly", 1, slowly },
	{ "parent", 1, parent },
	{ "write", 1, write_file },
	{ "read", 1, read_file },
	{ "descriptors", 0, descriptors },
	{ "child", 0, child },
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, argv[1]) && argc - 2 >= commands[i].arguments)
			return commands[i].run(argv + 2);
	fprintf(stderr, "denied: what?\n");
	return 2;
}
