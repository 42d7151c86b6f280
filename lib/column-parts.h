/* SPDX-License-Identifier: MIT */
#ifndef COLUMN_PARTS_H
#define COLUMN_PARTS_H

#include "column.h"

/* For column*.c alone.  Whether OBJECT is of a kind that has COLUMN. */
bool column_applies(enum column column, const struct object *object);

/* The value of a COLUMN that is a number, or CENSUS_NONE. */
int64_t column_number(enum column column, const struct object *object, int64_t now);

#endif
