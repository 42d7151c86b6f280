/* SPDX-License-Identifier: MIT */
#ifndef CALL_STREAM_H
#define CALL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call-desk.h"

/*
 * One side of a stream in a desk.  Its own place in the stream is kept in its
 * own memory; the other side's is looked at and checked.
 */
struct call_end {
	struct call_stream *stream;
	char *bytes;
	uint64_t own; /* how many were written, or read, by this side */
	bool writes;
};

/*
 * Room for bytes, or bytes to be read: how many stand together, from *AT on.
 * 0: none now; -1 with errno EPROTO: what the other side has left is impossible.
 */
ssize_t call_end_look(const struct call_end *end, char **at);

/* COUNT of these were written or read. */
void call_end_move(struct call_end *end, size_t count);

/* This side is through: there will be no more bytes; no more are wanted. */
void call_end_close(struct call_end *end);

/* Whether the other side is.  A reader looks for bytes once more afterwards. */
bool call_end_is_closed(const struct call_end *end);

/* Sleep until there may be something to look at, a tenth of a second at most. */
void call_end_wait(const struct call_end *end);

/* Wake whoever sleeps on the same stream. */
void call_end_wake(const struct call_end *end);

#endif
