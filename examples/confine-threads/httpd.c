/* httpd.c - a web server with threads that confines itself: the policy is part of the program.
 *
 *     httpd DIRECTORY PORT
 *
 * It does what needs its user's rights first: enter the directory, open the socket that listens, start threads. Then it
 * gives up everything else, for all threads that there are and will be, and only then it looks at what clients send. */
#include <cordon/cordon.h>

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"

#define THREADS_FIRST 4
#define THREADS_MAX 32

/* `.` is the directory that is served, at the moment when the policy is loaded. The socket listens already, so nothing is
 * ever bound or connected again; `accept` on all ports is accept on this one. */
static const char policy_text[] = "cordon 1\n"
				  "\n"
				  "profile httpd {\n"
				  "  use std/c-runtime@1\n"
				  "  file read ./**\n"
				  "  net accept tcp *:*\n"
				  "  deny syscall socket bind listen connect\n"
				  "  limit core 0\n"
				  "  test deny net connect tcp 10.0.0.1:80\n"
				  "  test deny exec /bin/sh\n"
				  "}\n";

struct server {
	int listener;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool confined;
	unsigned threads, idle;
};

static int fail(const char *what)
{
	fprintf(stderr, "httpd: %s: %s\n", what, strerror(errno));
	return 1;
}

/* ---- threads ---- */

static void *work(void *context);

/* With the mutex. The new thread is as confined as the one that starts it. */
static bool start_thread(struct server *server)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, server) != 0)
		return false;
	pthread_detach(thread);
	server->threads++;
	server->idle++;
	return true;
}

static void count_idle(struct server *server, int change)
{
	pthread_mutex_lock(&server->mutex);
	server->idle += (unsigned)change;
	/* Clients that say nothing must not keep out the others. */
	if (server->idle == 0 && server->threads < THREADS_MAX)
		start_thread(server);
	pthread_mutex_unlock(&server->mutex);
}

static void wait_until_confined(struct server *server)
{
	pthread_mutex_lock(&server->mutex);
	while (!server->confined)
		pthread_cond_wait(&server->changed, &server->mutex);
	pthread_mutex_unlock(&server->mutex);
}

static void *work(void *context)
{
	struct server *server = context;

	wait_until_confined(server);
	for (;;) {
		const int connection = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);

		if (connection < 0)
			continue;
		count_idle(server, -1);
		http_serve(connection);
		close(connection);
		count_idle(server, 1);
	}
	return NULL;
}

/* ---- the start ---- */

static int listen_on(const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((unsigned short)atoi(port)),
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(listener, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 64) < 0)
		return -1;
	return listener;
}

static int confine(void)
{
	const struct cordon_load_options options = {
		.size = sizeof(options), .text = policy_text, .text_size = sizeof(policy_text) - 1, .name = "httpd.c"
	};
	struct cordon_policy *policy = NULL;
	struct cordon_error *error = NULL;
	int result = cordon_policy_load(&options, &policy, &error);

	if (result == 0)
		result = cordon_confine(policy, NULL, &error);
	/* Never go on without: nothing has changed, or only a part. */
	if (result < 0)
		fprintf(stderr, "httpd: not confined: %s\n%s", strerror(-result), cordon_error_text(error));
	cordon_error_free(error);
	cordon_policy_free(policy);
	return result;
}

static void announce(int listener)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	if (getsockname(listener, (struct sockaddr *)&address, &size) == 0)
		printf("http://127.0.0.1:%u/\n", ntohs(address.sin_port));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct server server = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

	if (argc != 3) {
		fprintf(stderr, "usage: httpd DIRECTORY PORT\n");
		return 2;
	}
	if (chdir(argv[1]) < 0)
		return fail(argv[1]);
	server.listener = listen_on(argv[2]);
	if (server.listener < 0)
		return fail("no socket");
	pthread_mutex_lock(&server.mutex);
	while (server.threads < THREADS_FIRST)
		if (!start_thread(&server))
			return fail("no thread");
	pthread_mutex_unlock(&server.mutex);
	if (confine() < 0)
		return 1;
	announce(server.listener);
	pthread_mutex_lock(&server.mutex);
	server.confined = true;
	server.threads++; /* this one */
	server.idle++;
	pthread_cond_broadcast(&server.changed);
	pthread_mutex_unlock(&server.mutex);
	work(&server);
	return 0;
}
