/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "relay.h"

/*
 * Sinks that are too slow for a store that is full: they lose whole records, or
 * are cut off.  A record of which a sink has got a part is finished: the rest of
 * it is kept for that sink alone, as far as that is no more than a record may
 * take; what is longer holds all up.
 */

enum {
	ROOM_MOST = 1 << 16,
	SKIPPED_AT_ONCE = 1 << 20, /* bytes, before signals are looked at again */
};

/*
 * The bytes of SINK's record that are in a row at its position, and whether
 * they end it.  As relay_store_look().
 */
static ssize_t rest_of_record(struct relay *relay, const struct relay_end *sink, const char **bytes,
			      bool *ended)
{
	ssize_t length = relay_store_look(&relay->store, sink->position, bytes);
	const char *stop;

	*ended = false;
	if (length <= 0)
		return length;
	stop = memchr(*bytes, relay->terminator, (size_t)length);
	if (stop == NULL)
		return length;
	*ended = true;
	return stop + 1 - *bytes;
}

int relay_slow_finish_record(struct relay *relay, struct relay_end *sink)
{
	while (sink->in_record) {
		/* What came back from a reader that is gone is there already. */
		size_t most = relay_record_most(relay) + sink->shadow_size;
		size_t used = sink->tail.end - sink->tail.start;
		const char *bytes = NULL;
		bool ended;
		ssize_t length = rest_of_record(relay, sink, &bytes, &ended);

		if (length <= 0)
			return (int)length;
		if (used >= most)
			return 0;
		if ((size_t)length > most - used) {
			length = (ssize_t)(most - used);
			ended = false;
		}
		if (relay_bytes_add(&sink->tail, bytes, (size_t)length) < 0)
			return -1;
		sink->position += length;
		sink->in_record = !ended;
	}
	return 0;
}

/*
 * Drop the rest of the record at SINK's position, as far as it is there and no
 * more than a part at once.  Returns 0, or -1 with errno.
 */
int relay_slow_skip(struct relay *relay, struct relay_end *sink)
{
	int64_t until = sink->position + SKIPPED_AT_ONCE;

	while (sink->skipping && sink->position < until) {
		const char *bytes = NULL;
		bool ended;
		ssize_t length = rest_of_record(relay, sink, &bytes, &ended);

		if (length <= 0)
			return (int)length;
		sink->position += length;
		sink->dropped_bytes += length;
		sink->dropped_records += ended;
		sink->skipping = !ended;
	}
	return 0;
}

static void cut_off(struct relay *relay, struct relay_end *sink)
{
	sink->cut = true;
	sink->cut_until = patience_now() + relay->drain;
	relay->tell(relay, RELAY_WAS_CUT, sink, 0);
}

int relay_slow_make_room(struct relay *relay)
{
	int64_t room = relay->store.limit / 8, until;
	bool stuck = false;

	room = room < 1 ? 1 : room > ROOM_MOST ? ROOM_MOST : room;
	until = relay->store.base + room;
	for (size_t i = 0; i < relay->sink_count; i++) {
		struct relay_end *sink = &relay->sinks[i];

		if (sink->state == RELAY_OVER || sink->position >= until)
			continue;
		if (relay_slow_finish_record(relay, sink) < 0)
			return -1;
		stuck = stuck || (sink->in_record && sink->position == relay->store.base);
		if (relay->slow == RELAY_CUT) {
			if (!sink->cut)
				cut_off(relay, sink);
			continue;
		}
		while (sink->position < until && sink->position < relay->store.end) {
			sink->skipping = !sink->in_record;
			if (!sink->skipping)
				break;
			if (relay_slow_skip(relay, sink) < 0)
				return -1;
		}
	}
	return !stuck;
}
