/* plan_files.c - file and exec rules: what Landlock, the filter's gates and mounts carry together, exactly.
 *
 * Landlock gives rights to subtrees; rights of all rules add up. Some operations are a right (read, write, create,
 * delete, exec); others are a right together with a gate: rename() is possible wherever names may be made and removed
 * once the filter lets the call through, chmod() wherever the mount is writable. So a rule is carried exactly when what
 * becomes possible at every object that rules name is what the rules grant there, no more and no less. The objects that
 * rules name (tree nodes) are the only places where the granted set changes, so looking at them is enough.
 *
 * Refusing a rule changes what the others make possible, so the check is repeated until nothing changes. */
#include "plan/planner.h"

#include <errno.h>
#include <string.h>

/* ---- each rule by itself ---- */

static bool is_allow(const struct planner *p, size_t i)
{
	const struct rule *rule = &p->layer->rules.items[i];

	return (rule->class == REQUEST_FILE || rule->class == REQUEST_EXEC) && rule->verdict.kind == VERDICT_ALLOW;
}

/* Is what @pattern, which Landlock does not know, asks for granted by a whole subtree anyway? */
struct asked {
	struct planner *p;
	size_t self; /* the rule at hand */
	const struct pattern *pattern;
};

static bool grants_all(size_t i, const struct pattern *pattern, void *context)
{
	const struct asked *asked = context;
	const struct rule *rule = &asked->p->layer->rules.items[asked->self];
	const struct rule *other = &asked->p->layer->rules.items[i];

	return i != asked->self && other->class == rule->class && planner_active(asked->p, i) &&
	       !other->excepts.count && !(rule->operations & ~other->operations) && pattern->literal_root &&
	       pattern_covers(pattern, asked->pattern);
}

static bool granted_elsewhere(struct planner *p, size_t self, const struct pattern *pattern)
{
	struct asked asked = { p, self, pattern };

	/* what covers it all has a root that leads to its */
	return planner_any_root_above(p, pattern, grants_all, &asked);
}

static bool excepts_matter(struct planner *p, const struct rule *rule)
{
	for (size_t e = 0; e < rule->excepts.count; e++)
		for (size_t i = 0; i < rule->objects.count; i++)
			if (planner_patterns_meet(p, &rule->excepts.items[e], &rule->objects.items[i]))
				return true;
	return false;
}

static bool object_fits(struct planner *p, size_t i, const struct pattern *pattern)
{
	const struct rule *rule = &p->layer->rules.items[i];
	const struct host_object *object = planner_object(p, pattern);

	if (!planner_name_fits(p, i, pattern))
		return false;
	if (!pattern->literal_root) {
		if (granted_elsewhere(p, i, pattern))
			return true;
		planner_refuse(p, i, MECHANISM_SUPERVISOR,
			       arena_printf(p->arena, "grant the directory: `%s/**`", pattern->root),
			       "Landlock knows subtrees, not the pattern `%s`", pattern->text);
		return false;
	}
	if (pattern->subtree)
		return true;
	if (rule->operations & ENTRY_OPERATIONS) {
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "grant the directory that holds it: `DIRECTORY/**`",
			       "Landlock can't grant making or removing one name (`%s`)", pattern->text);
		return false;
	}
	if (object->type == OBJECT_DIRECTORY) {
		planner_refuse(p, i, MECHANISM_SUPERVISOR,
			       arena_printf(p->arena, "grant all below: `%s/**`", pattern->text),
			       "`%s` is a directory, and a Landlock right on a directory holds for all below it",
			       pattern->text);
		return false;
	}
	return true;
}

static bool kernel_fits(struct planner *p, size_t i)
{
	const struct rule *rule = &p->layer->rules.items[i];
	int needed = rule->operations & (FILE_RENAME | FILE_LINK) ? 2 : 1;

	if (p->caps->landlock >= needed)
		return true;
	planner_refuse(p, i, MECHANISM_LANDLOCK, "use a newer kernel", "it needs Landlock ABI %d, this kernel has %d",
		       needed, p->caps->landlock);
	return false;
}

/* What no other rule can change about a grant. */
static void check_alone(struct planner *p, size_t i)
{
	const struct rule *rule = &p->layer->rules.items[i];

	if (rule->operations & (FILE_APPEND | FILE_STAT)) {
		planner_refuse(p, i, MECHANISM_SUPERVISOR,
			       rule->operations & FILE_APPEND ? "grant `file write` if overwriting is acceptable"
							      : "leave the `file stat` line out: stat is free then",
			       rule->operations & FILE_APPEND ? "an appending descriptor can be turned into an "
								"overwriting one, and Landlock can't tell them apart"
							      : "Landlock does not see stat");
		return;
	}
	if (excepts_matter(p, rule)) {
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "name the subtrees that are meant, without `except`",
			       "Landlock can't subtract from a subtree");
		return;
	}
	for (size_t k = 0; k < rule->objects.count; k++)
		if (!object_fits(p, i, &rule->objects.items[k]))
			return;
	kernel_fits(p, i);
}

/* ---- all rules together ---- */

static void add_node(struct planner *p, const struct rule *rule, const struct pattern *pattern)
{
	const struct host_object *object = planner_object(p, pattern);
	struct tree_node node = { .path = object->real,
				  .subtree = pattern->subtree,
				  .operations = rule->operations,
				  .exec = rule->class == REQUEST_EXEC,
				  .type = object->type,
				  .object = object };

	if (object->type == OBJECT_ABSENT)
		return;
	tree_nodes_add(&p->nodes, p->arena, &node);
}

static void collect_nodes(struct planner *p)
{
	tree_nodes_clear(&p->nodes);
	memset(p->leaks, 0, sizeof(p->leaks));
	for (size_t i = 0; i < p->layer->rules.count; i++)
		for (size_t k = 0; is_allow(p, i) && planner_active(p, i) && k < p->layer->rules.items[i].objects.count;
		     k++)
			if (p->layer->rules.items[i].objects.items[k].literal_root &&
			    !planner_is_dropped(p, &p->layer->rules.items[i].objects.items[k]))
				add_node(p, &p->layer->rules.items[i], &p->layer->rules.items[i].objects.items[k]);
}

static bool can_mount(const struct planner *p)
{
	return (p->layer->isolate & ISOLATE_MOUNT) && planner_can_isolate(p, ISOLATE_MOUNT);
}

/* What makes an operation possible at a place: all of these, or any. */
enum leak { LEAK_RENAME, LEAK_LINK, LEAK_ATTR };

static bool leaks_to(const struct planner *p, const struct tree_node *node, enum leak leak)
{
	const uint32_t effective = planner_effective(&p->nodes, node, NULL);

	switch (leak) {
	case LEAK_RENAME:
		return (effective & (FILE_CREATE | FILE_DELETE)) == (FILE_CREATE | FILE_DELETE) &&
		       !(effective & FILE_RENAME);
	case LEAK_LINK: return (effective & FILE_CREATE) && !(effective & FILE_LINK);
	case LEAK_ATTR:
		return (effective & CHANGING_OPERATIONS) && !(effective & FILE_ATTR) && node->type != OBJECT_DEVICE;
	}
	return true;
}

/* A place where the operation would also be possible without being granted, or NULL. The same for every rule. */
static const struct tree_node *leaks_at(struct planner *p, enum leak leak)
{
	for (size_t n = 0; n < p->nodes.count && !p->leaks[leak].known; n++)
		if (leaks_to(p, &p->nodes.items[n], leak)) {
			p->leaks[leak].node = &p->nodes.items[n];
			break;
		}
	p->leaks[leak].known = true;
	return p->leaks[leak].node;
}

static const char *operation_name(uint32_t operation)
{
	return named_name(&file_operation_table, operation);
}

/* An operation that is a right together with a gate in the filter: rename, link. */
static bool check_gated(struct planner *p, size_t i, uint32_t operation, uint32_t needs, uint32_t effective)
{
	const struct tree_node *leak;

	if (!(p->layer->rules.items[i].operations & operation))
		return true;
	if ((effective & needs) != needs) {
		planner_refuse(p, i, MECHANISM_SUPERVISOR,
			       operation == FILE_RENAME ? "grant create and delete there too"
							: "grant create there too",
			       "for Landlock a %s is the right to make%s names", operation_name(operation),
			       operation == FILE_RENAME ? " and remove" : "");
		return false;
	}
	leak = leaks_at(p, operation == FILE_RENAME ? LEAK_RENAME : LEAK_LINK);
	if (leak) {
		planner_refuse(p, i, MECHANISM_SUPERVISOR,
			       arena_printf(p->arena, "grant %s on `%s/**` as well, or nowhere",
					    operation_name(operation), leak->path),
			       "the call would then be possible below %s too, where names may be made%s", leak->path,
			       operation == FILE_RENAME ? " and removed" : "");
		return false;
	}
	return true;
}

/* attr reaches whatever is on a writable mount. */
static bool check_attr(struct planner *p, size_t i)
{
	const struct tree_node *leak;
	struct tree_node everything = { .path = "/", .subtree = true };

	if (!(p->layer->rules.items[i].operations & FILE_ATTR) ||
	    (planner_effective(&p->nodes, &everything, NULL) & FILE_ATTR))
		return true;
	if (!can_mount(p)) {
		planner_refuse(p, i, MECHANISM_MOUNT,
			       p->layer->isolate & ISOLATE_MOUNT
				       ? "this caller can't make a mount namespace: `cordon doctor`"
				       : "add `isolate mount`, or name the operations without attr",
			       "Landlock does not see chmod, chown, utimes and xattr; read-only mounts do");
		return false;
	}
	leak = leaks_at(p, LEAK_ATTR);
	if (!leak)
		return true;
	planner_refuse(p, i, MECHANISM_SUPERVISOR,
		       arena_printf(p->arena, "grant attr on `%s` as well, or nowhere", leak->path),
		       "%s has to be on a writable mount, and attr would be possible there too", leak->path);
	return false;
}

static bool check_exec_map(struct planner *p, size_t i, uint32_t effective)
{
	if (!(p->layer->rules.items[i].operations & FILE_EXEC_MAP))
		return true;
	if (!can_mount(p)) {
		planner_refuse(p, i, MECHANISM_MOUNT, "add `isolate mount`",
			       "mapping executable is held by noexec mounts alone");
		return false;
	}
	if (!(effective & FILE_READ)) {
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "grant read there too",
			       "what can be mapped executable can be read");
		return false;
	}
	return true;
}

static bool check_node(struct planner *p, size_t i, const struct pattern *pattern)
{
	const struct host_object *object = planner_object(p, pattern);
	struct tree_node node = { .path = object->real, .subtree = pattern->subtree, .object = object };
	uint32_t effective;

	if (!planner_object_fits(p, i, pattern))
		return false;
	if (object->type == OBJECT_ABSENT)
		return true;
	effective = planner_effective(&p->nodes, &node, NULL);
	return check_gated(p, i, FILE_RENAME, FILE_CREATE | FILE_DELETE, effective) &&
	       check_gated(p, i, FILE_LINK, FILE_CREATE, effective) && check_attr(p, i) &&
	       check_exec_map(p, i, effective);
}

/* Once anything may be executed, the start's own files can be started again: they have to be meant. */
static bool check_exec(struct planner *p, size_t i)
{
	const char *loader = p->facts->loader;
	struct tree_node node = { .path = loader };
	bool exec = false;

	if (p->layer->rules.items[i].class != REQUEST_EXEC || !loader)
		return true;
	planner_effective(&p->nodes, &node, &exec);
	if (exec)
		return true;
	planner_refuse(p, i, MECHANISM_BPF, arena_printf(p->arena, "add `exec %s` if that is acceptable", loader),
		       "starting a dynamic program needs an executable loader, and %s, started by hand, runs any file "
		       "that can be read",
		       loader);
	return false;
}

static bool settle(struct planner *p, size_t i)
{
	const struct rule *rule = &p->layer->rules.items[i];

	if (!check_exec(p, i))
		return true;
	for (size_t k = 0; k < rule->objects.count; k++) {
		const struct pattern *pattern = &rule->objects.items[k];

		if (planner_is_dropped(p, pattern))
			continue;
		/* what granted a pattern may have been refused since */
		if (pattern->literal_root ? !check_node(p, i, pattern) : !object_fits(p, i, pattern))
			return true;
	}
	return false;
}

/* Only patterns, each inside a subtree that another rule grants. */
static bool all_elsewhere(const struct rule *rule)
{
	for (size_t k = 0; k < rule->objects.count; k++)
		if (rule->objects.items[k].literal_root)
			return false;
	return true;
}

/* A rule about nothing that is there must open no call: chmod() would then reach whatever is on a writable mount. */
static bool names_something(struct planner *p, const struct rule *rule)
{
	for (size_t k = 0; k < rule->objects.count; k++)
		if (planner_object(p, &rule->objects.items[k])->type != OBJECT_ABSENT &&
		    !planner_is_dropped(p, &rule->objects.items[k]))
			return true;
	return false;
}

/* ---- restrictions ---- */

/* Has what @other grants to do with what @rule takes away? What may be executed may be read. */
static bool same_kind(const struct rule *rule, const struct rule *other)
{
	if (rule->class == REQUEST_FILE && other->class == REQUEST_EXEC)
		return rule->operations & FILE_READ;
	return rule->class == other->class && (rule->class == REQUEST_EXEC || (rule->operations & other->operations));
}

static bool is_touched(size_t i, const struct pattern *pattern, void *context)
{
	const struct asked *asked = context;

	return planner_active(asked->p, i) &&
	       same_kind(&asked->p->layer->rules.items[asked->self], &asked->p->layer->rules.items[i]) &&
	       planner_patterns_meet(asked->p, asked->pattern, pattern);
}

static bool overlaps_allow(struct planner *p, size_t self)
{
	const struct rule *rule = &p->layer->rules.items[self];

	for (size_t i = 0; !rule->objects.count && i < p->layer->rules.count; i++)
		if (is_allow(p, i) && planner_active(p, i) && same_kind(rule, &p->layer->rules.items[i]))
			return true;
	for (size_t a = 0; a < rule->objects.count; a++) {
		struct asked asked = { p, self, &rule->objects.items[a] };

		if (planner_any_meeting(p, &rule->objects.items[a], is_touched, &asked))
			return true;
	}
	return false;
}

static void plan_restriction(struct planner *p, size_t i)
{
	const struct rule *rule = &p->layer->rules.items[i];
	uint32_t closable = FILE_DELETE | FILE_RENAME | FILE_LINK | FILE_ATTR;
	bool everything = !rule->objects.count && !rule->excepts.count;
	bool own_errno = rule->verdict.kind == VERDICT_DENY && (!rule->verdict.error || rule->verdict.error == EACCES);

	if (everything &&
	    (rule->class == REQUEST_EXEC || rule->operations == FILE_ALL || !(rule->operations & ~closable)))
		planner_carry(p, i, MECHANISM_SECCOMP, NULL);
	else if (own_errno && !overlaps_allow(p, i))
		planner_carry(p, i, MECHANISM_DEFAULT, "no rule grants it");
	else if (!own_errno)
		planner_refuse(p, i, MECHANISM_SUPERVISOR, "leave out the errno: Landlock answers EACCES",
			       "Landlock has one answer, EACCES, and a filter can't see paths");
	else
		planner_refuse(p, i, MECHANISM_SUPERVISOR,
			       "grant the subtrees that are meant instead of denying inside one",
			       "Landlock can't subtract from a granted subtree");
}

/* What was started may be executed once, whatever the rules say; the call that does it again is open now. */
static const char *exec_remark(const struct planner *p)
{
	const struct tree_node node = { .path = p->facts->program };
	bool exec = true;

	if (p->facts->program)
		planner_effective(&p->nodes, &node, &exec);
	return exec ? NULL : arena_printf(p->arena, "%s, which is started, can be executed again", p->facts->program);
}

void plan_files(struct planner *p)
{
	bool changed;

	for (size_t i = 0; i < p->layer->rules.count; i++)
		if (is_allow(p, i) && !p->rules[i].decided)
			check_alone(p, i);
	do {
		changed = false;
		collect_nodes(p);
		for (size_t i = 0; i < p->layer->rules.count && !changed; i++)
			if (is_allow(p, i) && !p->rules[i].decided)
				changed = settle(p, i);
	} while (changed);
	for (size_t i = 0; i < p->layer->rules.count; i++) {
		const struct rule *rule = &p->layer->rules.items[i];
		uint32_t mechanisms = MECHANISM_SECCOMP | MECHANISM_LANDLOCK;

		if (p->rules[i].decided || (rule->class != REQUEST_FILE && rule->class != REQUEST_EXEC))
			continue;
		if (!is_allow(p, i)) {
			plan_restriction(p, i);
			continue;
		}
		if (!names_something(p, rule)) {
			planner_carry(p, i, MECHANISM_DEFAULT, "nothing of it is there: it grants nothing");
			p->rules[i].inactive = true;
			continue;
		}
		if (all_elsewhere(rule)) {
			planner_carry(p, i, MECHANISM_DEFAULT, "another rule grants it already");
			continue;
		}
		if ((rule->operations & (FILE_ATTR | FILE_EXEC_MAP)) && can_mount(p))
			mechanisms |= MECHANISM_MOUNT;
		planner_carry(p, i, mechanisms, rule->class == REQUEST_EXEC ? exec_remark(p) : NULL);
	}
	/* Below ABI 3 Landlock lets anybody truncate what may be opened in any way. */
	p->out->holds_truncation = p->caps->landlock < 3;
}
