/* plan_guards.c - what a layer's mechanisms ask of single calls, beyond what its rules say: listen() goes to the parent,
 * and under `wx sealed` so does what makes code; on older kernels the filter stands in for what they lack. A guard is one
 * more verdict on the call; the strongest wins. */
#include "plan/planner.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>

/* When a guard stands. */
static bool listens(const struct layer_plan *out)
{
	return out->listens;
}

static bool is_sealed(const struct layer_plan *out)
{
	return out->seal != SEAL_NONE;
}

static bool is_sealed_at_start(const struct layer_plan *out)
{
	return out->seal == SEAL_AT_START;
}

static bool is_one_task(const struct layer_plan *out)
{
	return out->one_task;
}

static bool is_sealed_later(const struct layer_plan *out)
{
	return out->seal == SEAL_AFTER_LOADER;
}

static bool holds_wx(const struct layer_plan *out)
{
	return out->holds_wx;
}

static bool holds_truncation(const struct layer_plan *out)
{
	return out->holds_truncation;
}

#define ASK                         \
	{                           \
		.kind = VERDICT_ASK \
	}
#define DENY(errno_)                                    \
	{                                               \
		.kind = VERDICT_DENY, .error = (errno_) \
	}
#define ALWAYS    \
	{         \
		0 \
	}
#define BITS(arg_, mask_)                                                                                              \
	{                                                                                                              \
		.kind = COND_ATOM, .arg = (arg_), .bits = 32, .has_mask = true, .mask = (mask_), .compare = COMPARE_NE \
	}
#define EQUALS(arg_, value_)                                                                           \
	{                                                                                              \
		.kind = COND_ATOM, .arg = (arg_), .bits = 32, .compare = COMPARE_EQ, .value = (value_) \
	}
#define MASKED(arg_, mask_, value_)                                                              \
	{                                                                                        \
		.kind = COND_ATOM, .arg = (arg_), .bits = 32, .has_mask = true, .mask = (mask_), \
		.compare = COMPARE_EQ, .value = (value_)                                         \
	}

/* A file may be truncated by who opens it without any right to write: for reading, or (access mode 3) for nothing at all.
 * openat2() has its flags in memory. */
#define TRUNCATES(arg_, access_) MASKED(arg_, O_TRUNC | O_ACCMODE, O_TRUNC | (access_))

/* The calls that make executable memory, or show more of it. mremap() can do so too, and its arguments don't show it: it
 * fails as it does without memory, and allocators copy instead. */
static const struct guard {
	bool (*stands)(const struct layer_plan *out);
	const char *call;
	struct cond cond; /* bits 0: always */
	struct verdict verdict;
} guards[] = {
	{ listens, "listen", ALWAYS, ASK },
	{ is_one_task, "fork", ALWAYS, DENY(EAGAIN) },
	{ is_one_task, "vfork", ALWAYS, DENY(EAGAIN) },
	{ is_one_task, "clone", ALWAYS, DENY(EAGAIN) },
	{ is_one_task, "clone3", ALWAYS, DENY(ENOSYS) },
	{ is_sealed_at_start, "mmap", BITS(2, PROT_EXEC), DENY(EPERM) },
	{ is_sealed_at_start, "mmap2", BITS(2, PROT_EXEC), DENY(EPERM) },
	{ is_sealed_at_start, "mprotect", BITS(2, PROT_EXEC), DENY(EPERM) },
	{ is_sealed_at_start, "pkey_mprotect", BITS(2, PROT_EXEC), DENY(EPERM) },
	{ is_sealed_later, "mmap", BITS(2, PROT_EXEC), ASK },
	{ is_sealed_later, "mmap2", BITS(2, PROT_EXEC), ASK },
	{ is_sealed_later, "mprotect", BITS(2, PROT_EXEC), ASK },
	{ is_sealed_later, "pkey_mprotect", BITS(2, PROT_EXEC), ASK },
	{ is_sealed_later, "set_tid_address", ALWAYS, ASK },
	{ is_sealed_later, "memfd_create", ALWAYS, ASK },
	{ is_sealed_later, "memfd_secret", ALWAYS, ASK },
	{ is_sealed, "mremap", ALWAYS, DENY(ENOMEM) },
	{ is_sealed, "remap_file_pages", ALWAYS, DENY(EPERM) },
	{ is_sealed, "shmat", BITS(2, SHM_EXEC), DENY(EPERM) },
	{ is_sealed, "personality", BITS(0, READ_IMPLIES_EXEC), DENY(EPERM) },
	{ is_sealed, "prctl", EQUALS(0, PR_SET_MM), DENY(EPERM) },
	/* As PR_SET_MDWE answers. What is executable already may not be asked for again, which nobody does. */
	{ holds_wx, "mmap", MASKED(2, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC), DENY(EACCES) },
	{ holds_wx, "mprotect", BITS(2, PROT_EXEC), DENY(EACCES) },
	{ holds_wx, "pkey_mprotect", BITS(2, PROT_EXEC), DENY(EACCES) },
	{ holds_wx, "personality", BITS(0, READ_IMPLIES_EXEC), DENY(EPERM) },
	/* As Landlock answers that sees truncation. */
	{ holds_truncation, "open", TRUNCATES(1, O_RDONLY), DENY(EACCES) },
	{ holds_truncation, "open", TRUNCATES(1, O_ACCMODE), DENY(EACCES) },
	{ holds_truncation, "openat", TRUNCATES(2, O_RDONLY), DENY(EACCES) },
	{ holds_truncation, "openat", TRUNCATES(2, O_ACCMODE), DENY(EACCES) },
	{ holds_truncation, "open_by_handle_at", TRUNCATES(2, O_RDONLY), DENY(EACCES) },
	{ holds_truncation, "open_by_handle_at", TRUNCATES(2, O_ACCMODE), DENY(EACCES) },
	{ holds_truncation, "openat2", ALWAYS, DENY(ENOSYS) },
	{ holds_truncation, "truncate", ALWAYS, DENY(EACCES) },
	{ holds_truncation, "truncate64", ALWAYS, DENY(EACCES) },
};

/* Asking for the present personality changes nothing, and has all bits set. */
static const struct cond *but_not_a_question(const struct cond *cond, struct arena *arena)
{
	struct cond *other = arena_new_of(arena, struct cond), *both = arena_new_of(arena, struct cond);

	*other = (struct cond){ .kind = COND_ATOM, .bits = 32, .compare = COMPARE_NE, .value = UINT32_MAX };
	*both = (struct cond){ .kind = COND_AND, .left = cond, .right = other };
	return both;
}

/* i386's old mmap() has its arguments in memory. */
static bool is_hidden(const struct call_entry *entry, enum arch arch)
{
	return arch == ARCH_I386 && !strcmp(call_table[entry->call].name, "mmap");
}

static struct call_entry as_entry(const struct guard *guard, const struct call_entry *guarded, enum arch arch,
				  struct arena *arena)
{
	struct call_entry entry = { .nr = guarded->nr, .call = guarded->call, .otherwise = guard->verdict };
	const struct cond *cond = &guard->cond;

	if (guard->cond.bits && is_hidden(guarded, arch))
		entry.otherwise = (struct verdict)DENY(EPERM);
	if (!guard->cond.bits || is_hidden(guarded, arch))
		return entry;
	if (!strcmp(guard->call, "personality"))
		cond = but_not_a_question(cond, arena);
	entry.cases = arena_new_of(arena, struct call_case);
	*entry.cases = (struct call_case){ .cond = cond, .verdict = guard->verdict };
	entry.case_count = entry.case_capacity = 1;
	entry.otherwise = (struct verdict){ .kind = VERDICT_ALLOW };
	return entry;
}

void plan_guard(struct planner *p, enum arch arch, struct call_entry *entry)
{
	for (size_t i = 0; i < ARRAY_SIZE(guards); i++) {
		struct call_entry guard;

		if (!guards[i].stands(p->out) || strcmp(call_table[entry->call].name, guards[i].call) != 0)
			continue;
		guard = as_entry(&guards[i], entry, arch, p->arena);
		*entry = call_entry_join(&guard, entry, p->arena);
	}
}

bool plan_has_guards(const struct planner *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(guards); i++)
		if (guards[i].stands(p->out))
			return true;
	return false;
}
