/* SPDX-License-Identifier: MIT */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "mapping.h"
#include "patience.h"
#include "ref.h"
#include "ring-flow.h"
#include "waker.h"

/*
 * Rings: the bounded buffer between producers and a consumer, in a file of
 * /dev/shm.  ring-flow.h moves the records; this is what the system has to do
 * with it: the file, the roles, and waiting.
 *
 * A role is an open file description lock on a byte of the file, which the
 * kernel takes back from whoever dies.  Each wait looks again at least four
 * times a second, because a side that is killed wakes nobody.
 *
 * Failures are -1 with errno: ENOENT there is no such ring; EBADMSG it is none,
 * or what others have written into it cannot be, ring->wrong then being a
 * phrase; EIDRM it has been removed; EAGAIN, EINTR and ETIMEDOUT as queue.h
 * has them; ESHUTDOWN its end has been marked.
 * Sources: ipc-ring(5), futex(2), fcntl(2).
 */
struct ring {
	int descriptor;
	uint64_t capacity;
	size_t longest; /* bytes of the longest record that it takes */
	const char *wrong;
	struct ring_producer producer;
	struct ring_consumer consumer;

	/* The module's own. */
	struct mapping mapping;
	bool owes_wake, is_consumer;
	unsigned waits, waits_left; /* for a record, that make no way for others */
};

/* The capacity that a ring has for WANTED bytes: a power of two; 0: it is too much. */
uint64_t ring_capacity(uint64_t wanted);

/*
 * Make a ring with exactly MODE, its memory reserved, at once and whole.  MADE
 * tells which file it is, for shmfile_remove().  From before it has its name signals
 * are held: stop_hold().  Other errnos: EEXIST, ENOSPC,
 * others of open(2) and link(2).
 */
int ring_create(const struct ref *ref, uint64_t capacity, mode_t mode, struct stat *made);

enum ring_access { RING_PEEK, RING_USE };

/* Open a ring, and map it.  RING stays where it is until ring_close(). */
int ring_open(struct ring *ring, const struct ref *ref, enum ring_access access);
void ring_close(struct ring *ring);

/* Whether RING has no name any more. */
bool ring_is_gone(const struct ring *ring);

/* Whether the mark of RING's end is set. */
bool ring_is_ended(const struct ring *ring);

/* Be told of as a producer by ring_look(), as long as this process lives. */
void ring_attach(struct ring *ring);

/*
 * Take the producers' role, in turn with others who want it; ring->producer is
 * ready then, unless the errno is ESHUTDOWN or EBADMSG (the role is held then,
 * too).  Without PATIENCE it waits only for a producer that is busy, not for one
 * that waits for room, and at most 0.1 s.
 */
int ring_produce(struct ring *ring, const struct patience *patience, struct waker *waker);

/* Give it up. */
void ring_rest(struct ring *ring);

/* Wait until there is room for a record of LENGTH bytes. */
int ring_await_room(struct ring *ring, size_t length, const struct patience *patience,
		    struct waker *waker);

/* Let the consumer have what was added, and wake it. */
int ring_publish(struct ring *ring, bool end);

/*
 * Take the consumer's role, until ring_close(), and get ring->consumer ready;
 * or, for a ring that was opened for RING_PEEK, only that.
 */
int ring_consume(struct ring *ring, const struct patience *patience, struct waker *waker);

/* As ring_consumer_next(). */
ssize_t ring_next(struct ring *ring, const char **bytes);

/* Wait until there is a record, or the mark of the end. */
int ring_await_record(struct ring *ring, const struct patience *patience, struct waker *waker);

/* As ring_consumer_release(); a producer is woken now, or soon. */
int ring_release(struct ring *ring, uint64_t position, uint64_t count);

/* Before anything that may take long: wake the producer that may be waiting. */
void ring_settle(struct ring *ring);

#endif
