/* planner.h - what the files of the planner share (plan*.c). Not for other modules: they use plan.h. */
#ifndef CORDON_PLAN_PLANNER_H
#define CORDON_PLAN_PLANNER_H

#include "base/map.h"
#include "plan/plan.h"
#include "policy/names.h"
#include "policy/parse.h"
#include "policy/resolve.h"

/* What has been found out about one rule. */
struct rule_state {
	bool decided; /* it has its carrier: nothing more to plan */
	bool carried;
	bool inactive; /* carried by doing nothing: it never applies here */
	uint32_t mechanisms;
	const char *why, *help;
};

/* A path that rules name, after symbolic links: rights are the union over all rules. */
struct tree_node {
	const char *path;
	bool subtree;
	uint32_t operations; /* FILE_* */
	bool exec;
	enum object_type type;
	const struct host_object *object; /* NULL: known by its path alone */
};
struct tree_nodes {
	struct tree_node *items;
	size_t count, capacity;
	struct {
		struct node_rights *items;
		size_t count, capacity;
	} rights;
	struct map by_path, by_object; /* places in rights + 1 */
};

#define ENTRY_OPERATIONS (FILE_CREATE | FILE_DELETE | FILE_RENAME | FILE_LINK)
#define CHANGING_OPERATIONS (FILE_WRITE | FILE_APPEND | ENTRY_OPERATIONS | FILE_ATTR)

struct planner {
	struct arena *arena;
	const struct model *model;
	const struct kernel_caps *caps;
	const struct host_facts *facts;
	struct plan *plan;
	/* the layer at hand */
	size_t index;
	const struct layer *layer;
	struct layer_plan *out;
	struct rule_state *rules; /* one per layer->rules */
	/* where the rules of each call begin in layer->calls, which are sorted by call; and where the last ones end */
	const uint32_t *calls_from;
	struct tree_nodes nodes; /* of rules that are still in the game */
	struct {
		const struct pattern **items;
		size_t count, capacity;
	} dropped; /* of templates, through links that the program may have made: they grant nothing */
	/* where an operation would leak to, per operation; of these nodes (plan_files.c) */
	struct {
		bool known;
		const struct tree_node *node;
	} leaks[3];
	struct reaches *reaches; /* of the layer (plan_reach.c) */
	struct map assumed[2];   /* what is assumed of a path, by pattern->subtree: place in assumed_objects + 1 */
	struct {
		struct host_object **items;
		size_t count, capacity;
	} assumed_objects;
	struct map trees;    /* place of each tree in the plan's mounts + 1, by path (plan_mounts.c) */
	size_t privates_end; /* in the plan's mounts: no private directory comes later; 0: not yet */
	/* per layer, kept for the joint mounts */
	struct tree_nodes *layer_nodes;
};

/* Settle rule @i. */
void planner_carry(struct planner *p, size_t i, uint32_t mechanisms, const char *why);
__attribute__((format(printf, 5, 6))) void planner_refuse(struct planner *p, size_t i, enum mechanism missing,
							  const char *help, const char *why, ...);
/* Still in the game: neither refused nor without effect. */
bool planner_active(const struct planner *p, size_t i);

/* A setting's carrier. @why as in struct carrier. */
void planner_setting(struct planner *p, struct span span, const char *text, bool carried, uint32_t mechanisms,
		     const char *why, const char *help);

/* Lives as long as the plan. */
const struct host_object *planner_object(struct planner *p, const struct pattern *pattern);
/* Add what @node grants: to the node of that path, where there is one (plan_nodes.c). */
void tree_nodes_add(struct tree_nodes *nodes, struct arena *arena, const struct tree_node *node);
void tree_nodes_clear(struct tree_nodes *nodes);
/* Union of the operations that hold at @node; *ret_exec whether exec does. */
uint32_t planner_effective(const struct tree_nodes *nodes, const struct tree_node *node, bool *ret_exec);
bool path_below(const char *path, const char *root);
/* Does @node, which holds @path, not reach what is there, because a private directory lies in between? */
bool planner_is_hidden(const struct planner *p, const char *path, const struct tree_node *node);
/* Is there an object that both mean? @a and @b as rules of the layer write them. */
bool planner_patterns_meet(struct planner *p, const struct pattern *a, const struct pattern *b);
/* The patterns of the layer's file and exec grants, whether they are still in the game or not (plan_reach.c). */
typedef bool reach_test(size_t rule, const struct pattern *pattern, void *context);
/* Does @test hold for any of them whose root is that of @pattern, or leads to it? It has to be false for all others. */
bool planner_any_root_above(struct planner *p, const struct pattern *pattern, reach_test *test, void *context);
/* ... for any of them that meets @pattern? @test has to say whether it does. */
bool planner_any_meeting(struct planner *p, const struct pattern *pattern, reach_test *test, void *context);
bool planner_is_dropped(const struct planner *p, const struct pattern *pattern);
/* Can rule @i be about what @pattern names: by itself, and together with what the other rules (p->nodes) let happen?
 * False: it was refused, or (planner_object_fits) what the pattern names is dropped. */
bool planner_name_fits(struct planner *p, size_t i, const struct pattern *pattern);
bool planner_object_fits(struct planner *p, size_t i, const struct pattern *pattern);

void plan_files(struct planner *p);    /* file and exec rules */
void plan_landlock(struct planner *p); /* the ruleset, from what is carried */
void plan_net(struct planner *p);
void plan_rest(struct planner *p);  /* signal, ptrace, mount, ioctl, syscall */
void plan_doors(struct planner *p); /* calls that make others unseen, when all other rules are settled */
void plan_settings(struct planner *p);
/* Can the caller have a namespace of that kind (ISOLATE_*), by privilege or through a user namespace? */
bool planner_can_isolate(const struct planner *p, uint32_t bit);
void plan_limits(struct planner *p);
/* Has the layer a limit for which a parent may stay? */
bool planner_is_watched(const struct planner *p);
/* `wx sealed`: how it can be held (p->out->seal), before plan_rest() and plan_wx() ask. */
void plan_seal(struct planner *p);
/* Why it can't be held; @ret_help what to write instead. NULL: it can. */
const char *plan_seal_obstacle(const struct planner *p, const char **ret_help, enum mechanism *ret_missing);
/* What the layer's mechanisms ask of one call, joined into @entry. */
void plan_guard(struct planner *p, enum arch arch, struct call_entry *entry);
/* Would it change any? */
bool plan_has_guards(const struct planner *p);
/* Does a rule open call @name, under whichever condition? */
bool planner_call_is_open(const struct planner *p, const char *name);
/* Can anything be executed after the start? */
bool planner_may_execute(const struct planner *p);
/* Does @layer hand calls to the parent? */
bool layer_asks(const struct layer_plan *layer);
/* Does a parent stay that the program must not reach? */
bool planner_is_attended(const struct planner *p);
void plan_wx(struct planner *p);     /* no memory that is both writable and executable */
void plan_calls(struct planner *p);  /* call policy, from what is carried */
void plan_mounts(struct planner *p); /* all layers together */

#endif
