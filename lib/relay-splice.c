/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "relay.h"

/*
 * One source to one sink, by splice(2) alone.  It never blocks, so that a
 * signal or the death of the other side is noticed; what it then waits for is
 * guessed from the last time, because splice(2) does not say which side it was.
 */

static const unsigned how = SPLICE_F_NONBLOCK | SPLICE_F_MOVE;

bool relay_splice_is_unfit(int error)
{
	return error == EINVAL || error == ENOSYS || error == EPERM || error == EOPNOTSUPP;
}

static int fall_back(struct relay *relay)
{
	return relay_pump_begin(relay) < 0 ? -1 : 1;
}

/*
 * The FIFO or pipe that bytes are taken from has nothing, or the one they go to
 * has no room: wait for the side that was not waited for without avail.
 */
static int want_more(struct relay *relay, struct relay_end *source, struct relay_end *sink)
{
	bool sink_now = relay->sink_first;

	if (source->ready)
		sink_now = true;
	else if (sink->ready)
		sink_now = false;
	source->wanted = !sink_now;
	sink->wanted = sink_now;
	source->ready = source->ready && sink_now;
	sink->ready = sink->ready && !sink_now;
	relay->sink_first = sink_now;
	return 0;
}

static int moved(struct relay *relay, struct relay_end *sink, int64_t bytes)
{
	relay->sources[0].ready = sink->ready = false;
	relay->sources[0].wanted = sink->wanted = false;
	relay_paced(relay, &relay->pace, bytes);
	relay_count(relay, sink, bytes);
	return 1;
}

/* Pipes, or a pipe and a socket. */
static int step_direct(struct relay *relay)
{
	struct relay_end *source = relay->sources, *sink = relay->sinks;
	size_t limit;
	ssize_t bytes;

	source->wanted = sink->wanted = false;
	if (relay_is_dry(relay)) {
		relay_sink_finished(relay, sink);
		return 0;
	}
	if (source->state != RELAY_OPEN || sink->state != RELAY_OPEN)
		return 0;
	limit = relay_allowed(relay, relay->pace, RELAY_CHUNK);
	if (limit == 0)
		return 0;
	bytes = splice(source->descriptor, NULL, sink->descriptor, NULL, limit, how);
	if (bytes > 0) {
		relay_count(relay, source, bytes);
		return moved(relay, sink, bytes);
	}
	if (bytes == 0) {
		relay_source_ended(relay, source);
		return 1;
	}
	if (errno == EAGAIN)
		return want_more(relay, source, sink);
	if (errno == EINTR)
		return 1;
	if (relay_splice_is_unfit(errno) && sink->bytes == 0)
		return fall_back(relay);
	/* Which side was it?  A pipe that is written to has no other error. */
	if (errno == EPIPE || sink->sort == RELAY_SOCKET)
		relay_sink_failed(relay, sink, errno);
	else
		relay_source_failed(relay, source, errno);
	return 1;
}

/* Bytes of SOURCE into the pipe of our own. */
static int fill_hold(struct relay *relay, struct relay_end *source)
{
	ssize_t bytes = splice(source->descriptor, NULL, relay->hold[1], NULL, RELAY_CHUNK, how);

	if (bytes > 0) {
		relay->held += bytes;
		relay_count(relay, source, bytes);
	} else if (bytes == 0) {
		relay_source_ended(relay, source);
	} else if (errno == EAGAIN) {
		source->wanted = true;
		return 0;
	} else if (relay_splice_is_unfit(errno) && source->bytes == 0) {
		return fall_back(relay);
	} else if (errno != EINTR) {
		relay_source_failed(relay, source, errno);
	}
	return 1;
}

/* Two sockets, through a pipe of our own. */
static int step_held(struct relay *relay)
{
	struct relay_end *source = relay->sources, *sink = relay->sinks;
	size_t limit;
	ssize_t bytes;

	source->wanted = sink->wanted = false;
	if (relay->held == 0) {
		if (relay_is_dry(relay))
			relay_sink_finished(relay, sink);
		else if (source->state == RELAY_OPEN && sink->state == RELAY_OPEN)
			return fill_hold(relay, source);
		return 0;
	}
	limit = relay_allowed(relay, relay->pace, (size_t)relay->held);
	if (sink->state != RELAY_OPEN || limit == 0)
		return 0;
	bytes = splice(relay->hold[0], NULL, sink->descriptor, NULL, limit, how);
	if (bytes > 0) {
		relay->held -= bytes;
		return moved(relay, sink, bytes);
	}
	if (bytes < 0 && errno == EAGAIN) {
		sink->wanted = true;
		return 0;
	}
	if (bytes < 0 && errno != EINTR)
		relay_sink_failed(relay, sink, errno);
	return 1;
}

int relay_make_hold(struct relay *relay)
{
	if (pipe2(relay->hold, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	fcntl(relay->hold[1], F_SETPIPE_SZ, RELAY_PIPE_SIZE);
	return 0;
}

int relay_splice_begin(struct relay *relay)
{
	bool sockets =
		relay->sources[0].sort == RELAY_SOCKET && relay->sinks[0].sort == RELAY_SOCKET;

	if (sockets && relay_make_hold(relay) < 0)
		return relay_pump_begin(relay);
	relay->step = sockets ? step_held : step_direct;
	return 0;
}

void relay_splice_end(struct relay *relay)
{
	for (size_t i = 0; i < 2; i++)
		if (relay->hold[i] >= 0)
			close(relay->hold[i]);
}
