/* SPDX-License-Identifier: MIT */
#ifndef COLUMN_H
#define COLUMN_H

#include <stdbool.h>
#include <stdint.h>

#include "census.h"
#include "holders.h"
#include "json-stream.h"
#include "text.h"

/*
 * What is known of an object by names that do not change: columns of a table,
 * and members in JSON.
 */
enum column {
	COLUMN_REF,
	COLUMN_KIND,
	COLUMN_FAMILY,
	COLUMN_KEY,
	COLUMN_ID,
	COLUMN_OWNER,
	COLUMN_GROUP,
	COLUMN_MODE,
	COLUMN_SIZE,
	COLUMN_USED_BYTES,
	COLUMN_MESSAGES,
	COLUMN_MAX_MESSAGES,
	COLUMN_MESSAGE_SIZE,
	COLUMN_VALUE,
	COLUMN_VALUES,
	COLUMN_NATTCH,
	COLUMN_RSS,
	COLUMN_SWAP,
	COLUMN_CREATOR,
	COLUMN_VERDICT,
	COLUMN_AGE,
	COLUMN_USED_AT,
	COLUMN_CHANGED_AT,
	COLUMN_HOLDERS,
	COLUMN_WAITERS,
	COLUMNS,
};

/* "ref", "used_bytes" */
const char *column_name(enum column column);

/* The column called NAME, in upper or lower case; -1: there is none. */
int column_find(const char *name, size_t length);

/* Whether it stands on the right, as numbers do. */
bool column_is_number(enum column column);

/* Whether it can hold several values, with commas between them. */
bool column_is_list(enum column column);

/* What has to be looked at for it: a set of enum census_look; and of HOLDERS_*. */
unsigned column_look(enum column column);
unsigned column_wanted(enum column column);
bool column_needs_verdict(enum column column);
bool column_needs_creator(enum column column);

/* How a value is shown. */
struct column_view {
	bool exact;  /* bytes and seconds as plain numbers, all holders */
	int64_t now; /* seconds since 1970 */
	const struct holders *holders;
	const struct world *world; /* for what detail.h looks at anew, or NULL */
};

/*
 * Add the value of COLUMN for OBJECT to TEXT, harmless to a terminal and
 * without blanks: "-" where the kind has no such thing, "?" where it could not
 * be seen.
 */
void column_text(enum column column, const struct object *object, const struct column_view *view,
		 struct text *text);

/* The same as a member of an object in JSON: null for both. */
void column_json(enum column column, const struct object *object, const struct column_view *view,
		 struct json_stream *stream);

/* The value by which objects are sorted: a number, or INT64_MIN where text decides. */
int64_t column_sort_key(enum column column, const struct object *object);

#endif
