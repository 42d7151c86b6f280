/* SPDX-License-Identifier: MIT */
/* The table on a terminal, which it fills and does not make roll. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli-list.h"
#include "fdio.h"
#include "text.h"

struct screen {
	size_t rows, columns; /* without a known size: more than there can be */
};

static struct screen screen_find(void)
{
	struct screen screen;

	fdio_terminal(STDOUT_FILENO, &screen.rows, &screen.columns);
	if (screen.rows == 0 || screen.columns == 0)
		screen = (struct screen){ .rows = SIZE_MAX, .columns = SIZE_MAX };
	return screen;
}

static size_t rows_of_line(const struct screen *screen, const char *line, size_t length)
{
	size_t columns = text_width(line, length);

	return columns == 0 ? 1 : (columns - 1) / screen->columns + 1;
}

/* How many rows TEXT takes: lines that are longer than one are folded. */
static size_t screen_rows(const struct screen *screen, const char *text)
{
	size_t rows = 0;

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		rows += rows_of_line(screen, text, length);
		text += length + (text[length] == '\n');
	}
	return rows;
}

/* The table, and how many lines each object takes in it; both for free(). */
struct drawing {
	char *text; /* NULL: no memory */
	size_t *lines;
};

/* The length of the first LINES lines of TEXT, and the ROWS they take. */
static size_t first_lines(const struct screen *screen, const char *text, size_t lines, size_t *rows)
{
	const char *end = text;

	for (*rows = 0; lines > 0 && *end != '\0'; lines--) {
		size_t length = strcspn(end, "\n");

		*rows += rows_of_line(screen, end, length);
		end += length + (end[length] == '\n');
	}
	return (size_t)(end - text);
}

/*
 * Print the headings, if any, and the first of COUNT objects that fit into ROWS, with
 * some to SPARE where these are not all.  Returns how many objects.
 */
static size_t screen_print(const struct screen *screen, const struct drawing *table, bool headings,
			   size_t count, size_t rows, size_t spare)
{
	bool all = screen_rows(screen, table->text) <= rows;
	const char *text = table->text;
	size_t printed = 0, used = 0;

	for (size_t i = headings ? 0 : 1; i <= count; i++) {
		size_t needed;
		size_t length = first_lines(screen, text, i > 0 ? table->lines[i - 1] : 1, &needed);

		used += needed;
		if (!all && used + spare > rows)
			break;
		fwrite(text, 1, length, stdout);
		printed += i > 0;
		text += length;
	}
	return printed;
}

static struct drawing draw_table(const struct listing *listing, const struct gather *gather,
				 const struct screen *screen)
{
	const struct column_view view = { .exact = listing->exact,
					  .now = time(NULL),
					  .holders = &gather->holders };
	const size_t count = gather->census.count;
	struct drawing table = { .lines = calloc(count + 1, sizeof *table.lines) };
	size_t size;
	FILE *out = table.lines == NULL ? NULL : open_memstream(&table.text, &size);

	if (out == NULL)
		return table;
	if (count > 0)
		cli_print_table(&gather->census, &listing->columns, &view, !listing->no_headings,
				screen->columns == SIZE_MAX ? 0 : screen->columns, table.lines,
				out);
	fclose(out);
	return table;
}

/* What could not be seen: on stderr it would stand in the middle of the table. */
static void add_lacks(const struct gather *gather, struct text *lacks)
{
	char lack[GAPS_TEXT_MAX];

	text_clear(lacks);
	for (int gap = 0; gap < GAPS; gap++)
		if (gaps_text(&gather->gaps, gap, lack) != NULL)
			text_format(lacks, "%s\n", lack);
}

static size_t less(size_t number, size_t by)
{
	return number > by ? number - by : 0;
}

/* How many of the last changes fit into ROWS, which become less by that. */
static int fit_changes(char *const *recent, const struct screen *screen, size_t *rows)
{
	int count = 0;

	for (; count < WATCH_KEPT && recent[count] != NULL; count++) {
		size_t needed = screen_rows(screen, recent[count]);

		if (needed > *rows)
			break;
		*rows -= needed;
	}
	return count;
}

void cli_redraw(const struct listing *listing, const struct gather *gather, char *const *recent)
{
	const struct screen screen = screen_find();
	struct text title = { 0 }, lacks = { 0 }, more = { 0 };
	struct drawing table = draw_table(listing, gather, &screen);
	size_t room, rest, kept, shown = 0;
	int changes;

	add_lacks(gather, &lacks);
	text_time(&title, time(NULL));
	text_format(&title, ": %zu objects\n", gather->census.count);
	text_format(&more, "... and %zu more\n", gather->census.count);
	/* Two lines are empty, and one is that of the cursor. */
	room = less(screen.rows,
		    3 + screen_rows(&screen, title.bytes) + screen_rows(&screen, lacks.bytes));
	/* The last changes have what the table leaves them, and a third in any case. */
	rest = table.text == NULL ? room : less(room, screen_rows(&screen, table.text));
	rest = kept = rest > room / 3 ? rest : room / 3;
	changes = fit_changes(recent, &screen, &rest);
	printf("\033[H\033[2J%s\n", title.bytes);
	if (table.text != NULL)
		shown = screen_print(&screen, &table, !listing->no_headings, gather->census.count,
				     less(room, kept - rest), screen_rows(&screen, more.bytes));
	if (shown < gather->census.count)
		printf("... and %zu more\n", gather->census.count - shown);
	putchar('\n');
	for (int i = 0; i < changes; i++)
		printf("%s\n", recent[i]);
	fputs(lacks.bytes, stdout);
	free(title.bytes);
	free(more.bytes);
	free(lacks.bytes);
	free(table.text);
	free(table.lines);
}
