/* kernel_caps.c - struct kernel_caps as text and back: a line per field, `#` starts a comment, what is missing is
 * absent. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "platform/probe.h"
#include "platform/tables.h"

static const struct {
	const char *name;
	size_t offset;
} flags[] = {
	{ "seccomp", offsetof(struct kernel_caps, seccomp) },
	{ "notify", offsetof(struct kernel_caps, notify) },
	{ "mdwe", offsetof(struct kernel_caps, mdwe) },
	{ "exec_check", offsetof(struct kernel_caps, exec_check) },
	{ "userns", offsetof(struct kernel_caps, userns) },
	{ "privileged", offsetof(struct kernel_caps, privileged) },
	{ "mount_setattr", offsetof(struct kernel_caps, mount_setattr) },
	{ "cgroup2", offsetof(struct kernel_caps, cgroup2) },
	{ "cgroup2_cpu", offsetof(struct kernel_caps, cgroup2_cpu) },
	{ "bpf_lsm", offsetof(struct kernel_caps, bpf_lsm) },
	{ "execveat_token", offsetof(struct kernel_caps, execveat_token) },
};

/* In the order of enum isolate's bits. */
static const char *const namespace_names[6] = { "pid", "net", "ipc", "uts", "user", "mount" };

void kernel_caps_print(const struct kernel_caps *caps, struct str *out)
{
	str_addf(out, "landlock %d\n", caps->landlock);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		str_addf(out, "%s %s\n", flags[i].name,
			 *((const bool *)((const char *)caps + flags[i].offset)) ? "yes" : "no");
	str_add(out, "ns");
	for (size_t i = 0; i < ARRAY_SIZE(namespace_names); i++)
		if (caps->ns[i])
			str_addf(out, " %s", namespace_names[i]);
	str_add(out, "\narches");
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
		if (caps->arches & 1U << arch)
			str_addf(out, " %s", arch_table[arch].name);
	str_addf(out, "\nuid %u\n", caps->uid);
}

/* ---- parse ---- */

static int parse_number(const char *word, unsigned long max, unsigned long *ret)
{
	char *end;
	unsigned long value;

	if (!word || word[0] < '0' || word[0] > '9')
		return -EINVAL;
	errno = 0;
	value = strtoul(word, &end, 10);
	if (errno || *end || value > max)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int parse_flag(const char *word, bool *ret)
{
	if (!word || (strcmp(word, "yes") && strcmp(word, "no")))
		return -EINVAL;
	*ret = word[0] == 'y';
	return 0;
}

static int parse_namespace(const char *word, struct kernel_caps *caps)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespace_names); i++)
		if (strcmp(word, namespace_names[i]) == 0) {
			caps->ns[i] = true;
			return 0;
		}
	return -EINVAL;
}

static int parse_arch(const char *word, struct kernel_caps *caps)
{
	for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
		if (strcmp(word, arch_table[arch].name) == 0) {
			caps->arches |= 1U << arch;
			return 0;
		}
	return -EINVAL;
}

static int parse_list(char **rest, int (*parse)(const char *word, struct kernel_caps *caps), struct kernel_caps *caps)
{
	int result = 0;

	for (char *word; result == 0 && (word = strtok_r(NULL, " \t", rest));)
		result = parse(word, caps);
	return result;
}

static int parse_value(const char *name, const char *word, struct kernel_caps *caps)
{
	unsigned long number = 0;
	int result;

	if (strcmp(name, "landlock") == 0) {
		result = parse_number(word, 1000, &number);
		caps->landlock = (int)number;
		return result;
	}
	if (strcmp(name, "uid") == 0) {
		result = parse_number(word, UINT32_MAX, &number);
		caps->uid = (uint32_t)number;
		return result;
	}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(name, flags[i].name) == 0)
			return parse_flag(word, (bool *)((char *)caps + flags[i].offset));
	return -EINVAL;
}

static int parse_line(char *line, struct kernel_caps *caps)
{
	char *rest, *name, *word;
	int result;

	line[strcspn(line, "#")] = '\0';
	name = strtok_r(line, " \t\r", &rest);
	if (!name)
		return 0;
	if (strcmp(name, "ns") == 0)
		return parse_list(&rest, parse_namespace, caps);
	if (strcmp(name, "arches") == 0)
		return parse_list(&rest, parse_arch, caps);
	word = strtok_r(NULL, " \t\r", &rest);
	result = parse_value(name, word, caps);
	return result == 0 && strtok_r(NULL, " \t\r", &rest) ? -EINVAL : result;
}

int kernel_caps_parse(const char *text, struct kernel_caps *ret, unsigned *ret_bad_line)
{
	struct kernel_caps caps = { 0 };
	char line[256];

	for (unsigned number = 1; *text; number++) {
		size_t size = strcspn(text, "\n");

		if (size < sizeof(line)) {
			memcpy(line, text, size);
			line[size] = '\0';
		}
		if (size >= sizeof(line) || parse_line(line, &caps) < 0) {
			*ret_bad_line = number;
			return -EINVAL;
		}
		text += size + (text[size] == '\n');
	}
	*ret = caps;
	return 0;
}
