/* error.h - diagnostics that outlive their arena: struct cordon_error. */
#ifndef CORDON_LIB_ERROR_H
#define CORDON_LIB_ERROR_H

#include "base/diag.h"
#include "cordon/cordon.h"

/* A copy of @diags as text and JSON. NULL when there is no memory, or nothing to say. */
struct cordon_error *error_new(const struct diags *diags);

#endif
