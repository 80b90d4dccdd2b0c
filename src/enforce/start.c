/* start.c - carry the steps out: in this process, or in a child. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "enforce/confinement.h"

/* Not zero: an ordinary call has zeros where the token stands. */
static int draw_token(uint32_t token[2])
{
	do
		if (getrandom(token, 2 * sizeof(*token), 0) != (ssize_t)(2 * sizeof(*token)))
			return -errno;
	while (!token[0] || !token[1]);
	return 0;
}

int confinement_draw_token(struct confinement *confinement, struct diags *diags)
{
	int result = draw_token(confinement->token);

	if (result < 0) {
		diag_help(diags,
			  diag_error(diags, "C0621", (struct span){ 0 }, "no random numbers for the start: %s",
				     strerrordesc_np(-result)),
			  "the sandbox around us has to allow getrandom()");
		return -ECANCELED;
	}
	filters_set_token(confinement);
	return 0;
}

int confinement_start(struct confinement *confinement, struct diags *diags, int *ret_status)
{
	int result = confinement_draw_token(confinement, diags);

	if (result < 0)
		return result;
	if (confinement->keeps_parent)
		return parent_start(confinement, diags, ret_status);
	result = steps_run(confinement, 0, confinement->steps.count);
	if (result == 0 || confinement->filters_standing)
		failure_leave(confinement);
	return failure_diagnose(confinement, diags);
}

int confinement_exit_status(int result)
{
	if (result == -ENOENT)
		return 127;
	return result == -EACCES ? 126 : 125;
}
