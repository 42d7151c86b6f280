/* SPDX-License-Identifier: MIT */
#ifndef OUTLET_H
#define OUTLET_H

#include <stdbool.h>
#include <stddef.h>

#include "fdio.h"
#include "record.h"
#include "stop.h"
#include "waker.h"

enum { OUTLET_KEPT_MOST = 4096 }; /* records, however small they are */

/*
 * Records on their way to a descriptor, as a FRAME has them.  To a pipe, whole
 * records leave in blocks of at most PIPE_BUF bytes, which the kernel does not
 * tear; to a file in larger ones.  Whoever has put a record here learns when it
 * is out; until then it is not.
 */
struct outlet {
	/* Settings. */
	enum frame frame;
	int output;
	const struct stop *stop;
	struct waker *waker;
	size_t most; /* records that are kept; 0: OUTLET_KEPT_MOST, and not more */

	/*
	 * Called when the first COUNT of the records that were put and not settled
	 * yet have been written, whole.  Returns 0, or -1 with errno.
	 */
	int (*settle)(void *context, size_t count);
	void *context;

	/* After each call. */
	bool stop_seen; /* a signal has come, and what was written is whole */
	size_t torn;    /* bytes that a failed write left of a record that is not whole */
	size_t kept;    /* records that were put and are not written */

	/* The module's own. */
	enum fdio_sort sort;
	unsigned writes; /* since signals were last looked for */
	size_t block;
	char *out;
	size_t out_used, out_size;
	size_t *ends; /* where each record that is kept ends in OUT */
	size_t ends_size;
};

void outlet_begin(struct outlet *outlet);
void outlet_end(struct outlet *outlet);

/* Whether the output has somebody who reads it; false with errno EPIPE. */
bool outlet_has_reader(const struct outlet *outlet);

/*
 * Write RECORD out, or keep it until a block is full; outlet_flush() writes
 * what is kept.
 *
 * Returns 0, or -1 with errno: EILSEQ the record cannot stand in this frame, and
 * those before it have been written; EPIPE nobody reads; EINTR told to stop
 * before it could be written; others of write(2); ENOMEM; what SETTLE says.
 */
int outlet_put(struct outlet *outlet, const struct record *record);
int outlet_flush(struct outlet *outlet);

/* What is kept will not be written. */
void outlet_drop(struct outlet *outlet);

#endif
