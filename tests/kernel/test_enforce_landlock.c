/* test_enforce_landlock.c - rulesets: files, ports, scopes, and when they are made. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "platform/sys.h"
#include "trial.h"

#define NOBODY 65534
#define READ_RIGHTS (SYS_LANDLOCK_FS_READ_FILE | SYS_LANDLOCK_FS_READ_DIR)
#define BIND_TCP 1U
#define CONNECT_TCP 2U

PAYLOAD(reads)
{
	int fd = open(argument, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? 0 : errno;
}

static void grant_start(struct trial *trial)
{
	trial_path(trial, 0, "/usr", READ_RIGHTS | SYS_LANDLOCK_FS_EXECUTE);
	trial_path(trial, 0, "/etc/ld.so.cache", READ_RIGHTS);
	trial_path(trial, 0, trial->launch.program, READ_RIGHTS | SYS_LANDLOCK_FS_EXECUTE);
}

/* Absent paths are skipped; on a file only the rights of files are given, or the kernel would refuse the rule. */
static void read_files(unsigned uid)
{
	struct trial trial;

	trial_init(&trial, 1);
	trial.uid = uid;
	trial.plan.capabilities = 0;
	trial.layers[0].landlock.handled_fs = READ_RIGHTS | SYS_LANDLOCK_FS_EXECUTE;
	trial_payload(&trial, "reads", "/etc/hostname");
	grant_start(&trial);
	trial_path(&trial, 0, "/no/such/file", READ_RIGHTS);
	trial_path(&trial, 0, "/etc/passwd", READ_RIGHTS);
	trial_path(&trial, 0, "/etc/passwd/below", READ_RIGHTS);
	CHECK_INT(trial_baseline(&trial), 0);
	CHECK_INT(trial_run(&trial), EACCES);
	trial_payload(&trial, "reads", "/etc/passwd");
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

TEST(files)
{
	NEED("landlock>=1");
	read_files(0);
	read_files(NOBODY);
}

/* The rules are made before the capabilities go: root without them can't enter this directory, and has no need to. */
TEST(rules_are_made_before_capabilities_go)
{
	char directory[] = "/tmp/cordon-locked-XXXXXX";
	struct trial trial;
	char *path;

	NEED("root landlock>=1");
	REQUIRE(mkdtemp(directory) != NULL);
	trial_init(&trial, 1);
	path = arena_printf(trial.arena, "%s/file", directory);
	close(creat(path, 0644));
	REQUIRE(chown(directory, NOBODY, NOBODY) == 0 && chmod(directory, 0700) == 0);
	trial_payload(&trial, "reads", path);
	trial.layers[0].landlock.handled_fs = READ_RIGHTS | SYS_LANDLOCK_FS_EXECUTE;
	grant_start(&trial);
	trial_path(&trial, 0, directory, READ_RIGHTS);
	CHECK_INT(trial_run(&trial), 0);
	trial.plan.capabilities = 0;
	CHECK_INT(trial_run(&trial), EACCES); /* the mode's doing: the rule was made all the same */
	REQUIRE(chmod(directory, 0701) == 0);
	CHECK_INT(trial_run(&trial), 0);
	unlink(path);
	rmdir(directory);
	trial_release(&trial);
}

TEST(program_without_execute_right_is_126)
{
	struct trial trial;

	NEED("landlock>=1");
	trial_init(&trial, 1);
	trial_payload(&trial, "reads", "/etc/passwd");
	trial.layers[0].landlock.handled_fs = SYS_LANDLOCK_FS_EXECUTE;
	trial_path(&trial, 0, "/usr/share", SYS_LANDLOCK_FS_EXECUTE);
	CHECK_INT(trial_run(&trial), -1);
	CHECK_INT(trial.end->result, -EACCES);
	CHECK_STR(trial.end->code, "C0604");
	/* The program alone is not enough: its loader is executed too. */
	trial_path(&trial, 0, trial.launch.program, SYS_LANDLOCK_FS_EXECUTE);
	CHECK_INT(trial_run(&trial), -1);
	CHECK_INT(trial.end->result, -EACCES);
	CHECK(strstr(trial.end->text, "ld-linux") != NULL);
	trial_release(&trial);
}

/* ---- ports ---- */

PAYLOAD(binds)
{
	struct sockaddr_in address = { AF_INET, htons((uint16_t)atoi(argument)), { htonl(INADDR_LOOPBACK) }, { 0 } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

PAYLOAD(connects)
{
	struct sockaddr_in address = { AF_INET, htons((uint16_t)atoi(argument)), { htonl(INADDR_LOOPBACK) }, { 0 } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

TEST(ports)
{
	struct trial trial;

	NEED("root landlock>=4");
	trial_init(&trial, 1);
	trial.plan.isolate = ISOLATE_NET; /* the loopback interface is up there, and nothing listens */
	trial.layers[0].landlock.handled_net = BIND_TCP | CONNECT_TCP;
	*arena_push(trial.arena, &trial.layers[0].landlock.ports) = (struct landlock_port){ 18082, BIND_TCP };
	*arena_push(trial.arena, &trial.layers[0].landlock.ports) = (struct landlock_port){ 18083, CONNECT_TCP };
	trial_payload(&trial, "binds", "18082");
	CHECK_INT(trial_run(&trial), 0);
	trial_payload(&trial, "binds", "18083");
	CHECK_INT(trial_run(&trial), EACCES);
	trial_payload(&trial, "connects", "18083");
	CHECK_INT(trial_run(&trial), ECONNREFUSED);
	trial_payload(&trial, "connects", "18082");
	CHECK_INT(trial_run(&trial), EACCES);
	trial_release(&trial);
}

/* ---- T11: signals ---- */

PAYLOAD(signals_stranger)
{
	pid_t target = atoi(argument);
	int pidfd;

	if (kill(target, SIGUSR1) == 0)
		return 1;
	if (kill(target, 0) == 0)
		return 2;
	if (sigqueue(target, SIGUSR1, (union sigval){ 0 }) == 0)
		return 3;
	pidfd = sys_pidfd_open(target, 0);
	if (pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, 0) == 0)
		return 4;
	/* Its own are no strangers. */
	return kill(getpid(), 0) == 0 && raise(SIGCHLD) == 0 ? 0 : 5;
}

static pid_t start_stranger(unsigned uid)
{
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGUSR1, SIG_IGN);
		setpgid(0, 0);
		if (uid && (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
			_exit(1);
		for (;;)
			pause();
	}
	usleep(20000);
	return pid;
}

static void signal_stranger(unsigned uid)
{
	pid_t stranger = start_stranger(uid);
	struct trial trial;

	trial_init(&trial, 1);
	trial.uid = uid;
	trial_payload(&trial, "signals_stranger", arena_printf(trial.arena, "%d", (int)stranger));
	CHECK_INT(trial_baseline(&trial), 1);
	trial.plan.capabilities = 0;
	CHECK_INT(trial_run(&trial), 1); /* everything but the scope is not enough */
	trial.layers[0].landlock.scoped = SYS_LANDLOCK_SCOPE_SIGNAL;
	CHECK_INT(trial_run(&trial), 0);
	kill(stranger, SIGKILL);
	waitpid(stranger, NULL, 0);
	trial_release(&trial);
}

TEST(T11_signals_stay_inside)
{
	NEED("root landlock>=6");
	signal(SIGUSR1, SIG_IGN);
	signal_stranger(NOBODY);
	signal_stranger(0);
}
