/* thread_list.c - /proc/self/task by getdents64: opendir() allocates, and a stopped thread may hold malloc's lock. */
#include "enforce/thread_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define TASKS "/proc/self/task"
#define ENTRIES_SIZE 4096
#define STATUS_SIZE 4096

/* As the kernel writes it; struct dirent64 has a name of fixed size. */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t size;
	unsigned char type;
	char name[];
};

int thread_count(void)
{
	struct stat st;

	if (stat(TASKS, &st) < 0)
		return -errno;
	/* "." and ".." besides the threads. Something else than proc may be mounted there. */
	return st.st_nlink > 2 ? (int)st.st_nlink - 2 : -ENOENT;
}

static pid_t parse_id(const char *name)
{
	pid_t id = 0;

	for (; *name >= '0' && *name <= '9'; name++)
		id = id * 10 + (*name - '0');
	return *name ? 0 : id;
}

static int visit_entries(const char *entries, size_t size, int (*visit)(pid_t thread, void *context), void *context)
{
	int result = 0;

	for (size_t at = 0; at < size && result == 0;) {
		const struct entry *entry = (const struct entry *)(entries + at);
		const pid_t id = parse_id(entry->name);

		if (id > 0)
			result = visit(id, context);
		at += entry->size;
	}
	return result;
}

int thread_list(int (*visit)(pid_t thread, void *context), void *context)
{
	_Alignas(struct entry) char entries[ENTRIES_SIZE];
	auto_close int fd = open(TASKS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = 0;
	long size;

	if (fd < 0)
		return -errno;
	while (result == 0 && (size = syscall(SYS_getdents64, fd, entries, sizeof(entries))) > 0)
		result = visit_entries(entries, (size_t)size, visit, context);
	return result ? result : size < 0 ? -errno : 0;
}

/* ---- one thread ---- */

static void write_path(pid_t thread, char path[64])
{
	char digits[16];
	size_t count = 0;
	char *at = stpcpy(path, TASKS "/");

	do
		digits[count++] = (char)('0' + thread % 10);
	while ((thread /= 10) > 0);
	while (count > 0)
		*at++ = digits[--count];
	stpcpy(at, "/status");
}

/* What stands behind "\nKEY:\t", or "". */
static const char *field(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? at + strlen(key) : "";
}

static uint64_t parse_number(const char *text, unsigned base)
{
	uint64_t number = 0;

	for (; (*text >= '0' && *text <= '9') || (base == 16 && *text >= 'a' && *text <= 'f'); text++)
		number = number * base + (uint64_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
	return number;
}

void thread_status_read(pid_t thread, struct thread_status *ret)
{
	struct thread_status status = { .thread = thread };
	char path[64], text[STATUS_SIZE];
	ssize_t size = -1;
	const char *name;

	write_path(thread, path);
	{
		auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd >= 0)
			size = read(fd, text, sizeof(text) - 1);
	}
	*ret = status;
	if (size <= 0)
		return;
	text[size] = '\0';
	name = field(text, "Name:\t");
	for (size_t i = 0; i < sizeof(ret->name) - 1 && name[i] && name[i] != '\n'; i++)
		ret->name[i] = name[i];
	ret->state = *field(text, "\nState:\t");
	ret->blocked = parse_number(field(text, "\nSigBlk:\t"), 16);
	ret->pending = parse_number(field(text, "\nSigPnd:\t"), 16);
	ret->seccomp = (unsigned)parse_number(field(text, "\nSeccomp:\t"), 10);
}
