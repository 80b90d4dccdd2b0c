/* host_check.h - what a policy can't know of the host that it will run on: `cordon check --host`. Reads the file system. */
#ifndef CORDON_CLI_HOST_CHECK_H
#define CORDON_CLI_HOST_CHECK_H

#include "base/diag.h"
#include "policy/model.h"

/* Warnings (C0514: a granted path is absent; C0515: a restricted file has other names; C0516: too many files to look at)
 * for every rule that the author wrote; rules of templates are about other hosts too and count only for hard links. */
void host_check(const struct model *model, struct diags *diags);

#endif
