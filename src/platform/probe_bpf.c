/* probe_bpf.c - attempt at a security module's program: loaded, attached to the opening of files for a moment, and
 * seen to run. A list of active modules would prove less, and need securityfs. The program allows everything. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "platform/probe_attempt.h"
#include "platform/sys.h"

#define HOOK_NAME "bpf_lsm_file_open"

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	long result = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return result < 0 ? -errno : (int)result;
}

/* ---- the hook's number in the kernel's type information ---- */

/* Bytes that follow a struct btf_type: a fixed part, and one per member. */
static const struct {
	uint8_t fixed, member;
} kind_sizes[] = {
	[BTF_KIND_INT] = { 4, 0 },      [BTF_KIND_ARRAY] = { sizeof(struct btf_array), 0 },
	[BTF_KIND_STRUCT] = { 0, 12 },  [BTF_KIND_UNION] = { 0, 12 },
	[BTF_KIND_ENUM] = { 0, 8 },     [BTF_KIND_FUNC_PROTO] = { 0, 8 },
	[BTF_KIND_VAR] = { 4, 0 },      [BTF_KIND_DATASEC] = { 0, 12 },
	[BTF_KIND_DECL_TAG] = { 4, 0 }, [BTF_KIND_ENUM64] = { 0, 12 },
};

static int find_function(const char *data, size_t size, const char *name)
{
	const struct btf_header *header = (const void *)data;
	const char *strings, *at, *end;

	if (size < sizeof(*header) || header->magic != BTF_MAGIC ||
	    (uint64_t)header->hdr_len + header->str_off + header->str_len > size ||
	    (uint64_t)header->hdr_len + header->type_off + header->type_len > size)
		return -EINVAL;
	strings = data + header->hdr_len + header->str_off;
	at = data + header->hdr_len + header->type_off;
	end = at + header->type_len;
	for (int id = 1; at + sizeof(struct btf_type) <= end; id++) {
		const struct btf_type *type = (const void *)at;
		unsigned kind = BTF_INFO_KIND(type->info);

		if (kind == BTF_KIND_FUNC && type->name_off < header->str_len &&
		    strcmp(strings + type->name_off, name) == 0)
			return id;
		at += sizeof(*type);
		if (kind < ARRAY_SIZE(kind_sizes))
			at += kind_sizes[kind].fixed + (size_t)kind_sizes[kind].member * BTF_INFO_VLEN(type->info);
	}
	return -ENOENT;
}

static int find_hook(void)
{
	auto_close int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t done = 0;
	char *data;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	data = sys_map((size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	if (!data)
		return -errno;
	while (done < (size_t)st.st_size) {
		ssize_t got = read(fd, data + done, (size_t)st.st_size - done);

		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return find_function(data, done, HOOK_NAME);
}

/* ---- the program ---- */

static int load(int hook)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { 0 };

	attr.prog_type = BPF_PROG_TYPE_LSM;
	attr.expected_attach_type = BPF_LSM_MAC;
	attr.attach_btf_id = (unsigned)hook;
	attr.insns = (uintptr_t)code;
	attr.insn_cnt = ARRAY_SIZE(code);
	attr.license = (uintptr_t) "Dual BSD/GPL";
	return bpf(BPF_PROG_LOAD, &attr);
}

static int attach(int program)
{
	union bpf_attr attr = { 0 };

	attr.raw_tracepoint.prog_fd = (unsigned)program;
	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}

/* How often @program ran while a file was opened. */
static long long count_runs(int program)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { 0 };
	int statistics, result, file;

	attr.enable_stats.type = BPF_STATS_RUN_TIME;
	statistics = bpf(BPF_ENABLE_STATS, &attr);
	if (statistics < 0)
		return statistics;
	file = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (unsigned)program;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	result = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	cleanup_close(&file);
	close(statistics);
	return result < 0 ? result : (long long)info.run_cnt;
}

int attempt_bpf_lsm(struct attempt *attempt)
{
	int hook = find_hook(), program, link;
	long long runs;

	if (hook < 0)
		return attempt_fail(attempt, "the kernel's type information for " HOOK_NAME, -hook);
	program = load(hook);
	if (program < 0)
		return attempt_fail(attempt, "loading a program of type LSM", -program);
	link = attach(program);
	if (link < 0)
		return attempt_fail(attempt, "attaching it", -link);
	runs = count_runs(program);
	close(link);
	if (runs <= 0) {
		attempt_say(attempt, "a program was attached, but the kernel does not call it: bpf is not in lsm=");
		return 0;
	}
	attempt_say(attempt, "a program ran when a file was opened");
	return 1;
}
