/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "relay.h"

/*
 * Several sources, record by record.  Each has a stage of its own, out of which
 * whole records go to the store.  A record that is longer than the stage may be
 * goes there in parts, and its source is the store's owner until it has ended.
 */

enum {
	STAGE_MOST = 1 << 20, /* where --buffer says nothing else, or there is a file for more */
	READ_MOST = 1 << 16,
	REST_MOST = 1 << 12, /* read byte by byte before the clock and the signals are looked at */
};

/* How much of a record is kept in memory beside the store. */
size_t relay_record_most(const struct relay *relay)
{
	/* What is to be spilled is not kept in memory. */
	int64_t most = relay->spill >= 0 ? STAGE_MOST : SSIZE_MAX / 4;

	if (relay->capacity < 0)
		return STAGE_MOST;
	if (relay->capacity == 0)
		return PIPE_BUF;
	return (size_t)(relay->capacity < most ? relay->capacity : most);
}

bool relay_merge_is_empty(const struct relay *relay)
{
	if (relay->owner != NULL)
		return false;
	for (size_t i = 0; i < relay->source_count; i++)
		if (relay->sources[i].stage.start < relay->sources[i].stage.end)
			return false;
	return true;
}

/* The bytes of SOURCE's stage that are whole records. */
static size_t whole_records(const struct relay *relay, struct relay_end *source)
{
	const struct relay_bytes *stage = &source->stage;
	const char *first = stage->bytes + stage->start, *last = NULL;
	size_t used = stage->end - stage->start;

	if (used > source->searched)
		last = memrchr(first + source->searched, relay->terminator,
			       used - source->searched);
	if (last != NULL)
		return (size_t)(last + 1 - first);
	source->searched = used;
	return 0;
}

/* Whether SOURCE has begun a record that is not at its end. */
static bool in_record(const struct relay *relay, const struct relay_end *source)
{
	const struct relay_bytes *stage = &source->stage;

	return stage->start < stage->end ? stage->bytes[stage->end - 1] != (char)relay->terminator
					 : relay->owner == source;
}

/* The source has ended, or its writer has: so has its record. */
static int end_record(struct relay *relay, struct relay_end *source)
{
	char terminator = (char)relay->terminator;

	return in_record(relay, source) ? relay_bytes_add(&source->stage, &terminator, 1) : 0;
}

/*
 * The record that SOURCE has begun will not be whole, and is not passed off as
 * such.  Where sinks have a part of it already, it ends here.
 */
static void hold_back(struct relay *relay, struct relay_end *source)
{
	struct relay_bytes *stage = &source->stage;
	size_t used = stage->end - stage->start, length = used;
	const char *last =
		used > 0 ? memrchr(stage->bytes + stage->start, relay->terminator, used) : NULL;

	if (last != NULL) {
		length = (size_t)(stage->bytes + stage->end - (last + 1));
	} else if (relay->owner == source) {
		if (end_record(relay, source) == 0) {
			relay->tell(relay, RELAY_CUT_SHORT, source, 0);
			return;
		}
		relay->owner = NULL;
	}
	if (length == 0)
		return;
	stage->end -= length;
	source->lost_bytes += (int64_t)length;
	relay->tell(relay, RELAY_HELD_BACK, source, (int64_t)length);
}

/* The bytes of SOURCE's stage whose turn it is. */
static size_t next_out(const struct relay *relay, struct relay_end *source)
{
	const struct relay_bytes *stage = &source->stage;
	const char *first = stage->bytes + stage->start;
	size_t length = whole_records(relay, source), used = stage->end - stage->start;

	if (relay->owner == source) {
		/* Up to the end of its record, or all there is of it. */
		const char *stop = used > 0 ? memchr(first, relay->terminator, used) : NULL;

		return stop != NULL ? (size_t)(stop + 1 - first) : used;
	}
	if (relay->owner != NULL)
		return 0;
	return length == 0 && used >= relay_record_most(relay) ? used : length;
}

/* Move from SOURCE's stage to the store.  Returns 1 if anything has changed. */
static int stage_out(struct relay *relay, struct relay_end *source)
{
	struct relay_bytes *stage = &source->stage;
	const char *first = stage->bytes + stage->start;
	size_t length = next_out(relay, source), added;

	if (length == 0)
		return 0;
	added = relay_store_add(&relay->store, first, length);
	if (added == 0)
		return 0;
	relay->owner = first[added - 1] == (char)relay->terminator ? NULL : source;
	stage->start += added;
	source->searched = 0;
	return 1;
}

/* LENGTH is what a read into SOURCE's stage has returned.  As stage_in(). */
static int took(struct relay *relay, struct relay_end *source, ssize_t length)
{
	source->ready = false;
	if (length > 0) {
		source->stage.end += (size_t)length;
		relay_count(relay, source, length);
		return 1;
	}
	if (length < 0 && errno == EAGAIN) {
		source->wanted = true;
		return 0;
	}
	if (length < 0 && errno == EINTR)
		return 1;
	if (length < 0 && relay_source_failed(relay, source, errno)) {
		hold_back(relay, source);
		return 1;
	}
	if (length == 0)
		relay_source_ended(relay, source);
	return end_record(relay, source) < 0 ? -1 : 1;
}

/* Read into SOURCE's stage.  Returns 1 if anything has changed, or -1. */
static int stage_in(struct relay *relay, struct relay_end *source)
{
	size_t used = source->stage.end - source->stage.start, room = relay_record_most(relay);

	source->wanted = false;
	if (source->state != RELAY_OPEN || (relay->capacity == 0 && !relay_meets(relay)))
		return 0;
	room = room > used ? room - used : 0;
	if (room > READ_MOST)
		room = READ_MOST;
	if (room == 0 || whole_records(relay, source) > 0) {
		/* It has had its turn; the store is full, or another source's. */
		if (relay->slow == RELAY_BLOCK || (relay->owner != NULL && relay->owner != source))
			return 0;
		if (relay_source_is_at_end(source))
			return took(relay, source, 0); /* no reason to drop anything */
		source->wanted = true;
		return 0;
	}
	return took(relay, source, relay_read_stage(relay, source, room));
}

/*
 * A signal has come: take the rest of the record that SOURCE has begun, as far
 * as it is there, and not a byte more, unless a packet of a socket has more.  As
 * stage_in().
 */
static int stage_rest(struct relay *relay, struct relay_end *source)
{
	int changed = 0, reads = 0;

	source->wanted = false;
	while (reads++ < REST_MOST && source->state == RELAY_OPEN && in_record(relay, source) &&
	       source->stage.end - source->stage.start < relay_record_most(relay)) {
		int in = took(relay, source, relay_read_stage(relay, source, 1));

		if (in < 0)
			return -1;
		if (in == 0) {
			hold_back(relay, source);
			source->wanted = false;
			return 1;
		}
		changed = 1;
	}
	return changed;
}

/* Whether a sink has all of the store, and waits for what is in a stage. */
static bool is_starved(const struct relay *relay)
{
	for (size_t i = 0; i < relay->sink_count; i++) {
		const struct relay_end *sink = &relay->sinks[i];

		if (sink->state == RELAY_OPEN && !sink->cut && sink->tail.start == sink->tail.end &&
		    sink->position == relay->store.end)
			return true;
	}
	return false;
}

/* As relay_slow_make_room(); where there is none, those that have bytes are not looked at. */
static int make_room(struct relay *relay)
{
	int made = relay_slow_make_room(relay);

	for (size_t i = 0; i < relay->source_count && made == 0; i++)
		if (relay->sources[i].ready)
			relay->sources[i].wanted = false;
	return made;
}

int relay_merge_take(struct relay *relay)
{
	int changed = 0;
	bool stuck = false;

	for (size_t i = 0; i < relay->source_count; i++) {
		struct relay_end *source = &relay->sources[(relay->turn + i) % relay->source_count];
		int in = relay->stopping ? stage_rest(relay, source) : stage_in(relay, source), out;

		if (in < 0) {
			relay_source_failed(relay, source, ENOMEM);
			hold_back(relay, source);
			in = 1;
		}
		out = stage_out(relay, source);
		changed |= in | out;
		stuck = stuck || (out == 0 && (source->ready ||
					       (next_out(relay, source) > 0 && is_starved(relay))));
	}
	relay->turn++;
	if (changed)
		return 1;
	relay_store_full(relay);
	/* Slow sinks are why nothing goes on: the stages are full, and so is the store. */
	return stuck && relay->slow != RELAY_BLOCK ? make_room(relay) : 0;
}
