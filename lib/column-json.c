/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "column-parts.h"

static void pids_json(enum column column, const struct object *object,
		      const struct column_view *view, struct json_stream *stream)
{
	bool of_holders = column == COLUMN_HOLDERS;
	size_t count = of_holders ? object->holder_count : object->waiter_count;
	bool complete = of_holders ? object->holders_complete : object->waiters_complete;
	struct text command = { 0 };

	if (!complete && count == 0) {
		json_nothing(stream, column_name(column));
		return;
	}
	json_begin(stream, column_name(column), '[');
	for (size_t i = 0; i < count; i++) {
		const struct holder *holder =
			of_holders ? &view->holders->holders[object->holder_first + i] : NULL;
		const struct waiter *waiter =
			of_holders ? NULL : &view->holders->waiters[object->waiter_first + i];

		text_clear(&command);
		text_harmless(&command, of_holders ? holder->command : waiter->command);
		json_begin(stream, NULL, '{');
		json_number(stream, "pid", of_holders ? holder->pid : waiter->pid);
		if (of_holders) {
			json_text(stream, "command", command.bytes);
			json_number(stream, "mappings", holder->mappings);
			json_number(stream, "descriptors", holder->descriptors);
		} else {
			json_number(stream, "tid", waiter->tid);
			json_text(stream, "command", command.bytes);
			json_text(stream, "call", waiter_call(waiter->in));
			if (waiter->member >= 0)
				json_number(stream, "member", waiter->member);
			json_truth(stream, "stopped", waiter->stopped);
		}
		json_end(stream, '}');
	}
	if (!complete) /* there may be more */
		json_nothing(stream, NULL);
	json_end(stream, ']');
	free(command.bytes);
}

static void values_json(const struct object *object, struct json_stream *stream)
{
	if (object->values == NULL) {
		json_nothing(stream, "values");
		return;
	}
	json_begin(stream, "values", '[');
	for (int64_t i = 0; i < object->size; i++)
		json_number(stream, NULL, object->values[i]);
	json_end(stream, ']');
}

/* Both forms of a time: for people and for arithmetic. */
static void moment_json(enum column column, int64_t seconds, struct text *text,
			struct json_stream *stream)
{
	const char *epoch = column == COLUMN_USED_AT ? "used_at_epoch" : "changed_at_epoch";

	if (seconds == CENSUS_NONE) {
		json_nothing(stream, column_name(column));
		json_nothing(stream, epoch);
		return;
	}
	text_time(text, seconds);
	json_text(stream, column_name(column), text->bytes);
	json_number(stream, epoch, seconds);
}

void column_json(enum column column, const struct object *object, const struct column_view *view,
		 struct json_stream *stream)
{
	static struct text text;
	int64_t number;

	text_clear(&text);
	if (column == COLUMN_USED_AT || column == COLUMN_CHANGED_AT) {
		number = column == COLUMN_USED_AT ? object->used_at : object->changed_at;
		moment_json(column, column_applies(column, object) ? number : CENSUS_NONE, &text,
			    stream);
	} else if (!column_applies(column, object) || (column == COLUMN_KEY && object->key == 0)) {
		json_nothing(stream, column_name(column));
	} else if (column_is_number(column)) {
		number = column_number(column, object, view->now);
		if (number == CENSUS_NONE)
			json_nothing(stream, column_name(column));
		else
			json_number(stream, column_name(column), number);
	} else if (column == COLUMN_VALUES) {
		values_json(object, stream);
	} else if (column == COLUMN_HOLDERS || column == COLUMN_WAITERS) {
		pids_json(column, object, view, stream);
	} else {
		column_text(column, object, view, &text);
		if (strcmp(text.bytes, "?") == 0 || *text.bytes == '\0')
			json_nothing(stream, column_name(column));
		else
			json_text(stream, column_name(column), text.bytes);
	}
}
