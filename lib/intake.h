/* SPDX-License-Identifier: MIT */
#ifndef INTAKE_H
#define INTAKE_H

#include <stdbool.h>
#include <sys/types.h>

#include "copier.h"
#include "delivery.h"
#include "patience.h"
#include "queue.h"
#include "waker.h"

/*
 * Messages one after another out of a queue into the hands of a delivery; what
 * is in hand is written out before every wait.
 */
struct intake {
	/* Settings. */
	struct queue *queue;
	struct delivery *delivery;
	struct copier *copier; /* NULL: messages are taken; else they are copied */
	const struct queue_choice *choice;
	const struct patience *patience;
	struct waker *waker;

	/* After a failure. */
	bool output_failed; /* the error is the output's, not the queue's */
};

/*
 * The next message to delivery_place(), its priority or type to LABEL.
 * Returns its length, or -1 with errno: as of queue_receive(); EINTR a signal
 * has come, or nobody reads the output any more; others of delivery_flush().
 */
ssize_t intake_next(struct intake *intake, long *label);

/*
 * RESULT of a call that delivers.  Returns it, or -1 with errno EINTR when a
 * signal came while it wrote.
 */
int intake_checked(struct intake *intake, int result);

#endif
