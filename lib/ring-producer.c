/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ring-parts.h"

uint32_t *ring_records_word(unsigned char *memory)
{
	return &producer_page(memory)->word;
}

uint32_t *ring_room_word(unsigned char *memory)
{
	return &consumer_page(memory)->word;
}

uint64_t ring_longest(uint64_t capacity)
{
	return capacity - sizeof(struct ring_record);
}

int ring_producer_begin(struct ring_producer *producer)
{
	struct ring_producer_page *page = producer_page(producer->memory);
	struct ring_consumer_page *other = consumer_page(producer->memory);

	producer->in = __atomic_load_n(&page->in, __ATOMIC_ACQUIRE);
	producer->out = __atomic_load_n(&other->out, __ATOMIC_ACQUIRE);
	producer->published = producer->in;
	/* One that was killed in its sleep waits no more. */
	__atomic_store_n(&page->waiting, 0, __ATOMIC_SEQ_CST);
	if (!counters_fit(producer->in, producer->out, producer->capacity) ||
	    !ring_find_number(page->places, producer->in, &producer->number))
		return no_counters(&producer->wrong);
	if (__atomic_load_n(&page->ended, __ATOMIC_ACQUIRE) == 0)
		return 0;
	errno = ESHUTDOWN;
	return -1;
}

void ring_producer_reopen(struct ring_producer *producer)
{
	__atomic_store_n(&producer_page(producer->memory)->ended, 0, __ATOMIC_SEQ_CST);
}

/* Whether there are SIZE bytes of room; -1: the counters are broken. */
static int has_room(struct ring_producer *producer, uint64_t size)
{
	uint64_t used = producer->in - producer->out, out;

	if (producer->capacity - used >= size)
		return 1;
	out = __atomic_load_n(&consumer_page(producer->memory)->out, __ATOMIC_SEQ_CST);
	/* It moves forward only, and not past what was published. */
	if (out - producer->out > producer->published - producer->out || out % 8 != 0)
		return no_counters(&producer->wrong);
	producer->out = out;
	return producer->capacity - (producer->in - out) >= size;
}

static void copy_in(struct ring_producer *producer, uint64_t position, const void *bytes,
		    size_t length)
{
	unsigned char *data = producer->memory + RING_DATA_AT;
	size_t offset = position & (producer->capacity - 1);
	size_t first = producer->capacity - offset;

	if (length <= first) {
		memcpy(data + offset, bytes, length);
		return;
	}
	memcpy(data + offset, bytes, first);
	memcpy(data, (const char *)bytes + first, length - first);
}

/* The record at the end, and zeros up to a multiple of 8 bytes, where it goes on at the start. */
__attribute__((noinline)) static void write_split(struct ring_producer *producer, uint32_t checksum,
						  const void *bytes, uint32_t length)
{
	static const char zeros[8];
	const struct ring_record record = { length, checksum, producer->number };
	uint64_t at = producer->in;

	copy_in(producer, at, &record, sizeof record);
	copy_in(producer, at + sizeof record, bytes, length);
	copy_in(producer, at + sizeof record + length, zeros,
		ring_record_size(length) - sizeof record - length);
}

/*
 * The same, for most are in one piece.  A header that was put together in memory
 * first would have to be waited for there.
 */
static void write_record(struct ring_producer *producer, uint32_t checksum, const void *bytes,
			 uint32_t length, uint64_t size)
{
	static const char zeros[8];
	size_t offset = producer->in & (producer->capacity - 1);
	unsigned char *to = producer->memory + RING_DATA_AT + offset;
	struct ring_record *record = (struct ring_record *)(void *)to;

	if (offset + size > producer->capacity) {
		write_split(producer, checksum, bytes, length);
		return;
	}
	/* The bytes go over as many of the last zeros as they need. */
	memcpy(to + size - sizeof zeros, zeros, sizeof zeros);
	record->length = length;
	record->checksum = checksum;
	record->number = producer->number;
	memcpy(record + 1, bytes, length);
}

int ring_producer_add(struct ring_producer *producer, const void *bytes, size_t length)
{
	uint32_t checksum;
	uint64_t size;
	int room;

	if (length > ring_longest(producer->capacity)) {
		errno = EMSGSIZE;
		return -1;
	}
	size = ring_record_size(length);
	room = has_room(producer, size);
	if (room < 0)
		return -1;
	if (room == 0) {
		errno = EAGAIN;
		return -1;
	}
	checksum = checksum_of((uint32_t)length, producer->number, bytes);
	write_record(producer, checksum, bytes, (uint32_t)length, size);
	producer->in += size;
	producer->number++;
	return 0;
}

bool ring_producer_publish(struct ring_producer *producer, bool end)
{
	struct ring_producer_page *page = producer_page(producer->memory);

	if (producer->in != producer->published)
		move_counter(&page->in, page->places, producer->published, producer->in,
			     producer->number);
	else if (!end)
		return false;
	producer->published = producer->in;
	if (end)
		__atomic_store_n(&page->ended, 1, __ATOMIC_SEQ_CST);
	return notify(&page->word, &consumer_page(producer->memory)->waiting);
}

bool ring_producer_waits(struct ring_producer *producer, size_t length, uint32_t *word)
{
	*word = __atomic_load_n(ring_room_word(producer->memory), __ATOMIC_SEQ_CST);
	__atomic_store_n(&producer_page(producer->memory)->waiting, 1, __ATOMIC_SEQ_CST);
	return has_room(producer, ring_record_size(length)) == 0;
}
