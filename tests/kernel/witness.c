/* witness.c - says what it can do: `witness MARKER [KEY=VALUE...]` makes the file MARKER if it may, and prints one line
 * for each thing that it tried. Two runs that print the same are confined in the same way.
 *
 * secret=, data=, shut=, open=PATH: files to open; fd=N: up to which descriptor to look; port=N: to bind and to connect to;
 * stranger=PID: somebody outside; net=, ipc=, uts=, mnt=, user=, pid=ID: the namespaces of whoever asks. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;
static char **words;

static const char *word(const char *key)
{
	const size_t size = strlen(key);

	for (char **at = words; *at; at++)
		if (!strncmp(*at, key, size) && (*at)[size] == '=')
			return *at + size + 1;
	return NULL;
}

static void say(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "works");
}

static long opens(const char *path, int flags)
{
	const int fd = path ? open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600) : -1;

	if (fd >= 0)
		close(fd);
	return fd;
}

/* ---- files ---- */

static void try_files(const char *marker)
{
	char path[4096];

	say("make the marker", opens(marker, O_CREAT | O_WRONLY));
	say("read the secret", opens(word("secret"), O_RDONLY));
	say("write the secret", opens(word("secret"), O_WRONLY));
	say("read the data", opens(word("data"), O_RDONLY));
	say("write the data", opens(word("data"), O_WRONLY));
	say("write the shut file", opens(word("shut"), O_WRONLY));
	say("read the shut file", opens(word("shut"), O_RDONLY));
	say("write the open file", opens(word("open"), O_WRONLY));
	say("read /etc/passwd", opens("/etc/passwd", O_RDONLY));
	say("read /etc", opens("/etc", O_RDONLY | O_DIRECTORY));
	say("read /dev/kmsg", opens("/dev/kmsg", O_RDONLY));
	say("write in /tmp", opens("/tmp/cordon-witness", O_CREAT | O_WRONLY));
	say("remove it", unlink("/tmp/cordon-witness"));
	say("chmod the data", word("data") ? chmod(word("data"), 0600) : -1);
	say("rename the data", word("data") ? rename(word("data"), "/tmp/cordon-witness") : -1);
	printf("in %s\n", getcwd(path, sizeof(path)) ? path : strerrorname_np(errno));
}

static void try_descriptors(void)
{
	const long last = word("fd") ? strtol(word("fd"), NULL, 10) : 20;

	for (int fd = 0; fd <= last; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("descriptor %d\n", fd);
}

/* ---- the process ---- */

static void show_attributes(void)
{
	static const int limits[] = {
		RLIMIT_NOFILE, RLIMIT_CORE, RLIMIT_STACK, RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_MEMLOCK
	};
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };
	int death = -1;

	printf("no new privileges %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf("seccomp %d\n", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	prctl(PR_GET_PDEATHSIG, &death);
	printf("death signal %d\n", death);
	if (syscall(SYS_capget, &header, data) == 0)
		printf("capabilities %x:%x %x:%x %x:%x\n", data[1].effective, data[0].effective, data[1].permitted,
		       data[0].permitted, data[1].inheritable, data[0].inheritable);
	for (int i = 0; i <= 40; i++)
		printf("%d", prctl(PR_CAPBSET_READ, i, 0, 0, 0));
	printf("\n");
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit limit = { 0, 0 };

		getrlimit(limits[i], &limit);
		printf("limit %d %llu %llu\n", limits[i], (unsigned long long)limit.rlim_cur,
		       (unsigned long long)limit.rlim_max);
	}
	printf("uid %d %d gid %d %d\n", getuid(), geteuid(), getgid(), getegid());
	for (char **at = environ; *at; at++)
		printf("env %s\n", *at);
}

static void show_signals(void)
{
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int i = 1; i < SIGRTMIN; i++) {
		struct sigaction action;

		if (sigismember(&mask, i) == 1)
			printf("signal %d blocked\n", i);
		if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			printf("signal %d ignored\n", i);
	}
}

static void show_namespaces(void)
{
	static const char *const names[] = { "net", "ipc", "uts", "mnt", "user", "pid" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], target[128];
		ssize_t size;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		size = readlink(path, target, sizeof(target) - 1);
		target[size < 0 ? 0 : size] = '\0';
		printf("%s %s\n", names[i],
		       size < 0                                            ? "?"
		       : word(names[i]) && !strcmp(word(names[i]), target) ? "shared"
									   : "own");
	}
}

/* ---- calls ---- */

static void try_memory(void)
{
	void *both = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *first = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	say("writable code", both == MAP_FAILED ? -1 : 0);
	say("code that was written", mprotect(first, 4096, PROT_READ | PROT_EXEC));
	say("memfd", syscall(SYS_memfd_create, "witness", 0));
}

static void try_network(void)
{
	const char *port = word("port");
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)(port ? atoi(port) : 9)),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);

	say("tcp socket", fd);
	say("bind", bind(fd, (struct sockaddr *)&address, sizeof(address)));
	say("listen", listen(fd, 1));
	say("udp socket", socket(AF_INET, SOCK_DGRAM, 0));
	say("unix socket", local);
	say("netlink socket", socket(AF_NETLINK, SOCK_RAW, 0));
}

static void try_others(void)
{
	const char *stranger = word("stranger");
	char *const argv[] = { (char *)"true", NULL };

	say("signal a stranger", stranger ? kill((pid_t)strtol(stranger, NULL, 10), 0) : -1);
	say("signal the parent", kill(getppid(), 0));
	say("trace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	say("new user namespace", unshare(CLONE_NEWUSER));
	say("new mount namespace", unshare(CLONE_NEWNS));
	say("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
	say("chroot", chroot("/"));
	say("change the user", setuid(12345));
	say("bpf", syscall(SYS_bpf, 0, NULL, 0));
	say("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
	say("keys", syscall(SYS_keyctl, 0, 0, 0, 0, 0));
	say("personality", syscall(SYS_personality, 0x0040000));
	say("host name", sethostname("witness", 7));
	execve("/bin/true", argv, environ);
	say("execute", -1);
}

int main(int argc, char **argv)
{
	static char buffer[65536];
	const char *marker = argc > 1 ? argv[1] : "/dev/null/none";

	words = argv + (argc > 1 ? 2 : 1);
	/* At once where something ends it, line by line. */
	setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
	printf("witness\n");
	try_files(marker);
	try_descriptors();
	show_attributes();
	show_signals();
	show_namespaces();
	try_memory();
	try_network();
	try_others();
	printf("end\n");
	return 0;
}
