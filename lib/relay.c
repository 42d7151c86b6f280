/* SPDX-License-Identifier: MIT */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "fdio.h"

enum {
	GLANCE_EVERY = 32, /* steps between two looks at the signals, while bytes keep coming */
	ONE_SIGNAL = 100000000, /* nanoseconds in which those that come are one wish to stop */
	LITTLE = 1 << 18,       /* bytes in a step, of which a stream could bring more */
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

/* A sink that is another end, too; two names of what was missing show that only now. */
static struct relay_end *find_twice(struct relay *relay)
{
	for (size_t i = 0; i < relay_end_count(relay); i++)
		for (size_t j = i + 1; j < relay_end_count(relay); j++) {
			struct relay_end *end = relay_end_at(relay, j);

			if (!end->is_sink || !relay_end_same(relay_end_at(relay, i), end))
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

/* What poll(2) is to look at for END; -1: nothing. */
static int watch(const struct relay *relay, const struct relay_end *end, short *events)
{
	*events = end->is_sink ? POLLOUT : POLLIN;
	if (end->state == RELAY_AWAITED) {
		*events = POLLIN;
		return end->listener >= 0                         ? end->listener
		       : !end->is_sink && end->sort == RELAY_PIPE ? end->descriptor
								  : -1;
	}
	if (end->state == RELAY_OVER || (!end->is_sink && relay->stopping))
		return -1;
	if (!end->is_sink && !end->wanted) {
		*events = POLLRDHUP;
		return end->end_watched ? end->descriptor : -1;
	}
	if (!end->wanted)
		*events = 0;
	return end->sort == RELAY_FILE && !end->wanted ? -1 : end->descriptor;
}

/* When the wait has to end without an event, as patience_end() has it. */
static int64_t alarm_of(const struct relay *relay)
{
	int64_t first = relay->wake_at;

	if (relay->stopping && (first == 0 || relay->drain_end < first))
		first = relay->drain_end;
	for (size_t i = 0; i < relay_end_count(relay); i++) {
		const struct relay_end *end = relay_end_at(relay, i);
		bool by_clock = end->state == RELAY_AWAITED && end->listener < 0 &&
				(end->is_sink || end->form == RELAY_CONNECT);

		if (by_clock && (first == 0 || end->retry_at < first))
			first = end->retry_at;
		if (end->state == RELAY_AWAITED && end->give_up != 0 &&
		    (first == 0 || end->give_up < first))
			first = end->give_up;
	}
	return first;
}

static void take_signals(struct relay *relay)
{
	int64_t now = patience_now();
	int signal;

	while ((signal = stop_signal(relay->stop, NULL)) != 0) {
		if (signal == SIGUSR1) {
			relay->tell(relay, RELAY_ASKED, NULL, 0);
			continue;
		}
		if (!relay->stopping) {
			relay->stopping = true;
			relay->signal = signal;
			relay->stopped_at = now;
			relay->drain_end = relay->stopped_at + relay->drain;
		}
		/* timeout(1) sends its signal twice, systemd(1) two different ones. */
		relay->hurry = now - relay->stopped_at > ONE_SIGNAL;
	}
}

static void note_events(struct relay *relay, struct relay_end *end, short events)
{
	short bad = POLLERR | POLLNVAL | (end->sort == RELAY_PIPE ? 0 : POLLHUP);

	if (end->state == RELAY_AWAITED) {
		relay_look_for_peer(relay, end);
	} else if (end->is_sink && (events & bad)) {
		relay_sink_failed(relay, end, end->sort == RELAY_TERMINAL ? EIO : EPIPE);
	} else {
		end->ready = true;
		end->wanted = false;
	}
}

/* Wait for what is wanted, or (GLANCE) only look. */
static void wait_for_ends(struct relay *relay, bool glance)
{
	struct pollfd *watched = relay->watched;
	size_t count = relay_end_count(relay);
	int64_t before = glance ? 0 : patience_now(), waited;
	int ready;

	watched[count] = (struct pollfd){ .fd = relay->stop->descriptor, .events = POLLIN };
	for (size_t i = 0; i < count; i++)
		watched[i].fd = watch(relay, relay_end_at(relay, i), &watched[i].events);
	ready = poll(watched, count + 1, glance ? 0 : patience_poll(alarm_of(relay)));
	waited = glance ? 0 : patience_now() - before;
	for (size_t i = 0; i < count && !glance; i++) {
		struct relay_end *end = relay_end_at(relay, i);

		if (end->wanted || end->state == RELAY_AWAITED)
			end->waited += waited;
	}
	if (ready <= 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (watched[i].fd >= 0 && watched[i].revents != 0)
			note_events(relay, relay_end_at(relay, i), watched[i].revents);
	if (watched[count].revents != 0)
		take_signals(relay);
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
	return relay->ahead != NULL ? relay->reach - relay->ahead[i] : relay->held;
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
	for (size_t i = 0; i < relay->source_count; i++)
		relay_source_unread(relay, &relay->sources[i]);
	for (size_t i = 0; i < relay_end_count(relay); i++) {
		relay_end_close(relay_end_at(relay, i));
		tell_left(relay, relay_end_at(relay, i));
	}
}

/* Into a socket that was inherited and may wait splice(2) does so, whatever it is told. */
static bool makes_splice_wait(const struct relay_end *sink)
{
	return sink->sort == RELAY_SOCKET && sink->descriptor >= 0 &&
	       !(fcntl(sink->descriptor, F_GETFL) & O_NONBLOCK);
}

static int choose_way(struct relay *relay)
{
	bool memory = relay->source_count > 1 || relay->slow != RELAY_BLOCK ||
		      relay->capacity > 0 || relay->ends_records || makes_splice_wait(relay->sinks);

	/* From a socket the kernel moves bytes into a pipe of our own, ready or not. */
	memory = memory || (relay->capacity == 0 && relay->sources[0].sort == RELAY_SOCKET);
	for (size_t i = 0; i < relay_end_count(relay); i++) {
		const struct relay_end *end = relay_end_at(relay, i);

		memory = memory || end->sort == RELAY_TERMINAL || end->sort == RELAY_FILE ||
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
			wait_for_ends(relay, false);
		else if (++steps % GLANCE_EVERY == 0)
			wait_for_ends(relay, true);
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
