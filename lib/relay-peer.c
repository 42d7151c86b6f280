/* SPDX-License-Identifier: MIT */
/* Ends whose other side comes and goes: awaited, found, gone, failed. */
#include "relay.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "relay-socket.h"

enum {
	RETRY_LEAST = 1000000, /* nanoseconds between two looks for a peer */
	RETRY_MOST = 50000000,
};

void relay_await_peer(const struct relay *relay, struct relay_end *end)
{
	end->give_up = patience_end(&relay->patience);
	end->retry_after = RETRY_LEAST;
	end->retry_at = patience_now();
}

void relay_source_ended(struct relay *relay, struct relay_end *source)
{
	relay_end_leave(source, relay->terminator);
	if (source->state == RELAY_AWAITED) {
		relay_await_peer(relay, source);
		relay->tell(relay, RELAY_PEER_LEFT, source, 0);
	} else if (source->returns) {
		/* It is not ours to open again. */
		relay->tell(relay, RELAY_READ_FAILED, source, errno);
		relay->failed = true;
	}
}

bool relay_source_failed(struct relay *relay, struct relay_end *source, int error)
{
	if (source->sort == RELAY_TERMINAL && error == EIO) {
		source->state = RELAY_OVER; /* it was hung up */
		return false;
	}
	relay->tell(relay, RELAY_READ_FAILED, source, error);
	relay_end_leave(source, relay->terminator);
	if (source->state == RELAY_AWAITED)
		relay_await_peer(relay, source);
	else
		relay->failed = true;
	return true;
}

bool relay_source_is_at_end(const struct relay_end *source)
{
	struct pollfd look = { .fd = source->descriptor, .events = POLLRDHUP };
	int bytes = 0;

	/* The end first: what came before it is then there to be counted. */
	return (source->sort == RELAY_PIPE || source->sort == RELAY_SOCKET) &&
	       poll(&look, 1, 0) > 0 && (look.revents & (POLLHUP | POLLRDHUP)) &&
	       ioctl(source->descriptor, FIONREAD, &bytes) == 0 && bytes == 0;
}

void relay_source_unread(struct relay *relay, struct relay_end *source)
{
	int unread = 0;

	if ((source->sort != RELAY_PIPE && source->sort != RELAY_SOCKET) ||
	    source->descriptor < 0 || ioctl(source->descriptor, FIONREAD, &unread) < 0 ||
	    unread == 0)
		return;
	source->unread_bytes = unread;
	relay->tell(relay, RELAY_UNREAD, source, source->unread_bytes);
}

void relay_source_refuse(struct relay *relay, struct relay_end *source)
{
	int64_t bytes = source->form == RELAY_LISTEN ? relay_socket_refuse(source) : 0;

	if (bytes == 0)
		return;
	source->unread_bytes += bytes;
	relay->tell(relay, RELAY_UNREAD, source, bytes);
}

/* END gives or gets nothing more.  What a sink has not got is told at the end. */
static void bury(struct relay_end *end)
{
	end->died = true;
	end->tail_lost = (int64_t)(end->tail.end - end->tail.start);
	relay_end_close(end);
}

void relay_sink_failed(struct relay *relay, struct relay_end *sink, int error)
{
	bool gone = error == EPIPE || error == ECONNRESET || error == ENOTCONN;

	sink->wanted = sink->ready = false;
	if (gone) {
		relay_end_leave(sink, relay->terminator);
		if (sink->state == RELAY_AWAITED) {
			relay_await_peer(relay, sink);
			relay->tell(relay, RELAY_PEER_LEFT, sink, 0);
			return;
		}
	}
	bury(sink);
	relay->tell(relay, gone ? RELAY_READER_GONE : RELAY_WRITE_FAILED, sink, error);
	relay->failed = relay->failed || !gone || relay->slow != RELAY_CUT;
}

void relay_close_sink(struct relay *relay, struct relay_end *sink)
{
	int64_t lost = sink->lost_bytes;

	if (relay_end_close(sink) < 0) {
		relay->tell(relay, RELAY_WRITE_FAILED, sink, errno);
		relay->failed = true;
	} else if (sink->lost_bytes > lost && !sink->returns && !sink->cut) {
		relay->tell(relay, RELAY_READER_GONE, sink, EPIPE);
		relay->failed = relay->failed || relay->slow != RELAY_CUT;
	}
}

void relay_sink_finished(struct relay *relay, struct relay_end *sink)
{
	/* For a FIFO that is kept, what is in it is not delivered before somebody has it. */
	if (sink->returns && !relay->stopping && relay_end_unread(sink) > 0) {
		sink->retry_after = sink->retry_after < RETRY_MOST
					    ? sink->retry_after * 2 + RETRY_LEAST
					    : RETRY_MOST;
		relay->wake_at = patience_now() + sink->retry_after;
		return;
	}
	relay_close_sink(relay, sink);
}

void relay_fit(const struct relay *relay, const struct relay_end *end)
{
	if (end->state != RELAY_OPEN)
		return;
	if (relay->capacity < 0 && relay->slow == RELAY_BLOCK && !relay->whole_records)
		relay_end_enlarge(end, RELAY_PIPE_SIZE);
	else if (relay->capacity == 0 && end->is_sink)
		relay_end_shrink(end);
}

void relay_look_for_peer(struct relay *relay, struct relay_end *end)
{
	int found = relay_end_attach(end);

	if (found > 0) {
		end->retry_after = 0;
		relay_fit(relay, end);
	} else if (found < 0) {
		relay->tell(relay, end->is_sink ? RELAY_WRITE_FAILED : RELAY_READ_FAILED, end,
			    errno);
		relay->failed = true;
		bury(end);
	}
}

void relay_attend(struct relay *relay)
{
	for (size_t i = 0; i < relay_end_count(relay); i++) {
		struct relay_end *end = relay_end_at(relay, i);
		int64_t now;

		if (end->unrenewed != 0) {
			relay->tell(relay, RELAY_UNRENEWED, end, end->unrenewed);
			end->unrenewed = 0;
		}
		if (end->state != RELAY_AWAITED)
			continue;
		now = patience_now();
		if (end->retry_at <= now) {
			end->retry_at = now + end->retry_after;
			end->retry_after *= 2;
			if (end->retry_after > RETRY_MOST)
				end->retry_after = RETRY_MOST;
			relay_look_for_peer(relay, end);
		}
		if (end->state == RELAY_AWAITED && end->give_up != 0 && end->give_up <= now &&
		    !end->cut) {
			relay->timed_out = end->missed = true;
			relay->tell(relay, RELAY_NO_PEER, end, 0);
			bury(end);
		}
	}
}
