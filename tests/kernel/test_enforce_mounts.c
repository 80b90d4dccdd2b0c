/* test_enforce_mounts.c - the program's own view of the file system, as root and in a user namespace. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "platform/sys.h"
#include "trial.h"

#define NOBODY 65534
#define READ_RIGHTS (SYS_LANDLOCK_FS_READ_FILE | SYS_LANDLOCK_FS_READ_DIR)

/* A directory of the test's own that everybody can write. */
static char *make_place(struct trial *trial)
{
	char *place = arena_strdup(trial->arena, "/var/tmp/cordon-place-XXXXXX");

	REQUIRE(mkdtemp(place) != NULL && chmod(place, 0777) == 0);
	return place;
}

static void remove_place(const char *place)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", place);
	REQUIRE(system(command) == 0);
}

static char *below(struct trial *trial, const char *place, const char *name)
{
	return arena_printf(trial->arena, "%s/%s", place, name);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	REQUIRE(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, mode) == 0);
	close(fd);
}

static void add_mount(struct trial *trial, enum mount_kind kind, const char *path, uint64_t attr, bool inside)
{
	struct stat st;

	*arena_push(trial->arena, &trial->plan.mounts) = (struct mount_op){
		.kind = kind,
		.path = path,
		.attr_set = attr,
		.inside_private = inside,
		.is_directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode),
	};
}

static void mount_trial(struct trial *trial)
{
	NEED("root userns mount");
	trial_init(trial, 1);
	trial->plan.isolate = ISOLATE_MOUNT;
}

/* As root, and as somebody who needs a user namespace for it. */
static void run_both(struct trial *trial, int expected)
{
	uint32_t isolate = trial->plan.isolate;

	trial->uid = 0;
	CHECK_INT(trial_run(trial), expected);
	trial->uid = NOBODY;
	trial->plan.isolate |= ISOLATE_USER;
	CHECK_INT(trial_run(trial), expected);
	trial->uid = 0;
	CHECK_INT(trial_run(trial), expected);
	trial->plan.isolate = isolate;
}

/* ---- flags ---- */

static int try_create(const char *directory, const char *name)
{
	char path[1024];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	return unlink(path) < 0 ? errno : 0;
}

PAYLOAD(writes_only_in)
{
	char other[256];

	snprintf(other, sizeof(other), "%s/..", argument);
	if (try_create(argument, "new"))
		return 1;
	if (try_create(other, "new") != EROFS || try_create("/tmp", "cordon-new") != EROFS)
		return 2;
	if (chmod(argument, 0777) < 0 && errno == EROFS)
		return 3;
	return chmod(other, 0777) < 0 && errno == EROFS ? 0 : 4;
}

TEST(everything_read_only_but_a_tree)
{
	struct trial trial;
	char *place, *tree;

	mount_trial(&trial);
	place = make_place(&trial);
	tree = below(&trial, place, "tree");
	REQUIRE(mkdir(tree, 0777) == 0 && chmod(tree, 0777) == 0);
	add_mount(&trial, MOUNT_TREE, tree, MOUNT_ATTR_NOSUID, false);
	add_mount(&trial, MOUNT_ROOT, "/", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, false);
	trial_payload(&trial, "writes_only_in", tree);
	CHECK_INT(trial_baseline(&trial), 2);
	run_both(&trial, 0);
	CHECK_INT(try_create("/tmp", "cordon-still-writable"), 0);
	remove_place(place);
	trial_release(&trial);
}

PAYLOAD(runs_code_of)
{
	char *const argv[] = { (char *)argument, NULL };
	int fd = open(argument, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 1;
	if (mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED)
		return 2;
	if (errno != EPERM)
		return 3;
	execv(argument, argv);
	return errno == EACCES ? 0 : 4;
}

TEST(T07_writable_tree_is_not_executable)
{
	struct trial trial;
	char *place, *script;

	mount_trial(&trial);
	place = make_place(&trial);
	script = below(&trial, place, "script");
	write_file(script, "#!/bin/sh\n", 0755);
	add_mount(&trial, MOUNT_ROOT, "/", MOUNT_ATTR_RDONLY, false);
	add_mount(&trial, MOUNT_TREE, place, MOUNT_ATTR_NOEXEC, false);
	trial_payload(&trial, "runs_code_of", script);
	CHECK_INT(trial_baseline(&trial), 2);
	run_both(&trial, 0);
	remove_place(place);
	trial_release(&trial);
}

/* ---- private directories ---- */

PAYLOAD(private_directory)
{
	char path[512], text[8] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/secret", argument);
	if (access(path, F_OK) == 0)
		return 1;
	if (try_create(argument, "new"))
		return 2;
	snprintf(path, sizeof(path), "%s/kept/file", argument);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) != 4 || strcmp(text, "kept"))
		return 3;
	snprintf(path, sizeof(path), "%s/kept", argument);
	if (try_create(path, "new") != EROFS)
		return 4;
	snprintf(path, sizeof(path), "%s/alone", argument);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, text, sizeof(text) - 1) == 5 ? 0 : 5;
}

/* Listed in an order that only sorting makes right. */
TEST(private_directory_with_granted_parts)
{
	struct trial trial;
	char *place, *kept, *alone;
	struct stat st;

	mount_trial(&trial);
	place = make_place(&trial);
	kept = below(&trial, place, "kept");
	alone = below(&trial, place, "alone");
	REQUIRE(mkdir(kept, 0755) == 0);
	write_file(below(&trial, place, "secret"), "secret", 0666);
	write_file(below(&trial, place, "kept/file"), "kept", 0666);
	write_file(alone, "alone", 0666);
	add_mount(&trial, MOUNT_TREE, alone, MOUNT_ATTR_RDONLY, true);
	add_mount(&trial, MOUNT_TREE, kept, MOUNT_ATTR_RDONLY, true);
	add_mount(&trial, MOUNT_TMPFS, place, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, false);
	add_mount(&trial, MOUNT_ROOT, "/", MOUNT_ATTR_RDONLY, false);
	trial_payload(&trial, "private_directory", place);
	CHECK_INT(trial_baseline(&trial), 1);
	run_both(&trial, 0);
	CHECK(stat(below(&trial, place, "secret"), &st) == 0);
	remove_place(place);
	trial_release(&trial);
}

PAYLOAD(sealed_directory)
{
	return try_create(argument, "new") == EROFS && access(argument, R_OK) == 0 ? 0 : 1;
}

TEST(private_directory_can_be_read_only)
{
	struct trial trial;
	char *place;

	mount_trial(&trial);
	place = make_place(&trial);
	add_mount(&trial, MOUNT_TMPFS, place, MOUNT_ATTR_RDONLY, false);
	trial_payload(&trial, "sealed_directory", place);
	run_both(&trial, 0);
	remove_place(place);
	trial_release(&trial);
}

PAYLOAD(private_devices)
{
	static const char *const gone[] = { "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/fuse", "/dev/kvm" };
	char byte = 1;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		if (access(gone[i], F_OK) == 0)
			return 1;
	if (null < 0 || write(null, "x", 1) != 1 || zero < 0 || read(zero, &byte, 1) != 1 || byte)
		return 2;
	if (open("/dev/urandom", O_RDONLY | O_CLOEXEC) < 0 || open("/dev/full", O_WRONLY | O_CLOEXEC) < 0)
		return 3;
	if (try_create("/dev/shm", "new") || access("/dev/fd/0", F_OK) < 0)
		return 4;
	return open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC) < 0 ? 5 : 0;
}

TEST(private_dev)
{
	struct trial trial;

	mount_trial(&trial);
	add_mount(&trial, MOUNT_ROOT, "/", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, false);
	add_mount(&trial, MOUNT_DEV, "/dev", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, false);
	trial_payload(&trial, "private_devices", NULL);
	run_both(&trial, 0);
	trial_release(&trial);
}

/* ---- a new proc ---- */

PAYLOAD(sees_only_itself)
{
	char self[32] = "";

	if (getpid() != 2 || readlink("/proc/self", self, sizeof(self) - 1) < 0 || strcmp(self, "2"))
		return 1;
	/* Outside, the argument's number is taken; inside there are 1 and 2 only. */
	return access(argument, F_OK) < 0 && access("/proc/1", F_OK) == 0 ? 0 : 2;
}

TEST(own_proc)
{
	struct trial trial;
	pid_t outside;

	mount_trial(&trial);
	outside = fork();
	if (outside == 0)
		for (;;)
			pause();
	REQUIRE(outside > 2);
	trial.plan.isolate |= ISOLATE_PID;
	trial.plan.keeps_parent = true;
	add_mount(&trial, MOUNT_ROOT, "/", MOUNT_ATTR_RDONLY, false);
	add_mount(&trial, MOUNT_PROC, "/proc", 0, false);
	trial_payload(&trial, "sees_only_itself", arena_printf(trial.arena, "/proc/%d", (int)outside));
	run_both(&trial, 0);
	kill(outside, SIGKILL);
	trial_release(&trial);
}

/* ---- T02 ---- */

/* Becomes an ordinary user first: who has the same uid as a process outside may look at its root directory. */
PAYLOAD(reads_as_nobody)
{
	int fd;

	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 9;
	fd = open(argument, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? 0 : 1;
}

static pid_t start_outsider(void)
{
	pid_t pid = fork();
	char *const argv[] = { (char[]){ "sleep" }, (char[]){ "100" }, NULL };

	if (pid == 0) {
		if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(1);
		execv("/bin/sleep", argv);
		_exit(1);
	}
	usleep(50000);
	return pid;
}

TEST(T02_mask_and_the_root_of_an_outsider)
{
	struct trial trial;
	char *place, *secret;
	pid_t outsider = start_outsider();

	mount_trial(&trial);
	place = make_place(&trial);
	secret = below(&trial, place, "secret");
	write_file(secret, "secret", 0644);
	add_mount(&trial, MOUNT_TMPFS, place, 0, false);
	trial_payload(&trial, "reads_as_nobody", secret);
	CHECK_INT(trial_baseline(&trial), 0);
	CHECK_INT(trial_run(&trial), 1);
	/* A mask alone: through the outsider's root the file is there. */
	trial_payload(&trial, "reads_as_nobody", arena_printf(trial.arena, "/proc/%d/root%s", (int)outsider, secret));
	CHECK_INT(trial_run(&trial), 0);
	/* With process numbers and a proc of its own there is no outsider. */
	trial.plan.isolate |= ISOLATE_PID;
	trial.plan.keeps_parent = true;
	add_mount(&trial, MOUNT_PROC, "/proc", 0, false);
	CHECK_INT(trial_run(&trial), 1);
	kill(outsider, SIGKILL);
	waitpid(outsider, NULL, 0);
	remove_place(place);
	trial_release(&trial);
}

/* Waits until the host has moved the mask, then reads. */
PAYLOAD(reads_after_the_move)
{
	char path[512];

	if (write(1, "r", 1) != 1 || read(0, path, 1) != 1)
		return 8;
	snprintf(path, sizeof(path), "%s/masked/secret", argument);
	return open(path, O_RDONLY | O_CLOEXEC) >= 0 ? 0 : errno;
}

/* A rename on the host takes a mount point away, and with it what was mounted there. */
static int read_after_move(struct trial *trial, const char *place)
{
	char *masked = below(trial, place, "masked"), *aside = below(trial, place, "aside");
	int to[2], from[2], result;
	char byte;
	pid_t runner;

	REQUIRE(mkdir(masked, 0777) == 0 && mkdir(aside, 0777) == 0);
	write_file(below(trial, aside, "secret"), "secret", 0644);
	REQUIRE(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0 && dup2(to[0], 0) == 0 &&
		dup2(from[1], 1) == 1);
	runner = trial_begin(trial);
	CHECK(read(from[0], &byte, 1) == 1);
	CHECK_INT(rename(aside, masked), 0);
	CHECK(write(to[1], "g", 1) == 1);
	result = trial_wait(trial, runner);
	close(to[1]);
	close(from[0]);
	unlink(below(trial, masked, "secret"));
	rmdir(masked);
	return result;
}

TEST(T02_mask_taken_away_by_a_rename)
{
	struct trial trial;
	char *place;

	mount_trial(&trial);
	place = make_place(&trial);
	add_mount(&trial, MOUNT_TMPFS, below(&trial, place, "masked"), 0, false);
	trial_payload(&trial, "reads_after_the_move", place);
	CHECK_INT(read_after_move(&trial, place), 0);
	/* Landlock beside the mask doesn't care what is mounted where. */
	trial.layers[0].landlock.handled_fs = READ_RIGHTS;
	trial_path(&trial, 0, "/usr", READ_RIGHTS);
	trial_path(&trial, 0, "/etc", READ_RIGHTS);
	trial_path(&trial, 0, trial.launch.program, READ_RIGHTS);
	CHECK_INT(read_after_move(&trial, place), EACCES);
	remove_place(place);
	trial_release(&trial);
}

/* ---- ways back to the old view ---- */

PAYLOAD(reads_relative)
{
	return open("secret", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 1;
}

TEST(current_directory_is_that_of_the_new_view)
{
	struct trial trial;
	char *place;

	mount_trial(&trial);
	place = make_place(&trial);
	write_file(below(&trial, place, "secret"), "secret", 0644);
	REQUIRE(chdir(place) == 0);
	add_mount(&trial, MOUNT_TMPFS, place, 0, false);
	trial_payload(&trial, "reads_relative", NULL);
	CHECK_INT(trial_baseline(&trial), 0);
	run_both(&trial, 1);
	/* A directory that is not in the new view is no place to start. */
	REQUIRE(mkdir("below", 0755) == 0 && chdir("below") == 0);
	CHECK_INT(trial_run(&trial), -1);
	CHECK_STR(trial.end->code, "C0613");
	remove_place(place);
	trial_release(&trial);
}

TEST(descriptor_of_the_old_view_is_refused)
{
	struct trial trial;

	mount_trial(&trial);
	add_mount(&trial, MOUNT_ROOT, "/", MOUNT_ATTR_RDONLY, false);
	trial_payload(&trial, "sealed_directory", "/tmp");
	CHECK_INT(trial_run(&trial), 0);
	REQUIRE(dup2(open("/", O_RDONLY | O_DIRECTORY), 0) == 0);
	CHECK_INT(trial_run(&trial), -1);
	CHECK_STR(trial.end->code, "C0607");
	trial_release(&trial);
}

TEST(program_that_the_mounts_hide)
{
	struct trial trial;
	char *place, *program;

	mount_trial(&trial);
	place = make_place(&trial);
	program = below(&trial, place, "program");
	write_file(program, "#!/bin/sh\nexit 5\n", 0755);
	trial.launch.program = program;
	trial.argv[0] = program;
	add_mount(&trial, MOUNT_TMPFS, place, 0, false);
	CHECK_INT(trial_run(&trial), -1);
	CHECK_INT(trial.end->result, -ENOENT);
	CHECK_STR(trial.end->code, "C0614");
	add_mount(&trial, MOUNT_TREE, program, 0, true);
	run_both(&trial, 5);
	remove_place(place);
	trial_release(&trial);
}

/* ---- a chroot ---- */

static const char *const chroot_parts[] = { "/usr", "/lib", "/lib64", "/bin", "/proc", "/dev" };

static void copy_program(const char *path)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	REQUIRE(from >= 0 && to >= 0);
	while (sendfile(to, from, NULL, 1 << 20) > 0)
		;
	close(from);
	close(to);
}

PAYLOAD(still_in_chroot)
{
	char directory[256];

	if (access("/outside", F_OK) == 0 || access("/../outside", F_OK) == 0)
		return 1;
	if (try_create("/", "new") != EROFS || try_create("/tree", "new"))
		return 2;
	return getcwd(directory, sizeof(directory)) && !strcmp(directory, "/tree") ? 0 : 3;
}

/* A root directory one level below a mount, with the machine's programs in it. */
static void make_chroot(void)
{
	REQUIRE(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	REQUIRE(mount("tmpfs", "/mnt", "tmpfs", 0, "mode=0755") == 0 && mkdir("/mnt/root", 0755) == 0);
	write_file("/mnt/outside", "x", 0644);
	for (size_t i = 0; i < ARRAY_SIZE(chroot_parts); i++) {
		char part[64];
		struct stat st;

		snprintf(part, sizeof(part), "/mnt/root%s", chroot_parts[i]);
		if (stat(chroot_parts[i], &st) == 0)
			REQUIRE(mkdir(part, 0755) == 0 &&
				mount(chroot_parts[i], part, NULL, MS_BIND | MS_REC, NULL) == 0);
	}
	copy_program("/mnt/root/program");
	REQUIRE(mkdir("/mnt/root/tree", 0777) == 0 && chroot("/mnt/root") == 0 && chdir("/tree") == 0);
}

/* The root of a chroot is no mount; it has to become one, and what is outside has to stay outside. */
TEST(works_in_a_chroot)
{
	struct trial trial;

	mount_trial(&trial);
	trial_payload(&trial, "still_in_chroot", NULL);
	make_chroot();
	trial.launch.program = "/program";
	add_mount(&trial, MOUNT_ROOT, "/", MOUNT_ATTR_RDONLY, false);
	add_mount(&trial, MOUNT_TREE, "/tree", 0, false);
	CHECK_INT(trial_run(&trial), 0);
	trial_release(&trial);
}

/* ---- nothing of it is left ---- */

TEST(mounts_do_not_travel_to_the_host)
{
	struct trial trial;
	char *place, *file;

	mount_trial(&trial);
	place = make_place(&trial);
	file = below(&trial, place, "file");
	write_file(file, "x", 0644);
	add_mount(&trial, MOUNT_ROOT, "/", MOUNT_ATTR_RDONLY, false);
	add_mount(&trial, MOUNT_TMPFS, place, 0, false);
	trial_payload(&trial, "sealed_directory", "/tmp");
	run_both(&trial, 0);
	CHECK(access(file, F_OK) == 0);
	CHECK_INT(try_create("/tmp", "cordon-still-writable"), 0);
	remove_place(place);
	trial_release(&trial);
}
