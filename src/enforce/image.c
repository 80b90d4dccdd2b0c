/* image.c - the program's file: opened once, so that what was looked at is what runs.
 *
 * Binaries are executed by descriptor. A script, or a format that binfmt_misc hands to another program, is executed by
 * path: its interpreter gets a name to open, and a descriptor that closes at exec has none. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "enforce/confinement.h"
#include "enforce/facts.h"

/* Machines whose binaries the kernel itself loads. */
static const uint16_t native_machines[] = {
#if defined(__x86_64__)
	EM_X86_64,
	EM_386,
#elif defined(__aarch64__)
	EM_AARCH64,
	EM_ARM,
#endif
};

/* Is it for a binary loader of the kernel? What we may execute but not read can't be a script. */
static bool is_native_binary(const char *path, const struct image *image)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	Elf64_Ehdr head; /* e_machine lies at the same place in both classes */
	struct stat st;

	if (fd < 0)
		return true;
	if (fstat(fd, &st) < 0 || st.st_dev != image->device || st.st_ino != image->inode ||
	    pread(fd, &head, sizeof(head), 0) < (ssize_t)sizeof(Elf32_Ehdr) || memcmp(head.e_ident, ELFMAG, SELFMAG))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(native_machines); i++)
		if (head.e_machine == native_machines[i])
			return true;
	return false;
}

/* NULL, with errno, when the current directory has no name. */
static const char *make_absolute(const char *path, struct arena *arena)
{
	char directory[PATH_MAX];

	if (path[0] == '/')
		return path;
	if (!getcwd(directory, sizeof(directory)))
		return NULL;
	return arena_printf(arena, "%s/%s", directory, path);
}

static int refuse(struct diags *diags, const char *path, int error, const char *why, const char *help)
{
	struct diag *diag = diag_error(diags, error == ENOENT ? "C0603" : "C0604", (struct span){ 0 },
				       error == ENOENT ? "program not found: %s" : "program cannot be executed: %s",
				       path);

	diag_note(diags, diag, "%s", why ? why : strerror(error));
	if (help)
		diag_help(diags, diag, "%s", help);
	return error == ENOENT ? -ENOENT : -EACCES;
}

/* As exec would check it. Kernels before 5.8 lack the call: then exec itself tells. */
static bool may_execute(int fd)
{
	return syscall(SYS_faccessat2, fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) == 0 || errno == ENOSYS;
}

int image_open(const struct launch *launch, const struct plan *plan, struct arena *arena, struct diags *diags,
	       struct image *ret)
{
	auto_close int fd = open(launch->program, O_PATH | O_CLOEXEC);
	struct image image = { .path = launch->program };
	struct stat st;
	bool script;

	if (fd < 0)
		return refuse(diags, launch->program, errno == ENOTDIR ? ENOENT : errno, NULL, NULL);
	if (fstat(fd, &st) < 0)
		return refuse(diags, launch->program, errno, NULL, NULL);
	if (!S_ISREG(st.st_mode))
		return refuse(diags, launch->program, EACCES,
			      S_ISDIR(st.st_mode) ? "it is a directory" : "it is no file",
			      "name the program after `--`");
	if (!may_execute(fd))
		return refuse(diags, launch->program, errno, NULL,
			      "`chmod +x` it, and see that its file system is not mounted noexec");
	image.device = st.st_dev;
	image.inode = st.st_ino;
	image.absolute = make_absolute(launch->program, arena);
	if (!image.absolute)
		return refuse(diags, launch->program, EACCES, "the current directory has no name",
			      "name the program by its whole path, or go to another directory first");
	if (plan->isolate & ISOLATE_MOUNT || plan->chdir)
		image.path = image.absolute;
	image.by_path = !is_native_binary(launch->program, &image);
	image.interpreter = program_interpreter(launch->program, arena, &script);
	image.fd = take_fd(&fd);
	*ret = image;
	return 0;
}

/* After the mounts: the descriptor still leads to the old mount table, whose flags are not those of the new one. */
int step_program(struct confinement *confinement, const struct step *step)
{
	auto_close int fd = open(confinement->image.absolute, O_PATH | O_CLOEXEC);
	struct stat st;

	(void)step;
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != confinement->image.device || st.st_ino != confinement->image.inode)
		return -ESTALE;
	close(confinement->image.fd);
	confinement->image.fd = take_fd(&fd);
	return 0;
}

/* Index 0: the program, 1: its interpreter. What Landlock or a noexec mount will say is told now, while there still are
 * words; a kernel without AT_EXECVE_CHECK (or a filter around us) doesn't answer, and exec itself tells. */
int step_check(struct confinement *confinement, const struct step *step)
{
	const struct image *image = &confinement->image;
	const bool by_path = step->index == 1 || image->by_path;
	const char *path = step->index == 1 ? image->interpreter : image->path;
	int result = sys_execveat(by_path ? AT_FDCWD : image->fd, by_path ? path : "", confinement->argv,
				  confinement->envp, (by_path ? 0 : AT_EMPTY_PATH) | SYS_AT_EXECVE_CHECK, NULL);

	return result == -EACCES || (result == -ENOENT && by_path) ? result : 0;
}
