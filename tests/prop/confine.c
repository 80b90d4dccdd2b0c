/* confine.c - a child under a filter, and what its calls return. */
#include "confine.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const harmless_calls[] = { "getpid",  "getppid", "gettid",  "getuid",
				       "geteuid", "getgid",  "getegid", "sched_yield" };
const size_t harmless_call_count = ARRAY_SIZE(harmless_calls);

/* What the child writes and the parent reads. */
struct shared {
	int error;
	struct question questions[];
};

static int install(const struct cbpf *program)
{
	struct sock_fprog prog = { .len = (unsigned short)program->count, .filter = program->code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0 ? 0 : -errno;
}

static void make_call(volatile struct question *question)
{
	const struct call_request *request = (const struct call_request *)&question->request;
	const uint64_t *args = request->args;
	long result;

	question->asked = true;
	question->killed = true;
	result = syscall((long)request->nr, args[0], args[1], args[2], args[3], args[4], args[5]);
	question->result = result == -1 ? -errno : result;
	question->killed = false;
}

static void ask_in_child(struct question *question)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		make_call(question);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return;
	if (question->killed != (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS))
		question->asked = false; /* it died of something else */
}

__attribute__((noreturn)) static void child(const struct cbpf *programs, size_t count, struct shared *shared,
					    size_t question_count)
{
	for (size_t i = 0; i < count && shared->error == 0; i++)
		shared->error = install(&programs[i]);
	for (size_t i = 0; i < question_count && shared->error == 0; i++) {
		if (shared->questions[i].deadly)
			ask_in_child(&shared->questions[i]);
		else
			make_call(&shared->questions[i]);
	}
	_exit(0);
}

int confine_ask(const struct cbpf *programs, size_t count, struct question *questions, size_t question_count)
{
	const size_t size = question_count * sizeof(*questions);
	struct shared *shared = mmap(NULL, sizeof(*shared) + size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				     -1, 0);
	int status, result;
	pid_t pid;

	if (shared == MAP_FAILED)
		return -errno;
	memcpy(shared->questions, questions, size);
	pid = fork();
	if (pid == 0)
		child(programs, count, shared, question_count);
	result = pid > 0 && waitpid(pid, &status, 0) == pid ? shared->error : -errno;
	memcpy(questions, shared->questions, size);
	munmap(shared, sizeof(*shared) + size);
	return result;
}
