/* SPDX-License-Identifier: MIT */
#ifndef SEGMENT_FAMILY_H
#define SEGMENT_FAMILY_H

#include "segment.h"

/* What the files of the module segment know of each other. */

/*
 * Copy the plan's input to the start of the file TO, up to its end or the
 * plan's size.  LENGTH is set to how much it was.  Where TO stands is undefined then.
 */
enum segment_outcome segment_copy(struct segment_plan *plan, int to, int64_t *length);

enum segment_outcome segment_sysv_create(struct ref *ref, struct segment_plan *plan,
					 struct segment_facts *made);

#endif
