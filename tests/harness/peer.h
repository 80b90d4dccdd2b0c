/* peer.h - the call rules of a layer as a libseccomp filter: what ours is compared with, and measured against. */
#ifndef CORDON_TESTS_PEER_H
#define CORDON_TESTS_PEER_H

#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>

#include "policy/model.h"

/* One call of seccomp_rule_add(). */
struct peer_rule {
	int nr; /* libseccomp's, which may be one of its own for calls that the native architecture lacks */
	uint32_t action;
	unsigned count;
	struct scmp_arg_cmp compares[6];
};
struct peer_rules {
	struct peer_rule *items;
	size_t count, capacity;
};

uint32_t peer_arch(enum arch arch);

/* What is written in @layer (the rules that Cordon adds by itself left out), on x86-64 where it matters. Returns false
 * for a condition that is no choice between equalities and masked equalities. */
bool peer_rules(const struct layer *layer, struct arena *arena, struct peer_rules *ret);

/* One more: @call is allowed. */
void peer_allow(struct peer_rules *rules, const char *call, struct arena *arena);

/* A context with @rules for the architectures @arches (bit per enum arch), the native one among them; what no rule
 * matches is @otherwise. @level: SCMP_FLTATR_CTL_OPTIMIZE, 1 for the linear filter, 2 for a binary tree.
 * NULL when libseccomp refuses. */
scmp_filter_ctx peer_context(uint32_t arches, uint32_t otherwise, uint32_t level);
bool peer_add(scmp_filter_ctx context, const struct peer_rules *rules);

/* The program of @context, by way of @fd (a memfd), in @ret (room for BPF_MAXINSNS); its length, 0 when it fails. */
size_t peer_export(scmp_filter_ctx context, int fd, struct sock_filter *ret);

#endif
