/* SPDX-License-Identifier: MIT */
#ifndef RING_ROLES_H
#define RING_ROLES_H

#include "ring.h"

/* Who produces and who consumes.  For ring.c and ring-roles.c. */

/* When this process has started, in the kernel's ticks, or 0. */
uint64_t ring_process_start(void);

/* The failure EBADMSG because of PHRASE.  Returns -1. */
int ring_fail(struct ring *ring, const char *phrase);

/*
 * Nothing that was read or written since is to be believed when the file was cut
 * short.  Returns 0, or -1 with errno EBADMSG.
 */
int ring_check_cut(struct ring *ring);

#endif
