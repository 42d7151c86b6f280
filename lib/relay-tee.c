/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "relay.h"

/*
 * One source to several pipes, by tee(2) and splice(2).
 *
 * tee(2) always begins at the head of a pipe, and how much it copies depends on
 * the room in the other one.  So each sink has an account: how far it is ahead
 * of the head.  One that is ahead gets nothing; one that is not gets at most
 * what the foremost has.  What all sinks have is taken from the head; the last
 * sink to get it takes it by splice(2), which moves what tee(2) would copy.
 */

static const unsigned how = SPLICE_F_NONBLOCK | SPLICE_F_MOVE;

/* Where the bytes are taken from: the source, or the pipe of our own behind a socket. */
static int head(const struct relay *relay)
{
	return relay->hold[0] >= 0 ? relay->hold[0] : relay->sources[0].descriptor;
}

int64_t relay_tee_due(const struct relay *relay, size_t i)
{
	/* Behind a socket all that is in our own pipe was taken. */
	return (relay->hold[0] >= 0 ? relay->held : relay->reach) - relay->ahead[i];
}

/* The least that a live sink is ahead, the most that any was, how many are not. */
struct spread {
	int64_t least, most, behind;
	size_t live;
};

static struct spread spread_of(const struct relay *relay)
{
	struct spread spread = { .most = relay->reach };

	for (size_t i = 0; i < relay->sink_count; i++) {
		int64_t ahead = relay->ahead[i];

		if (relay->sinks[i].state == RELAY_OVER)
			continue;
		if (spread.live == 0 || ahead < spread.least)
			spread.least = ahead;
		spread.behind += ahead == 0;
		spread.live++;
	}
	return spread;
}

/* BYTES have left the head. */
static void advance(struct relay *relay, int64_t bytes)
{
	for (size_t i = 0; i < relay->sink_count; i++)
		relay->ahead[i] -= bytes;
	relay->reach -= bytes;
	if (relay->hold[0] >= 0)
		relay->held -= bytes;
	else
		relay_count(relay, relay->sources, bytes);
}

/* Whether the head has something. */
static bool head_has_bytes(const struct relay *relay)
{
	int bytes = 0;

	return ioctl(head(relay), FIONREAD, &bytes) == 0 && bytes > 0;
}

/* All sinks have the first BYTES of the head: away with them, if nobody else has read them. */
static int discard(struct relay *relay, int64_t bytes)
{
	char waste[4096];
	ssize_t gone = -1;
	int nowhere;

	if (!head_has_bytes(relay)) {
		advance(relay, bytes);
		return 1;
	}
	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nowhere >= 0) {
		gone = splice(head(relay), NULL, nowhere, NULL, (size_t)bytes, how);
		close(nowhere);
	}
	if (gone <= 0)
		gone = fdio_read_now(head(relay), FDIO_PIPE, waste,
				     bytes < (int64_t)sizeof waste ? (size_t)bytes : sizeof waste);
	if (gone > 0)
		advance(relay, gone);
	return 1;
}

static int fill(struct relay *relay)
{
	struct relay_end *source = relay->sources;
	ssize_t bytes;

	bytes = splice(source->descriptor, NULL, relay->hold[1], NULL, RELAY_CHUNK, how);
	if (bytes > 0) {
		relay->held += bytes;
		relay_count(relay, source, bytes);
	} else if (bytes == 0) {
		relay_source_ended(relay, source);
	} else if (errno == EAGAIN) {
		source->wanted = true;
		return 0;
	} else if (relay_splice_is_unfit(errno) && source->bytes == 0) {
		return relay_pump_begin(relay) < 0 ? -1 : 1;
	} else if (errno != EINTR) {
		relay_source_failed(relay, source, errno);
	}
	return 1;
}

/* The kernel cannot do this: go on with the pump, as long as all are even and nothing is held. */
static int cannot(struct relay *relay, struct relay_end *sink, const struct spread *spread,
		  int error)
{
	if (error == EPIPE || spread->most > 0 || relay->held > 0) {
		relay_sink_failed(relay, sink, error);
		return 1;
	}
	return relay_pump_begin(relay) < 0 ? -1 : 1;
}

/* Give SINK, the Ith, what it may get.  Returns 1 if anything has changed. */
static int serve(struct relay *relay, size_t i, const struct spread *spread)
{
	struct relay_end *sink = &relay->sinks[i], *source = relay->sources;
	bool last = spread->behind == 1 && (spread->most > 0 || spread->live == 1);
	int64_t limit = spread->most;
	ssize_t bytes;

	if (limit == 0)
		limit = (int64_t)relay_allowed(relay, relay->pace,
					       relay->hold[0] >= 0 ? (size_t)relay->held
								   : RELAY_CHUNK);
	if (last) /* the others are all ahead: by how much at least? */
		for (size_t j = 0; j < relay->sink_count; j++)
			if (j != i && relay->sinks[j].state != RELAY_OVER &&
			    relay->ahead[j] < limit)
				limit = relay->ahead[j];
	if (limit == 0)
		return 0;
	bytes = last ? splice(head(relay), NULL, sink->descriptor, NULL, (size_t)limit, how)
		     : tee(head(relay), sink->descriptor, (size_t)limit, how);
	if (bytes > 0) {
		relay->ahead[i] += bytes;
		if (relay->ahead[i] > relay->reach)
			relay->reach = relay->ahead[i];
		relay_count(relay, sink, bytes);
		if (spread->most == 0)
			relay_paced(relay, &relay->pace, bytes);
		if (last)
			advance(relay, bytes);
		return 1;
	}
	if (bytes == 0) {
		if (spread->most == 0)
			relay_source_ended(relay, source);
		else /* somebody else has read what this sink was to get */
			relay_sink_failed(relay, sink, EIO);
		return 1;
	}
	if (errno == EINTR)
		return 1;
	if (errno != EAGAIN)
		return cannot(relay, sink, spread, errno);
	if (spread->most > 0 || head_has_bytes(relay))
		sink->wanted = true;
	else
		source->wanted = true;
	return 0;
}

/* No more will come: who has got all is closed. */
static void finish_sinks(struct relay *relay)
{
	for (size_t i = 0; i < relay->sink_count; i++) {
		struct relay_end *sink = &relay->sinks[i];

		if (sink->state != RELAY_OVER && relay_tee_due(relay, i) == 0)
			relay_sink_finished(relay, sink);
	}
}

/*
 * A sink that has all there is can be closed if no more will come, though
 * another one has not got it yet.
 */
static void look_for_end(struct relay *relay)
{
	struct relay_end *source = relay->sources;
	struct pollfd look = { .fd = source->descriptor, .events = POLLRDHUP };
	bool ended;
	int bytes = 0;

	source->end_watched = false;
	if (source->state != RELAY_OPEN || source->returns || relay->reach == 0)
		return;
	/* The end first: what comes before it is then there to be counted. */
	ended = poll(&look, 1, 0) > 0;
	if (ioctl(head(relay), FIONREAD, &bytes) < 0 || bytes != relay->reach)
		return;
	if (relay->hold[0] >= 0 && (ioctl(source->descriptor, FIONREAD, &bytes) < 0 || bytes > 0))
		return;
	if (ended)
		source->state = RELAY_OVER;
	else
		source->end_watched = true;
}

static int step(struct relay *relay)
{
	struct spread spread = spread_of(relay);
	struct relay_end *source = relay->sources;
	int changed = 0;
	bool dry = relay_is_dry(relay);

	source->wanted = false;
	if (spread.live > 0 && spread.least > 0)
		return discard(relay, spread.least);
	if (dry)
		finish_sinks(relay);
	if (spread.most == 0 && (dry || source->state != RELAY_OPEN) && relay->held == 0)
		return 0;
	if (relay->hold[0] >= 0 && relay->held == 0)
		return fill(relay);
	for (size_t i = 0; i < relay->sink_count && source->wanted == false; i++) {
		struct relay_end *sink = &relay->sinks[i];

		sink->wanted = false;
		if (sink->state != RELAY_OPEN || relay->ahead[i] > 0)
			continue;
		spread = spread_of(relay);
		changed |= serve(relay, i, &spread);
		if (changed < 0 || relay->step != step)
			return changed;
		if (source->state != RELAY_OPEN && relay->reach == 0)
			break;
	}
	if (changed == 0) {
		look_for_end(relay);
		changed = dry != relay_is_dry(relay);
	}
	return changed;
}

void relay_tee_end(struct relay *relay)
{
	int64_t before = 0;

	while (relay->hold[0] < 0 && relay->reach > 0 && relay->reach != before) {
		before = relay->reach;
		discard(relay, before);
	}
}

/* Whether tee(2) is allowed here at all: then it finds that our own pipe has nothing yet. */
static bool can_tee(const struct relay *relay)
{
	int other[2];
	bool can;

	if (pipe2(other, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	can = tee(relay->hold[0], other[1], 1, how) < 0 && errno == EAGAIN;
	close(other[0]);
	close(other[1]);
	return can;
}

int relay_tee_begin(struct relay *relay)
{
	relay->ahead = calloc(relay->sink_count, sizeof *relay->ahead);
	if (relay->ahead == NULL)
		return -1;
	/* Of what is in our own pipe the pump would know nothing: it cannot take over later. */
	if (relay->sources[0].sort == RELAY_SOCKET &&
	    (relay_make_hold(relay) < 0 || !can_tee(relay)))
		return relay_pump_begin(relay);
	relay->step = step;
	return 0;
}
