/* facts.h - what the planner wants to know of the file system, asked of the file system before planning, so that planning
 * itself stays pure. Nothing here is a decision: what is looked up now is looked up again, by descriptor, when enforced. */
#ifndef CORDON_ENFORCE_FACTS_H
#define CORDON_ENFORCE_FACTS_H

#include "plan/plan.h"

/* Answer for the paths that @model is about: see struct host_object. @program (may be NULL) is the real path of what will
 * be started: its ELF interpreter or #! interpreter is read from its first bytes. For a script, loader is that of its
 * interpreter. The files that the model's rules come from are among facts->own. Returns 0, or -ECANCELED with a C0518 diagnostic
 * where the host can't be looked at: a plan that is made without seeing it could be wider than the model. */
must_check int host_facts_gather(const struct model *model, const char *program, struct arena *arena,
				 struct diags *diags, struct host_facts *ret);

/* Adds @path, where there is something, to facts->own: no rule may let it be changed. 0, or -ECANCELED as above. */
must_check int host_facts_own(const char *path, struct arena *arena, struct diags *diags, struct host_facts *facts);

/* The interpreter that the first bytes of @path name: PT_INTERP, or the word after "#!" (*ret_script). NULL: none, or it
 * can't be read. Not resolved. */
const char *program_interpreter(const char *path, struct arena *arena, bool *ret_script);

#endif
