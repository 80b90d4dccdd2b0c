/* test_linger.c - the parent that answers listen() holds a copy of the program's socket for a moment. When the program
 * closes its own meanwhile, the copy is the last one, and closing it takes as long as SO_LINGER says: the parent must not
 * be the one who waits. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "platform/sys.h"
#include "trial.h"

#define PORT 18080
#define LINGER_SECONDS 3
#define ROUNDS 1500
#define ROUNDS_AT_MOST 60000 /* of the naive answerer: it is over as soon as it hangs */

/* ---- the program ---- */

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static struct sockaddr_in address(void)
{
	return (struct sockaddr_in){ AF_INET, htons(PORT), { htonl(INADDR_LOOPBACK) }, { 0 } };
}

static int make_server(void)
{
	struct sockaddr_in at = address();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 2048;

	/* what nobody takes stays in the buffers, and small ones are full at once */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	return fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 64) < 0 ? -1 : fd;
}

/* Connected to a server that doesn't read, with something left to send. */
static int make_lingering(void)
{
	const struct linger linger = { 1, LINGER_SECONDS };
	struct sockaddr_in at = address();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;
	char bytes[4096] = { 0 };

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return -1;
	while (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) > 0)
		;
	return fd;
}

struct race {
	int fd;
	unsigned delay;
};

/* The last of the program's own, if the parent has it already; else this waits as long as SO_LINGER says, alone. */
static void *close_later(void *race_)
{
	const struct race *race = race_;

	for (volatile unsigned i = 0; i < race->delay; i++)
		;
	close(race->fd);
	return NULL;
}

/* How long does the parent take to answer, whatever it says? */
static double ask(int fd)
{
	double before = now();

	listen(fd, 64);
	return now() - before;
}

/* 2: the parent was held up. */
PAYLOAD(closes_while_it_listens)
{
	const int rounds = argument ? ROUNDS_AT_MOST : ROUNDS;
	int server = make_server();

	if (server < 0)
		return 1;
	for (int i = 0; i < rounds; i++) {
		struct race race = { .fd = make_lingering(), .delay = (unsigned)i * 37 % 12000 };
		pthread_t thread;

		if (race.fd < 0 || pthread_create(&thread, NULL, close_later, &race))
			return 3;
		if (ask(race.fd) > LINGER_SECONDS - 1 || ask(server) > LINGER_SECONDS - 1)
			return 2;
		/* who lost the race waits; nobody has to wait for him */
		close(accept4(server, NULL, NULL, SOCK_CLOEXEC));
		pthread_join(thread, NULL);
	}
	return 0;
}

/* ---- the parents ---- */

static int serve_naively(int listener, const uint8_t *ports)
{
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { 0 };
	int thread, fd;

	(void)ports;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return errno == ENOENT ? 0 : -errno;
	thread = sys_pidfd_open((pid_t)request.pid, SYS_PIDFD_THREAD);
	fd = sys_pidfd_getfd(thread, (int)request.data.args[0]);
	response.id = request.id;
	response.error = fd >= 0 && listen(fd, (int)request.data.args[1]) == 0 ? 0 : -EACCES;
	close(fd);
	close(thread);
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT ? -errno : 0;
}

static void prepare(struct trial *trial, const char *argument)
{
	NEED("root notify");
	trial_init(trial, 1);
	trial_call(trial, 0, "listen", VERDICT_ASK, 0);
	trial->layers[0].listens = true;
	trial->layers[0].listen_ports[PORT / 8] |= (uint8_t)(1U << PORT % 8);
	trial->plan.keeps_parent = true;
	trial->plan.isolate = ISOLATE_NET;
	trial_payload(trial, "closes_while_it_listens", argument);
}

TEST(T24_naive_parent_is_held_up)
{
	struct trial trial;

	prepare(&trial, "until it works");
	trial.serve = serve_naively;
	CHECK_INT(trial_run(&trial), 2);
	trial_release(&trial);
}

TEST(T24_closing_never_holds_up_the_parent)
{
	struct trial trial;

	prepare(&trial, NULL);
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}
