/* SPDX-License-Identifier: MIT */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "number.h"
#include "segment.h"

/*
 * What a descriptor gives goes into a segment, in place, or with GROW behind its
 * end too.  Without GROW the segment does not get longer, unless it is cut in the
 * instant between a look at its end and the write(2) of a block.
 */
struct store {
	/* Settings. */
	const struct segment *segment; /* opened for writing */
	int input;
	const struct number_type *type; /* the input has numbers, one a line; NULL: bytes */
	int64_t offset;                 /* of the first byte */
	int64_t room;                   /* bytes from there on that may be stored; not with GROW */
	bool grow;                      /* files and POSIX objects */

	/* After it. */
	int64_t stored;     /* bytes */
	int64_t left;       /* after STORE_TOO_LONG: the input's bytes */
	uint64_t line;      /* after STORE_BROKEN: the line that is no number */
	const char *phrase; /* and what is wrong with it */
};

enum store_end {
	STORE_DONE,
	STORE_FULL,         /* there is no room for the rest of the input */
	STORE_TOO_LONG,     /* nor would there be: nothing was stored */
	STORE_ITSELF,       /* the input is the segment, which would grow for ever */
	STORE_CUT,          /* the segment ends earlier now */
	STORE_BROKEN,       /* a line is not a number of the type */
	STORE_INPUT_FAILED, /* errno */
	STORE_FAILED,       /* errno */
};

enum store_end store(struct store *store);

#endif
