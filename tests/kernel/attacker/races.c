/* races.c - attacks that win or lose by timing: one thread changes names while another opens them, thousands of times.
 *
 * The opener behaves like a careful program: it looks where the name leads, finds that it stays below the directory, and
 * opens it then (T05). So it shows a leak to whoever checks first, and none where the kernel decides at the open. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

/* The opener gives up once it has opened names this often and was refused this often: then the race was won, and for
 * nothing. Who is never refused goes on until it leaks. */
#define ROUNDS 2000
#define REFUSALS 15
#define ATTEMPTS 5000000

struct race {
	const char *directory; /* where names may be made; has a file "plain" and a directory "below" with a "plain" */
	const char *secret;    /* outside; its first byte tells it from "plain" */
	atomic_bool done;
	atomic_int error; /* why names can't be changed */
	atomic_uint changes;
	unsigned opens, refusals;
	/* one change of names; 0 or -1 with errno */
	int (*change)(const struct race *race);
	const char *opened; /* below the directory, or below a descriptor of @held */
	const char *held;   /* may be NULL */
};

static const char *join(char *buffer, const struct race *race, const char *name)
{
	snprintf(buffer, PATH_MAX, "%s/%s", race->directory, name);
	return buffer;
}

static int exchange(const struct race *race, const char *one, const char *other)
{
	char a[PATH_MAX], b[PATH_MAX];

	return renameat2(AT_FDCWD, join(a, race, one), AT_FDCWD, join(b, race, other), RENAME_EXCHANGE);
}

/* "name" is now the file and now a link to the secret. */
static int change_link(const struct race *race)
{
	return exchange(race, "name", "link");
}

/* "below" is now the directory and now a link to the secret's. */
static int change_directory(const struct race *race)
{
	return exchange(race, "below", "directory-link");
}

/* "name" is now the file and now the secret itself. */
static int change_hard_link(const struct race *race)
{
	char name[PATH_MAX], plain[PATH_MAX];

	join(name, race, "name");
	join(plain, race, "plain");
	if ((unlink(name) < 0 && errno != ENOENT) || link(race->secret, name) < 0)
		return -1;
	return unlink(name) < 0 || link(plain, name) < 0 ? -1 : 0;
}

/* "below/deep" moves to the top: what was two levels up is one level further then. */
static int change_depth(const struct race *race)
{
	char deep[PATH_MAX], top[PATH_MAX];

	join(deep, race, "below/deep");
	join(top, race, "deep");
	if (rename(deep, top) < 0)
		return -1;
	return rename(top, deep);
}

static const struct way {
	const char *name;
	int (*change)(const struct race *race);
	const char *opened;
	const char *held;
} ways[] = {
	{ "link", change_link, "name", NULL },
	{ "directory", change_directory, "below/secret", NULL },
	{ "hard-link", change_hard_link, "name", NULL },
	{ "depth", change_depth, "../../secret", "below/deep" },
};

static void *changer(void *argument)
{
	struct race *race = argument;

	while (!atomic_load(&race->done)) {
		if (race->change(race) < 0) {
			atomic_store(&race->error, errno);
			return NULL;
		}
		atomic_fetch_add(&race->changes, 1);
	}
	return NULL;
}

/* Is it below the directory, and not the secret under another name? */
static int looks_safe(const struct race *race, const char *path, const struct stat *secret)
{
	char real[PATH_MAX];
	const size_t size = strlen(race->directory);
	struct stat st;

	return realpath(path, real) && strncmp(real, race->directory, size) == 0 && real[size] == '/' &&
	       stat(path, &st) == 0 && (st.st_dev != secret->st_dev || st.st_ino != secret->st_ino);
}

/* 1: the secret was read; 0: it wasn't. */
static int open_once(struct race *race, const char *path, const struct stat *secret)
{
	struct stat st;
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC), leaked;

	race->opens++;
	if (fd < 0) {
		race->refusals += errno == EACCES;
		return 0;
	}
	leaked = fstat(fd, &st) == 0 && st.st_dev == secret->st_dev && st.st_ino == secret->st_ino &&
		 read(fd, &byte, 1) == 1;
	close(fd);
	return leaked;
}

/* The path that is checked and opened. A held directory stays open. */
static int make_path(const struct race *race, char *path)
{
	int fd;

	if (!race->held) {
		join(path, race, race->opened);
		return 0;
	}
	fd = open(join(path, race, race->held), O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, PATH_MAX, "/proc/self/fd/%d/%s", fd, race->opened);
	return fd < 0 ? -1 : 0;
}

static enum outcome open_all(struct race *race, const char *path)
{
	struct stat secret;

	if (stat(race->secret, &secret) < 0)
		return refused("stat", errno);
	for (unsigned i = 0; i < ATTEMPTS && !atomic_load(&race->error); i++) {
		if (looks_safe(race, path, &secret) && open_once(race, path, &secret))
			return succeeded("checked, then opened: leaked at open %u", race->opens);
		if (race->opens >= ROUNDS && race->refusals >= REFUSALS)
			return refused("every open while names changed", EACCES);
	}
	if (race->error)
		return refused("to change names", race->error);
	return untried("%u opens, %u changes, %u refusals", race->opens, race->changes, race->refusals);
}

static enum outcome run(struct race *race)
{
	enum outcome outcome;
	char path[PATH_MAX];
	pthread_t thread;

	if (make_path(race, path) < 0)
		return refused("O_PATH", errno);
	if (pthread_create(&thread, NULL, changer, race) != 0)
		return refused("pthread_create", EAGAIN);
	outcome = open_all(race, path);
	atomic_store(&race->done, 1);
	pthread_join(thread, NULL);
	return outcome;
}

static enum outcome attack_race(char *const *arguments)
{
	struct race race = { .directory = arguments[1], .secret = arguments[2] };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(ways[i].name, arguments[0]) != 0)
			continue;
		race.change = ways[i].change;
		race.opened = ways[i].opened;
		race.held = ways[i].held;
		return run(&race);
	}
	return untried("no such way: %s", arguments[0]);
}

static const struct attack items[] = {
	{ "race", "WAY DIR SECRET", "open names while they change into a secret's", attack_race },
};
const struct attacks race_attacks = { items, sizeof(items) / sizeof(items[0]) };
