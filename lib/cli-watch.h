/* SPDX-License-Identifier: MIT */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "patience.h"
#include "pour.h"
#include "until.h"

/* Waiting for what others store into a segment, with a look every INTERVAL. */
struct cli_watch {
	/* Settings. */
	const struct segment *segment;
	const char *text; /* how messages call it */
	struct patience patience;
	int64_t interval; /* nanoseconds */
	enum pour_form form;
	struct number_type type; /* of POUR_NUMBERS */
	bool verbose, quiet;
};

/*
 * Wait until the number that UNTIL names meets its condition.  SILENT: nothing
 * will be written then, so that the reader of our output does not matter.
 * Returns 0, or the exit status, after saying what it does not.
 */
int cli_watch_until(const struct cli_watch *watch, const struct until *until, bool silent);

/*
 * Print what changes in LENGTH bytes from OFFSET on, for ever or until nothing
 * has for as long as the patience lasts.  GROWS: follow the segment's end.
 * Returns the exit status.
 */
int cli_watch_changes(const struct cli_watch *watch, int64_t offset, int64_t length, bool grows);

#endif
