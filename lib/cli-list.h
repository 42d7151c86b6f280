/* SPDX-License-Identifier: MIT */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "cli-select.h"
#include "cli-table.h"

/* What ipc-ls was asked for. */
struct listing {
	struct selection selection;
	struct cli_refs refs;
	struct columns columns;
	const char *columns_text; /* of --output, or NULL */
	bool columns_given;
	bool json, raw, refs_only, null, dot, detail, exact, no_headings;
	bool holders, waiters, deadlocks, limits, watch;
	int warn;         /* percent; 0: no warning asked for */
	int64_t interval; /* nanoseconds */
	int sort;         /* a column, or -1 */
	bool descending;
};

/* The columns that are shown unless others were asked for. */
void listing_choose_columns(struct listing *listing);

/*
 * What has to be gathered for it.  listing_gather() says why and returns the
 * exit status when that fails.  gather_free() is the caller's.
 */
void listing_plan(const struct listing *listing, struct gather *gather);
int listing_gather(const struct listing *listing, const struct world *world, struct gather *gather);

/* Put them in the order that was asked for. */
void listing_sort(const struct listing *listing, struct census *census);

/* Say which REFs are not there, and what could not be seen.  Returns the status. */
int listing_tell(const struct listing *listing, const struct gather *gather);

/* Print it, once.  Returns the exit status. */
int listing_print(const struct listing *listing, const struct world *world);

/* One object in JSON. */
void listing_json(const struct listing *listing, const struct object *object,
		  const struct column_view *view, struct json_stream *stream);

/*
 * Draw the table anew on the terminal that stdout is, and below it what changed
 * last (RECENT, the newest first) and what could not be seen.  What the screen
 * has no rows for is left out of the table, and counted there.
 */
enum { WATCH_KEPT = 8 };
void cli_redraw(const struct listing *listing, const struct gather *gather, char *const *recent);

/* The limits; redrawing; and the graph.  Each returns the exit status. */
int cli_limits(const struct listing *listing, const struct world *world);
int cli_watch(const struct listing *listing, const struct world *world);
int cli_graph(const struct listing *listing, const struct world *world);
int cli_deadlocks(const struct listing *listing, const struct world *world);

#endif
