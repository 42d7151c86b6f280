/* SPDX-License-Identifier: MIT */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fdio.h"

enum {
	GLANCE_EVERY = 32, /* steps between two looks at the signals, while bytes keep coming */
	LITTLE = 1 << 18,  /* bytes in a step, of which a stream could bring more */
};

struct relay_end *relay_end_at(const struct relay *relay, size_t i)
{
	return i < relay->source_count ? &relay->sources[i]
				       : &relay->sinks[i - relay->source_count];
}

size_t relay_end_count(const struct relay *relay)
{
	return relay->source_count + relay->sink_count;
}

/* What stays behind of END, which is closed, is told. */
static void tell_left(struct relay *relay, const struct relay_end *end)
{
	if (end->left == 0)
		return;
	relay->tell(relay, RELAY_LEFT, end, end->left);
	relay->failed = true;
}

/*
 * A sink that is another end, too, or a source that is; two names of what was
 * missing show that only now.
 */
static struct relay_end *find_twice(struct relay *relay)
{
	for (size_t i = 0; i < relay_end_count(relay); i++)
		for (size_t j = i + 1; j < relay_end_count(relay); j++) {
			struct relay_end *end = relay_end_at(relay, j);
			const struct relay_end *other = relay_end_at(relay, i);

			if (!(end->is_sink ? relay_end_same(other, end)
					   : relay_end_same_source(other, end)))
				continue;
			end->phrase = "is the same file as another end";
			errno = EISDIR;
			return end;
		}
	return NULL;
}

struct relay_end *relay_open(struct relay *relay)
{
	struct relay_end *failed = NULL;
	int error;

	for (size_t i = 0; i < relay_end_count(relay) && failed == NULL; i++)
		if (relay_end_open(relay_end_at(relay, i), &relay->opening) < 0)
			failed = relay_end_at(relay, i);
	if (failed == NULL)
		failed = find_twice(relay);
	for (size_t i = 0; i < relay->sink_count && failed == NULL; i++)
		if (relay_end_truncate(&relay->sinks[i]) < 0)
			failed = &relay->sinks[i];
	if (failed == NULL)
		return NULL;
	error = errno;
	for (size_t i = 0; i < relay_end_count(relay); i++) {
		relay_end_abandon(relay_end_at(relay, i));
		tell_left(relay, relay_end_at(relay, i));
	}
	errno = error;
	return failed;
}

bool relay_is_dry(const struct relay *relay)
{
	for (size_t i = 0; i < relay->source_count && !relay->stopping; i++)
		if (relay->sources[i].state != RELAY_OVER)
			return false;
	return true;
}

/* What has come of all sources. */
static int64_t total_of(const struct relay *relay)
{
	return atomic_load_explicit(&relay->progress->bytes, memory_order_relaxed);
}

void relay_count(struct relay *relay, struct relay_end *end, int64_t bytes)
{
	end->bytes += bytes;
	if (!end->is_sink) /* there is one writer only: no locked instruction is needed */
		atomic_store_explicit(&relay->progress->bytes, total_of(relay) + bytes,
				      memory_order_relaxed);
}

bool relay_is_deserted(const struct relay *relay)
{
	for (size_t i = 0; i < relay->sink_count; i++)
		if (relay->sinks[i].state != RELAY_OVER)
			return false;
	return true;
}

static bool is_finished(const struct relay *relay)
{
	return relay->hurry || relay_is_deserted(relay) ||
	       (relay->stopping && patience_now() >= relay->drain_end);
}

/* What was taken, and the Ith sink has not got, and will not. */
static int64_t undelivered(const struct relay *relay, size_t i)
{
	const struct relay_end *sink = &relay->sinks[i];
	int64_t left;

	if (relay->step == NULL)
		return 0;
	if (relay->store.ring != NULL) {
		left = sink->tail_lost + (int64_t)(sink->tail.end - sink->tail.start);
		for (size_t j = 0; j < relay->source_count && !sink->cut; j++)
			left += (int64_t)(relay->sources[j].stage.end -
					  relay->sources[j].stage.start);
		return left + (sink->cut ? 0 : relay->store.end - sink->position);
	}
	return relay->ahead != NULL ? relay_tee_due(relay, i) : relay->held;
}

/* The account of what is left when the loop has ended. */
static void settle(struct relay *relay)
{
	for (size_t i = 0; i < relay->sink_count; i++) {
		struct relay_end *sink = &relay->sinks[i];
		int64_t left;

		if (sink->state == RELAY_OVER && !sink->died)
			continue;
		left = undelivered(relay, i);
		if (left > 0)
			relay->tell(relay, RELAY_UNDELIVERED, sink, left);
	}
	for (size_t i = 0; i < relay->sink_count; i++)
		if (relay->sinks[i].state != RELAY_OVER)
			relay_close_sink(relay, &relay->sinks[i]);
	relay_tee_end(relay);
	for (size_t i = 0; i < relay->source_count; i++) {
		relay_source_unread(relay, &relay->sources[i]);
		relay_source_refuse(relay, &relay->sources[i]);
	}
	for (size_t i = 0; i < relay_end_count(relay); i++) {
		relay_end_close(relay_end_at(relay, i));
		tell_left(relay, relay_end_at(relay, i));
	}
}

static bool is_unix_stream(int descriptor)
{
	int domain = 0, type = 0;
	socklen_t length = sizeof domain;

	return getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 &&
	       getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
	       domain == AF_UNIX && type == SOCK_STREAM;
}

/*
 * With a socket that was inherited and may wait splice(2) does so, whatever it is
 * told, and keeps who reads the pipe behind it from its bytes meanwhile; but for
 * unix stream sockets that are read.
 */
static bool makes_splice_wait(const struct relay_end *end)
{
	return end->sort == RELAY_SOCKET && end->descriptor >= 0 &&
	       !(fcntl(end->descriptor, F_GETFL) & O_NONBLOCK) &&
	       (end->is_sink || !is_unix_stream(end->descriptor));
}

static int choose_way(struct relay *relay)
{
	bool memory = relay->source_count > 1 || relay->slow != RELAY_BLOCK ||
		      relay->capacity > 0 || relay->ends_records;

	/* From a socket the kernel moves bytes into a pipe of our own, ready or not. */
	memory = memory || (relay->capacity == 0 && relay->sources[0].sort == RELAY_SOCKET);
	memory = memory || relay->sources[0].packets; /* of which it would lose a part */
	for (size_t i = 0; i < relay_end_count(relay); i++) {
		const struct relay_end *end = relay_end_at(relay, i);

		memory = memory || end->sort == RELAY_TERMINAL || end->sort == RELAY_FILE ||
			 makes_splice_wait(end) ||
			 (relay->sink_count > 1 && end->is_sink && end->sort != RELAY_PIPE);
	}
	if (memory)
		return relay_pump_begin(relay);
	return relay->sink_count > 1 ? relay_tee_begin(relay) : relay_splice_begin(relay);
}

/*
 * After a step that brought little of a stream, the neighbours that wait for
 * this processor go first: they fill and empty their pipes, and one step then
 * moves what were ten, each with a neighbour put to sleep and woken.  What is
 * no stream is not put off.
 */
static void let_others_go_first(const struct relay *relay, int64_t before)
{
	int64_t came = total_of(relay) - before;

	if (came >= PIPE_BUF && came < LITTLE)
		sched_yield();
}

/* Returns 0, or -1: no memory. */
static int move_all(struct relay *relay)
{
	size_t steps = 0;

	while (!is_finished(relay)) {
		int64_t before = total_of(relay);
		int moved;

		relay_attend(relay);
		if (relay_is_deserted(relay))
			break;
		relay->wake_at = 0;
		moved = relay->step(relay);
		if (moved < 0)
			return -1;
		let_others_go_first(relay, before);
		if (moved == 0 && !is_finished(relay))
			relay_wait(relay, false);
		else if (++steps % GLANCE_EVERY == 0)
			relay_wait(relay, true);
	}
	return 0;
}

int relay_run(struct relay *relay)
{
	int result = -1;

	relay->start = patience_now();
	relay->hold[0] = relay->hold[1] = -1;
	relay->watched = calloc(relay_end_count(relay) + 1, sizeof *relay->watched);
	for (size_t i = 0; i < relay_end_count(relay); i++)
		if (relay_end_at(relay, i)->state == RELAY_AWAITED)
			relay_await_peer(relay, relay_end_at(relay, i));
		else
			relay_fit(relay, relay_end_at(relay, i));
	if (relay->watched != NULL && choose_way(relay) == 0)
		result = move_all(relay);
	settle(relay);
	relay_splice_end(relay);
	relay_pump_end(relay);
	free(relay->watched);
	free(relay->ahead);
	return result;
}
