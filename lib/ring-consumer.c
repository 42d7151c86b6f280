/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ring-parts.h"

/* How much is copied at a time, first and at most. */
enum { WINDOW_FIRST = 4096, WINDOW_MOST = 65536, LOOKS = 1000 };

/* Read both counters; who peeks has to see them at one moment. */
static void read_counters(struct ring_consumer *consumer)
{
	const uint64_t *out = &consumer_page(consumer->memory)->out;

	consumer->out = __atomic_load_n(out, __ATOMIC_ACQUIRE);
	for (int look = 0; look < LOOKS; look++) {
		uint64_t before = consumer->out;

		consumer->in =
			__atomic_load_n(&producer_page(consumer->memory)->in, __ATOMIC_ACQUIRE);
		consumer->out = __atomic_load_n(out, __ATOMIC_ACQUIRE);
		if (consumer->out == before)
			return;
	}
}

int ring_consumer_begin(struct ring_consumer *consumer)
{
	struct ring_consumer_page *page = consumer_page(consumer->memory);

	read_counters(consumer);
	consumer->at = consumer->out;
	consumer->window_at = consumer->out;
	consumer->window_length = 0;
	consumer->window_goal = WINDOW_FIRST;
	consumer->counted = !consumer->peeks &&
			    ring_find_number(page->places, consumer->out, &consumer->number);
	consumer->out_number = consumer->number;
	if (!counters_fit(consumer->in, consumer->out, consumer->capacity) ||
	    (!consumer->counted && !consumer->peeks))
		return no_counters(&consumer->wrong);
	return 0;
}

void ring_consumer_end(struct ring_consumer *consumer)
{
	free(consumer->window);
	consumer->window = NULL;
	consumer->window_size = 0;
}

/* Look how far records go now. */
static int look_on(struct ring_consumer *consumer)
{
	struct ring_producer_page *page = producer_page(consumer->memory);
	uint64_t in;

	/* The mark is set behind the last record. */
	consumer->ended = __atomic_load_n(&page->ended, __ATOMIC_SEQ_CST) != 0;
	in = __atomic_load_n(&page->in, __ATOMIC_SEQ_CST);
	if (in - consumer->in > consumer->capacity - (consumer->in - consumer->out) || in % 8 != 0)
		return no_counters(&consumer->wrong);
	consumer->in = in;
	return 0;
}

static int enlarge_window(struct ring_consumer *consumer, size_t size)
{
	char *larger;

	if (size <= consumer->window_size)
		return 0;
	larger = realloc(consumer->window, size);
	if (larger == NULL)
		return -1;
	consumer->window = larger;
	consumer->window_size = size;
	return 0;
}

/* What a peek has copied may have been taken and overwritten meanwhile: pass that over. */
static void pass_over_taken(struct ring_consumer *consumer)
{
	uint64_t out;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	out = __atomic_load_n(&consumer_page(consumer->memory)->out, __ATOMIC_RELAXED);
	if (out - consumer->out > consumer->in - consumer->out)
		out = consumer->in; /* all of it, or nonsense */
	consumer->out = out;
	if ((int64_t)(out - consumer->at) <= 0)
		return;
	consumer->at = out;
	consumer->counted = false;
	consumer->window_length = 0;
}

/* Copy at least WANTED bytes of the ring, which are there, to the window. */
static int refill(struct ring_consumer *consumer, uint64_t wanted)
{
	const unsigned char *data = consumer->memory + RING_DATA_AT;
	uint64_t length = consumer->in - consumer->at;
	size_t offset = consumer->at & (consumer->capacity - 1), first;

	if (wanted < consumer->window_goal)
		wanted = consumer->window_goal;
	if (length > wanted)
		length = wanted;
	if (consumer->window_goal < WINDOW_MOST)
		consumer->window_goal *= 2;
	if (enlarge_window(consumer, length) < 0)
		return -1;
	first = consumer->capacity - offset;
	if (first > length)
		first = length;
	memcpy(consumer->window, data + offset, first);
	memcpy(consumer->window + first, data, length - first);
	consumer->window_at = consumer->at;
	consumer->window_length = length;
	if (consumer->peeks)
		pass_over_taken(consumer);
	return 0;
}

/*
 * Read the header of the record at AT out of the window.  Returns its size with
 * the record, or 0 when the window does not have it.
 */
static uint64_t read_header(const struct ring_consumer *consumer, struct ring_record *record)
{
	uint64_t from = consumer->at - consumer->window_at;

	if (from + sizeof *record > consumer->window_length)
		return 0;
	memcpy(record, consumer->window + from, sizeof *record);
	return ring_record_size(record->length);
}

/* Have the whole record at AT in the window; RECORD is its header. */
static int fetch(struct ring_consumer *consumer, struct ring_record *record)
{
	for (int turn = 0; turn < 3; turn++) {
		uint64_t size = read_header(consumer, record), at = consumer->at;

		if (size > consumer->in - at)
			return broken(&consumer->wrong,
				      "has a record whose length cannot be right");
		if (size > 0 && at - consumer->window_at + size <= consumer->window_length)
			return 0;
		if (refill(consumer, size > 0 ? size : sizeof *record) < 0)
			return -1;
		if (consumer->at == consumer->in) {
			errno = EAGAIN;
			return -1;
		}
		if (consumer->at != at)
			turn = 0;
	}
	return broken(&consumer->wrong, "has a record that changes while it is read");
}

/* Returns NULL, or what is wrong with the record that stands at AT in the window. */
static const char *check(const struct ring_consumer *consumer, const struct ring_record *record,
			 const char *bytes)
{
	if (checksum_of(record->length, record->number, bytes) != record->checksum)
		return "has a record whose checksum does not match";
	if (consumer->counted && record->number != consumer->number)
		return "has a record that is out of order";
	return NULL;
}

ssize_t ring_consumer_next(struct ring_consumer *consumer, const char **bytes)
{
	struct ring_record record;
	const char *wrong;

	if (consumer->at == consumer->in && !consumer->peeks && look_on(consumer) < 0)
		return -1;
	if (consumer->at == consumer->in) {
		errno = consumer->ended ? ESHUTDOWN : EAGAIN;
		return -1;
	}
	if (fetch(consumer, &record) < 0)
		return -1;
	*bytes = consumer->window + (consumer->at - consumer->window_at) + sizeof record;
	wrong = check(consumer, &record, *bytes);
	if (wrong != NULL)
		return broken(&consumer->wrong, wrong);
	consumer->at += ring_record_size(record.length);
	consumer->number = record.number + 1;
	consumer->counted = true;
	return (ssize_t)record.length;
}

bool ring_consumer_release(struct ring_consumer *consumer, uint64_t position, uint64_t count)
{
	struct ring_consumer_page *page = consumer_page(consumer->memory);

	consumer->out_number += count;
	move_counter(&page->out, page->places, consumer->out, position, consumer->out_number);
	consumer->out = position;
	return notify(&page->word, &producer_page(consumer->memory)->waiting);
}

bool ring_consumer_sees_more(const struct ring_consumer *consumer)
{
	const struct ring_producer_page *page = producer_page(consumer->memory);

	return __atomic_load_n(&page->in, __ATOMIC_SEQ_CST) != consumer->in ||
	       __atomic_load_n(&page->ended, __ATOMIC_SEQ_CST) != 0;
}

bool ring_consumer_waits(struct ring_consumer *consumer, uint32_t *word)
{
	*word = __atomic_load_n(ring_records_word(consumer->memory), __ATOMIC_SEQ_CST);
	__atomic_store_n(&consumer_page(consumer->memory)->waiting, 1, __ATOMIC_SEQ_CST);
	return !ring_consumer_sees_more(consumer);
}
