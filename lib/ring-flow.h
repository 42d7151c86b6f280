/* SPDX-License-Identifier: MIT */
#ifndef RING_FLOW_H
#define RING_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ring-layout.h"

/*
 * The protocol of a ring, over its memory and the private state of a side.
 * Nothing here waits or makes a system call.  Whoever produces holds the
 * producers' role, whoever consumes the consumer's.
 *
 * Everything in the memory may be changed by others while it is read: numbers
 * are read once, checked, and then kept here; records are copied, and the copy
 * is checked.  What a side has written is not read back, but for where it
 * begins.  tests/model/ring.pml is a model of it.
 *
 * Failures are -1 with errno; EBADMSG: what is in the memory cannot be, WRONG
 * then being a phrase that says why ("has broken counters").
 */

/* A producer's, from ring_producer_begin() on until it gives up the role. */
struct ring_producer {
	unsigned char *memory;
	uint64_t capacity;

	uint64_t in, number; /* of the next record */
	uint64_t published;  /* how far the consumer may read */
	uint64_t out;        /* how far it has read, when that was looked at last */
	const char *wrong;
};

/* Find out where the ring ends.  ESHUTDOWN: its end has been marked. */
int ring_producer_begin(struct ring_producer *producer);

/* Take the mark away. */
void ring_producer_reopen(struct ring_producer *producer);

/*
 * Write a record behind the others; nobody sees it yet.  EMSGSIZE: it is longer
 * than ring_longest(); EAGAIN: there is no room for it.
 */
int ring_producer_add(struct ring_producer *producer, const void *bytes, size_t length);

/*
 * Let the consumer see all that was added; END: and that no more will come.
 * Returns whether the consumer has to be woken.
 */
bool ring_producer_publish(struct ring_producer *producer, bool end);

/*
 * Before a wait for room for a record of LENGTH bytes: returns whether to wait,
 * for as long as the number at ring_room_word() is WORD.
 */
bool ring_producer_waits(struct ring_producer *producer, size_t length, uint32_t *word);

/* The consumer's. */
struct ring_consumer {
	/* Settings. */
	unsigned char *memory;
	uint64_t capacity;
	bool peeks; /* it has not the role, changes nothing, and reads what is there now */

	/* After each call. */
	uint64_t at, number; /* of the next record; AT is where the last one ended */
	const char *wrong;

	/* The module's own. */
	uint64_t in;              /* how far records go, when that was looked at last */
	uint64_t out, out_number; /* how far they have been released */
	bool ended;
	bool counted; /* NUMBER is known */
	char *window; /* a copy of the ring from WINDOW_AT on */
	size_t window_size, window_length, window_goal;
	uint64_t window_at;
};

int ring_consumer_begin(struct ring_consumer *consumer);
void ring_consumer_end(struct ring_consumer *consumer);

/*
 * The next record: BYTES are the caller's to read until the next call.  Returns
 * its length, or -1 with errno: EAGAIN there is none now, ESHUTDOWN there is
 * none and no more will come, ENOMEM.
 */
ssize_t ring_consumer_next(struct ring_consumer *consumer, const char **bytes);

/*
 * The first COUNT records that have not been released are done with; they end
 * at POSITION.  Returns whether a producer waits for room.
 */
bool ring_consumer_release(struct ring_consumer *consumer, uint64_t position, uint64_t count);

/* Whether there is a record, or the mark of the end, that has not been seen yet. */
bool ring_consumer_sees_more(const struct ring_consumer *consumer);

/*
 * Before a wait for a record: returns whether to wait, for as long as the
 * number at ring_records_word() is WORD.
 */
bool ring_consumer_waits(struct ring_consumer *consumer, uint32_t *word);

/* The words that change with each publish, and with each release. */
uint32_t *ring_records_word(unsigned char *memory);
uint32_t *ring_room_word(unsigned char *memory);

/* The bytes of the longest record that a ring of CAPACITY bytes takes. */
uint64_t ring_longest(uint64_t capacity);

#endif
