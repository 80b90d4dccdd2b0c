/* attack_inside.h - what code tries that has got into a process: open, connect, execute, make code. */
#ifndef CORDON_TESTS_ATTACK_INSIDE_H
#define CORDON_TESTS_ATTACK_INSIDE_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static inline int attack_open(void)
{
	const int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Port 9 of this host: refused by whoever is there, which is success; the point is to get as far. */
static inline int attack_connect(void)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons(9),
					     .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result;

	if (fd < 0)
		return errno;
	result = connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
	close(fd);
	return result == ECONNREFUSED ? 0 : result;
}

static inline int attack_execute(void)
{
	char *const argv[] = { (char *)"true", NULL };
	const pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	int status;

	if (child == 0) {
		execve("/bin/true", argv, argv + 1);
		syscall(SYS_exit_group, errno);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
}

static inline int attack_code(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const int result = mprotect(memory, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) < 0 ? errno : 0;

	munmap(memory, 4096);
	return result;
}

/* One line to @fd: "WHEN open=0 connect=0 execute=0 code=0"; 0 is success. */
static inline void attack(int fd, const char *when)
{
	char line[200];
	const int size = snprintf(line, sizeof(line), "%s open=%d connect=%d execute=%d code=%d\n", when, attack_open(),
				  attack_connect(), attack_execute(), attack_code());

	if (write(fd, line, (size_t)size) < 0)
		_exit(99);
}

#endif
