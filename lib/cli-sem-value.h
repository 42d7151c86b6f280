/* SPDX-License-Identifier: MIT */
#ifndef CLI_SEM_VALUE_H
#define CLI_SEM_VALUE_H

#include <stdbool.h>

#include "cli-sem-request.h"

/* What "ipc-sem value" prints, and what "ipc-sem set" has to look at first. */

/* Print VALUES, of all members, as REQUEST wants them.  Returns an exit status. */
int sem_print_values(const struct sem_request *request, const struct semaphore *semaphore,
		     const int *values);

/*
 * Whether a member may be held or waited for, after saying so.  Setting it would
 * cancel what is to be undone when its holders end.
 */
bool sem_is_in_use(const struct sem_request *request, const struct semaphore *semaphore, int index);

#endif
