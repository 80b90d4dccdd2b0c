/* test_listen.c - listen() that the parent answers: what it grants, and what a hostile program tries to make of it. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
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

/* In a network namespace: so ports of the machine don't matter. */
static void listening_trial(struct trial *trial, const char *payload, const char *argument)
{
	NEED("root notify");
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

	return domain == AF_INET ? bind(fd, (struct sockaddr *)&v4, sizeof(v4)) : bind(fd, (struct sockaddr *)&v6, sizeof(v6));
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

/* Whatever stands at the number when the parent looks: only a socket that it checked may listen. */
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
	for (int i = 0; i < ROUNDS; i++)
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

	listening_trial(&trial, "swaps_while_it_listens", NULL);
	CHECK_INT(trial_baseline(&trial), 2);
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

static void *disconnect(void *unused)
{
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	(void)unused;
	running = true;
	while (!finished)
		connect(shared_number, &nowhere, sizeof(nowhere));
	return NULL;
}

static unsigned port_of(int fd)
{
	struct sockaddr_in address = { 0 };
	socklen_t size = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &size);
	return ntohs(address.sin_port);
}

/* A port that the kernel chose is given back by a disconnect. Even ports are granted: does an odd one ever listen? */
PAYLOAD(disconnects_while_it_listens)
{
	pthread_t thread;
	int odd = 0, granted = 0;

	shared_number = fcntl(0, F_DUPFD, 50);
	if (pthread_create(&thread, NULL, disconnect, NULL))
		return 1;
	while (!running)
		sched_yield();
	for (int i = 0; i < ROUNDS; i++) {
		int fd = make_bound(AF_INET, SOCK_STREAM, 0, 0);

		if (bind_port(fd, AF_INET, 0) == 0 && port_of(fd) % 2 == 0 && dup2(fd, shared_number) >= 0)
			granted += listen(fd, 1) == 0;
		odd += is_listening(fd) && port_of(fd) % 2;
		close(fd);
	}
	finished = true;
	pthread_join(thread, NULL);
	return odd ? 2 : granted ? 0 : 3;
}

TEST(T20_port_given_back_while_in_flight)
{
	struct trial trial;

	listening_trial(&trial, "disconnects_while_it_listens", NULL);
	memset(trial.layers[0].listen_ports, 0x55, sizeof(trial.layers[0].listen_ports));
	CHECK_INT(trial_run(&trial), 0);
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

/* A grandchild outlives the parent (PDEATHSIG doesn't reach it): its listen() must fail. The pipe is our stdin and out. */
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
	trial.launch.serve = NULL;
	CHECK_INT(trial_run(&trial), -1);
	CHECK_STR(trial.end->code, "C0601");
	trial_release(&trial);
}
