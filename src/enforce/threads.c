/* threads.c - the stop: a signal to each thread, a count of those that arrived, and three phases that they wait for.
 *
 * That nobody is missing is told by two numbers, read in this order: how many have arrived (they stay), and how many
 * threads there are. When the second is the first and the caller, there is nobody who could make another thread. */
#include "enforce/threads.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "enforce/thread_list.h"

#define ROUND_FIRST_US 500
#define ROUND_LAST_US 50000

enum phase { PHASE_IDLE, PHASE_STOP, PHASE_WORK, PHASE_BITS = 2 };

/* A thread that waits; on its own stack. */
struct waiter {
	pid_t thread;
	struct waiter *next;
};

static struct {
	pid_t owner; /* the process that has claimed it, 0: nobody; in a child that was forked meanwhile it is another one */
	uint32_t phase; /* generation << PHASE_BITS | enum phase: a signal of an earlier generation finds another one */
	uint32_t inside;  /* threads that run the handler, or are about to look whether they should */
	uint32_t arrived; /* of this generation */
	uint32_t done;
	struct waiter *waiters;
	int (*work)(void *context);
	void *context;
	int error; /* of the first that failed */
	pid_t failed;
} stop;

/* ---- futexes and counters ---- */

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

static void futex_wait(const uint32_t *word, uint32_t value, const struct timespec *timeout)
{
	syscall(SYS_futex, word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, value, timeout, NULL, 0);
}

static void futex_wake(const uint32_t *word, int count)
{
	syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, NULL, NULL, 0);
}

static void count_up(uint32_t *word)
{
	__atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
	futex_wake(word, 1);
}

static uint32_t phase_word(uint32_t generation, enum phase phase)
{
	return generation << PHASE_BITS | phase;
}

static uint32_t generation(void)
{
	return load(&stop.phase) >> PHASE_BITS;
}

static void set_phase(uint32_t word)
{
	store(&stop.phase, word);
	futex_wake(&stop.phase, INT32_MAX);
}

/* Until the phase is another one. Where a new filter denies futex() this turns in a circle, but not for long. */
static void wait_while(uint32_t phase)
{
	while (load(&stop.phase) == phase)
		futex_wait(&stop.phase, phase, NULL);
}

/* ---- in the stopped threads ---- */

static void add_waiter(struct waiter *waiter)
{
	waiter->next = __atomic_load_n(&stop.waiters, __ATOMIC_SEQ_CST);
	while (!__atomic_compare_exchange_n(&stop.waiters, &waiter->next, waiter, true, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST))
		;
}

static void do_work(pid_t thread)
{
	const int result = stop.work(stop.context);
	int none = 0;

	if (result < 0 &&
	    __atomic_compare_exchange_n(&stop.error, &none, -result, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		__atomic_store_n(&stop.failed, thread, __ATOMIC_SEQ_CST);
	count_up(&stop.done);
}

static void wait_in_handler(uint32_t asked)
{
	struct waiter self = { .thread = (pid_t)syscall(SYS_gettid) };

	add_waiter(&self);
	count_up(&stop.arrived);
	wait_while(phase_word(asked, PHASE_STOP));
	if (load(&stop.phase) != phase_word(asked, PHASE_WORK))
		return;
	do_work(self.thread);
	wait_while(phase_word(asked, PHASE_WORK));
}

/* All signals are blocked here (sa_mask). A second signal, sent before the first had arrived, and one from elsewhere have
 * no effect. */
static void handle(int number, siginfo_t *info, void *context)
{
	const uint32_t asked = (uint32_t)(uintptr_t)info->si_value.sival_ptr;
	const int error = errno;

	(void)number;
	(void)context;
	__atomic_add_fetch(&stop.inside, 1, __ATOMIC_SEQ_CST);
	if (info->si_code == SI_QUEUE && load(&stop.phase) == phase_word(asked, PHASE_STOP))
		wait_in_handler(asked);
	__atomic_sub_fetch(&stop.inside, 1, __ATOMIC_SEQ_CST);
	errno = error;
}

/* ---- which signal ---- */

struct survey {
	struct threads *threads;
	uint64_t blocked; /* by some thread */
};

static int refuse(struct threads *threads, enum threads_obstacle obstacle, const struct thread_status *status)
{
	threads->obstacle = obstacle;
	threads->thread = status ? status->thread : 0;
	if (status)
		memcpy(threads->name, status->name, sizeof(threads->name));
	return -EBUSY;
}

static int survey_thread(pid_t thread, void *context)
{
	struct survey *survey = context;
	struct thread_status status;

	thread_status_read(thread, &status);
	survey->blocked |= thread == (pid_t)syscall(SYS_gettid) ? 0 : status.blocked;
	survey->threads->filtered |= status.seccomp == 2;
	return status.seccomp == 1 ? refuse(survey->threads, THREADS_STRICT, &status) : 0;
}

/* Bit n - 1 stands for signal n, as in /proc/PID/status. */
static bool is_in(uint64_t set, int signal)
{
	return signal > 0 && signal <= 64 && set >> (signal - 1) & 1;
}

/* The highest that has the default disposition and that nobody blocks. When somebody blocks every one, he may do so for a
 * moment only, as libc does when threads begin and end. */
static int choose_signal(struct threads *threads, uint64_t blocked)
{
	struct sigaction action;
	int second = 0;

	for (int signal = SIGRTMAX; signal >= SIGRTMIN; signal--) {
		if (sigaction(signal, NULL, &action) < 0 || action.sa_flags & SA_SIGINFO ||
		    action.sa_handler != SIG_DFL)
			continue;
		if (!is_in(blocked, signal)) {
			threads->signal = signal;
			return 0;
		}
		if (!second)
			second = signal;
	}
	threads->signal = second;
	return second ? 0 : refuse(threads, THREADS_NO_SIGNAL, NULL);
}

static int borrow_signal(struct threads *threads)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK };

	action.sa_sigaction = handle;
	sigfillset(&action.sa_mask);
	if (sigaction(threads->signal, &action, &threads->action) == 0)
		return 0;
	threads->signal = 0;
	return refuse(threads, THREADS_NO_SIGNAL, NULL);
}

/* Signals on their way are thrown away by ignoring them; with the default disposition they would end the process. */
void threads_return_signal(struct threads *threads)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (!threads->signal)
		return;
	sigaction(threads->signal, &ignore, NULL);
	sigaction(threads->signal, &threads->action, NULL);
	threads->signal = 0;
}

/* ---- rounds ---- */

struct round {
	struct threads *threads;
	struct thread_status missing; /* the last one seen that has not arrived */
};

static bool has_arrived(pid_t thread)
{
	for (const struct waiter *at = __atomic_load_n(&stop.waiters, __ATOMIC_SEQ_CST); at; at = at->next)
		if (at->thread == thread)
			return true;
	return false;
}

/* The first thread of a process stays visible, as a zombie, when it ends before the others. */
static bool is_over(const struct thread_status *status)
{
	return status->state == '\0' || status->state == 'Z' || status->state == 'X';
}

static int ask_thread(pid_t thread, void *context)
{
	struct round *round = context;
	const int signal = round->threads->signal;
	struct thread_status status;
	siginfo_t info;

	if (thread == (pid_t)syscall(SYS_gettid) || has_arrived(thread))
		return 0;
	thread_status_read(thread, &status);
	if (is_over(&status))
		return 0;
	round->missing = status;
	if (status.pending & UINT64_C(1) << (signal - 1))
		return 0;
	memset(&info, 0, sizeof(info));
	info.si_signo = signal;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_ptr = (void *)(uintptr_t)generation();
	/* Ended meanwhile, or too many signals wait: the next round tells. */
	syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, signal, &info);
	return 0;
}

static bool first_has_ended(void)
{
	struct thread_status status;

	if ((pid_t)syscall(SYS_gettid) == getpid())
		return false;
	thread_status_read(getpid(), &status);
	return status.state == 'Z';
}

/* 1: all others wait, 0: not yet. */
static int is_complete(struct threads *threads)
{
	const uint32_t arrived = load(&stop.arrived);
	const int count = thread_count();

	if (count < 0)
		return refuse(threads, THREADS_NO_PROC, NULL);
	threads->count = arrived;
	return (uint32_t)count == arrived + 1 + first_has_ended();
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Until all have arrived or the round is over. */
static int wait_for_arrivals(struct threads *threads, uint64_t end_us)
{
	for (;;) {
		const uint32_t arrived = load(&stop.arrived);
		const int complete = is_complete(threads);
		const uint64_t now = now_us();
		struct timespec rest;

		if (complete || now >= end_us)
			return complete;
		rest = (struct timespec){ .tv_sec = (time_t)((end_us - now) / 1000000),
					  .tv_nsec = (long)((end_us - now) % 1000000 * 1000) };
		futex_wait(&stop.arrived, arrived, &rest);
	}
}

static int gather(struct threads *threads, unsigned timeout_ms)
{
	const uint64_t deadline = now_us() + (uint64_t)timeout_ms * 1000;
	uint64_t round_us = ROUND_FIRST_US;
	struct round round = { .threads = threads };

	for (;;) {
		int result = is_complete(threads);

		if (result == 0 && thread_list(ask_thread, &round) < 0)
			result = refuse(threads, THREADS_NO_PROC, NULL);
		if (result == 0)
			result = wait_for_arrivals(threads, now_us() + round_us);
		if (result)
			return result < 0 ? result : 0;
		if (now_us() >= deadline)
			return refuse(threads,
				      round.missing.blocked & UINT64_C(1) << (threads->signal - 1) ? THREADS_BLOCKED
												   : THREADS_ASLEEP,
				      &round.missing);
		round_us = round_us * 2 < ROUND_LAST_US ? round_us * 2 : ROUND_LAST_US;
	}
}

/* ---- the caller ---- */

/* All of them, those of libc too, which sigprocmask() would leave out. */
static int set_mask(const uint64_t *mask, uint64_t *ret_old)
{
	return syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, ret_old, sizeof(*mask)) < 0 ? -errno : 0;
}

static int start_stop(struct threads *threads, unsigned timeout_ms)
{
	struct survey survey = { .threads = threads };
	int result = thread_list(survey_thread, &survey);

	if (result < 0 && result != -EBUSY)
		result = refuse(threads, THREADS_NO_PROC, NULL);
	if (result == 0)
		result = is_complete(threads);
	if (result)
		return result < 0 ? result : 0;
	result = choose_signal(threads, survey.blocked);
	if (result == 0)
		result = borrow_signal(threads);
	return result ? result : gather(threads, timeout_ms);
}

int threads_claim(void)
{
	const pid_t self = getpid();
	pid_t owner = __atomic_load_n(&stop.owner, __ATOMIC_SEQ_CST);

	if (owner == self ||
	    !__atomic_compare_exchange_n(&stop.owner, &owner, self, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return -EBUSY;
	/* Left over from a parent that was stopping its threads when it forked: none of those is here. */
	if (owner)
		store(&stop.inside, 0);
	return 0;
}

void threads_disclaim(void)
{
	__atomic_store_n(&stop.owner, 0, __ATOMIC_SEQ_CST);
}

int threads_stop(unsigned timeout_ms, struct threads *ret)
{
	const uint64_t all = ~UINT64_C(0);
	int result;

	*ret = (struct threads){ .count = 0 };
	set_mask(&all, &ret->mask);
	stop.arrived = stop.done = 0;
	stop.waiters = NULL;
	stop.error = 0;
	stop.failed = 0;
	store(&stop.phase, phase_word(generation() + 1, PHASE_STOP));
	result = start_stop(ret, timeout_ms);
	if (result < 0)
		threads_release(ret);
	return result;
}

int threads_run(struct threads *threads, int (*work)(void *context), void *context)
{
	uint32_t done;

	stop.work = work;
	stop.context = context;
	set_phase(phase_word(generation(), PHASE_WORK));
	while ((done = load(&stop.done)) < threads->count)
		futex_wait(&stop.done, done, NULL);
	threads->thread = stop.failed;
	return -stop.error;
}

void threads_release(struct threads *threads)
{
	set_phase(phase_word(generation(), PHASE_IDLE));
	threads_return_signal(threads);
	/* Who is still in the handler looks at what the next stop will set anew. */
	while (load(&stop.inside) > 0)
		sched_yield();
	set_mask(&threads->mask, NULL);
}
