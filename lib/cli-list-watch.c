/* SPDX-License-Identifier: MIT */
/* The table again and again, or what changed in it since the last time. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli-list.h"
#include "fdio.h"
#include "patience.h"
#include "say.h"
#include "status.h"
#include "stop.h"

struct watch {
	const struct listing *listing;
	bool on_terminal;
	struct json_stream stream;
	char *recent[WATCH_KEPT]; /* what changed last, the newest first */
	struct text line;
};

static int compare(const void *one, const void *other)
{
	return census_order(one, other);
}

/* In the order in which two looks are compared. */
static void line_up(struct census *census)
{
	if (census->count > 1)
		qsort(census->objects, census->count, sizeof *census->objects, compare);
}

/* One change, in TEXT, as a line of its own or as one of the last few. */
static void tell(struct watch *watch)
{
	if (!watch->on_terminal) {
		printf("%s\n", watch->line.bytes);
		return;
	}
	free(watch->recent[WATCH_KEPT - 1]);
	memmove(watch->recent + 1, watch->recent, (WATCH_KEPT - 1) * sizeof *watch->recent);
	watch->recent[0] = strdup(watch->line.bytes);
}

static void begin_line(struct watch *watch, const char *event)
{
	if (watch->listing->json) {
		struct text now = { 0 };

		watch->stream = (struct json_stream){ .out = stdout };
		text_time(&now, time(NULL));
		json_begin(&watch->stream, NULL, '{');
		json_text(&watch->stream, "time", now.bytes);
		json_text(&watch->stream, "event", event);
		free(now.bytes);
		return;
	}
	text_clear(&watch->line);
	text_time(&watch->line, time(NULL));
	text_add(&watch->line, " ", 1);
	text_word(&watch->line, event);
}

static void end_line(struct watch *watch)
{
	if (watch->listing->json) {
		json_end(&watch->stream, '}');
		json_line(&watch->stream);
	} else {
		tell(watch);
	}
}

static void name_object(struct watch *watch, const struct object *object)
{
	const struct column_view view = { .exact = true };

	if (watch->listing->json) {
		column_json(COLUMN_REF, object, &view, &watch->stream);
	} else {
		text_add(&watch->line, " ", 1);
		column_text(COLUMN_REF, object, &view, &watch->line);
	}
}

static void tell_whole(struct watch *watch, const char *event, const struct object *object,
		       const struct column_view *view)
{
	const struct columns *columns = &watch->listing->columns;

	begin_line(watch, event);
	name_object(watch, object);
	if (watch->listing->json && *event == 'a') {
		json_begin(&watch->stream, "object", '{');
		for (size_t i = 0; i < columns->count; i++)
			column_json(columns->list[i], object, view, &watch->stream);
		json_end(&watch->stream, '}');
	}
	end_line(watch);
}

static void tell_change(struct watch *watch, enum column column, const struct object *object,
			const struct object *before, const struct column_view *view,
			const struct column_view *old_view)
{
	begin_line(watch, "changed");
	name_object(watch, object);
	if (watch->listing->json) {
		json_begin(&watch->stream, "from", '{');
		column_json(column, before, old_view, &watch->stream);
		json_end(&watch->stream, '}');
		json_begin(&watch->stream, "to", '{');
		column_json(column, object, view, &watch->stream);
		json_end(&watch->stream, '}');
	} else {
		text_add(&watch->line, " ", 1);
		text_word(&watch->line, column_name(column));
		text_add(&watch->line, " ", 1);
		column_text(column, before, old_view, &watch->line);
		text_word(&watch->line, " -> ");
		column_text(column, object, view, &watch->line);
	}
	end_line(watch);
}

static void compare_objects(struct watch *watch, const struct object *object,
			    const struct object *before, const struct column_view *view,
			    const struct column_view *old_view)
{
	static struct text now, then;
	const struct columns *columns = &watch->listing->columns;

	for (size_t i = 0; i < columns->count; i++) {
		enum column column = columns->list[i];

		/* These change with each use, or with the clock alone. */
		if (column == COLUMN_AGE || column == COLUMN_USED_AT || column == COLUMN_CHANGED_AT)
			continue;
		text_clear(&now);
		text_clear(&then);
		column_text(column, object, view, &now);
		column_text(column, before, old_view, &then);
		if (strcmp(now.bytes, then.bytes) != 0)
			tell_change(watch, column, object, before, view, old_view);
	}
}

static void compare_all(struct watch *watch, const struct gather *gather,
			const struct gather *before)
{
	const struct column_view view = { .exact = true,
					  .now = time(NULL),
					  .holders = &gather->holders },
				 old_view = { .exact = true, .holders = &before->holders };
	size_t new = 0, old = 0;

	while (new < gather->census.count || old < before->census.count) {
		const struct object *object = &gather->census.objects[new],
				    *gone = &before->census.objects[old];
		int side = new == gather->census.count   ? 1
			   : old == before->census.count ? -1
							 : census_order(object, gone);

		if (side < 0) {
			tell_whole(watch, "appeared", object, &view);
		} else if (side > 0) {
			tell_whole(watch, "gone", gone, &old_view);
		} else if (object->sysv && !census_is_same(object, gone) &&
			   object->creator != gone->creator) {
			tell_whole(watch, "gone", gone, &old_view);
			tell_whole(watch, "appeared", object, &view);
		} else {
			compare_objects(watch, object, gone, &view, &old_view);
		}
		new += side <= 0;
		old += side >= 0;
	}
}

/* Wait for the next look.  A reader that has gone away ends us as a write would. */
static void wait_for_next(int64_t interval)
{
	const struct patience patience = { .limited = true, .limit = interval };
	int64_t end = patience_end(&patience);

	while (patience_now() < end) {
		int events = fdio_await(STDOUT_FILENO, 0, -1, patience_poll(end));

		if (events > 0 && events & (POLLERR | POLLHUP | POLLNVAL))
			stop_die(SIGPIPE);
	}
}

static int fail(struct watch *watch, struct gather *gather, struct gather *before)
{
	say_errno("cannot write to standard output");
	clearerr(stdout); /* it is said */
	gather_free(gather);
	gather_free(before);
	free(watch->line.bytes);
	for (size_t i = 0; i < WATCH_KEPT; i++)
		free(watch->recent[i]);
	return STATUS_FAILED;
}

int cli_watch(const struct listing *listing, const struct world *world)
{
	struct watch watch = { .listing = listing,
			       .on_terminal = isatty(STDOUT_FILENO) && !listing->json };
	struct gather before = { 0 }, gather;
	bool first = true;

	for (;;) {
		int status = listing_gather(listing, world, &gather);

		if (status != STATUS_OK)
			return status;
		line_up(&gather.census);
		if (!first) {
			compare_all(&watch, &gather, &before);
		} else if (!watch.on_terminal) {
			begin_line(&watch, "watching");
			if (listing->json)
				json_number(&watch.stream, "objects", (int64_t)gather.census.count);
			else
				text_format(&watch.line, " %zu objects", gather.census.count);
			end_line(&watch);
		}
		if (watch.on_terminal) {
			listing_sort(listing, &gather.census);
			cli_redraw(listing, &gather, watch.recent);
			line_up(&gather.census);
		} else if (first) {
			cli_tell_gaps(&gather.gaps);
		}
		if (fflush(stdout) != 0)
			return fail(&watch, &gather, &before);
		gather_free(&before);
		before = gather;
		first = false;
		wait_for_next(listing->interval);
	}
}
