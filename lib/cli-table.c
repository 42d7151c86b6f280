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

static int add_columns(struct libscols_table *table, const struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++) {
		enum column column = columns->list[i];
		char name[32];

		heading(column, name);
		if (scols_table_new_column(table, name, 0,
					   column_is_number(column) ? SCOLS_FL_RIGHT : 0) == NULL)
			return -1;
	}
	return 0;
}

int cli_print_table(const struct census *census, const struct columns *columns,
		    const struct column_view *view, bool headings, FILE *out)
{
	struct libscols_table *table = scols_new_table();
	struct text text = { 0 };
	int failed = table == NULL ? -1 : add_columns(table, columns);

	if (failed == 0) {
		scols_table_enable_noheadings(table, !headings);
		scols_table_set_stream(table, out);
		/* A part of a REF, or of a PID, is that of another: nothing is cut. */
		scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
		/* What could drive the terminal is gone already. */
		/* Without a locale that knows UTF-8 the library has to show it as \x.. */
		scols_table_enable_noencoding(table, MB_CUR_MAX > 1);
	}
	for (size_t i = 0; failed == 0 && i < census->count; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		for (size_t c = 0; line != NULL && failed == 0 && c < columns->count; c++) {
			text_clear(&text);
			column_text(columns->list[c], &census->objects[i], view, &text);
			failed = scols_line_set_data(line, c, text.bytes);
		}
		failed |= line == NULL || text.failed;
	}
	if (failed == 0)
		failed = scols_print_table(table);
	scols_unref_table(table);
	free(text.bytes);
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
