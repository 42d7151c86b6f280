/* SPDX-License-Identifier: MIT */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A line on stderr that tells how far a stream has come: amount, rate, elapsed
 * time and, where the total is known, the share done and the time left.  It is
 * drawn by a thread of its own, five times a second, so that it keeps moving
 * while the stream waits.  Where stderr is no terminal nothing is drawn.
 */
struct progress {
	/* Settings. */
	int64_t total_records; /* 0: not known */
	int64_t total_bytes;   /* 0: not known */
	bool stream;           /* of bytes, without records: with a bar, as wide as the terminal */

	/* Added to by the stream, with relaxed order: only this line reads them. */
	_Atomic int64_t records;
	_Atomic int64_t bytes;

	/* The thread's. */
	int64_t start;
	int64_t last_time, last_bytes; /* of the line before this one */
	atomic_bool over;
	bool running;
	unsigned long thread;
};

/* Start drawing, if WANTED and there is a terminal. */
void progress_begin(struct progress *progress, bool wanted);

/* Count one record of LENGTH bytes. */
static inline void progress_add(struct progress *progress, int64_t length)
{
	atomic_fetch_add_explicit(&progress->records, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&progress->bytes, length, memory_order_relaxed);
}

/* Draw the last state and end the line.  Does nothing when nothing was drawn. */
void progress_end(struct progress *progress);

#endif
