/* descriptors.c - which open files the program gets: 0, 1, 2 and those that were named. All others close at exec. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "enforce/confinement.h"

#define STANDARD_FDS 3

int descriptors_fill(void)
{
	for (int fd = 0; fd < STANDARD_FDS; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return -errno;
	return 0;
}

/* ---- check ---- */

/* Memory that lies on no mount (memfd_create), or a file without a name in such memory: whoever holds it can open it
 * again by /proc/self/fd, for writing too, and no rule about paths has a say. */
static bool opens_again(int fd, const struct stat *st)
{
	const int seals = st->st_nlink ? 0 : fcntl(fd, F_GET_SEALS);

	if (st->st_nlink)
		return false;
	/* EINVAL: a file system without seals. */
	return seals < 0 ? errno != EINVAL : !(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
}

int handed_look(int fd, struct handed *ret)
{
	int flags = fcntl(fd, F_GETFL), mode = flags & O_ACCMODE;
	struct statvfs mount;
	struct stat st;
	bool again;

	if (flags < 0 || fstat(fd, &st) < 0)
		return -errno;
	again = S_ISREG(st.st_mode) && opens_again(fd, &st);
	*ret = (struct handed){
		.fd = fd,
		.device = st.st_dev,
		.inode = st.st_ino,
		.readable = again || (!(flags & O_PATH) && mode != O_WRONLY),
		.writable = again || (!(flags & O_PATH) && mode != O_RDONLY),
		.directory = S_ISDIR(st.st_mode),
		.mappable = S_ISREG(st.st_mode) && !(fstatvfs(fd, &mount) == 0 && mount.f_flag & ST_NOEXEC),
	};
	return 0;
}

static const char *fd_target(int fd, struct arena *arena)
{
	char target[PATH_MAX];
	ssize_t size = readlink(arena_printf(arena, "/proc/self/fd/%d", fd), target, sizeof(target));

	return size < 0 ? "a file" : arena_strndup(arena, target, (size_t)size);
}

static int refuse_writable_code(struct diags *diags, const struct handed *writer, const struct handed *reader)
{
	struct diag *diag = diag_error(diags, "C0605", (struct span){ 0 },
				       "descriptors would let the program write code and run it: %s",
				       fd_target(writer->fd, diags->arena));

	if (writer == reader)
		diag_note(diags, diag, "descriptor %d can be read and written, so it could be mapped twice",
			  writer->fd);
	else
		diag_note(diags, diag, "descriptor %d writes the file that descriptor %d can map", writer->fd,
			  reader->fd);
	diag_help(diags, diag,
		  "redirect with `>` or `<` to different files, use a file on a noexec mount, or write `wx allow`");
	return -EINVAL;
}

static int check_pairs(const struct handed *handed, size_t count, struct diags *diags)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			if (handed[i].writable && handed[k].readable && handed[i].mappable && handed[k].mappable &&
			    handed[i].device == handed[k].device && handed[i].inode == handed[k].inode)
				return refuse_writable_code(diags, &handed[i], &handed[k]);
	return 0;
}

/* exec-map is held by noexec mounts, and a descriptor keeps the mount that it was opened on. */
static int check_exec_map(const struct plan *plan, const struct handed *handed, struct diags *diags)
{
	struct diag *diag;
	bool held = false;

	for (size_t i = 0; i < plan->mounts.count; i++)
		held |= plan->mounts.items[i].kind == MOUNT_ROOT && plan->mounts.items[i].attr_set & MOUNT_ATTR_NOEXEC;
	if (!held || !handed->readable || !handed->mappable)
		return 0;
	diag = diag_error(diags, "C0605", (struct span){ 0 },
			  "descriptor %d would let the program run code that no exec-map rule names: %s", handed->fd,
			  fd_target(handed->fd, diags->arena));
	diag_help(diags, diag, "pass it through a pipe: `cat FILE | cordon run ...`");
	return -EINVAL;
}

/* From a directory of the old mount table all that is hidden or read-only now could be opened. Who names a
 * descriptor with --keep-fd means it; a standard one is there by accident. */
static int check_directory(const struct plan *plan, const struct handed *handed, struct diags *diags)
{
	struct diag *diag;

	if (!handed->directory || !handed->standard || !(plan->isolate & ISOLATE_MOUNT))
		return 0;
	diag = diag_error(diags, "C0607", (struct span){ 0 },
			  "descriptor %d is the directory %s outside the new mounts", handed->fd,
			  fd_target(handed->fd, diags->arena));
	diag_help(diags, diag, "start it with `</dev/null >/dev/null`, or hand the directory over with --keep-fd N");
	return -EINVAL;
}

/* Whoever holds a ring from outside has the credentials of outside, and no filter or domain has a say. */
static int check_ring(int fd, struct diags *diags)
{
	struct diag *diag;

	if (!sys_is_uring(fd))
		return 0;
	diag = diag_error(diags, "C0608", (struct span){ 0 }, "descriptor %d is a ring of io_uring made outside", fd);
	diag_help(diags, diag, "start it without: `%d</dev/null`", fd);
	return -EINVAL;
}

/* First those that become 0, 1 and 2, then the others. */
static int handed_fd(const struct launch *launch, size_t i)
{
	if (i >= STANDARD_FDS)
		return launch->keep_fds[i - STANDARD_FDS];
	return launch->standard_fds ? launch->standard_fds[i] : (int)i;
}

int descriptors_check(const struct plan *plan, const struct launch *launch, struct diags *diags)
{
	size_t count = STANDARD_FDS + launch->keep_fd_count;
	struct handed *handed = arena_alloc(diags->arena, count * sizeof(*handed));

	for (size_t i = 0; i < count; i++) {
		const int fd = handed_fd(launch, i);
		int result;

		if (fd < 0 && i < STANDARD_FDS)
			continue;
		result = handed_look(fd, &handed[i]);
		handed[i].standard = i < STANDARD_FDS;
		if (result < 0) {
			diag_help(diags,
				  diag_error(diags, "C0606", (struct span){ 0 }, "descriptor %d is not open", fd),
				  "open it in the shell, for example `%d</path`, or leave out --keep-fd %d", fd, fd);
			return -EBADF;
		}
		result = check_ring(fd, diags);
		if (result == 0)
			result = check_directory(plan, &handed[i], diags);
		if (result == 0)
			result = check_exec_map(plan, &handed[i], diags);
		if (result < 0)
			return result;
	}
	return plan->strict_wx ? check_pairs(handed, count, diags) : 0;
}

/* ---- the step ---- */

/* Marked, not closed: what the steps to come still need closes itself at exec as well, and a table that is shared
 * with the parent keeps what is the parent's. */
int step_descriptors(struct confinement *confinement, const struct step *step)
{
	int result = sys_close_range(STANDARD_FDS, ~0U, SYS_CLOSE_RANGE_CLOEXEC);

	(void)step;
	for (int fd = 0; fd < STANDARD_FDS && result == 0; fd++)
		result = fcntl(fd, F_SETFD, 0) < 0 ? -errno : 0;
	for (size_t i = 0; i < confinement->keep_fd_count && result == 0; i++)
		result = fcntl(confinement->keep_fds[i], F_SETFD, 0) < 0 ? -errno : 0;
	return result;
}
