/* SPDX-License-Identifier: MIT */
#ifndef CLI_SEMAPHORE_H
#define CLI_SEMAPHORE_H

#include <argp.h>
#include <stdbool.h>

#include "semaphore.h"

/* What the subcommands for semaphores have in common. */

/* Read an operand as the REF of an existing semaphore, or end with a usage error. */
void cli_semaphore_ref(struct argp_state *state, const char *text, struct ref *ref);

/*
 * Open the semaphore that REF names.  Returns 0, or the exit status after saying
 * why; QUIET: unless the status says it.
 */
int cli_semaphore_open(struct semaphore *semaphore, struct ref *ref, enum semaphore_access access,
		       bool quiet);

/* Find the key of REF.  Returns 0, or the exit status after saying why there is none. */
int cli_semaphore_key(struct ref *ref);

/*
 * Say "cannot DO OBJECT: REASON (HINT)" of ERROR, with what semaphore_hint()
 * knows, and return its exit status.  WANTED is as for that; QUIET: unless the
 * status says it.
 */
int cli_semaphore_failure(const char *action, const struct ref *ref, size_t wanted, int error,
			  bool quiet);

#endif
