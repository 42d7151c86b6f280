/* SPDX-License-Identifier: MIT */
#ifndef HOLDING_FAMILY_H
#define HOLDING_FAMILY_H

#include <stdatomic.h>

#include "holding.h"
#include "stop.h"

/* Between the parts of holding alone. */

enum stage { STAGE_FREE, STAGE_HELD, STAGE_POSTING, STAGE_POSTED };

/* What the processes share. */
struct outcome {
	_Atomic int stage;
	_Atomic int may_take; /* POSIX: the guard is there */
	int error;            /* why it was not taken or, once it was, why COMMAND cannot be run */
	int signal;           /* with EINTR: which, or 0 */
	int unposted;         /* why whoever posted it could not, or 0 */
};

int holding_by_undo(struct holding *holding, struct outcome *outcome);
int holding_by_guard(struct holding *holding, struct outcome *outcome);

/* In a child: from here on it ends with TOOL, its parent, until holding_become(). */
void holding_follow(pid_t tool);

/* In a child that holds it: become COMMAND, with the signals that the tool started with. */
_Noreturn void holding_become(const struct holding *holding, struct outcome *outcome,
			      const struct stop *stop);

/* STATUS of the process that was to become COMMAND, after saying why it could not. */
int holding_told(const struct holding *holding, const struct outcome *outcome, int status);

/* The process that was to take it has not, and has ended with STATUS: -1 with errno. */
int holding_not_taken(struct holding *holding, const struct outcome *outcome, int status);

/* What is needed cannot be had: say so.  Returns -1 with errno ECHILD. */
int holding_not_started(const struct holding *holding);

#endif
