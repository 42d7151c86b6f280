/* SPDX-License-Identifier: MIT */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How long a command is ready to wait: for ever (the zero value), or for
 * LIMIT nanoseconds, where a LIMIT of 0 means "do not wait at all".
 */
struct patience {
	bool limited;
	int64_t limit;
};

/* Nanoseconds on CLOCK_MONOTONIC, which setting the date does not move. */
int64_t patience_now(void);

/*
 * The moment PATIENCE runs out, counted from now, on the clock of
 * patience_now(); 0 for unlimited patience.
 */
int64_t patience_end(const struct patience *patience);

/* Whether PATIENCE allows no wait at all. */
bool patience_none(const struct patience *patience);

/*
 * How long until END, which patience_end() gave, in whole milliseconds and
 * rounded up, as poll(2) takes it: 0 when it is past, -1 when there is none.
 */
int patience_poll(int64_t end);

#endif
