/* SPDX-License-Identifier: MIT */
#ifndef COPIER_H
#define COPIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "delivery.h"

/*
 * Messages out of a System V queue so that none is lost, whoever is killed:
 * each is copied (MSG_COPY), delivered, and only then taken.  Who is killed in
 * between leaves it in the queue, to be delivered once more.
 *
 * That needs one such consumer at a time, which a claim sees to.  Who takes
 * messages without one is noticed (RACED), and what was then taken in place of
 * the copied message is sent again.
 *
 * Fill the settings, zero the rest.
 */
struct copier {
	/* Settings. */
	struct queue *queue;
	struct delivery *delivery; /* its place is where messages are copied to */
	const struct queue_choice *choice;
	const struct patience *patience;
	int output; /* whose reader's death ends a wait, or -1 */

	int claim; /* -1, and after copier_begin() what holds it: for a child to inherit */
	bool raced;
	bool take_failed; /* a message that had been delivered could not be taken */

	/* The module's own. */
	long index;       /* of the next message to look at */
	uint64_t written; /* delivery->written when INDEX was right */
	char *spare;
	size_t spare_size;
};

/*
 * Make the claim, waiting as PATIENCE allows, and connect COPIER with its
 * delivery.  Returns 0, or -1 with errno: EAGAIN, EINTR as queue_receive().
 */
int copier_begin(struct copier *copier);

/* Give up the claim, which no child keeps then. */
void copier_end(struct copier *copier);

/*
 * Copy the next message that is wanted and not in hand yet.  Returns its
 * length, or -1 with errno: EAGAIN there is none, or what is in hand has to be
 * flushed first; others as queue_copy().  copier_wait() waits for one.
 */
ssize_t copier_next(struct copier *copier, long *label);
ssize_t copier_wait(struct copier *copier, long *label);

#endif
