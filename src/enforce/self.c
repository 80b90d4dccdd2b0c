/* self.c - see self.h. */
#include "enforce/self.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "enforce/confinement.h"
#include "enforce/threads.h"

#define STANDARD_FDS 3

struct self {
	struct confinement *confinement;
	size_t own_from, own_to; /* steps that each thread takes for itself */
	size_t filters_from;
	struct threads threads;
};

/* ---- prepare ---- */

static int refuse(struct diags *diags, const char *what, const char *help)
{
	diag_help(diags, diag_error(diags, "C0640", (struct span){ 0 }, "%s", what), "%s", help);
	return -EINVAL;
}

/* The planner has refused all that by name; if it ever forgets something, nothing happens either. */
static int check_plan(const struct plan *plan, struct diags *diags)
{
	if (plan->uncarried || plan->keeps_parent || plan->isolate || plan->mounts.count || plan->env.count ||
	    plan->chdir)
		return refuse(diags, "the plan has something that only a start can do",
			      "leave it out, or start a program with it");
	return 0;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b;
}

static int prepare_descriptors(struct confinement *confinement, const struct self_options *options, struct diags *diags)
{
	int *fds = arena_alloc(confinement->arena, (options->keep_fd_count + 1) * sizeof(*fds));

	for (size_t i = 0; i < options->keep_fd_count; i++) {
		fds[i] = options->keep_fds[i];
		if (fds[i] >= 0 && fcntl(fds[i], F_GETFD) >= 0)
			continue;
		diag_error(diags, "C0606", (struct span){ 0 }, "descriptor %d is not open", fds[i]);
		return -EBADF;
	}
	qsort(fds, options->keep_fd_count, sizeof(*fds), by_number);
	confinement->keep_fds = fds;
	confinement->keep_fd_count = options->keep_fd_count;
	return 0;
}

static void prepare_landlock(struct confinement *confinement)
{
	const struct plan *plan = confinement->plan;

	confinement->rulesets = arena_alloc(confinement->arena, plan->layer_count * sizeof(int));
	for (size_t i = 0; i < plan->layer_count; i++)
		confinement->rulesets[i] = -1;
	confinement->abi = sys_landlock_abi();
	for (size_t i = 0; i < plan->layer_count; i++)
		if (landlock_is_used(&plan->layers[i].landlock))
			step_add(confinement, STEP_RULESET, i, NULL);
}

static void add_steps(struct self *self, bool closes)
{
	struct confinement *confinement = self->confinement;
	const struct plan *plan = confinement->plan;

	prepare_landlock(confinement);
	self->own_from = confinement->steps.count;
	step_add(confinement, STEP_NO_NEW_PRIVS, 0, NULL);
	if (plan->exec_check)
		step_add(confinement, STEP_SCRIPTS, 0, NULL);
	step_add(confinement, STEP_CAPABILITIES, 0, NULL);
	for (size_t i = 0; i < plan->layer_count; i++)
		if (landlock_is_used(&plan->layers[i].landlock))
			step_add(confinement, STEP_DOMAIN, i, NULL);
	self->own_to = confinement->steps.count;
	if (plan->mdwe)
		step_add(confinement, STEP_MDWE, 0, NULL);
	for (size_t i = 0; i < plan->rlimits.count; i++)
		step_add(confinement, STEP_LIMIT, i, plan->rlimits.items[i].name);
	if (closes)
		step_add(confinement, STEP_CLOSE, 0, NULL);
	self->filters_from = confinement->steps.count;
	for (size_t i = 0; i < confinement->filter_count; i++)
		step_add(confinement, STEP_FILTER, i, NULL);
}

static int prepare(struct self *self, const struct plan *plan, const struct self_options *options, struct arena *arena,
		   struct diags *diags)
{
	static const struct launch nothing;
	struct confinement *confinement = arena_new_of(arena, struct confinement);
	int result = check_plan(plan, diags);

	confinement->launch = &nothing;
	confinement->self = true;
	confinement->plan = plan;
	confinement->arena = arena;
	confinement->report = arena_new_of(arena, struct report);
	self->confinement = confinement;
	if (result == 0)
		result = prepare_descriptors(confinement, options, diags);
	if (result == 0)
		result = self_check_held(plan, diags);
	if (result == 0)
		result = filters_make(confinement, diags);
	if (result < 0)
		return result;
	limits_prepare(confinement);
	add_steps(self, options->closes);
	return confinement_draw_token(confinement, diags);
}

/* ---- try ---- */

/* All steps, in a process that nobody will miss. */
static int run_child(struct confinement *confinement, size_t first)
{
	const pid_t child = sys_fork(0);
	int status;

	if (child == 0) {
		(void)!steps_run(confinement, first, confinement->steps.count);
		confinement->report->program = 1; /* it has come to its end */
		sys_leave(0);
	}
	if (child < 0)
		return child;
	while (waitpid(child, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	return confinement->report->program ? 0 : -ECANCELED;
}

/* 0: look at the report. */
static int try_steps(struct confinement *confinement, size_t first)
{
	struct report *own = confinement->report,
		      *shared = sys_map(sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED);
	int result;

	if (!shared)
		return -ENOMEM;
	confinement->report = shared;
	result = run_child(confinement, first);
	*own = *shared;
	confinement->report = own;
	munmap(shared, sizeof(*shared));
	return result;
}

static int diagnose_try(struct self *self, int result, struct diags *diags)
{
	if (self->confinement->report->failed)
		return failure_diagnose(self->confinement, diags);
	diag_note(diags,
		  diag_error(diags, "C0641", (struct span){ 0 }, "what is to be done can't be tried: %s",
			     strerrordesc_np(-result)),
		  "it is tried in a child first, which could not be made or was killed");
	return -ECANCELED;
}

static void close_rulesets(struct confinement *confinement)
{
	for (size_t i = 0; i < confinement->plan->layer_count; i++)
		if (confinement->rulesets && confinement->rulesets[i] >= 0) {
			close(confinement->rulesets[i]);
			confinement->rulesets[i] = -1;
		}
}

/* As if nothing had been. First of all: what is told then takes memory, and may not come back. */
static void let_go(struct self *self)
{
	threads_release(&self->threads);
	close_rulesets(self->confinement);
}

/* ---- the threads ---- */

static int diagnose_threads(const struct threads *threads, struct diags *diags)
{
	static const struct {
		const char *what, *help;
	} texts[] = {
		[THREADS_NO_PROC] = { "/proc does not show the threads of this process", "mount /proc" },
		[THREADS_NO_SIGNAL] = { "every real-time signal has a handler or is ignored",
					"leave one with its default disposition" },
		[THREADS_BLOCKED] = { "blocks every real-time signal, so it can't be stopped",
				      "leave one unblocked in each thread, or confine before it starts" },
		[THREADS_ASLEEP] = { "does not stop: it is in a sleep that no signal ends, or gets no processor",
				     "try again, or confine before it starts" },
		[THREADS_STRICT] = { "is in seccomp's strict mode and can do nothing more",
				     "confine before it enters it" },
	};
	struct diag *diag;

	if (threads->thread)
		diag = diag_error(diags, "C0642", (struct span){ 0 }, "thread %d (%s) %s", threads->thread,
				  threads->name, texts[threads->obstacle].what);
	else
		diag = diag_error(diags, "C0642", (struct span){ 0 }, "%s", texts[threads->obstacle].what);
	diag_note(diags, diag, "nothing has changed");
	diag_help(diags, diag, "%s", texts[threads->obstacle].help);
	return -EBUSY;
}

/* The kernel spreads a filter over the threads only where each has the caller's filters, or older ones of the same line.
 * A filter that allows everything tells, while nothing has changed yet. */
static int try_filters(struct self *self, struct diags *diags)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	const struct sock_fprog program = { .len = 1, .filter = code };
	int result;

	result = sys_seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH,
			     &program);
	if (result == 0)
		return 0;
	let_go(self);
	diag_note(diags,
		  diag_error(diags, "C0642", (struct span){ 0 },
			     result == -ESRCH ? "the threads of this process have different filters"
					      : "the filters around refuse a further one: %s",
			     strerrordesc_np(-result)),
		  "nothing has changed");
	return -EBUSY;
}

/* A thread that was interrupted needs these to go on. */
static const char *const returning_calls[] = { "rt_sigreturn", "futex", "rt_sigprocmask", "sched_yield" };

static const char *denied_returning_call(const struct plan *plan)
{
	const uint64_t args[6] = { 0 };
	const enum arch arch = arch_native();

	for (size_t layer = 0; layer < plan->layer_count; layer++)
		for (size_t i = 0; i < ARRAY_SIZE(returning_calls); i++) {
			const uint32_t nr = (uint32_t)call_table[call_find(returning_calls[i])].nr[arch];

			if (call_policy_decide(&plan->layers[layer].calls, arch, nr, args).kind != VERDICT_ALLOW)
				return returning_calls[i];
		}
	return NULL;
}

static int check_returning(struct self *self, struct diags *diags)
{
	const char *denied = denied_returning_call(self->confinement->plan);
	struct diag *diag;

	if (!denied)
		return 0;
	let_go(self);
	diag = diag_error(diags, "C0640", (struct span){ 0 },
			  "the policy denies %s(), without which interrupted threads can't go on", denied);
	diag_help(diags, diag, "grant `syscall %s` (`use std/c-runtime@1` does), or confine before there are threads",
		  denied);
	return -EINVAL;
}

/* ---- for good ---- */

static int take_own_steps(void *context)
{
	const struct self *self = context;
	int result = 0;

	for (size_t i = self->own_from; i < self->own_to && result == 0; i++)
		result = step_run(self->confinement, &self->confinement->steps.items[i]);
	return result;
}

/* Whatever fails here has worked a moment before. So the rest is done all the same: more confined is never worse. */
static int take_steps(struct self *self)
{
	struct confinement *confinement = self->confinement;
	int result = take_own_steps(self), other = threads_run(&self->threads, take_own_steps, self);

	result = result ? result : other;
	close_rulesets(confinement);
	for (size_t i = self->own_to; i < confinement->steps.count; i++) {
		if (i == self->filters_from)
			threads_return_signal(&self->threads);
		other = step_run(confinement, &confinement->steps.items[i]);
		result = result ? result : other;
	}
	return result;
}

static int diagnose_partly(int error, const struct threads *threads, struct diags *diags)
{
	struct diag *diag = diag_error(diags, "C0643", (struct span){ 0 }, "this process is only partly confined (%s)",
				       strerrordesc_np(-error));

	if (threads->thread)
		diag_note(diags, diag, "thread %d could not do what others could", threads->thread);
	diag_help(diags, diag, "end the process");
	return -ENOTRECOVERABLE;
}

/* With it calls of seccomp() would pass the gates of all filters but the last. They could only add filters; still. */
static void forget_token(struct confinement *confinement)
{
	explicit_bzero(confinement->token, sizeof(confinement->token));
	for (size_t i = 0; i < confinement->filter_count; i++)
		explicit_bzero(confinement->filters[i].program.code,
			       confinement->filters[i].program.count * sizeof(struct sock_filter));
}

/* `limit procs 1` is held by making no more; that has to be the number there is. */
static int check_single(struct self *self, struct diags *diags)
{
	const struct plan *plan = self->confinement->plan;
	struct diag *diag;

	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		if (!plan->layers[layer].one_task)
			continue;
		let_go(self);
		diag = diag_error(diags, "C0640", (struct span){ 0 },
				  "the policy allows one process and no threads (`limit procs 1`), and there are more");
		diag_help(diags, diag, "confine before there are threads");
		return -EINVAL;
	}
	return 0;
}

/* All threads are stopped, and may be let go as they were. */
static int check_stopped(struct self *self, struct diags *diags)
{
	int result = self->threads.count ? check_returning(self, diags) : 0;

	if (result == 0 && self->threads.count)
		result = check_single(self, diags);
	if (result == 0 && self->threads.count && self->threads.filtered)
		result = try_filters(self, diags);
	return result;
}

static int enforce(struct self *self, const struct self_options *options, struct diags *diags, bool *ret_changed)
{
	struct confinement *confinement = self->confinement;
	int result = steps_run(confinement, 0, self->own_from);

	if (result == 0)
		result = try_steps(confinement, self->own_from);
	if (result < 0 || confinement->report->failed) {
		close_rulesets(confinement);
		return diagnose_try(self, result, diags);
	}
	if (threads_stop(options->timeout_ms, &self->threads) < 0) {
		close_rulesets(confinement);
		return diagnose_threads(&self->threads, diags);
	}
	result = check_stopped(self, diags);
	if (result < 0)
		return result;
	*ret_changed = true;
	result = take_steps(self);
	forget_token(confinement);
	threads_release(&self->threads);
	return result ? diagnose_partly(result, &self->threads, diags) : 0;
}

/* Only what follows the last descriptor that stays is left open; those between are closed range by range. */
int step_close(struct confinement *confinement, const struct step *step)
{
	unsigned from = STANDARD_FDS;
	int result = 0;

	(void)step;
	for (size_t i = 0; i < confinement->keep_fd_count && result == 0; i++) {
		const unsigned kept = (unsigned)confinement->keep_fds[i];

		if (kept > from)
			result = sys_close_range(from, kept - 1, 0);
		from = kept >= from ? kept + 1 : from;
	}
	return result ? result : sys_close_range(from, ~0U, 0);
}

int self_claim(struct diags *diags)
{
	if (threads_claim() == 0)
		return 0;
	diag_note(diags, diag_error(diags, "C0642", (struct span){ 0 }, "another thread is confining this process"),
		  "nothing has changed");
	return -EBUSY;
}

void self_disclaim(void)
{
	threads_disclaim();
}

int self_confine(const struct plan *plan, const struct self_options *options, struct arena *arena, struct diags *diags,
		 bool *ret_changed)
{
	struct self self = { .confinement = NULL };
	int result = prepare(&self, plan, options, arena, diags);

	return result ? result : enforce(&self, options, diags, ret_changed);
}
