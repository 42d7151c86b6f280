/* SPDX-License-Identifier: MIT */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "segment-data.h"
#include "segment.h"

/*
 * What changes in a range of a segment.  Two copies of the range are kept: as
 * it was, and as it is; of holes, there is nothing to keep.
 */
struct watch {
	/* Settings. */
	const struct segment *segment;
	int64_t offset, length;
	bool grows;  /* follow the segment's end; what it grows by was zeros before */
	size_t unit; /* bytes that change together: 1, or a number's */

	int64_t needed; /* with ENOMEM: a copy has so many bytes, and two do not fit; or 0 */

	/* The module's own. */
	char *before, *now;
	int64_t room;
	struct segment_data was, is, either; /* where BEFORE and NOW are not known to be zeros */
	bool moved;                          /* WAS is not where IS is */
};

/* Take the first look.  Returns 0, or -1 with errno as watch_next(). */
int watch_begin(struct watch *watch);
void watch_end(struct watch *watch);

/* A run of bytes, all of which (all units of which) have changed. */
struct watch_change {
	int64_t offset, length;
	const char *before, *now;
};

/*
 * Look again; CHANGED is called for each change, in order.  Returns how many
 * there were, or -1 with errno: ENODATA the segment ends before the range does;
 * ENOMEM.
 */
int64_t watch_next(struct watch *watch, void (*changed)(void *, const struct watch_change *),
		   void *context);

#endif
