/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

/*
 * Records out of a descriptor, one after another, in memory that does not grow
 * with the stream: one record of LIMIT bytes and a block to read ahead.
 * Fill the settings, zero the rest.
 */
struct source {
	/* Settings. */
	int descriptor;
	int stop;                    /* a descriptor that ends the wait for input, or -1 */
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
	uint64_t total;
	bool last;
};

enum source_next {
	SOURCE_RECORD,   /* RECORD is filled; its data is good until the next call */
	SOURCE_END,      /* there are no more */
	SOURCE_STOPPED,  /* STOP became readable first */
	SOURCE_FAILED,   /* reading failed, or memory ran out: errno */
	SOURCE_BROKEN,   /* no record: parser.phrase and parser.at say why */
	SOURCE_TOO_LONG, /* the record is longer than LIMIT */
};
enum source_next source_next(struct source *source, struct record *record);

/*
 * Where the input can be positioned, put it back to the start of the record
 * that was read last, so that whoever reads next finds what was not used.
 */
void source_unread(const struct source *source);

void source_close(struct source *source);

#endif
