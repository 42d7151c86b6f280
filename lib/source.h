/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "waker.h"

/*
 * Records out of a descriptor, one after another, in memory that does not grow
 * with the stream: the longest record, of LIMIT bytes at most, and a block to
 * read ahead.
 * Fill the settings, zero the rest.
 */
struct source {
	/* Settings. */
	int descriptor;
	int stop;                    /* a descriptor that ends the wait for input, or -1 */
	struct waker *waker;         /* ends the wait in place of STOP, or NULL; it saves polling:
				      * at once where it runs, else after some reads */
	unsigned ends;               /* its causes that do: WAKER_STOP, _TIME, _ENDED */
	size_t limit;                /* bytes of the longest record that is wanted */
	struct record_parser parser; /* its FRAME */

	/* After each call. */
	uint64_t number;   /* of the record, from 1 on */
	uint64_t offset;   /* of its first byte in the stream */
	uint64_t length;   /* after SOURCE_TOO_LONG: its bytes */
	bool length_known; /* false: it has more bytes than LENGTH */

	/* The module's own. */
	char *buffer;
	size_t size, start, end;
	unsigned polls; /* reads that were polled for first */
	uint64_t total;
	bool last, begun;
};

enum source_next {
	SOURCE_RECORD,   /* RECORD is filled; its data is good until the next call */
	SOURCE_EMPTY,    /* source_take() alone: what was read ahead is used up */
	SOURCE_END,      /* there are no more */
	SOURCE_STOPPED,  /* STOP or the waker came first: errno EINTR, ETIMEDOUT, ESRCH (ended) */
	SOURCE_FAILED,   /* reading failed, or memory ran out: errno */
	SOURCE_BROKEN,   /* no record: parser.phrase and parser.at say why */
	SOURCE_TOO_LONG, /* the record is longer than LIMIT */
};
enum source_next source_next(struct source *source, struct record *record);

/* The next record, if it has been read already: nothing is waited for. */
enum source_next source_take(struct source *source, struct record *record);

/*
 * Where the input can be positioned, put it back to the start of the record
 * that was read last, so that whoever reads next finds what was not used.
 */
void source_unread(const struct source *source);

void source_close(struct source *source);

#endif
