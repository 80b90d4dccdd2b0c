/* library.c - a library that a program is not meant to load: it ends the program as soon as it runs. */
#include <unistd.h>

#define LIBRARY_STATUS 42

/* Asked first by the loader where the library came in by LD_AUDIT. */
unsigned la_version(unsigned version);

unsigned la_version(unsigned version)
{
	(void)version;
	_exit(LIBRARY_STATUS);
}

__attribute__((constructor)) static void start(void)
{
	_exit(LIBRARY_STATUS);
}
