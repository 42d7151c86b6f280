/* SPDX-License-Identifier: MIT */
#ifndef CLI_RING_H
#define CLI_RING_H

#include <argp.h>
#include <stdbool.h>

#include "ring.h"

/* What the commands for rings have in common. */

/* Read an operand as the REF of a ring, or end with a usage error. */
void cli_ring_ref(struct argp_state *state, const char *text, struct ref *ref);

/*
 * Open the ring that REF names.  Returns 0, or the exit status after saying
 * why; QUIET: unless the status says it.
 */
int cli_ring_open(struct ring *ring, const struct ref *ref, enum ring_access access, bool quiet);

/*
 * Say "cannot DO OBJECT: REASON" of ERROR, with whose it is, or how much room
 * there is; CAPACITY is what was asked for, or 0.
 */
void cli_ring_failure(const char *action, const struct ref *ref, const struct ring *ring,
		      uint64_t capacity, int error);

#endif
