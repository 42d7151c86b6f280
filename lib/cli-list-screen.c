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

/*
 * Print the first lines of TEXT that fit into ROWS, with some to SPARE where it
 * is not all of it.  Returns how many lines.
 */
static size_t screen_print(const struct screen *screen, const char *text, size_t rows, size_t spare)
{
	bool all = screen_rows(screen, text) <= rows;
	size_t lines = 0, used = 0;

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		used += rows_of_line(screen, text, length);
		if (!all && used + spare > rows)
			break;
		printf("%.*s\n", (int)length, text);
		lines++;
		text += length + (text[length] == '\n');
	}
	return lines;
}

/* The table as text, for free(); NULL: no memory. */
static char *draw_table(const struct listing *listing, const struct gather *gather)
{
	const struct column_view view = { .exact = listing->exact,
					  .now = time(NULL),
					  .holders = &gather->holders };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	if (gather->census.count > 0)
		cli_print_table(&gather->census, &listing->columns, &view, true, 0,
				out);
	fclose(out);
	return text;
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
	char *table = draw_table(listing, gather);
	size_t room, rest, kept, lines;
	int changes;

	add_lacks(gather, &lacks);
	text_time(&title, time(NULL));
	text_format(&title, ": %zu objects\n", gather->census.count);
	text_format(&more, "... and %zu more\n", gather->census.count);
	/* Two lines are empty, and one is that of the cursor. */
	room = less(screen.rows,
		    3 + screen_rows(&screen, title.bytes) + screen_rows(&screen, lacks.bytes));
	/* The last changes have what the table leaves them, and a third in any case. */
	rest = table == NULL ? room : less(room, screen_rows(&screen, table));
	rest = kept = rest > room / 3 ? rest : room / 3;
	changes = fit_changes(recent, &screen, &rest);
	printf("\033[H\033[2J%s\n", title.bytes);
	lines = table == NULL ? 0
			      : screen_print(&screen, table, less(room, kept - rest),
					     screen_rows(&screen, more.bytes));
	if (lines < gather->census.count + 1 && gather->census.count > 0)
		printf("... and %zu more\n", gather->census.count - less(lines, 1));
	putchar('\n');
	for (int i = 0; i < changes; i++)
		printf("%s\n", recent[i]);
	fputs(lacks.bytes, stdout);
	free(title.bytes);
	free(more.bytes);
	free(lacks.bytes);
	free(table);
}
