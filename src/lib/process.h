/* process.h - a started program, as the caller holds it. */
#ifndef CORDON_LIB_PROCESS_H
#define CORDON_LIB_PROCESS_H

#include "cordon/cordon.h"
#include "enforce/spawn.h"

/* NULL: no memory. Nothing but memory until it is set; @spawned's descriptor is its own then. */
struct cordon_process *process_new(void);
void process_set(struct cordon_process *process, const struct spawned *spawned);

#endif
