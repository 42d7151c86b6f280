/* SPDX-License-Identifier: MIT */
#ifndef RING_PARTS_H
#define RING_PARTS_H

#include <errno.h>

#include "crc32c.h"
#include "ring-flow.h"

/* What the two sides of a ring have in common.  For ring-producer.c and ring-consumer.c. */

static inline struct ring_producer_page *producer_page(unsigned char *memory)
{
	return (struct ring_producer_page *)(void *)(memory + RING_PRODUCER_AT);
}

static inline struct ring_consumer_page *consumer_page(unsigned char *memory)
{
	return (struct ring_consumer_page *)(void *)(memory + RING_CONSUMER_AT);
}

/*
 * Write a new place and then move COUNTER there.  Killed in between, the old
 * place is still there for the old value, and nothing has happened.
 */
static inline void move_counter(uint64_t *counter, struct ring_place *places, uint64_t from,
				uint64_t to, uint64_t number)
{
	struct ring_place *place = &places[places[0].position == from];

	__atomic_store_n(&place->position, to, __ATOMIC_RELAXED);
	__atomic_store_n(&place->number, number, __ATOMIC_RELAXED);
	__atomic_store_n(counter, to, __ATOMIC_SEQ_CST);
}

/* Returns whether whoever set *WAITING has to be woken. */
static inline bool notify(uint32_t *word, uint32_t *waiting)
{
	__atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(waiting, __ATOMIC_SEQ_CST) == 0)
		return false;
	__atomic_store_n(waiting, 0, __ATOMIC_SEQ_CST);
	return true;
}

static inline int broken(const char **wrong, const char *phrase)
{
	*wrong = phrase;
	errno = EBADMSG;
	return -1;
}

static inline int no_counters(const char **wrong)
{
	return broken(wrong, "has broken counters");
}

static inline bool counters_fit(uint64_t in, uint64_t out, uint64_t capacity)
{
	return in - out <= capacity && in % 8 == 0 && out % 8 == 0;
}

/* A record's header has the length and a checksum of zero in its first word. */
static inline uint32_t checksum_of(uint32_t length, uint64_t number, const void *bytes)
{
	return crc32c_headed(length, number, bytes, length);
}

#endif
