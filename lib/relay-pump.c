/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "relay.h"

/*
 * Everything that the kernel cannot do alone: bytes are read into a store and
 * written from there to each sink, at its own position.
 */

enum {
	STORE_SIZE = 1 << 18,       /* where nothing else is asked for */
	BLOCKS_AT_ONCE = 4,         /* writes to one sink before another one has its turn */
	GIVEN_UP_AT_ONCE = 1 << 18, /* bytes that are dropped between two looks at the signals */
};

enum fdio_sort relay_fdio_sort(const struct relay_end *end)
{
	if (end->sort == RELAY_FILE)
		return end->may_wait && !end->is_sink ? FDIO_STREAM : FDIO_FILE;
	return end->sort == RELAY_PIPE ? FDIO_PIPE : FDIO_STREAM;
}

void relay_store_full(struct relay *relay)
{
	if (relay->store.error == 0) {
		relay->spill_told = false;
	} else if (!relay->spill_told) {
		relay->spill_told = true;
		relay->tell(relay, RELAY_SPILL_FULL, NULL, relay->store.error);
	}
}

/* Rendezvous: whether nothing is held, and every sink can take bytes now. */
bool relay_meets(struct relay *relay)
{
	bool all = true;

	if (relay->store.base < relay->store.end)
		return false;
	for (size_t i = 0; i < relay->sink_count; i++) {
		struct relay_end *sink = &relay->sinks[i];
		struct pollfd look = { .fd = sink->descriptor, .events = POLLOUT };

		if (sink->state == RELAY_OVER ||
		    (sink->state == RELAY_OPEN && sink->sort == RELAY_FILE))
			continue;
		if (sink->state == RELAY_OPEN && poll(&look, 1, 0) > 0)
			continue;
		sink->wanted = sink->state == RELAY_OPEN;
		all = false;
	}
	return all;
}

/* Whether nobody is there yet, and what is in a file may as well stay there. */
static bool is_alone(const struct relay *relay)
{
	for (size_t i = 0; i < relay->sink_count; i++)
		if (relay->sinks[i].state == RELAY_OPEN)
			return false;
	return relay->slow == RELAY_BLOCK;
}

/* The store is full: a slow sink holds the source up, or loses something. */
static int full(struct relay *relay, struct relay_end *source)
{
	relay_store_full(relay);
	if (relay->slow == RELAY_BLOCK)
		return 0;
	if (source->ready && relay_source_is_at_end(source) &&
	    !(relay->ends_records && source->in_record)) {
		relay_source_ended(relay, source); /* no reason to drop anything */
		return 1;
	}
	if (source->ready)
		return relay_slow_make_room(relay);
	source->wanted = true;
	return 0;
}

/* Of the next two: there was room for more. */

/* The peer of the only source has gone, and its record with it. */
static void end_record(struct relay *relay, struct relay_end *source)
{
	const char terminator = (char)relay->terminator;

	if (relay->ends_records && source->state == RELAY_AWAITED && source->in_record)
		relay_store_add(&relay->store, &terminator, 1);
	source->in_record = false;
}

/* The record of the only source ends here, whole or not. */
static void cut_short(struct relay *relay, struct relay_end *source)
{
	const char terminator = (char)relay->terminator;

	if (!relay->ends_records || !source->in_record)
		return;
	relay_store_add(&relay->store, &terminator, 1);
	source->in_record = false;
	relay->tell(relay, RELAY_CUT_SHORT, source, 0);
}

/* After a signal, of the record that the only source is in the rest is taken, if it is there. */
static bool is_in_last_record(const struct relay *relay)
{
	const struct relay_end *source = relay->sources;

	return relay->stopping && relay->source_count == 1 && relay->ends_records &&
	       source->state == RELAY_OPEN && source->in_record;
}

/* What is in SOURCE's stage, of a packet, goes to the store when there is room. */
static int unstage(struct relay *relay, struct relay_end *source)
{
	struct relay_bytes *stage = &source->stage;
	size_t added = relay_store_add(&relay->store, stage->bytes + stage->start,
				       stage->end - stage->start);

	stage->start += added;
	if (added > 0)
		return 1;
	relay_store_full(relay);
	return relay->slow == RELAY_BLOCK ? 0 : relay_slow_make_room(relay);
}

/* LENGTH bytes of SOURCE have been read: to PLACE in the store or, packets, to the stage. */
static void took(struct relay *relay, struct relay_end *source, const char *place, size_t length)
{
	if (source->packets) {
		place = source->stage.bytes + source->stage.end;
		source->stage.end += length;
	} else {
		relay_store_fill(&relay->store, length);
	}
	source->in_record = place[length - 1] != (char)relay->terminator;
	relay_count(relay, source, (int64_t)length);
}

/* From the only source, straight into the store; packets of a socket by its stage. */
static int take(struct relay *relay)
{
	struct relay_end *source = relay->sources;
	size_t room;
	ssize_t length;
	char *place;

	source->wanted = false;
	if (source->stage.start < source->stage.end)
		return unstage(relay, source);
	if (source->state != RELAY_OPEN || (relay->stopping && !is_in_last_record(relay)))
		return 0;
	if ((relay->capacity == 0 && !relay_meets(relay)) ||
	    (source->sort == RELAY_FILE && !relay->stopping && is_alone(relay)))
		return 0;
	place = relay_store_place(&relay->store, &room);
	if (place == NULL)
		return full(relay, source);
	if (source->packets)
		length = relay_read_stage(relay, source, 1);
	else
		length = relay_read(relay, source, place, relay->stopping ? 1 : room);
	source->ready = false;
	if (length > 0) {
		took(relay, source, place, (size_t)length);
	} else if (length == 0) {
		relay_source_ended(relay, source);
		end_record(relay, source);
	} else if (errno == EAGAIN && !relay->stopping) {
		source->wanted = true;
		return 0;
	} else if (errno == EAGAIN) {
		cut_short(relay, source);
	} else if (errno != EINTR) {
		if (relay_source_failed(relay, source, errno))
			cut_short(relay, source);
		else
			end_record(relay, source);
	}
	return 1;
}

static bool is_dry(const struct relay *relay)
{
	return relay_is_dry(relay) && relay_merge_is_empty(relay) && !is_in_last_record(relay);
}

/* Bytes for SINK: its tail, or else of the store.  As relay_store_look(). */
static ssize_t next_bytes(struct relay *relay, struct relay_end *sink, const char **bytes)
{
	if (sink->tail.start < sink->tail.end) {
		*bytes = sink->tail.bytes + sink->tail.start;
		return (ssize_t)(sink->tail.end - sink->tail.start);
	}
	return sink->cut ? 0 : relay_store_look(&relay->store, sink->position, bytes);
}

/* LENGTH of BYTES have been written to SINK. */
static void written(struct relay *relay, struct relay_end *sink, const char *bytes, size_t length)
{
	if (sink->shadow != NULL)
		relay_end_remember(sink, bytes, length);
	relay_count(relay, sink, (int64_t)length);
	relay_paced(relay, &sink->pace, (int64_t)length);
	if (sink->tail.start < sink->tail.end) {
		sink->tail.start += length;
		return;
	}
	sink->position += (int64_t)length;
	sink->in_record = bytes[length - 1] != (char)relay->terminator;
}

/* SINK has got all that there is for now. */
static int caught_up(struct relay *relay, struct relay_end *sink)
{
	if (sink->cut && !sink->in_record) {
		sink->dropped_records += sink->skipping; /* begun with a reader that is gone */
		sink->skipping = false;
		relay_close_sink(relay, sink);
		return 1;
	}
	if (sink->cut && sink->position < relay->store.end)
		return 1; /* the rest of its record did not fit into the tail */
	if (!is_dry(relay))
		return 0;
	sink->dropped_records += sink->skipping; /* the last, without an end */
	sink->skipping = false;
	relay_sink_finished(relay, sink);
	return sink->state == RELAY_OVER;
}

/* What SINK has no time, or no reader, for is not waited for any longer. */
static bool is_given_up(struct relay *relay, struct relay_end *sink)
{
	if (sink->cut) {
		if (relay->wake_at == 0 || sink->cut_until < relay->wake_at)
			relay->wake_at = sink->cut_until;
		return sink->cut_until <= patience_now();
	}
	return sink->state == RELAY_AWAITED && relay->slow != RELAY_BLOCK && is_dry(relay);
}

/* Drop what waits for SINK, a part at once, and close it.  Returns 1, or -1. */
static int give_up(struct relay *relay, struct relay_end *sink)
{
	int64_t until = sink->position + GIVEN_UP_AT_ONCE;

	int64_t before;

	do {
		before = sink->position;
		sink->lost_bytes += (int64_t)(sink->tail.end - sink->tail.start);
		sink->tail.start = sink->tail.end;
		if (sink->cut && relay_slow_finish_record(relay, sink) < 0)
			return -1;
	} while (sink->position > before);
	while (!sink->cut && sink->position < relay->store.end) {
		if (sink->position >= until)
			return 1;
		sink->skipping = true;
		sink->in_record = false;
		if (relay_slow_skip(relay, sink) < 0)
			return -1;
	}
	sink->dropped_records += sink->skipping;
	relay_end_close(sink);
	return 1;
}

/* Write to SINK what goes without waiting.  Returns 1 if anything has changed, or -1. */
static int give(struct relay *relay, struct relay_end *sink)
{
	int changed = 0;

	sink->wanted = false;
	if (sink->cut && sink->in_record && relay_slow_finish_record(relay, sink) < 0)
		return -1;
	if (is_given_up(relay, sink))
		return give_up(relay, sink);
	for (int i = 0; i < BLOCKS_AT_ONCE; i++) {
		const char *bytes = NULL;
		ssize_t length, wrote;
		size_t allowed;

		if (sink->skipping && !sink->cut && sink->tail.start == sink->tail.end) {
			if (relay_slow_skip(relay, sink) < 0)
				return -1;
			if (sink->skipping && sink->position < relay->store.end)
				return 1; /* there is more of it: signals first */
		}
		length = next_bytes(relay, sink, &bytes);
		if (length < 0)
			return -1;
		if (length == 0)
			return caught_up(relay, sink) | changed;
		if (sink->state != RELAY_OPEN)
			return changed;
		allowed = relay_allowed(relay, sink->pace, (size_t)length);
		if (allowed == 0)
			return changed;
		wrote = fdio_write_now(sink->descriptor, relay_fdio_sort(sink), bytes, allowed);
		if (wrote > 0) {
			written(relay, sink, bytes, (size_t)wrote);
			changed = 1;
		} else if (wrote < 0 && errno == EAGAIN) {
			sink->wanted = true;
			return changed;
		} else if (wrote < 0 && errno != EINTR) {
			relay_sink_failed(relay, sink, errno);
			return 1;
		}
	}
	return 1;
}

/* What every sink is past is not needed any more. */
static void release(struct relay *relay)
{
	int64_t base = relay->store.end;

	for (size_t i = 0; i < relay->sink_count; i++) {
		const struct relay_end *sink = &relay->sinks[i];

		if (sink->state != RELAY_OVER && (!sink->cut || sink->in_record) &&
		    sink->position < base)
			base = sink->position;
	}
	relay_store_release(&relay->store, base);
}

/* Give and take.  Returns 1 if anything has changed, or -1. */
static int move(struct relay *relay)
{
	int changed = 0, taken;

	for (size_t i = 0; i < relay->sink_count; i++) {
		int given;

		if (relay->sinks[i].state == RELAY_OVER)
			continue;
		given = give(relay, &relay->sinks[i]);
		if (given < 0)
			return -1;
		changed |= given;
	}
	if (relay_is_deserted(relay))
		return 1; /* what is not taken now is not lost */
	release(relay);
	taken = relay->source_count > 1 ? relay_merge_take(relay) : take(relay);
	return taken < 0 ? -1 : changed | taken;
}

static int step(struct relay *relay)
{
	int changed = move(relay);

	if (changed >= 0 || errno == ENOMEM)
		return changed;
	relay->tell(relay, RELAY_SPILL_FAILED, NULL, errno);
	relay->failed = relay->hurry = true;
	return 0;
}

int relay_pump_begin(struct relay *relay)
{
	int64_t limit = relay->capacity;

	relay->store.limit = limit < 0 ? STORE_SIZE : limit == 0 ? PIPE_BUF : limit;
	relay->store.file = relay->spill;
	relay->step = step;
	return relay_store_begin(&relay->store);
}

void relay_pump_end(struct relay *relay)
{
	for (size_t i = 0; i < relay->source_count; i++)
		free(relay->sources[i].stage.bytes);
	relay_store_end(&relay->store);
}
