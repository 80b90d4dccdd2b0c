/* listen.h - answers listen() for a confined program.
 *
 * No register shows whether a socket is bound, and to which port: listen() on an unbound TCP socket takes any free
 * port, and no other mechanism sees that. So the filter hands the call over; here a copy of the socket is looked
 * at, and it is this copy on which listen() is called. The program's own call never continues: whatever its
 * threads do to the number meanwhile, only the object that was checked can listen. */
#ifndef CORDON_SUPERVISE_LISTEN_H
#define CORDON_SUPERVISE_LISTEN_H

#include <stdint.h>

#include "supervise/event.h"

#define LISTEN_PORTS_SIZE 8192 /* bytes: a bit per TCP port */

/* The answer to @event, a call of listen() that waits at @listener: 0 or the -errno that listen() itself gives when the
 * socket is a TCP socket that was bound to one of @ports; -EACCES for other sockets and ports; -EPERM when the kernel
 * doesn't let us at the caller's descriptors (a process that made itself undumpable), or the caller is gone. */
must_check int listen_answer(int listener, const struct event *event, const uint8_t *ports);

#endif
