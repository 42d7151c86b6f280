/* SPDX-License-Identifier: MIT */
#ifndef CLI_QUEUE_H
#define CLI_QUEUE_H

#include <argp.h>
#include <stdbool.h>

#include "delivery.h"
#include "queue.h"

/* What the commands for existing queues have in common. */

/* Read an operand as the REF of an existing queue, or end with a usage error. */
void cli_queue_ref(struct argp_state *state, const char *text, struct ref *ref);

/* Read the value of --capacity: bytes, as many as the kernel can count. */
int64_t cli_queue_capacity(struct argp_state *state, const char *text);

/* Read the value of --type as a choice, which is for a System V queue only. */
void cli_queue_choice(struct argp_state *state, const char *text, struct queue_choice *choice);
void cli_queue_check_choice(struct argp_state *state, const struct ref *ref,
			    const struct queue_choice *choice);

/*
 * Open the queue that REF names.  Returns 0, or the exit status after saying
 * why; QUIET: unless the status says it.
 */
int cli_queue_open(struct queue *queue, struct ref *ref, enum queue_access access, bool quiet);

/* Say "cannot DO OBJECT: REASON (HINT)" of ERROR, with what queue_hint() knows. */
void cli_queue_failure(const char *action, const struct ref *ref, const struct queue_shape *shape,
		       int error);

/*
 * Say what became of COUNT messages of the queue REF that were in hand; dead letters
 * are in FILE.
 */
void cli_queue_say_returned(const struct delivery_return *count, const char *ref, const char *file);

#endif
