/* SPDX-License-Identifier: MIT */
#ifndef DELIVERY_H
#define DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "outlet.h"
#include "queue.h"
#include "record.h"

/* What became of messages that could not be delivered. */
struct delivery_return {
	size_t put_back; /* into the queue */
	size_t dead;     /* in the file of dead letters */
	size_t shown;    /* on stderr, as such a letter */
	size_t lost;
};

/*
 * Messages on their way from a queue to where they are wanted.  Those that were
 * taken and are not delivered yet are "in hand": they are kept as they came, so
 * that they can be put back into the queue when delivery fails, or else be
 * written to a file of dead letters.
 */
struct delivery {
	/* Settings. */
	struct queue *queue;
	const char *ref; /* the queue's, for dead letters */
	enum record_label label;
	int dead_letter;      /* where dead letters go: a file, or STDERR_FILENO */
	struct outlet outlet; /* its settings but SETTLE; what it says after each call */

	/*
	 * What is in hand was copied, not taken.  TAKE is called for each copy
	 * that has been written; there is nothing to put back.
	 */
	int (*take)(void *context, const char *data, size_t length, long label);
	void *context;

	/* After each call. */
	size_t in_hand;   /* messages */
	uint64_t written; /* messages, since the start */

	/* The module's own. */
	struct delivery_return strayed;
	struct held *held;
	size_t held_size;
	char *hand;
	size_t hand_used, hand_size;
};

void delivery_begin(struct delivery *delivery);
void delivery_end(struct delivery *delivery);

/*
 * A place for the next message, of queue->room bytes and with QUEUE_HEADROOM
 * in front; NULL with errno ENOMEM.  It is good until the next call.
 */
char *delivery_place(struct delivery *delivery);

/*
 * The message of LENGTH bytes that stands at delivery_place() is in hand now.
 * delivery_hold() leaves it at that; delivery_add() writes it out, or keeps it
 * until a block is full.  delivery_flush() writes what is left.
 *
 * Returns 0, or -1 with errno: EILSEQ the message (the last in hand) cannot
 * stand in this frame; EPIPE nobody reads; EINTR told to stop before it could
 * be written; others of write(2); ENOMEM.  What is in hand then was not delivered.
 */
void delivery_hold(struct delivery *delivery, size_t length, long label);
int delivery_add(struct delivery *delivery, size_t length, long label);
int delivery_flush(struct delivery *delivery);

/* The bytes of the message that came in hand last. */
const char *delivery_last(const struct delivery *delivery);

/* What is held has been delivered in another way. */
int delivery_done(struct delivery *delivery);

/*
 * Write what is in hand to the file of dead letters, each as a JSON line, whole or
 * not at all; copies are taken then.  Returns 0, or -1 with errno: what could not
 * be written is still in hand.
 */
int delivery_bury(struct delivery *delivery);

/* A message that was taken in place of another goes back, or to the dead letters. */
void delivery_stray(struct delivery *delivery, const char *data, size_t length, long label);

/*
 * Put what is in hand back into the queue, in its order and without waiting;
 * from the first that does not fit on, to the dead letters.  Returns what became
 * of it, and of those that strayed.
 */
struct delivery_return delivery_put_back(struct delivery *delivery);

#endif
