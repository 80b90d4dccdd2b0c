/* version.c - which library this is. */
#include "config.h"
#include "cordon/cordon.h"

const char *cordon_version(void)
{
	return CORDON_VERSION;
}
