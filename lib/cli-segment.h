/* SPDX-License-Identifier: MIT */
#ifndef CLI_SEGMENT_H
#define CLI_SEGMENT_H

#include <argp.h>
#include <stdbool.h>

#include "segment.h"

/* What the commands for shared memory have in common. */

/*
 * Say "cannot DO OBJECT: REASON (HINT)" of ERROR.  PLAN is what was to be made,
 * or NULL; SORT is what stands in the object's place, or NULL.
 */
void cli_segment_failure(const char *action, const struct ref *ref, const struct segment_plan *plan,
			 const char *sort, int error);

/* An operand that is a REF with its kind, or else the path of a file. */
struct cli_target {
	const char *path; /* NULL: REF */
	struct ref ref;
	char text[REF_TEXT_MAX]; /* how messages call it */
};

/* Read WORD as a target, or end with a usage error. */
void cli_target(struct argp_state *state, const char *word, struct cli_target *target);

/*
 * Open TARGET.  Returns 0, or the exit status after saying why; QUIET: unless
 * the status says it.
 */
int cli_target_open(struct cli_target *target, enum segment_access access, bool quiet,
		    struct segment *segment);

/*
 * Where the LENGTH bytes (0: all to the end) from OFFSET (FROM_END: counted
 * from there) lie in SEGMENT.  Returns 0, or -1 after saying that they do not.
 */
struct cli_range {
	int64_t offset, length;
	bool from_end;
};
int cli_range_in(const struct cli_range *range, const struct cli_target *target, int64_t size,
		 int64_t *offset, int64_t *length);

#endif
