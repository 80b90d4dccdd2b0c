/* names.c - the words of the language that stand for numbers, and how they are shown. */
#include "policy/resolver.h"

#include <string.h>

#define NAMED_TABLE(table, title_, rows_) \
	const struct named_table table = { .title = title_, .count = ARRAY_SIZE(rows_), .rows = rows_ }

static const struct named_number file_operations[] = {
	{ "read", FILE_READ, "open for reading, list, map" },
	{ "write", FILE_WRITE, "change existing content, truncate" },
	{ "append", FILE_APPEND, "add at the end only" },
	{ "create", FILE_CREATE, "make a new entry" },
	{ "delete", FILE_DELETE, "remove an entry" },
	{ "rename", FILE_RENAME, "move an entry" },
	{ "link", FILE_LINK, "make a hard link" },
	{ "attr", FILE_ATTR, "mode, owner, times, extended attributes" },
	{ "exec-map", FILE_EXEC_MAP, "map executable" },
	{ "stat", FILE_STAT, "see that it exists, and its metadata" },
	{ "edit", FILE_EDIT, "read, write, create, delete, rename, attr" },
};
NAMED_TABLE(file_operation_table, "file operation", file_operations);

static const struct named_number net_operations[] = {
	{ "connect", NET_CONNECT, "open a connection, send to an address" },
	{ "bind", NET_BIND, "take a local address" },
	{ "accept", NET_ACCEPT | NET_BIND, "bind, listen and accept connections" },
};
NAMED_TABLE(net_operation_table, "net operation", net_operations);

static const struct named_number net_protocols[] = {
	{ "tcp", NET_TCP, NULL },         { "udp", NET_UDP, NULL },       { "unix", NET_UNIX, NULL },
	{ "netlink", NET_NETLINK, NULL }, { "packet", NET_PACKET, NULL }, { "vsock", NET_VSOCK, NULL },
};
NAMED_TABLE(net_protocol_table, "protocol", net_protocols);

static const struct named_number signal_targets[] = {
	{ "self", SIGNAL_SELF, "the process itself" },
	{ "domain", SIGNAL_DOMAIN, "processes of the same domain" },
	{ "other", SIGNAL_OTHER, "processes outside the domain" },
};
NAMED_TABLE(signal_target_table, "signal target", signal_targets);

static const struct named_number isolates[] = {
	{ "pid", ISOLATE_PID, NULL }, { "net", ISOLATE_NET, NULL },   { "ipc", ISOLATE_IPC, NULL },
	{ "uts", ISOLATE_UTS, NULL }, { "user", ISOLATE_USER, NULL }, { "mount", ISOLATE_MOUNT, NULL },
};
NAMED_TABLE(isolate_table, "namespace", isolates);

/* value: 0 a count, 1 bytes, 2 milliseconds */
static const struct named_number limits[] = {
	{ "mem", 1, "memory of the whole domain" },
	{ "procs", 0, "processes and threads of the whole domain" },
	{ "cpu", 2, "processor time of the whole domain" },
	{ "time", 2, "time until the end" },
	{ "output", 1, "bytes written to standard output and error" },
	{ "files", 0, "open descriptors of each process" },
	{ "file-size", 1, "size of a file that a process may write" },
	{ "core", 1, "size of a core dump" },
	{ "stack", 1, "stack of each process" },
	{ "locked", 1, "locked memory of each process" },
};
NAMED_TABLE(limit_table, "limit", limits);

bool limit_is_of_domain(const char *name)
{
	return !strcmp(name, "mem") || !strcmp(name, "procs") || !strcmp(name, "cpu");
}

const char *limit_unit(const char *name)
{
	for (size_t i = 0; i < limit_table.count; i++)
		if (!strcmp(limit_table.rows[i].name, name))
			return limit_table.rows[i].value == 2 ? "ms" : "";
	return "";
}

void verdict_print(struct verdict verdict, struct str *out)
{
	str_add(out, verdict_name(verdict.kind));
	if (verdict.kind == VERDICT_DENY && verdict.error) {
		const char *name = named_name(&errno_table, verdict.error);

		if (name)
			str_addf(out, " %s", name);
		else
			str_addf(out, " errno %u", verdict.error);
	}
}

void operations_print(enum request_class class, uint32_t operations, struct str *out)
{
	const struct named_table *table = class == REQUEST_NET      ? &net_operation_table
					  : class == REQUEST_SIGNAL ? &signal_target_table
								    : &file_operation_table;
	const char *separator = "";

	for (size_t i = 0; i < table->count; i++) {
		uint64_t bits = table->rows[i].value;

		/* `edit` is a shorthand, and `accept` stands for the bind that it implies */
		if (bits == FILE_EDIT || (operations & bits) != bits)
			continue;
		if (class == REQUEST_NET && bits == NET_BIND && (operations & NET_ACCEPT))
			continue;
		str_addf(out, "%s%s", separator, table->rows[i].name);
		separator = ",";
	}
}

/* Sorted by name. tests/unit/test_resolve.c holds it against data/grants.cordon. */
static const struct {
	const char *name;
	enum request_class class;
} call_classes[] = {
	{ "accept", REQUEST_NET },
	{ "accept4", REQUEST_NET },
	{ "bind", REQUEST_NET },
	{ "chmod", REQUEST_FILE },
	{ "chown", REQUEST_FILE },
	{ "chown32", REQUEST_FILE },
	{ "connect", REQUEST_NET },
	{ "creat", REQUEST_FILE },
	{ "execve", REQUEST_EXEC },
	{ "execveat", REQUEST_EXEC },
	{ "fchmod", REQUEST_FILE },
	{ "fchmodat", REQUEST_FILE },
	{ "fchmodat2", REQUEST_FILE },
	{ "fchown", REQUEST_FILE },
	{ "fchown32", REQUEST_FILE },
	{ "fchownat", REQUEST_FILE },
	{ "file_setattr", REQUEST_FILE },
	{ "fremovexattr", REQUEST_FILE },
	{ "fsconfig", REQUEST_MOUNT },
	{ "fsetxattr", REQUEST_FILE },
	{ "fsmount", REQUEST_MOUNT },
	{ "fsopen", REQUEST_MOUNT },
	{ "fspick", REQUEST_MOUNT },
	{ "futimesat", REQUEST_FILE },
	{ "ioctl", REQUEST_IOCTL },
	{ "kcmp", REQUEST_PTRACE },
	{ "kill", REQUEST_SIGNAL },
	{ "lchown", REQUEST_FILE },
	{ "lchown32", REQUEST_FILE },
	{ "link", REQUEST_FILE },
	{ "linkat", REQUEST_FILE },
	{ "listen", REQUEST_NET },
	{ "lremovexattr", REQUEST_FILE },
	{ "lsetxattr", REQUEST_FILE },
	{ "mkdir", REQUEST_FILE },
	{ "mkdirat", REQUEST_FILE },
	{ "mknod", REQUEST_FILE },
	{ "mknodat", REQUEST_FILE },
	{ "mount", REQUEST_MOUNT },
	{ "mount_setattr", REQUEST_MOUNT },
	{ "move_mount", REQUEST_MOUNT },
	{ "open", REQUEST_FILE },
	{ "open_tree", REQUEST_MOUNT },
	{ "open_tree_attr", REQUEST_MOUNT },
	{ "openat", REQUEST_FILE },
	{ "openat2", REQUEST_FILE },
	{ "pidfd_getfd", REQUEST_PTRACE },
	{ "pidfd_send_signal", REQUEST_SIGNAL },
	{ "pivot_root", REQUEST_MOUNT },
	{ "process_madvise", REQUEST_PTRACE },
	{ "process_vm_readv", REQUEST_PTRACE },
	{ "process_vm_writev", REQUEST_PTRACE },
	{ "ptrace", REQUEST_PTRACE },
	{ "removexattr", REQUEST_FILE },
	{ "removexattrat", REQUEST_FILE },
	{ "rename", REQUEST_FILE },
	{ "renameat", REQUEST_FILE },
	{ "renameat2", REQUEST_FILE },
	{ "rmdir", REQUEST_FILE },
	{ "rt_sigqueueinfo", REQUEST_SIGNAL },
	{ "rt_tgsigqueueinfo", REQUEST_SIGNAL },
	{ "sendto", REQUEST_NET },
	{ "setsockopt", REQUEST_NET },
	{ "setxattr", REQUEST_FILE },
	{ "setxattrat", REQUEST_FILE },
	{ "socket", REQUEST_NET },
	{ "socketcall", REQUEST_NET },
	{ "symlink", REQUEST_FILE },
	{ "symlinkat", REQUEST_FILE },
	{ "tgkill", REQUEST_SIGNAL },
	{ "tkill", REQUEST_SIGNAL },
	{ "truncate", REQUEST_FILE },
	{ "truncate64", REQUEST_FILE },
	{ "umount", REQUEST_MOUNT },
	{ "umount2", REQUEST_MOUNT },
	{ "unlink", REQUEST_FILE },
	{ "unlinkat", REQUEST_FILE },
	{ "utime", REQUEST_FILE },
	{ "utimensat", REQUEST_FILE },
	{ "utimensat_time64", REQUEST_FILE },
	{ "utimes", REQUEST_FILE },
};

enum request_class call_request_class(uint16_t call)
{
	size_t low = 0, high = ARRAY_SIZE(call_classes);

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(call_table[call].name, call_classes[middle].name);

		if (order == 0)
			return call_classes[middle].class;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return REQUEST_SYSCALL;
}
