/* SPDX-License-Identifier: MIT */
#include "cli-list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "detail.h"
#include "fdio.h"
#include "say.h"
#include "status.h"

static void add_column(struct columns *columns, enum column column)
{
	for (size_t i = 0; i < columns->count; i++)
		if (columns->list[i] == column)
			return;
	columns->list[columns->count++] = column;
}

static bool is_costly(enum column column)
{
	return column == COLUMN_CREATOR || column == COLUMN_VERDICT || column == COLUMN_HOLDERS ||
	       column == COLUMN_WAITERS;
}

void listing_choose_columns(struct listing *listing)
{
	struct columns *columns = &listing->columns;

	if (columns->count == 0 && (listing->json || listing->detail)) {
		for (int column = 0; column < COLUMNS; column++)
			if (listing->detail || !is_costly(column))
				columns->list[columns->count++] = column;
	} else if (columns->count == 0) {
		columns_read("ref,key,owner,mode,size,messages,value,nattch,age", columns);
	}
	if (listing->columns_given)
		return;
	if (listing->holders || listing->waiters || select_needs_holders(&listing->selection)) {
		add_column(columns, COLUMN_CREATOR);
		add_column(columns, COLUMN_VERDICT);
	}
	if (listing->holders)
		add_column(columns, COLUMN_HOLDERS);
	if (listing->waiters)
		add_column(columns, COLUMN_WAITERS);
}

static void plan_column(struct gather *gather, enum column column)
{
	gather->look |= column_look(column);
	gather->wanted |= column_wanted(column);
	gather->verdicts |= column_needs_verdict(column);
	gather->creators |= column_needs_creator(column);
}

void listing_plan(const struct listing *listing, struct gather *gather)
{
	*gather = (struct gather){ .selection = &listing->selection,
				   .refs = listing->refs.refs,
				   .ref_count = listing->refs.count };
	for (size_t i = 0; !listing->refs_only && i < listing->columns.count; i++)
		plan_column(gather, listing->columns.list[i]);
	/* To read a queue's status line moves its times: only for who asks for it. */
	if (!listing->columns_given && !listing->detail)
		gather->look &= ~(unsigned)CENSUS_STATUS;
	if (listing->sort >= 0)
		plan_column(gather, (enum column)listing->sort);
	if (listing->refs_only)
		return;
	if (listing->detail) {
		gather->wanted = HOLDERS_HOLDERS | HOLDERS_WAITERS;
		gather->verdicts = true;
	}
	gather->unlinked = gather->verdicts || gather->wanted & HOLDERS_HOLDERS;
}

int listing_gather(const struct listing *listing, const struct world *world, struct gather *gather)
{
	listing_plan(listing, gather);
	if (gather_objects(world, gather) == 0)
		return STATUS_OK;
	say_errno("cannot list the objects");
	return STATUS_FAILED;
}

int listing_tell(const struct listing *listing, const struct gather *gather)
{
	int status = cli_tell_gaps(&gather->gaps);

	for (size_t i = 0; i < gather->ref_count; i++) {
		if (gather->errors[i] != 0 && !census_is_unseen(gather->errors[i]))
			status = cli_worse(status,
					   cli_say_missing(&gather->refs[i], gather->errors[i]));
	}
	if (gather->census.count == 0 && status == STATUS_OK &&
	    (listing->selection.given || gather->ref_count > 0))
		status = STATUS_NOT_NOW;
	return status;
}

void listing_json(const struct listing *listing, const struct object *object,
		  const struct column_view *view, struct json_stream *stream)
{
	json_begin(stream, NULL, '{');
	for (size_t i = 0; i < listing->columns.count; i++)
		column_json(listing->columns.list[i], object, view, stream);
	if (listing->detail)
		detail_json(object, view, stream);
	json_end(stream, '}');
}

/* Objects one by one, as they are found. */
struct emitter {
	const struct listing *listing;
	struct column_view view;
	struct json_stream stream;
	struct text row;
	size_t count;
};

static int emit(const struct object *object, void *context)
{
	struct emitter *emitter = context;
	const struct listing *listing = emitter->listing;

	if (!select_maybe(&listing->selection, object, emitter->view.now))
		return 0;
	emitter->count++;
	if (listing->json) {
		json_line(&emitter->stream);
		listing_json(listing, object, &emitter->view, &emitter->stream);
	} else if (listing->refs_only) {
		if (object->removed && !object->sysv)
			return 0; /* its name is nobody's, or another's */
		text_clear(&emitter->row);
		column_text(COLUMN_REF, object, &emitter->view, &emitter->row);
		text_add(&emitter->row, listing->null ? "" : "\n", 1);
		fwrite_unlocked(emitter->row.bytes, 1, emitter->row.used, stdout);
	} else {
		cli_print_raw_row(object, &listing->columns, &emitter->view, &emitter->row);
		fwrite_unlocked(emitter->row.bytes, 1, emitter->row.used, stdout);
	}
	return ferror_unlocked(stdout);
}

static void emit_gathered(struct emitter *emitter, const struct gather *gather)
{
	emitter->view.holders = &gather->holders;
	for (size_t i = 0; i < gather->census.count; i++)
		if (emit(&gather->census.objects[i], emitter) != 0)
			return;
}

/* Whether nothing has to be known but what each object tells by itself. */
static bool can_stream(const struct listing *listing, const struct gather *gather)
{
	return gather->ref_count == 0 && gather->wanted == 0 && !gather->verdicts &&
	       !gather->creators && !select_needs_holders(&listing->selection) && listing->sort < 0;
}

static int stream_all(struct emitter *emitter, const struct world *world, struct gather *gather)
{
	const struct census_plan plan = select_plan(gather->selection, gather->look);

	census_walk(world, &plan, emit, emitter, &gather->gaps);
	return STATUS_OK;
}

static const struct listing *sorting;
static const struct column_view sorting_view = { .exact = true };

static int by_text(const struct object *one, const struct object *other)
{
	static struct text a, b;

	text_clear(&a);
	text_clear(&b);
	column_text(sorting->sort, one, &sorting_view, &a);
	column_text(sorting->sort, other, &sorting_view, &b);
	return strcmp(a.bytes, b.bytes);
}

static int compare(const void *one, const void *other)
{
	int order = 0;

	if (sorting->sort >= 0) {
		int64_t a = column_sort_key(sorting->sort, one),
			b = column_sort_key(sorting->sort, other);

		order = a == INT64_MIN ? by_text(one, other) : a < b ? -1 : a > b;
		if (sorting->descending)
			order = -order;
	}
	return order != 0 ? order : census_order(one, other);
}

void listing_sort(const struct listing *listing, struct census *census)
{
	sorting = listing;
	if (census->count > 1)
		qsort(census->objects, census->count, sizeof(struct object), compare);
}

static int print_gathered(const struct listing *listing, struct emitter *emitter,
			  const struct gather *gather)
{
	size_t rows, columns;

	fdio_terminal(STDOUT_FILENO, &rows, &columns);
	emitter->view.holders = &gather->holders;
	emitter->count = gather->census.count;
	if (listing->json || listing->refs_only || listing->raw) {
		emitter->count = 0;
		emit_gathered(emitter, gather);
	} else if (listing->detail) {
		for (size_t i = 0; i < gather->census.count; i++)
			detail_print(&gather->census.objects[i], &emitter->view, stdout);
	} else if (gather->census.count > 0 &&
		   cli_print_table(&gather->census, &listing->columns, &emitter->view,
				   !listing->no_headings, columns, NULL, stdout) < 0) {
		say_errno("cannot print the table");
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

int listing_print(const struct listing *listing, const struct world *world)
{
	struct emitter emitter = { .listing = listing,
				   .view = { .exact = listing->exact || listing->raw,
					     .now = time(NULL),
					     .world = world },
				   .stream = { .out = stdout } };
	bool streaming_form = listing->json || listing->refs_only || listing->raw;
	struct gather gather;
	int status;

	listing_plan(listing, &gather);
	if (listing->raw && !listing->no_headings)
		cli_print_raw(&gather.census, &listing->columns, &emitter.view, true);
	if (listing->json) {
		json_begin(&emitter.stream, NULL, '{');
		json_number(&emitter.stream, "version", 1);
		json_begin(&emitter.stream, "objects", '[');
	}
	if (streaming_form && can_stream(listing, &gather)) {
		status = stream_all(&emitter, world, &gather);
	} else {
		status = listing_gather(listing, world, &gather);
		if (status == STATUS_OK) {
			listing_sort(listing, &gather.census);
			status = print_gathered(listing, &emitter, &gather);
		}
	}
	if (listing->json) {
		json_end(&emitter.stream, ']');
		json_line(&emitter.stream);
		json_truth(&emitter.stream, "complete",
			   status == STATUS_OK && !gaps_any(&gather.gaps));
		json_end(&emitter.stream, '}');
		json_line(&emitter.stream);
	}
	free(emitter.row.bytes);
	if (status == STATUS_OK) {
		status = listing_tell(listing, &gather);
		if (status == STATUS_NOT_NOW && emitter.count > 0)
			status = STATUS_OK;
	}
	gather_free(&gather);
	return status;
}
