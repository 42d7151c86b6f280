/* SPDX-License-Identifier: MIT */
#include "cli-table.h"

#include <ctype.h>
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"

static bool has_column(const struct columns *columns, enum column column)
{
	for (size_t i = 0; i < columns->count; i++)
		if (columns->list[i] == column)
			return true;
	return false;
}

const char *columns_read(const char *list, struct columns *columns)
{
	static char phrase[1024];
	const bool appends = *list == '+';
	size_t used = 0;

	if (appends)
		list++;
	else
		columns->count = 0;
	for (;; list++) {
		size_t length = strcspn(list, ",");
		int column = column_find(list, length);

		if (column < 0) {
			used = (size_t)snprintf(phrase, sizeof phrase,
						"has an unknown column '%.*s'; there are",
						(int)(length < 40 ? length : 40), list);
			for (int i = 0; i < COLUMNS; i++)
				used += (size_t)snprintf(phrase + used, sizeof phrase - used,
							 "%s %s", i > 0 ? "," : "", column_name(i));
			return phrase;
		}
		if (!has_column(columns, (enum column)column)) {
			columns->list[columns->count++] = column;
		} else if (!appends) {
			snprintf(phrase, sizeof phrase, "has the column %s twice",
				 column_name(column));
			return phrase;
		}
		list += length;
		if (*list == '\0')
			return NULL;
	}
}

static void heading(enum column column, char *text)
{
	const char *name = column_name(column);

	do
		*text++ = (char)toupper((unsigned char)*name);
	while (*name++ != '\0');
}

/* How wide each column of a table is, and may be: SIZE_MAX where it is as it is. */
struct widths {
	size_t widest[COLUMNS];  /* cell */
	size_t longest[COLUMNS]; /* value, with its comma */
	size_t limit[COLUMNS];
};

static void measure(const char *cell, size_t *widest, size_t *longest)
{
	size_t width = text_width(cell, strlen(cell));

	if (width > *widest)
		*widest = width;
	while (*cell != '\0') {
		size_t length = strcspn(cell, ",");

		length += cell[length] == ',';
		if (length > *longest)
			*longest = length;
		cell += length;
	}
}

/* How much the lists have together, in a line of WIDTH columns; 0: they have no choice. */
static size_t left_for_lists(const struct columns *columns, const struct widths *widths,
			     size_t width)
{
	size_t taken = columns->count - 1;

	for (size_t i = 0; i < columns->count; i++)
		taken += column_is_list(columns->list[i]) ? 0 : widths->widest[i];
	return taken < width ? width - taken : 0;
}

/* Shares ROOM out: a list that needs less than its part leaves the rest to the others. */
static void share(const struct columns *columns, struct widths *widths, size_t room)
{
	size_t needy = 0, part = 0;
	bool again = true;

	for (size_t i = 0; i < columns->count; i++)
		needy += column_is_list(columns->list[i]);
	while (again && needy > 0) {
		again = false;
		part = room / needy;
		for (size_t i = 0; i < columns->count; i++) {
			if (!column_is_list(columns->list[i]) || widths->limit[i] != SIZE_MAX ||
			    widths->widest[i] > part)
				continue;
			widths->limit[i] = widths->widest[i];
			room -= widths->widest[i];
			needy--;
			again = true;
		}
	}
	for (size_t i = 0; i < columns->count; i++)
		if (column_is_list(columns->list[i]) && widths->limit[i] == SIZE_MAX)
			widths->limit[i] = part > widths->longest[i] ? part : widths->longest[i];
}

static void find_widths(const struct census *census, const struct columns *columns,
			const struct column_view *view, bool headings, size_t width,
			struct widths *widths)
{
	struct text cell = { 0 };

	for (size_t c = 0; c < columns->count; c++) {
		size_t name = strlen(column_name(columns->list[c]));

		widths->limit[c] = SIZE_MAX;
		widths->longest[c] = widths->widest[c] = headings ? name : 0;
		for (size_t i = 0; width > 0 && i < census->count; i++) {
			text_clear(&cell);
			column_text(columns->list[c], &census->objects[i], view, &cell);
			if (!cell.failed)
				measure(cell.bytes, &widths->widest[c], &widths->longest[c]);
		}
	}
	if (width > 0)
		share(columns, widths, left_for_lists(columns, widths, width));
	free(cell.bytes);
}

/* CELL with a new line behind the last comma that fits into LIMIT columns.  Returns its lines. */
static size_t fold(const char *cell, size_t limit, struct text *folded)
{
	size_t used = 0, lines = 1;

	text_clear(folded);
	while (*cell != '\0') {
		size_t length = strcspn(cell, ",");

		length += cell[length] == ',';
		if (used > 0 && used + length > limit) {
			text_add(folded, "\n", 1);
			used = 0;
			lines++;
		}
		text_add(folded, cell, length);
		used += length;
		cell += length;
	}
	return lines;
}

static int add_column(struct libscols_table *table, enum column column)
{
	char name[32];
	int flags = column_is_number(column) ? SCOLS_FL_RIGHT
		    : column_is_list(column) ? SCOLS_FL_WRAP
					     : 0;
	struct libscols_column *added;

	heading(column, name);
	added = scols_table_new_column(table, name, 0, flags);
	if (added == NULL)
		return -1;
	return flags != SCOLS_FL_WRAP ? 0
				      : scols_column_set_wrapfunc(added, scols_wrapnl_chunksize,
								  scols_wrapnl_nextchunk, NULL);
}

static int add_columns(struct libscols_table *table, const struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++)
		if (add_column(table, columns->list[i]) < 0)
			return -1;
	return 0;
}

int cli_print_table(const struct census *census, const struct columns *columns,
		    const struct column_view *view, bool headings, size_t width, size_t *lines,
		    FILE *out)
{
	struct libscols_table *table = scols_new_table();
	struct widths widths;
	struct text text = { 0 }, folded = { 0 };
	int failed = table == NULL ? -1 : add_columns(table, columns);

	if (failed == 0) {
		scols_table_enable_noheadings(table, !headings);
		scols_table_set_stream(table, out);
		scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
		/* What could drive the terminal is gone already. */
		/* Without a locale that knows UTF-8 the library has to show it as \x.. */
		scols_table_enable_noencoding(table, MB_CUR_MAX > 1);
	}
	find_widths(census, columns, view, headings, width, &widths);
	for (size_t i = 0; failed == 0 && i < census->count; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);
		size_t taken = 1, needed;

		for (size_t c = 0; line != NULL && failed == 0 && c < columns->count; c++) {
			text_clear(&text);
			column_text(columns->list[c], &census->objects[i], view, &text);
			if (widths.limit[c] != SIZE_MAX && !text.failed) {
				needed = fold(text.bytes, widths.limit[c], &folded);
				taken = needed > taken ? needed : taken;
			}
			failed = scols_line_set_data(
				line, c, widths.limit[c] != SIZE_MAX ? folded.bytes : text.bytes);
		}
		failed |= line == NULL || text.failed || folded.failed;
		if (lines != NULL)
			lines[i] = taken;
	}
	if (failed == 0)
		failed = scols_print_table(table);
	scols_unref_table(table);
	free(text.bytes);
	free(folded.bytes);
	errno = ENOMEM;
	return failed == 0 ? 0 : -1;
}

void cli_print_raw_row(const struct object *object, const struct columns *columns,
		       const struct column_view *view, struct text *row)
{
	static struct text value;

	text_clear(row);
	for (size_t c = 0; c < columns->count; c++) {
		text_clear(&value);
		column_text(columns->list[c], object, view, &value);
		if (c > 0)
			text_add(row, " ", 1);
		for (const char *at = value.bytes;;) {
			size_t length = strcspn(at, " ");

			text_add(row, at, length);
			at += length;
			if (*at++ == '\0')
				break;
			text_add(row, "\\x20", 4);
		}
	}
	text_add(row, "\n", 1);
}

void cli_print_raw(const struct census *census, const struct columns *columns,
		   const struct column_view *view, bool headings)
{
	struct text row = { 0 };

	for (size_t c = 0; headings && c < columns->count; c++) {
		char name[32];

		heading(columns->list[c], name);
		printf("%s%s", name, c + 1 < columns->count ? " " : "\n");
	}
	for (size_t i = 0; i < census->count; i++) {
		cli_print_raw_row(&census->objects[i], columns, view, &row);
		fwrite(row.bytes, 1, row.used, stdout);
	}
	free(row.bytes);
}
