/* SPDX-License-Identifier: MIT */
#ifndef DUMP_H
#define DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes as the canonical dump of hexdump(1) -C: rows of sixteen, each with its
 * address, its bytes and their text.  A row that repeats the one before is left
 * out, and a line with * stands for all that follow one another.
 *
 * Set ADDRESS and VERBOSE, zero the rest.
 */
struct dump {
	uint64_t address; /* of the next byte */
	bool verbose;     /* repeated rows, too */

	/* The module's own. */
	unsigned char row[16], last[16];
	size_t held; /* bytes of a row that is not full */
	bool has_last, starred;
};

/* How much the dump of LENGTH bytes, and of what is held, can take. */
#define DUMP_ROOM(length) (((length) / 16 + 2) * 88)

/* Dump LENGTH bytes into OUT; returns how much it took. */
size_t dump_bytes(struct dump *dump, const void *bytes, size_t length, char *out);

/* Dump the last row, if it is not full, and the last address. */
size_t dump_end(struct dump *dump, char *out);

#endif
