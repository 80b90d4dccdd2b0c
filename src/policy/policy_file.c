/* policy_file.c - walk, check, read. While a descriptor is owned nothing is allocated: findings are plain values that
 * become diagnostics afterwards. */
#include "policy/policy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/parse.h"

#define LINKS_MAX 40

enum problem {
	PROBLEM_SYSTEM, /* errno says it */
	PROBLEM_NOT_REGULAR,
	PROBLEM_TOO_LARGE,
	PROBLEM_FILE_WRITABLE,
	PROBLEM_DIRECTORY_WRITABLE,
	PROBLEM_FOREIGN_IN_STICKY,
	PROBLEM_CHANGED,
	PROBLEM_COUNT
};

/* What went wrong, and where. */
struct finding {
	enum problem problem;
	int error;
	char path[PATH_MAX];
};

static const struct {
	const char *code;
	const char *message[2]; /* before and after the path */
	const char *note;
	const char *help[2]; /* before and after the path, without blanks */
} problem_table[PROBLEM_COUNT] = {
	[PROBLEM_SYSTEM] = { "C0501", { "cannot read ", "" }, NULL, { NULL } },
	[PROBLEM_NOT_REGULAR] = { "C0502",
				  { "", " is not a regular file" },
				  "a policy is read from a file, or with `-` from standard input",
				  { NULL } },
	[PROBLEM_TOO_LARGE] = { "C0503", { "", " is too large for a policy" }, "the limit is 4 MiB", { NULL } },
	[PROBLEM_FILE_WRITABLE] = { "C0504",
				    { "others can write ", "" },
				    "whoever can write a policy decides what the program may do",
				    { "run `chmod go-w ", "`" } },
	[PROBLEM_DIRECTORY_WRITABLE] = { "C0505",
					 { "others can write the directory ", ", which leads to the policy" },
					 "whoever can write it can put another file in the policy's place",
					 { "run `chmod go-w ", "`, or move the policy" } },
	[PROBLEM_FOREIGN_IN_STICKY] = { "C0506",
					{ "", " lies in a directory that others can write, and is not yours" },
					"in such a directory anybody can make a file of that name",
					{ "let root or yourself own ", ", or move the policy" } },
	[PROBLEM_CHANGED] = { "C0507", { "", " changed while it was read" }, NULL, { NULL } },
};

/* A walk: @fd is the directory that has been reached, @at its name for messages, @rest what is still to go. */
struct walk {
	int fd;
	bool trusted;
	bool sticky; /* the directory at @fd is one where anybody can make names */
	unsigned links;
	char at[PATH_MAX];
	char rest[PATH_MAX];
	struct finding *finding;
};

/* false: it doesn't fit, and @ret holds the beginning. */
static bool join(char ret[PATH_MAX], const char *a, const char *b, const char *c)
{
	return (size_t)snprintf(ret, PATH_MAX, "%s%s%s", a, b, c) < PATH_MAX;
}

static int fail(struct finding *finding, enum problem problem, int error, const char *directory, const char *name)
{
	bool slash = *name && *directory && strcmp(directory, "/") != 0;

	finding->problem = problem;
	finding->error = error;
	(void)join(finding->path, directory, slash ? "/" : "", name);
	return -error;
}

static bool others_write(const struct stat *st)
{
	return st->st_mode & (S_IWGRP | S_IWOTH);
}

/* The directory at walk->fd. */
static int check_directory(struct walk *walk)
{
	struct stat st;

	if (fstat(walk->fd, &st) < 0)
		return fail(walk->finding, PROBLEM_SYSTEM, errno, walk->at, "");
	walk->sticky = others_write(&st);
	if (walk->trusted && others_write(&st) && !(st.st_mode & S_ISVTX))
		return fail(walk->finding, PROBLEM_DIRECTORY_WRITABLE, EPERM, walk->at, "");
	return 0;
}

/* Something in the directory at walk->fd. */
static int check_owner(struct walk *walk, const struct stat *st, const char *name)
{
	if (!walk->trusted || !walk->sticky || st->st_uid == 0 || st->st_uid == getuid() || st->st_uid == geteuid())
		return 0;
	return fail(walk->finding, PROBLEM_FOREIGN_IN_STICKY, EPERM, walk->at, name);
}

static int enter(struct walk *walk, int fd, const char *name)
{
	size_t size = strlen(walk->at);

	close(walk->fd);
	walk->fd = fd;
	if (!strcmp(name, "..")) {
		char *slash = strrchr(walk->at, '/');

		slash[slash == walk->at] = '\0';
	} else if (*name == '/') {
		walk->at[1] = '\0';
	} else if (size + strlen(name) + 2 > sizeof(walk->at)) {
		return fail(walk->finding, PROBLEM_SYSTEM, ENAMETOOLONG, walk->at, "");
	} else {
		snprintf(walk->at + size, sizeof(walk->at) - size, "%s%s", size > 1 ? "/" : "", name);
	}
	return check_directory(walk);
}

/* Put the target of the link @name before what is still to go. */
static int follow(struct walk *walk, int link, const char *name)
{
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t size = readlinkat(link, "", target, sizeof(target) - 1);

	if (size < 0)
		return fail(walk->finding, PROBLEM_SYSTEM, errno, walk->at, name);
	target[size] = '\0';
	if (++walk->links > LINKS_MAX)
		return fail(walk->finding, PROBLEM_SYSTEM, ELOOP, walk->at, name);
	if (!join(joined, target, "/", walk->rest))
		return fail(walk->finding, PROBLEM_SYSTEM, ENAMETOOLONG, walk->at, name);
	memcpy(walk->rest, joined, strlen(joined) + 1);
	if (*target == '/') {
		int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

		return root < 0 ? fail(walk->finding, PROBLEM_SYSTEM, errno, "/", "") : enter(walk, root, "/");
	}
	return 0;
}

/* Cut the next component off walk->rest. false: none is left. */
static bool next_component(struct walk *walk, char name[NAME_MAX + 1], int *ret_error)
{
	char *start = walk->rest + strspn(walk->rest, "/");
	size_t size = strcspn(start, "/");

	*ret_error = size > NAME_MAX ? ENAMETOOLONG : 0;
	if (size == 0 || *ret_error)
		return false;
	memcpy(name, start, size);
	name[size] = '\0';
	start += size + strspn(start + size, "/");
	memmove(walk->rest, start, strlen(start) + 1);
	return true;
}

/* The last component, open for reading. */
static int open_file(struct walk *walk, const char *name)
{
	/* Not blocking, for what has become a FIFO since it was looked at. */
	auto_close int fd = openat(walk->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int error;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(walk->finding, PROBLEM_SYSTEM, errno, walk->at, name);
	if (!S_ISREG(st.st_mode))
		return fail(walk->finding, PROBLEM_NOT_REGULAR, EINVAL, walk->at, name);
	if (walk->trusted && others_write(&st))
		return fail(walk->finding, PROBLEM_FILE_WRITABLE, EPERM, walk->at, name);
	error = check_owner(walk, &st, name);
	return error ? error : take_fd(&fd);
}

/* One component. Returns a descriptor when it was the last, -EAGAIN to go on, or another -errno. */
static int step(struct walk *walk)
{
	char name[NAME_MAX + 1];
	auto_close int fd = -1;
	struct stat st;
	int error;

	if (!next_component(walk, name, &error))
		return error ? fail(walk->finding, PROBLEM_SYSTEM, error, walk->at, "")
			     : fail(walk->finding, PROBLEM_NOT_REGULAR, EINVAL, walk->at, "");
	if (!strcmp(name, "."))
		return -EAGAIN;
	fd = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(walk->finding, PROBLEM_SYSTEM, errno, walk->at, name);
	if (S_ISDIR(st.st_mode)) {
		error = strcmp(name, "..") ? check_owner(walk, &st, name) : 0;
		if (!error)
			error = enter(walk, take_fd(&fd), name);
		return error ? error : -EAGAIN;
	}
	if (S_ISLNK(st.st_mode)) {
		error = check_owner(walk, &st, name);
		if (!error)
			error = follow(walk, fd, name);
		return error ? error : -EAGAIN;
	}
	if (walk->rest[0])
		return fail(walk->finding, PROBLEM_SYSTEM, ENOTDIR, walk->at, name);
	if (!S_ISREG(st.st_mode))
		return fail(walk->finding, PROBLEM_NOT_REGULAR, EINVAL, walk->at, name);
	return open_file(walk, name);
}

/* A checked descriptor of @name, or -errno with *ret_finding. */
static int walk_open(const char *name, bool trusted, struct finding *ret_finding)
{
	struct walk walk = { .trusted = trusted, .at = "/", .finding = ret_finding };
	char here[PATH_MAX] = "";
	int result;

	if (*name != '/' && !getcwd(here, sizeof(here)))
		return fail(ret_finding, PROBLEM_SYSTEM, errno, "", name);
	if (!join(walk.rest, here, "/", name))
		return fail(ret_finding, PROBLEM_SYSTEM, ENAMETOOLONG, "", name);
	walk.fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (walk.fd < 0)
		return fail(ret_finding, PROBLEM_SYSTEM, errno, "/", "");
	result = check_directory(&walk);
	if (result == 0)
		do
			result = step(&walk);
		while (result == -EAGAIN);
	close(walk.fd);
	return result;
}

/* Everything from @fd, at most @size bytes. Returns how many, or -errno. */
static ssize_t read_all(int fd, char *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(fd, buffer + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static int report(const char *name, const struct finding *finding, struct diags *diags)
{
	enum problem problem = finding->problem;
	/* `/etc/x` said in the user's words, unless something on the way is meant */
	const char *path = problem == PROBLEM_DIRECTORY_WRITABLE || problem == PROBLEM_FOREIGN_IN_STICKY ? finding->path
													 : name;
	struct diag *diag;

	diag = diag_error(diags, problem_table[problem].code, (struct span){ 0 }, "%s`%s`%s",
			  problem_table[problem].message[0], path, problem_table[problem].message[1]);
	if (problem_table[problem].note)
		diag_note(diags, diag, "%s", problem_table[problem].note);
	if (problem_table[problem].help[0])
		diag_help(diags, diag, "%s%s%s", problem_table[problem].help[0], path, problem_table[problem].help[1]);
	if (problem == PROBLEM_SYSTEM)
		diag_note(diags, diag, "%s%s%s", strerror(finding->error), strcmp(finding->path, path) ? ": " : "",
			  strcmp(finding->path, path) ? finding->path : "");
	return -finding->error;
}

static struct source *new_source(struct arena *arena, const char *name, const char *text, size_t size)
{
	struct source *source = arena_new_of(arena, struct source);

	source->name = arena_strdup(arena, name);
	source->text = text;
	source->size = size;
	return source;
}

static int read_stdin(struct arena *arena, struct diags *diags, const struct source **ret)
{
	struct finding finding = { .problem = PROBLEM_TOO_LARGE, .error = EFBIG };
	size_t capacity = 64 << 10;
	char *text = arena_alloc(arena, capacity + 1);
	size_t size = 0;

	for (;;) {
		ssize_t got = read_all(STDIN_FILENO, text + size, capacity - size);

		if (got < 0)
			finding = (struct finding){ .problem = PROBLEM_SYSTEM, .error = (int)-got };
		if (got < 0 || size + (size_t)got > POLICY_SIZE_MAX)
			return report("<stdin>", &finding, diags);
		size += (size_t)got;
		if (size < capacity)
			break;
		capacity *= 2;
		text = memcpy(arena_alloc(arena, capacity + 1), text, size);
	}
	*ret = new_source(arena, "<stdin>", text, size);
	return 0;
}

/* Has nobody written meanwhile? As exact as the file system's clock, since Linux 6.13 to the nanosecond where it has been
 * looked at. */
static bool same_time(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Into @buffer, which holds @size bytes and one more. Owns the descriptor, so allocates nothing. */
static ssize_t read_checked(const char *name, bool trusted, char *buffer, size_t size,
			    struct file_identity *ret_identity, struct finding *finding)
{
	auto_close int fd = walk_open(name, trusted, finding);
	struct stat st, after;
	ssize_t got;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return fail(finding, PROBLEM_SYSTEM, errno, "", name);
	got = read_all(fd, buffer, size + 1);
	if (got < 0)
		return fail(finding, PROBLEM_SYSTEM, (int)-got, "", name);
	if (fstat(fd, &after) < 0)
		return fail(finding, PROBLEM_SYSTEM, errno, "", name);
	if ((size_t)got != size || !same_time(&st, &after))
		return fail(finding, PROBLEM_CHANGED, EBUSY, "", name);
	*ret_identity = (struct file_identity){ st.st_dev, st.st_ino };
	return got;
}

int policy_file_read(const char *name, bool trusted, struct arena *arena, struct diags *diags,
		     const struct source **ret, struct file_identity *ret_identity)
{
	struct file_identity identity = { 0 };
	struct finding finding = { 0 };
	struct stat hint;
	char *text;
	ssize_t size;

	if (!strcmp(name, "-")) {
		if (ret_identity)
			*ret_identity = identity;
		return read_stdin(arena, diags, ret);
	}
	/* How much room is needed; whether it was right is seen when the checked descriptor has been read. */
	if (stat(name, &hint) < 0)
		fail(&finding, PROBLEM_SYSTEM, errno, "", name);
	else if (!S_ISREG(hint.st_mode))
		fail(&finding, PROBLEM_NOT_REGULAR, EINVAL, "", name);
	else if ((unsigned long long)hint.st_size > POLICY_SIZE_MAX)
		fail(&finding, PROBLEM_TOO_LARGE, EFBIG, "", name);
	if (finding.error)
		return report(name, &finding, diags);
	text = arena_alloc(arena, (size_t)hint.st_size + 2);
	size = read_checked(name, trusted, text, (size_t)hint.st_size, &identity, &finding);
	if (size < 0)
		return report(name, &finding, diags);
	text[size] = '\0';
	*ret = new_source(arena, name, text, (size_t)size);
	if (ret_identity)
		*ret_identity = identity;
	return 0;
}
