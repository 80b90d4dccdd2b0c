/* modules.c - a real module of the running kernel, loaded by either call and taken out again: what only a guest can try. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

static enum outcome attack_load_file(char *const *arguments)
{
	int fd = open(arguments[0], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return untried("%s can't be opened", arguments[0]);
	if (syscall(SYS_finit_module, fd, "", 0) == 0)
		return succeeded("loaded a module");
	return refused("finit_module", errno);
}

static enum outcome attack_load_image(char *const *arguments)
{
	int fd = open(arguments[0], O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *image;

	if (fd < 0 || fstat(fd, &st) < 0)
		return untried("%s can't be opened", arguments[0]);
	image = malloc((size_t)st.st_size);
	if (!image || read(fd, image, (size_t)st.st_size) != st.st_size)
		return untried("%s can't be read", arguments[0]);
	if (syscall(SYS_init_module, image, (unsigned long)st.st_size, "") == 0)
		return succeeded("loaded a module");
	return refused("init_module", errno);
}

static enum outcome attack_unload(char *const *arguments)
{
	if (syscall(SYS_delete_module, arguments[0], O_NONBLOCK) == 0)
		return succeeded("took out a module");
	return refused("delete_module", errno);
}

static const struct attack items[] = {
	{ "load-file", "PATH", "load this module by finit_module", attack_load_file },
	{ "load-image", "PATH", "load this module by init_module", attack_load_image },
	{ "unload", "NAME", "take out a module by delete_module", attack_unload },
};
const struct attacks module_attacks = { items, sizeof(items) / sizeof(items[0]) };
