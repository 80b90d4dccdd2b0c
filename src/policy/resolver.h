/* resolver.h - what the files of the resolver share (resolve*.c). Not for other modules: they use resolve.h. */
#ifndef CORDON_POLICY_RESOLVER_H
#define CORDON_POLICY_RESOLVER_H

#include "policy/names.h"
#include "policy/parse.h"
#include "policy/resolve.h"

/* Where a statement stands: in which template (with which values) and in which phase. */
struct scope {
	const char *template_name;   /* NULL: the profile itself */
	struct ast_pairs parameters; /* values are expanded words */
	int phase;                   /* PHASE_NONE: outside phases */
	bool root;                   /* the template is checked by itself: its own tests count */
	const struct scope *parent;
};

/* Statements of a profile after `use` and `phase` are opened up: the order of the text, each with its scope. */
struct flat_statement {
	const struct ast_statement *statement;
	const struct scope *scope;
};

struct resolver {
	struct arena *arena;
	struct diags *diags;
	const struct surroundings *surroundings;
	const struct ast_file *file; /* templates of its own */
	struct layer *layer;
	LAYER_LIST(struct flat_statement) flat;
	struct user self; /* of surroundings->find_self, once self_known */
	bool self_known;
	const struct cond **compiled; /* per place of compiled_conds: its tree, made when first needed */
	const struct cond *never;     /* holds for no call; made when first needed */
};

/* @word with variables and parameters replaced, or NULL after a diagnostic. */
const char *resolve_word(struct resolver *r, const struct scope *scope, const struct word *word);
/* A path pattern: variables, "./", canonical form. false after a diagnostic. */
bool resolve_pattern(struct resolver *r, const struct scope *scope, const struct word *word, struct pattern *ret);
/* Self-protection: a grant of more than reading must not name Cordon's own files. */
void resolve_refuse_own(struct resolver *r, const struct word *word, const struct pattern *pattern);
/* A decimal, hex or octal number with sign and K M G T suffix. */
bool parse_number(const char *text, uint64_t *ret, bool *ret_negative);
bool resolve_errno(struct resolver *r, const struct word *word, uint16_t *ret);
bool resolve_user(struct resolver *r, const struct scope *scope, const struct word *word, uint32_t *ret);
bool resolve_net_protocol(struct resolver *r, const struct word *word, enum net_protocol *ret);
bool resolve_address(struct resolver *r, const struct scope *scope, enum net_protocol protocol, const struct word *word,
		     struct net_address *ret);
bool resolve_operations(struct resolver *r, enum request_class class, const struct words *words, uint32_t *ret);
bool resolve_signal_target(struct resolver *r, const struct word *word, uint32_t *ret);
bool resolve_ioctl_command(struct resolver *r, const struct word *word, uint64_t *ret);

/* A rule into @ret (not yet in the layer). Call rules of `syscall` rules are added for index @index. */
bool resolve_rule(struct resolver *r, const struct scope *scope, const struct ast_rule *ast, struct span span,
		  struct rule *ret);
/* What the rule at @index says about calls, into r->layer->calls. */
void resolve_rule_calls(struct resolver *r, uint32_t index);
/* Built-in rules, and the bits that nobody knows; then sort. */
void resolve_finish_calls(struct resolver *r);

/* Condition of @call on @arch. NULL after a diagnostic. */
const struct cond *resolve_cond(struct resolver *r, const struct scope *scope, const struct ast_cond *ast,
				uint16_t call, enum arch arch);
/* A value name or number as argument @arg of @call. */
bool resolve_value(struct resolver *r, const struct scope *scope, const struct word *word, const struct call_row *row,
		   unsigned arg, enum arch arch, uint64_t *ret);

bool resolve_one_request(struct resolver *r, const struct ast_request *ast, struct request *ret);

#endif
