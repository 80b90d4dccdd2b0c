/* listen.h - answers listen() for a confined program.
 *
 * No register shows whether a socket is bound, and to which port: listen() on an unbound TCP socket takes any free
 * port, and no other mechanism sees that. So the filter hands the call over; here a copy of the socket is looked
 * at, and it is this copy on which listen() is called. The program's own call never continues: whatever its
 * threads do to the number meanwhile, only the object that was checked can listen. */
#ifndef CORDON_SUPERVISE_LISTEN_H
#define CORDON_SUPERVISE_LISTEN_H

#include <stdint.h>

#include "base/cleanup.h"

#define LISTEN_PORTS_SIZE 8192 /* bytes: a bit per TCP port */

/* Take one notification from @listener (which has one) and answer it: what listen() itself says when the socket is
 * a TCP socket that was bound to one of @ports; EACCES for other sockets and ports; EPERM for other calls, and
 * when the kernel doesn't let us at the caller's descriptors (a process that made itself undumpable). The caller
 * may be gone before the answer. 0, or -errno when the listener is of no use any more. */
must_check int listen_serve(int listener, const uint8_t *ports);

#endif
