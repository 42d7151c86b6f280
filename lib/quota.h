/* SPDX-License-Identifier: MIT */
#ifndef QUOTA_H
#define QUOTA_H

#include <stddef.h>
#include <stdint.h>

#include "gaps.h"
#include "world.h"

/*
 * The limits on IPC objects, and how far they are used.
 * Sources: proc(5), sysvipc(7), mq_overview(7), getrlimit(2).
 */
struct limit {
	const char *name;  /* "shmmni" */
	const char *about; /* "segments" */
	const char *place; /* where it is set */
	int64_t limit;     /* -1: unknown */
	int64_t used;      /* -1: it bounds each one, not the sum; or unknown */
};

enum { QUOTA_MAX = 20 };

/*
 * Fill LIMITS.  Returns how many there are.  What could not be seen is counted
 * in GAPS.
 */
size_t quota_read(const struct world *world, struct limit limits[QUOTA_MAX], struct gaps *gaps);

/* How far LIMIT is used, in whole percent; -1: not known, or there is no limit. */
int quota_percent(const struct limit *limit);

#endif
