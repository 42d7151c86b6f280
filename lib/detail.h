/* SPDX-License-Identifier: MIT */
#ifndef DETAIL_H
#define DETAIL_H

#include <stdio.h>

#include "column.h"

/*
 * Everything that is known of one object: for people, a line each; or as
 * further members of its JSON object.
 */
void detail_print(const struct object *object, const struct column_view *view, FILE *out);
void detail_json(const struct object *object, const struct column_view *view,
		 struct json_stream *stream);

#endif
