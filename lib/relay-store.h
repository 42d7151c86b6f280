/* SPDX-License-Identifier: MIT */
#ifndef RELAY_STORE_H
#define RELAY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What is between the ends of a relay: a stream of bytes of which those from
 * BASE to END are kept, in a ring in memory and, where that is too small, the
 * older ones in a file.  Offsets count from the start of the stream.
 */
struct relay_store {
	/* Settings. */
	int64_t limit; /* bytes that it holds at most */
	int file;      /* without a name, or -1; the caller owns it */

	int64_t base, end;
	int64_t most; /* that it ever held */
	int error;    /* of the last write to the file; 0: it went well, or all is gone again */

	/* The module's own. */
	char *ring;
	size_t size;
	int64_t kept;        /* the first byte in the ring; those before are in the file */
	int64_t origin;      /* the byte that stands at the start of the ring */
	int64_t file_origin; /* the byte that stands at the start of the file */
	int64_t punched;     /* what is before has been given back to the disk */
	char *bounce;        /* what was read out of the file last: */
	int64_t fetched, fetched_end;
};

/* Returns 0, or -1 with errno ENOMEM. */
int relay_store_begin(struct relay_store *store);
void relay_store_end(struct relay_store *store);

/*
 * A place for the next bytes, LENGTH of them; NULL when it is full, or when the
 * file takes no more (ERROR).  relay_store_fill() says how many came.
 */
char *relay_store_place(struct relay_store *store, size_t *length);
void relay_store_fill(struct relay_store *store, size_t length);

/* Append as much of BYTES as there is room for.  Returns how many. */
size_t relay_store_add(struct relay_store *store, const char *bytes, size_t length);

/*
 * Some of the bytes from OFFSET on.  Returns how many there are at BYTES, good
 * until the next call; 0: none yet; -1 with errno: the file cannot be read.
 */
ssize_t relay_store_look(struct relay_store *store, int64_t offset, const char **bytes);

/* Nobody needs what is before BASE. */
void relay_store_release(struct relay_store *store, int64_t base);

#endif
