/* SPDX-License-Identifier: MIT */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "column.h"

/* Which columns are shown, and in which order. */
struct columns {
	enum column list[COLUMNS]; /* each once */
	size_t count;
};

/*
 * Read LIST into COLUMNS: "ref,size", or "+age" to append what is not there yet.
 * Returns NULL, or a phrase that says what is wrong, in a buffer of the function.
 */
const char *columns_read(const char *list, struct columns *columns);

/*
 * A table for people, to OUT.  Where its lines would be longer than WIDTH, cells
 * that hold several values get more lines, so far as that helps; 0: no limit.
 * Nothing is cut: a part of a REF, or of a PID, is that of another.  How many lines
 * each object takes goes to LINES, unless that is NULL.
 */
int cli_print_table(const struct census *census, const struct columns *columns,
		    const struct column_view *view, bool headings, size_t width, size_t *lines,
		    FILE *out);

/* A line an object, columns apart by one blank, and blanks in them as \x20. */
void cli_print_raw(const struct census *census, const struct columns *columns,
		   const struct column_view *view, bool headings);
void cli_print_raw_row(const struct object *object, const struct columns *columns,
		       const struct column_view *view, struct text *row);

#endif
