#include "peer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const uint32_t peer_arches[ARCH_COUNT] = {
	[ARCH_X86_64] = SCMP_ARCH_X86_64,
	[ARCH_I386] = SCMP_ARCH_X86,
	[ARCH_X32] = SCMP_ARCH_X32,
	[ARCH_AARCH64] = SCMP_ARCH_AARCH64,
};

uint32_t peer_arch(enum arch arch)
{
	return peer_arches[arch];
}

static uint32_t action_of(struct verdict verdict)
{
	return verdict.kind == VERDICT_ALLOW  ? SCMP_ACT_ALLOW
	       : verdict.kind == VERDICT_DENY ? SCMP_ACT_ERRNO(verdict.error ? verdict.error : EPERM)
					      : SCMP_ACT_KILL_PROCESS;
}

static bool add_atom(const struct cond *cond, struct peer_rule rule, struct arena *arena, struct peer_rules *ret)
{
	struct scmp_arg_cmp compare = { .arg = cond->arg, .op = SCMP_CMP_EQ, .datum_a = cond->value };

	if (cond->has_mask)
		compare = (struct scmp_arg_cmp){
			.arg = cond->arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = cond->mask, .datum_b = cond->value
		};
	else if (cond->compare == COMPARE_NE)
		compare.op = SCMP_CMP_NE;
	if (cond->bits != 64 || (cond->compare != COMPARE_EQ && (cond->has_mask || cond->compare != COMPARE_NE)))
		return false;
	rule.compares[rule.count++] = compare;
	*arena_push(arena, ret) = rule;
	return true;
}

/* libseccomp takes the union of its rules. */
static bool add_cond(const struct cond *cond, struct peer_rule rule, struct arena *arena, struct peer_rules *ret)
{
	if (!cond) {
		*arena_push(arena, ret) = rule;
		return true;
	}
	if (cond->kind == COND_ATOM)
		return add_atom(cond, rule, arena, ret);
	return cond->kind == COND_OR && add_cond(cond->left, rule, arena, ret) &&
	       add_cond(cond->right, rule, arena, ret);
}

bool peer_rules(const struct layer *layer, struct arena *arena, struct peer_rules *ret)
{
	*ret = (struct peer_rules){ 0 };
	for (size_t i = 0; i < layer->calls.count; i++) {
		const struct call_rule *call = &layer->calls.items[i];
		const struct peer_rule rule = { .nr = seccomp_syscall_resolve_name(call_table[call->call].name),
						.action = action_of(call->verdict) };

		if (layer->rules.items[call->rule].builtin || rule.nr == __NR_SCMP_ERROR)
			continue;
		if (!add_cond(call->cond[ARCH_X86_64], rule, arena, ret))
			return false;
	}
	return true;
}

void peer_allow(struct peer_rules *rules, const char *call, struct arena *arena)
{
	*arena_push(arena, rules) = (struct peer_rule){ .nr = seccomp_syscall_resolve_name(call),
							.action = SCMP_ACT_ALLOW };
}

scmp_filter_ctx peer_context(uint32_t arches, uint32_t otherwise, uint32_t level)
{
	scmp_filter_ctx context = seccomp_init(otherwise);
	bool held = context && seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, level) == 0;

	for (enum arch arch = 0; arch < ARCH_COUNT && held; arch++)
		if (arches & 1U << arch && arch != arch_native())
			held = seccomp_arch_add(context, peer_arches[arch]) == 0;
	if (held)
		return context;
	seccomp_release(context);
	return NULL;
}

bool peer_add(scmp_filter_ctx context, const struct peer_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct peer_rule *rule = &rules->items[i];
		const int error = seccomp_rule_add_array(context, rule->action, rule->nr, rule->count, rule->compares);

		/* what an earlier rule says already */
		if (error && error != -EEXIST)
			return false;
	}
	return true;
}

size_t peer_export(scmp_filter_ctx context, int fd, struct sock_filter *ret)
{
	ssize_t size;

	if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 || seccomp_export_bpf(context, fd) != 0)
		return 0;
	size = pread(fd, ret, BPF_MAXINSNS * sizeof(*ret), 0);
	return size > 0 && (size_t)size % sizeof(*ret) == 0 ? (size_t)size / sizeof(*ret) : 0;
}
