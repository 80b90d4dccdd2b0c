/* need_main.c - `need NEED...` for shell tests: 0 when the machine has them all, 1 and the first one that it lacks on
 * standard output, 2 for a name that is not in the table. */
#include <stdio.h>

#include "tap.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int has = tap_has(argv[i]);

		if (has == 1)
			continue;
		puts(argv[i]);
		return has == 0 ? 1 : 2;
	}
	return 0;
}
