/* SPDX-License-Identifier: MIT */
#ifndef DELIVERY_H
#define DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fdio.h"
#include "queue.h"
#include "record.h"
#include "stop.h"
#include "waker.h"

/*
 * Messages on their way from a queue to where they are wanted.  Those that were
 * taken and are not delivered yet are "in hand": they are kept as they came, so
 * that they can be put back into the queue when delivery fails, or else be
 * written to a file of dead letters.
 *
 * To a pipe, whole records leave in blocks of at most PIPE_BUF bytes, which the
 * kernel does not tear; to a file in larger ones.
 */
struct delivery {
	/* Settings. */
	struct queue *queue;
	const char *ref; /* the queue's, for dead letters */
	enum frame frame;
	enum record_label label;
	int output;
	int dead_letter; /* where dead letters go */
	const struct stop *stop;
	struct waker *waker;

	/*
	 * What is in hand was copied, not taken.  TAKE is called for each copy
	 * that has been written; there is nothing to put back.
	 */
	int (*take)(void *context, const char *data, size_t length, long label);
	void *context;

	/* After each call. */
	bool stop_seen;   /* a signal has come, and what was written is whole */
	size_t in_hand;   /* messages */
	uint64_t written; /* messages, since the start */
	size_t torn;      /* bytes that a failed write left of a record that is not whole */

	/* The module's own. */
	enum fdio_sort sort;
	size_t block;
	struct held *held;
	size_t held_size;
	char *hand, *out;
	size_t hand_used, hand_size, out_used, out_size;
};

void delivery_begin(struct delivery *delivery);
void delivery_end(struct delivery *delivery);

/* Whether the output has somebody who reads it; false with errno EPIPE. */
bool delivery_has_reader(const struct delivery *delivery);

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

/* Take what is in hand as copies, so that delivery_give_up() may have it. */
int delivery_take(struct delivery *delivery);

/*
 * Put what is in hand back into the queue, in its order and without waiting;
 * from the first that does not fit on, to the dead letters.
 */
struct delivery_return {
	size_t put_back, dead, lost;
};
struct delivery_return delivery_put_back(struct delivery *delivery);

/* Write what is in hand to the dead letters, without trying the queue; copies, too. */
struct delivery_return delivery_give_up(struct delivery *delivery);

#endif
