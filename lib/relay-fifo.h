/* SPDX-License-Identifier: MIT */
#ifndef RELAY_FIFO_H
#define RELAY_FIFO_H

#include "relay-end.h"

/* The FIFOs among the ends of a relay: see relay-end.h, whose functions call these. */

/*
 * Open the file that END's anchor holds, whatever its path names by now.
 * Returns a descriptor that the caller owns, or -1 with errno.
 */
int relay_fifo_reopen(const struct relay_end *end, int flags);

/* Make a FIFO at END's path.  Returns 0, or -1 with errno. */
int relay_fifo_make(struct relay_end *end);

/* Open the FIFO of END's anchor without waiting.  Returns 0, or -1 with errno. */
int relay_fifo_open(struct relay_end *end);
int relay_fifo_attach(struct relay_end *end);

/* The last reader, or the last writer, has gone. */
void relay_fifo_reader_left(struct relay_end *end, int terminator);
void relay_fifo_writer_left(struct relay_end *end);

#endif
