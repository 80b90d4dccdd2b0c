/* commands.c - try every ioctl command on one descriptor: `commands KIND LIST`. LIST holds a name and a number a line; printed
 * is each name with the errno that its call got, other than EPERM, or 0. KIND: null, zero, tty (standard input), pty, file,
 * directory, socket, pipe, or the path of a device. Exit status 2: it can't be opened here.
 * `commands async`: let the terminal on standard input signal the group in front of it (FIOASYNC), and wait for a line. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int make_socket(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0 ? pair[0] : -1;
}

static int make_pipe(void)
{
	int ends[2];

	return pipe2(ends, O_CLOEXEC) == 0 ? ends[0] : -1;
}

static int open_kind(const char *kind, const char *list)
{
	if (strcmp(kind, "tty") == 0)
		return isatty(STDIN_FILENO) ? STDIN_FILENO : -1;
	if (strcmp(kind, "null") == 0)
		return open("/dev/null", O_RDWR);
	if (strcmp(kind, "zero") == 0)
		return open("/dev/zero", O_RDONLY);
	if (strcmp(kind, "pty") == 0)
		return open("/dev/ptmx", O_RDWR | O_NOCTTY);
	if (strcmp(kind, "file") == 0)
		return open(list, O_RDONLY);
	if (strcmp(kind, "directory") == 0)
		return open("/usr/lib", O_RDONLY | O_DIRECTORY);
	if (strcmp(kind, "socket") == 0)
		return make_socket();
	if (strcmp(kind, "pipe") == 0)
		return make_pipe();
	return open(kind, O_RDWR);
}

static int make_async(void)
{
	char line[16];
	int on = 1;

	signal(SIGIO, SIG_IGN);
	if (ioctl(STDIN_FILENO, FIOASYNC, &on) < 0)
		return 1;
	puts("ready");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) ? 0 : 3;
}

/* Where whatever a command writes has room; all zero for what it reads. */
static char memory[1 << 16];

int main(int argc, char **argv)
{
	FILE *list = argc == 3 ? fopen(argv[2], "re") : NULL;
	int fd = list ? open_kind(argv[1], argv[2]) : -1;
	unsigned long number;
	char name[64];

	if (argc == 2 && strcmp(argv[1], "async") == 0)
		return make_async();
	if (fd < 0)
		return 2;
	while (fscanf(list, "%63s %lx", name, &number) == 2) {
		memset(memory, 0, sizeof(memory));
		errno = 0;
		if (ioctl(fd, number, memory) >= 0 || errno != EPERM)
			printf("%s %s\n", name, errno ? strerrorname_np(errno) : "0");
	}
	return 0;
}
