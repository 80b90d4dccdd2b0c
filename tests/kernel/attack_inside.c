/* attack_inside.c - to be preloaded into a program with threads: attacks in each thread, when it begins and each time that it
 * accepts a connection, and reports to the descriptor that is named in ATTACK_FD. */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "attack_inside.h"

struct start {
	void *(*run)(void *context);
	void *context;
	bool attacked; /* so that what comes after pthread_create() comes after the attack */
};

static void report(const char *when)
{
	const char *fd = getenv("ATTACK_FD");

	if (fd)
		attack(atoi(fd), when);
}

static void *attack_and_run(void *context)
{
	const struct start start = *(struct start *)context;

	report("begin");
	__atomic_store_n(&((struct start *)context)->attacked, true, __ATOMIC_RELEASE);
	return start.run(start.context);
}

__attribute__((visibility("default"))) int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
							  void *(*run)(void *context), void *context)
{
	int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	struct start start = { .run = run, .context = context };
	int result;

	*(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
	result = next(thread, attr, attack_and_run, &start);
	while (result == 0 && !__atomic_load_n(&start.attacked, __ATOMIC_ACQUIRE))
		sched_yield();
	return result;
}

__attribute__((visibility("default"))) int accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
	report("accept");
	return (int)syscall(SYS_accept4, listener, address, size, flags);
}
