/* SPDX-License-Identifier: MIT */
#ifndef DETAIL_RING_H
#define DETAIL_RING_H

#include <stdio.h>

#include "column.h"

/*
 * Of a ring: whether its end is marked, and who has its roles, as they tell
 * themselves while they hold the lock that goes with the role.  For detail.c.
 */
void detail_ring_print(const struct object *object, const struct column_view *view, FILE *out);
void detail_ring_json(const struct object *object, const struct column_view *view,
		      struct json_stream *stream);

#endif
