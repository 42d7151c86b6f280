/* SPDX-License-Identifier: MIT */
#ifndef CONDITION_H
#define CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "census.h"
#include "world.h"

/* What can be waited for. */
enum condition_kind {
	CONDITION_EXISTS,
	CONDITION_GONE,
	CONDITION_EMPTY,
	CONDITION_NONEMPTY,
	CONDITION_FULL,
	CONDITION_ROOM,
	CONDITION_UNHELD,
	CONDITION_HELD,
	CONDITION_VALUE_GE,
	CONDITION_VALUE_LE,
	CONDITION_MESSAGES_GE,
	CONDITION_MESSAGES_LE,
};

struct condition {
	enum condition_kind kind;
	int64_t number; /* of the last four */
};

/* Read "empty" or "value-ge=3".  Returns NULL, or a phrase that says what is wrong. */
const char *condition_scan(const char *text, struct condition *condition);

/* What is wrong with CONDITION for an object of REF's kind and family, or NULL. */
const char *condition_unfit(const struct condition *condition, const struct ref *ref);

/* What to look at for it: of enum census_look. */
unsigned condition_look(const struct condition *condition);

/*
 * Whether CONDITION holds of OBJECT, which is there.  Returns 1 or 0, or -1
 * with errno: it cannot be told.
 */
int condition_holds(const struct condition *condition, const struct world *world,
		    const struct object *object);

#endif
