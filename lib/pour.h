/* SPDX-License-Identifier: MIT */
#ifndef POUR_H
#define POUR_H

#include <stdbool.h>
#include <stdint.h>

#include "number.h"
#include "segment.h"

/*
 * Bytes of a segment on their way to a descriptor: as they are, as a dump, or
 * as numbers.  They are copied, so that what was written cannot change any more;
 * memory use does not depend on how many they are.
 */
enum pour_form { POUR_BYTES, POUR_DUMP, POUR_NUMBERS };

struct pour {
	/* Settings. */
	const struct segment *segment;
	int output;
	enum pour_form form;
	struct number_type type; /* POUR_NUMBERS */
	bool verbose;            /* POUR_DUMP: repeated rows, too */
	bool holes;              /* POUR_BYTES: holes stay holes where the output can have them */
	bool zero_copy;          /* POUR_BYTES: hand over pages to a pipe; later changes show */

	int64_t done; /* bytes of the segment that were dealt with */
};

enum pour_end {
	POUR_DONE,
	POUR_CUT,          /* the segment ends earlier now; what there was is written */
	POUR_READ_FAILED,  /* errno */
	POUR_WRITE_FAILED, /* errno */
};

/* Write LENGTH bytes from OFFSET.  POUR_NUMBERS: LENGTH is a multiple of the type's size. */
enum pour_end pour(struct pour *pour, int64_t offset, int64_t length);

#endif
