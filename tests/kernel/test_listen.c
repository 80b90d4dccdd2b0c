/* test_listen.c - listen() that the parent answers: what it grants, and what a hostile program tries to make of it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "platform/sys.h"
#include "trial.h"

#define NOBODY 65534
#define GOOD_PORT 18080
#define OTHER_PORT 18081
#define MPTCP 262 /* IPPROTO_MPTCP */

/* ---- the plan ---- */

static void allow_port(struct trial *trial, size_t layer, unsigned port)
{
	trial->layers[layer].listen_ports[port / 8] |= (uint8_t)(1U << port % 8);
}

static void hand_over_listen(struct trial *trial, size_t layer)
{
	trial_call(trial, layer, "listen", VERDICT_ASK, 0);
	trial->layers[layer].listens = true;
	trial->plan.keeps_parent = true;
}

/* The test has a network of its own, so that the ports of the machine don't matter; the program gets another one. */
static void leave_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = unshare(CLONE_NEWNET) < 0 ? -1 : socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	REQUIRE(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0);
	close(fd);
}

static void listening_trial(struct trial *trial, const char *payload, const char *argument)
{
	NEED("root notify");
	leave_network();
	trial_init(trial, 1);
	hand_over_listen(trial, 0);
	allow_port(trial, 0, GOOD_PORT);
	trial->plan.isolate = ISOLATE_NET;
	trial_payload(trial, payload, argument);
}

/* ---- sockets of the payloads ---- */

static int bind_port(int fd, int domain, unsigned port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

	return domain == AF_INET ? bind(fd, (struct sockaddr *)&v4, sizeof(v4))
				 : bind(fd, (struct sockaddr *)&v6, sizeof(v6));
}

static int make_bound(int domain, int type, int protocol, unsigned port)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, protocol), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	return fd < 0 || (port && bind_port(fd, domain, port) < 0) ? -1 : fd;
}

/* 0, or the errno. */
static int try_listen(int fd)
{
	return listen(fd, 5) < 0 ? errno : 0;
}

static int is_listening(int fd)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value;
}

/* ---- what is granted ---- */

PAYLOAD(serves)
{
	int domain = argument ? AF_INET6 : AF_INET, server = make_bound(domain, SOCK_STREAM, 0, GOOD_PORT);
	struct sockaddr_in address = { AF_INET, htons(GOOD_PORT), { htonl(INADDR_LOOPBACK) }, { 0 } };
	int client = socket(AF_INET, SOCK_STREAM, 0), accepted, result;
	char byte = 0;

	if (server < 0)
		return 1;
	result = try_listen(server);
	if (result)
		return result;
	if (connect(client, (struct sockaddr *)&address, sizeof(address)) < 0)
		return 2;
	accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	if (accepted < 0 || write(accepted, "x", 1) != 1 || read(client, &byte, 1) != 1)
		return 3;
	return byte == 'x' ? 0 : 4;
}

TEST(serves_on_a_granted_port)
{
	static const uint32_t isolations[] = { ISOLATE_NET, ISOLATE_NET | ISOLATE_PID, ISOLATE_NET | ISOLATE_USER,
					       ISOLATE_NET | ISOLATE_USER | ISOLATE_PID };
	struct trial trial;

	listening_trial(&trial, "serves", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(isolations); i++) {
		trial.plan.isolate = isolations[i];
		trial.uid = 0;
		CHECK_INT(trial_run(&trial), 0);
		trial.uid = NOBODY;
		if (isolations[i] & ISOLATE_USER)
			CHECK_INT(trial_run(&trial), 0);
	}
	trial_payload(&trial, "serves", "v6");
	CHECK_INT(trial_run(&trial), 0);
	trial.plan.isolate = 0;
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

/* ---- what is not ---- */

PAYLOAD(tries_others)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd, pipes[2];

	if (try_listen(make_bound(AF_INET, SOCK_STREAM, 0, 0)) != EACCES)
		return 1; /* not bound: the kernel would choose a port */
	if (try_listen(make_bound(AF_INET6, SOCK_STREAM, 0, 0)) != EACCES)
		return 2;
	if (try_listen(make_bound(AF_INET, SOCK_STREAM, 0, OTHER_PORT)) != EACCES)
		return 3;
	if (try_listen(make_bound(AF_INET, SOCK_DGRAM, 0, GOOD_PORT)) != EACCES)
		return 4;
	fd = make_bound(AF_INET, SOCK_STREAM, MPTCP, GOOD_PORT);
	if (fd >= 0 && try_listen(fd) != EACCES)
		return 5;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t)) < 0 || try_listen(fd) != EACCES)
		return 6;
	if (try_listen(250) != EBADF || try_listen(-1) != EBADF)
		return 7;
	if (pipe(pipes) < 0 || try_listen(pipes[0]) != ENOTSOCK)
		return 8;
	return 0;
}

TEST(T20_other_sockets_and_ports)
{
	struct trial trial;

	listening_trial(&trial, "tries_others", NULL);
	CHECK_INT(trial_baseline(&trial), 1);
	CHECK_INT(trial_run(&trial), 0);
	trial.plan.isolate |= ISOLATE_USER | ISOLATE_PID;
	trial.uid = NOBODY;
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

PAYLOAD(answers_by_port)
{
	int good = try_listen(make_bound(AF_INET, SOCK_STREAM, 0, GOOD_PORT));
	int other = try_listen(make_bound(AF_INET, SOCK_STREAM, 0, OTHER_PORT));

	return good == 0 && other == EACCES ? 0 : 1;
}

/* Both hand listen() over; only what both grant is granted. A third that denies it wins. */
TEST(layers_grant_together)
{
	struct trial trial;

	NEED("root notify");
	trial_init(&trial, 3);
	hand_over_listen(&trial, 0);
	hand_over_listen(&trial, 1);
	allow_port(&trial, 0, GOOD_PORT);
	allow_port(&trial, 0, OTHER_PORT);
	allow_port(&trial, 1, GOOD_PORT);
	trial.plan.isolate = ISOLATE_NET;
	trial_payload(&trial, "answers_by_port", NULL);
	CHECK_INT(trial_run(&trial), 0);
	trial_call(&trial, 2, "listen", VERDICT_DENY, EPERM);
	CHECK_INT(trial_run(&trial), 1);
	trial_release(&trial);
}

/* ---- races ---- */

#define ROUNDS 3000

static int shared_number;
static int sockets[2]; /* bound, unbound */
static volatile bool running, finished;

static void *swap_numbers(void *unused)
{
	(void)unused;
	running = true;
	while (!finished) {
		dup2(sockets[1], shared_number);
		dup2(sockets[0], shared_number);
	}
	return NULL;
}

/* Whatever stands at the number when the parent looks: only a socket that it checked may listen. With an argument:
 * until one that was not does. */
PAYLOAD(swaps_while_it_listens)
{
	pthread_t thread;
	int granted = 0;

	sockets[0] = make_bound(AF_INET, SOCK_STREAM, 0, GOOD_PORT);
	shared_number = dup(sockets[0]);
	sockets[1] = make_bound(AF_INET, SOCK_STREAM, 0, 0);
	if (sockets[0] < 0 || sockets[1] < 0 || pthread_create(&thread, NULL, swap_numbers, NULL))
		return 1;
	while (!running)
		sched_yield();
	for (int i = 0; i < ROUNDS || (argument && i < 1000 * ROUNDS && !is_listening(sockets[1])); i++)
		granted += listen(shared_number, 1) == 0;
	finished = true;
	pthread_join(thread, NULL);
	if (is_listening(sockets[1]))
		return 2;
	return granted ? 0 : 3;
}

TEST(T20_number_rebound_while_in_flight)
{
	struct trial trial;

	listening_trial(&trial, "swaps_while_it_listens", "until it works");
	CHECK_INT(trial_baseline(&trial), 2);
	trial_payload(&trial, "swaps_while_it_listens", NULL);
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

static void *disconnect(void *unused)
{
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	(void)unused;
	running = true;
	/* At a different moment of each round; one that comes too early only gets the call denied. */
	for (unsigned delay = 0; !finished; delay = (delay + 977) % 60000) {
		for (volatile unsigned i = 0; i < delay; i++)
			;
		connect(shared_number, &nowhere, sizeof(nowhere));
	}
	return NULL;
}

static unsigned port_of(int fd)
{
	struct sockaddr_in address = { 0 };
	socklen_t size = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &size);
	return ntohs(address.sin_port);
}

/* Half of all ports are granted. */
static bool is_granted(unsigned port)
{
	return !(port & 2);
}

/* As one would write it first: look, then listen. */
static int serve_naively(int listener, const uint8_t *ports)
{
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { 0 };
	int thread, fd;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return errno == ENOENT ? 0 : -errno;
	thread = sys_pidfd_open((pid_t)request.pid, SYS_PIDFD_THREAD);
	fd = sys_pidfd_getfd(thread, (int)request.data.args[0]);
	response.id = request.id;
	response.error = fd >= 0 && ports[port_of(fd) / 8] & 1U << port_of(fd) % 8 ? 0 : -EACCES;
	if (response.error == 0)
		response.error = listen(fd, 1) < 0 ? -errno : 0;
	close(fd);
	close(thread);
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT ? -errno : 0;
}

/* No race: after a disconnect the kernel still tells the old port, and listen() chooses a new one. */
PAYLOAD(listens_after_disconnect)
{
	struct sockaddr_in address = { AF_INET, htons(GOOD_PORT), { htonl(INADDR_LOOPBACK) }, { 0 } };
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	int server = make_bound(AF_INET, SOCK_STREAM, 0, GOOD_PORT);

	if (try_listen(server))
		return 1;
	for (int i = 0; i < 300; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		unsigned port;

		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
			return 3;
		close(accept4(server, NULL, NULL, SOCK_CLOEXEC));
		port = port_of(fd);
		if (connect(fd, &nowhere, sizeof(nowhere)) < 0)
			return 4;
		if (is_granted(port) && try_listen(fd) == 0 && is_listening(fd) && !is_granted(port_of(fd)))
			return 2;
		close(fd);
	}
	return 0;
}

TEST(T20_port_of_a_disconnected_socket)
{
	struct trial trial;

	listening_trial(&trial, "listens_after_disconnect", NULL);
	memset(trial.layers[0].listen_ports, 0x33, sizeof(trial.layers[0].listen_ports));
	CHECK_INT(trial_run(&trial), 0);
	trial.serve = serve_naively;
	CHECK_INT(trial_run(&trial), 2);
	trial_release(&trial);
}

/* A port that connect() chose is given back by a disconnect. The parent sees a granted port; by the time it calls
 * listen() the socket may have none, and the kernel chooses another: does one that is not granted ever stay open? */
PAYLOAD(disconnects_while_it_listens)
{
	struct sockaddr_in address = { AF_INET, htons(GOOD_PORT), { htonl(INADDR_LOOPBACK) }, { 0 } };
	int server = make_bound(AF_INET, SOCK_STREAM, 0, GOOD_PORT), others = 0;
	pthread_t thread;

	shared_number = fcntl(0, F_DUPFD, 50);
	if (try_listen(server) || pthread_create(&thread, NULL, disconnect, NULL))
		return 1;
	while (!running)
		sched_yield();
	for (int i = 0; i < ROUNDS || (argument && i < 100 * ROUNDS && !others); i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		connect(fd, (struct sockaddr *)&address, sizeof(address));
		if (is_granted(port_of(fd)) && dup2(fd, shared_number) >= 0)
			(void)!listen(fd, 1);
		others += is_listening(fd) && !is_granted(port_of(fd));
		close(fd);
	}
	finished = true;
	pthread_join(thread, NULL);
	return others ? 2 : 0;
}

TEST(T20_port_given_back_while_in_flight)
{
	struct trial trial;

	listening_trial(&trial, "disconnects_while_it_listens", NULL);
	memset(trial.layers[0].listen_ports, 0x33, sizeof(trial.layers[0].listen_ports));
	CHECK_INT(trial_run(&trial), 0);
	trial_payload(&trial, "disconnects_while_it_listens", "until it works");
	trial.serve = serve_naively;
	CHECK_INT(trial_run(&trial), 2);
	trial_release(&trial);
}

/* ---- whose descriptor ---- */

static void *listen_with_own_table(void *result)
{
	int number;

	if (unshare(CLONE_FILES) < 0)
		return NULL;
	number = make_bound(AF_INET, SOCK_STREAM, 0, GOOD_PORT);
	dup2(number, 60);
	close(number);
	*(int *)result = try_listen(60) == 0 && is_listening(60) ? 1 : 2;
	return NULL;
}

/* A thread with a table of its own: its number 60 is not that of the process. */
PAYLOAD(listens_from_a_thread)
{
	pthread_t thread;
	int result = 0, unbound = dup2(make_bound(AF_INET, SOCK_STREAM, 0, 0), 60);

	if (unbound != 60 || pthread_create(&thread, NULL, listen_with_own_table, &result))
		return 10;
	pthread_join(thread, NULL);
	return is_listening(60) ? 11 : result;
}

TEST(thread_with_its_own_descriptors)
{
	struct trial trial;

	listening_trial(&trial, "listens_from_a_thread", NULL);
	CHECK_INT(trial_run(&trial), 1);
	trial_release(&trial);
}

PAYLOAD(listens_after_setuid)
{
	int fd = make_bound(AF_INET, SOCK_STREAM, 0, GOOD_PORT);

	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 1;
	return try_listen(fd);
}

TEST(program_that_changed_its_user)
{
	struct trial trial;

	listening_trial(&trial, "listens_after_setuid", NULL);
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

PAYLOAD(listens_undumpable)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return try_listen(make_bound(AF_INET, SOCK_STREAM, 0, GOOD_PORT));
}

/* An unprivileged parent can't look at the descriptors of such a process: then it grants nothing. */
TEST(undumpable_program_is_denied)
{
	struct trial trial;

	listening_trial(&trial, "listens_undumpable", NULL);
	CHECK_INT(trial_run(&trial), 0);
	trial.uid = NOBODY;
	trial.plan.isolate = 0;
	CHECK_INT(trial_run(&trial), EPERM);
	trial_release(&trial);
}

/* ---- signals ---- */

static volatile sig_atomic_t alarms;

static void count_alarm(int signal)
{
	(void)signal;
	alarms++;
}

PAYLOAD(listens_under_signals)
{
	const struct itimerval often = { { 0, 200 }, { 0, 200 } };
	const struct sigaction action = { .sa_handler = count_alarm, .sa_flags = argument ? SA_RESTART : 0 };
	int fd = make_bound(AF_INET, SOCK_STREAM, 0, GOOD_PORT);

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		int result;

		while ((result = try_listen(fd)) == EINTR && !argument)
			;
		if (result)
			return 1;
	}
	return alarms ? 0 : 3;
}

/* A signal that comes before the parent has taken the call interrupts it, as any call that sleeps; one that comes later
 * does not take the answer away. */

TEST(T22_no_answer_is_lost_under_signals)
{
	struct trial trial;

	listening_trial(&trial, "listens_under_signals", NULL);
	CHECK_INT(trial_run(&trial), 0);
	trial_payload(&trial, "listens_under_signals", "restarting");
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

/* ---- the death of the parent ---- */

/* A grandchild outlives the parent (PDEATHSIG doesn't reach it): its listen() must fail. The pipe is our stdin and
 * out. */
PAYLOAD(grandchild_listens)
{
	int fd = make_bound(AF_INET, SOCK_STREAM, 0, GOOD_PORT);

	if (fork() == 0) {
		char answer;

		if (write(1, "r", 1) != 1 || read(0, &answer, 1) != 1)
			_exit(1);
		answer = (char)try_listen(fd);
		_exit(write(1, &answer, 1) == 1 ? 0 : 1);
	}
	for (;;)
		pause();
}

TEST(T23_listen_fails_when_nobody_answers)
{
	int to[2], from[2], status;
	struct trial trial;
	pid_t parent;
	char byte = 0;

	listening_trial(&trial, "grandchild_listens", NULL);
	REQUIRE(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
	REQUIRE(dup2(to[0], 0) == 0 && dup2(from[1], 1) == 1);
	parent = trial_begin(&trial);
	CHECK(read(from[0], &byte, 1) == 1 && byte == 'r');
	kill(parent, SIGKILL);
	REQUIRE(waitpid(parent, &status, 0) == parent);
	CHECK(write(to[1], "g", 1) == 1);
	CHECK(read(from[0], &byte, 1) == 1);
	CHECK_INT(byte, ENOSYS);
	trial_release(&trial);
}

/* ---- a second listener ---- */

TEST(plan_that_listens_needs_somebody_who_answers)
{
	struct trial trial;

	listening_trial(&trial, "serves", NULL);
	trial.unattended = true;
	CHECK_INT(trial_run(&trial), -1);
	CHECK_STR(trial.end->code, "C0601");
	trial_release(&trial);
}
