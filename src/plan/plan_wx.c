/* plan_wx.c - W^X: no memory is ever both writable and executable, by itself (MDWE), through two mappings of one object, or
 * through a way around the page tables.
 *
 * MDWE holds what one mapping can be. What is left is computed from the grants: an object that can be written and mapped,
 * the files and calls by which memory is written that is mapped read-only, and memory that lies on no mount. */
#include "plan/planner.h"

#include <string.h>

#include "platform/sys.h"

struct obstacle {
	const char *why, *help; /* NULL: there is none */
	enum mechanism missing;
};

/* ---- files ---- */

/* Devices whose mappings hold nothing that was written: null and tty have none, zero's is new each time. */
static bool is_harmless_device(const struct tree_node *node)
{
	static const char *const names[] = { "/dev/null",    "/dev/zero", "/dev/full",    "/dev/random",
					     "/dev/urandom", "/dev/tty",  "/dev/console", "/dev/ptmx" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(node->path, names[i]))
			return true;
	return path_below(node->path, "/dev/pts");
}

static bool is_noexec(const struct tree_node *node)
{
	return node->object && node->object->noexec;
}

/* What has no pages of its own can't be mapped: FIFOs and sockets, and those devices. */
static bool is_mappable(const struct tree_node *node)
{
	return node->type != OBJECT_OTHER && !(node->type == OBJECT_DEVICE && is_harmless_device(node));
}

/* Where written bytes could be mapped executable, or NULL. What may be executed may be read. */
static const struct tree_node *double_mappable(const struct planner *p, bool *ret_exec)
{
	for (size_t i = 0; i < p->nodes.count; i++) {
		const struct tree_node *node = &p->nodes.items[i];
		uint32_t effective = planner_effective(&p->nodes, node, ret_exec);

		if (((effective & FILE_READ) || *ret_exec) && (effective & FILE_WRITE) && !is_noexec(node) &&
		    is_mappable(node))
			return node;
	}
	return NULL;
}

static bool is_writable(const struct planner *p, const char *path)
{
	const struct tree_node node = { .path = path };

	return path && planner_effective(&p->nodes, &node, NULL) & FILE_WRITE;
}

/* The start's own files may be read and executed without any rule; what a running process has mapped, it executes. */
static const char *writable_start(const struct planner *p)
{
	const char *const files[] = { p->facts->program, p->facts->loader, p->facts->script_interpreter };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (is_writable(p, files[i]))
			return files[i];
	for (size_t i = 0; i < p->facts->mapped.count; i++)
		if (is_writable(p, p->facts->mapped.items[i]))
			return p->facts->mapped.items[i];
	return NULL;
}

/* Is there a /proc/PID/mem at @node or below it, with @proc as /proc? */
static bool reaches_memory(const struct planner *p, const struct tree_node *node, const char *proc)
{
	const size_t size = strlen(proc);

	if (path_below(proc, node->path))
		return node->subtree && !planner_is_hidden(p, proc, node);
	return path_below(node->path, proc) && strspn(node->path + size + 1, "0123456789");
}

/* The kernel writes where a page is read-only when it is asked by way of /proc/PID/mem. */
static const struct tree_node *writable_memory(const struct planner *p)
{
	for (size_t i = 0; i < p->nodes.count; i++) {
		const struct tree_node *node = &p->nodes.items[i];

		if (!(node->operations & FILE_WRITE))
			continue;
		if (reaches_memory(p, node, "/proc"))
			return node;
		for (size_t k = 0; k < p->facts->procs.count; k++)
			if (reaches_memory(p, node, p->facts->procs.items[k]))
				return node;
	}
	return NULL;
}

/* ---- calls ---- */

/* Measured on Linux 6.18: PROT_EXEC works on memfd objects whatever MFD_NOEXEC_SEAL says, and on System V memory; what has
 * an anonymous inode is noexec since 6.16 only. PTRACE_POKETEXT and UFFDIO_COPY write to pages that are mapped read-only
 * and executable. */
static const struct {
	const char *call, *why;
	bool is_sealing; /* under `wx sealed` nothing becomes executable from this call on */
} memory_calls[] = {
	{ "memfd_create", "makes memory that can be mapped twice, writable and executable", true },
	{ "memfd_secret", "makes memory that can be mapped twice, writable and executable", true },
	{ "shmat", "maps memory twice, writable and executable", false },
	{ "ipc", "maps memory twice, writable and executable", false },
	{ "ptrace", "writes into the executable memory of processes inside", false },
	{ "userfaultfd", "fills executable memory", false },
	{ "io_uring_setup", "makes memory that can be mapped twice, writable and executable", false },
	{ "perf_event_open", "makes memory that can be mapped twice, writable and executable", false },
	{ "bpf", "makes memory that can be mapped twice, writable and executable", false },
};

bool planner_call_is_open(const struct planner *p, const char *name)
{
	const int call = call_find(name);

	for (uint32_t i = p->calls_from[call]; i < p->calls_from[call + 1]; i++)
		if (p->layer->calls.items[i].verdict.kind == VERDICT_ALLOW &&
		    planner_active(p, p->layer->calls.items[i].rule))
			return true;
	return false;
}

/* /dev/userfaultfd makes the descriptor without the call. */
static bool opens_fault_device(const struct planner *p)
{
	static const char device[] = "/dev/userfaultfd";
	uint64_t args[6] = { 0 };
	bool reached = false;

	for (size_t i = 0; i < p->nodes.count; i++)
		reached |= path_below(device, p->nodes.items[i].path) &&
			   !planner_is_hidden(p, device, &p->nodes.items[i]);
	if (!reached)
		return false;
	for (unsigned arch = 0; arch < ARCH_COUNT; arch++) {
		const int call = call_find("ioctl");

		if (!(p->layer->arches & 1u << arch) ||
		    !flag_value_find(flag_set_find("ioctl"), "USERFAULTFD_IOC_NEW", (enum arch)arch, &args[1]))
			continue;
		if (layer_decide_call(p->layer, (enum arch)arch,
				      (uint32_t)call_table[call].nr[arch] | arch_table[arch].nr_base, args, NULL)
			    .kind == VERDICT_ALLOW)
			return true;
	}
	return false;
}

/* Shared memory without a file is a file below /proc/PID/map_files, for those who have one of these outside every user
 * namespace: opened again, it is mapped executable. */
static bool opens_shared_memory(const struct planner *p)
{
	uint64_t kept = 1ULL << SYS_CAP_SYS_ADMIN | 1ULL << SYS_CAP_CHECKPOINT_RESTORE;
	uint32_t isolate = 0;

	for (size_t i = 0; i < p->model->count; i++) {
		kept &= p->model->items[i]->capabilities;
		isolate |= p->model->items[i]->isolate;
	}
	return kept && !(isolate & ISOLATE_USER) && (p->caps->privileged || !isolate);
}

/* A memfd is harmless after the seal; one that an earlier image of the process left open isn't, in the next one's loader. */
static bool is_sealed_off(const struct planner *p)
{
	return p->out->seal != SEAL_NONE && !planner_may_execute(p);
}

static const char *memory_grant(const struct planner *p)
{
	if (opens_fault_device(p))
		return "USERFAULTFD_IOC_NEW makes a descriptor that fills executable memory";
	if (opens_shared_memory(p))
		return "with sys_admin or checkpoint_restore shared memory can be mapped a second time, by "
		       "/proc/PID/map_files";
	for (size_t i = 0; i < ARRAY_SIZE(memory_calls); i++)
		if (planner_call_is_open(p, memory_calls[i].call) && !(memory_calls[i].is_sealing && is_sealed_off(p)))
			return arena_printf(p->arena, "%s %s", memory_calls[i].call, memory_calls[i].why);
	return NULL;
}

/* ---- the whole ---- */

static struct obstacle file_obstacle(const struct planner *p, bool *ret_by_mount)
{
	const bool views = (p->layer->isolate & ISOLATE_MOUNT) && planner_can_isolate(p, ISOLATE_MOUNT);
	const struct tree_node *memory = writable_memory(p), *node;
	const char *start = writable_start(p);
	bool exec = false;

	*ret_by_mount = false;
	if (memory)
		return (struct obstacle){ arena_printf(p->arena, "%s may be written, and /proc/PID/mem with it",
						       memory->path),
					  "grant write where it is meant, or write `wx allow`", MECHANISM_SUPERVISOR };
	if (start)
		return (struct obstacle){ arena_printf(p->arena, "%s may be written, and it is what %s", start,
						       p->facts->in_process ? "runs" : "is started"),
					  "grant write elsewhere, or write `wx allow`", MECHANISM_MOUNT };
	node = double_mappable(p, &exec);
	if (node && exec)
		return (struct obstacle){ arena_printf(p->arena, "%s may be written and executed", node->path),
					  "grant exec elsewhere, or write `wx allow`", MECHANISM_MOUNT };
	if (node && node->type == OBJECT_DEVICE)
		return (struct obstacle){ arena_printf(p->arena,
						       "the device %s may be read and written, so it could be mapped "
						       "twice, writable and executable",
						       node->path),
					  "grant only one of read and write, or write `wx allow`",
					  MECHANISM_SUPERVISOR };
	if (node && !views)
		return (struct obstacle){
			arena_printf(p->arena,
				     "%s may be read and written, so one file could be mapped twice, "
				     "writable and executable",
				     node->path),
			"add `isolate mount` (writable trees become noexec), grant only one of read and "
			"write, or write `wx allow`",
			MECHANISM_MOUNT
		};
	*ret_by_mount = node != NULL;
	return (struct obstacle){ 0 };
}

/* i386 programs may ask for memory that is executable wherever it is readable, and aarch64's loaders make executable again
 * what is so already: there it takes the kernel. */
static bool filter_holds_wx(const struct planner *p)
{
	return !p->caps->mdwe && p->caps->seccomp && !(p->layer->arches & ~(1U << ARCH_X86_64 | 1U << ARCH_X32));
}

static struct obstacle find_obstacle(const struct planner *p, bool *ret_by_mount)
{
	const char *grant = memory_grant(p);

	*ret_by_mount = false;
	if (!p->caps->mdwe && !p->out->holds_wx)
		return (struct obstacle){ "this kernel has no PR_SET_MDWE (6.3), which more than x86_64 and x32 need",
					  "use a newer kernel, leave out `arch`, or write `wx allow`",
					  MECHANISM_PRCTL };
	if (p->facts->stack_is_code)
		return (struct obstacle){
			"the program asks for an executable stack, and the kernel gives it one, MDWE or not",
			"link it with `-z noexecstack`, or write `wx allow`", MECHANISM_SUPERVISOR
		};
	if (grant)
		return (struct obstacle){ grant, "drop that line, or write `wx allow`", MECHANISM_SUPERVISOR };
	return file_obstacle(p, ret_by_mount);
}

static struct obstacle find_seal_obstacle(const struct planner *p)
{
	struct obstacle obstacle;

	obstacle.why = plan_seal_obstacle(p, &obstacle.help, &obstacle.missing);
	return obstacle;
}

static uint32_t carriers(const struct planner *p, bool by_mount)
{
	return (p->out->holds_wx ? (uint32_t)MECHANISM_SECCOMP : (uint32_t)MECHANISM_PRCTL) |
	       (by_mount ? (uint32_t)MECHANISM_MOUNT : 0) |
	       (p->out->seal != SEAL_NONE ? (uint32_t)MECHANISM_SECCOMP : 0) |
	       (p->out->seal == SEAL_AFTER_LOADER ? (uint32_t)MECHANISM_LISTENER : 0);
}

void plan_wx(struct planner *p)
{
	struct span span = p->layer->wx_span.source ? p->layer->wx_span : p->layer->span;
	const char *text = p->layer->wx == WX_SEALED ? "wx sealed" : "wx strict";
	struct obstacle obstacle;
	bool by_mount;

	if (p->layer->wx == WX_ALLOW) {
		planner_setting(p, span, "wx allow", true, MECHANISM_DEFAULT, NULL, NULL);
		return;
	}
	p->plan->strict_wx = true;
	p->plan->mdwe |= p->caps->mdwe;
	p->out->holds_wx = filter_holds_wx(p);
	p->plan->exec_check |= p->layer->wx == WX_SEALED && p->caps->exec_check;
	obstacle = find_obstacle(p, &by_mount);
	if (!obstacle.why)
		obstacle = find_seal_obstacle(p);
	planner_setting(p, span, text, !obstacle.why, obstacle.why ? (uint32_t)obstacle.missing : carriers(p, by_mount),
			obstacle.why, obstacle.help);
}
