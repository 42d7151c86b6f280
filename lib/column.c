/* SPDX-License-Identifier: MIT */
#include "column-parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "names.h"
#include "verdict.h"

enum { ANY_KIND = REF_SHM | REF_MQ | REF_SEM | REF_RING, POSIX = 1, SYSV = 2, BOTH = 3 };

static const struct {
	const char *name;
	unsigned kinds, families; /* that have it */
	bool is_number;
	unsigned look;
} columns[COLUMNS] = {
	[COLUMN_REF] = { "ref", ANY_KIND, BOTH, false, 0 },
	[COLUMN_KIND] = { "kind", ANY_KIND, BOTH, false, 0 },
	[COLUMN_FAMILY] = { "family", ANY_KIND, BOTH, false, 0 },
	[COLUMN_KEY] = { "key", ANY_KIND, SYSV, false, 0 },
	[COLUMN_ID] = { "id", ANY_KIND, SYSV, true, 0 },
	[COLUMN_OWNER] = { "owner", ANY_KIND, BOTH, false, 0 },
	[COLUMN_GROUP] = { "group", ANY_KIND, BOTH, false, 0 },
	[COLUMN_MODE] = { "mode", ANY_KIND, BOTH, false, 0 },
	[COLUMN_SIZE] = { "size", ANY_KIND, BOTH, true, CENSUS_CONTENT },
	[COLUMN_USED_BYTES] = { "used_bytes", REF_SHM | REF_MQ | REF_RING, BOTH, true,
				CENSUS_STATUS | CENSUS_RSS },
	[COLUMN_MESSAGES] = { "messages", REF_MQ | REF_RING, BOTH, true, CENSUS_CONTENT },
	[COLUMN_MAX_MESSAGES] = { "max_messages", REF_MQ, POSIX, true, CENSUS_CONTENT },
	[COLUMN_MESSAGE_SIZE] = { "message_size", REF_MQ, POSIX, true, CENSUS_CONTENT },
	[COLUMN_VALUE] = { "value", REF_SEM, BOTH, true, CENSUS_CONTENT | CENSUS_VALUE },
	[COLUMN_VALUES] = { "values", REF_SEM, SYSV, false, CENSUS_VALUES },
	[COLUMN_NATTCH] = { "nattch", REF_SHM, SYSV, true, 0 },
	[COLUMN_RSS] = { "rss", REF_SHM, SYSV, true, CENSUS_RSS },
	[COLUMN_SWAP] = { "swap", REF_SHM, SYSV, true, CENSUS_RSS },
	[COLUMN_CREATOR] = { "creator", REF_SHM | REF_RING, BOTH, false, 0 },
	[COLUMN_VERDICT] = { "verdict", ANY_KIND, BOTH, false, 0 },
	[COLUMN_AGE] = { "age", ANY_KIND, BOTH, true, 0 },
	[COLUMN_USED_AT] = { "used_at", ANY_KIND, BOTH, false, 0 },
	[COLUMN_CHANGED_AT] = { "changed_at", ANY_KIND, BOTH, false, 0 },
	[COLUMN_HOLDERS] = { "holders", ANY_KIND, BOTH, false, 0 },
	[COLUMN_WAITERS] = { "waiters", ANY_KIND, BOTH, false, 0 },
};

const char *column_name(enum column column)
{
	return columns[column].name;
}

int column_find(const char *name, size_t length)
{
	for (int i = 0; i < COLUMNS; i++)
		if (strlen(columns[i].name) == length &&
		    strncasecmp(columns[i].name, name, length) == 0)
			return i;
	return -1;
}

bool column_is_number(enum column column)
{
	return columns[column].is_number;
}

bool column_is_list(enum column column)
{
	return column == COLUMN_VALUES || column == COLUMN_HOLDERS || column == COLUMN_WAITERS;
}

unsigned column_look(enum column column)
{
	return columns[column].look;
}

unsigned column_wanted(enum column column)
{
	return column == COLUMN_HOLDERS   ? HOLDERS_HOLDERS
	       : column == COLUMN_WAITERS ? HOLDERS_WAITERS
					  : 0;
}

bool column_needs_verdict(enum column column)
{
	return column == COLUMN_VERDICT;
}

bool column_needs_creator(enum column column)
{
	return column == COLUMN_CREATOR;
}

/* Whether OBJECT is of a kind that has COLUMN. */
bool column_applies(enum column column, const struct object *object)
{
	if (!(columns[column].kinds & (unsigned)object->kind) ||
	    !(columns[column].families & (object->sysv ? SYSV : POSIX)))
		return false;
	if (column == COLUMN_VALUE)
		return !object->sysv || object->size == 1;
	if (column == COLUMN_CREATOR)
		return object->creator_state != CREATOR_NONE;
	if (column == COLUMN_HOLDERS) /* nothing that could be held */
		return !object->sysv || object->kind == REF_SHM;
	if (column == COLUMN_CHANGED_AT)
		return object->sysv || object->kind != REF_MQ;
	return true;
}

int64_t column_number(enum column column, const struct object *object, int64_t now)
{
	switch (column) {
	case COLUMN_ID:
		return object->id;
	case COLUMN_SIZE:
		return object->size;
	case COLUMN_USED_BYTES:
		/* Of a segment, what is in memory or on the disk for it. */
		if (object->sysv && object->kind == REF_SHM)
			return object->rss < 0 ? CENSUS_NONE : object->rss + object->swap;
		return object->used;
	case COLUMN_MESSAGES:
		return object->messages;
	case COLUMN_MAX_MESSAGES:
		return object->max_messages;
	case COLUMN_MESSAGE_SIZE:
		return object->message_size;
	case COLUMN_VALUE:
		return object->value;
	case COLUMN_NATTCH:
		return object->nattch;
	case COLUMN_RSS:
		return object->rss;
	case COLUMN_SWAP:
		return object->swap;
	case COLUMN_AGE:
		if (object->used_at == CENSUS_NONE)
			return CENSUS_NONE;
		return now > object->used_at ? now - object->used_at : 0;
	default:
		return CENSUS_NONE;
	}
}

static bool is_bytes(enum column column, const struct object *object)
{
	switch (column) {
	case COLUMN_SIZE:
		return object->kind != REF_SEM;
	case COLUMN_USED_BYTES:
	case COLUMN_MESSAGE_SIZE:
	case COLUMN_RSS:
	case COLUMN_SWAP:
		return true;
	default:
		return false;
	}
}

int64_t column_sort_key(enum column column, const struct object *object)
{
	switch (column) {
	case COLUMN_AGE:
		return -object->used_at;
	case COLUMN_USED_AT:
		return object->used_at;
	case COLUMN_CHANGED_AT:
		return object->changed_at;
	case COLUMN_KEY:
		return object->sysv ? (int64_t)(uint32_t)object->key : -1;
	case COLUMN_MODE:
		return object->mode & 07777;
	case COLUMN_HOLDERS:
		return (int64_t)object->holder_count;
	case COLUMN_WAITERS:
		return (int64_t)object->waiter_count;
	default:
		return columns[column].is_number ? column_number(column, object, 0) : INT64_MIN;
	}
}

static const char *kind_word(enum ref_kind kind)
{
	return kind == REF_SHM ? "shm" : kind == REF_MQ ? "mq" : kind == REF_SEM ? "sem" : "ring";
}

static void add_values(const struct object *object, struct text *text)
{
	if (object->values == NULL) {
		text_word(text, "?");
		return;
	}
	for (int64_t i = 0; i < object->size; i++) {
		if (i > 0)
			text_add(text, ",", 1);
		text_number(text, object->values[i]);
	}
}

/* "12,15,+48" or "12,?": those that were seen, and whether there may be more. */
static void add_pids(enum column column, const struct object *object,
		     const struct column_view *view, struct text *text)
{
	bool of_holders = column == COLUMN_HOLDERS;
	size_t count = of_holders ? object->holder_count : object->waiter_count, shown = count;
	bool complete = of_holders ? object->holders_complete : object->waiters_complete;

	if (!view->exact && shown > 4)
		shown = 3;
	for (size_t i = 0; i < shown; i++) {
		if (i > 0)
			text_add(text, ",", 1);
		if (of_holders)
			text_number(text, view->holders->holders[object->holder_first + i].pid);
		else
			text_number(text, view->holders->waiters[object->waiter_first + i].tid);
	}
	if (shown < count)
		text_format(text, ",+%zu", count - shown);
	if (!complete)
		text_word(text, count > 0 ? ",?" : "?");
	else if (count == 0)
		text_word(text, "-");
}

static void add_moment(int64_t seconds, struct text *text)
{
	if (seconds == CENSUS_NONE)
		text_word(text, "?");
	else
		text_time(text, seconds);
}

static void add_number(enum column column, const struct object *object,
		       const struct column_view *view, struct text *text)
{
	int64_t number = column_number(column, object, view->now);

	if (number == CENSUS_NONE)
		text_word(text, "?");
	else if (!view->exact && is_bytes(column, object))
		text_size(text, number);
	else if (!view->exact && column == COLUMN_AGE)
		text_age(text, number);
	else
		text_number(text, number);
}

static void add_ref(const struct object *object, struct text *text)
{
	text_word(text, kind_word(object->kind));
	if (object->sysv) {
		text_add(text, ":id:", 4);
		text_number(text, object->id);
	} else {
		text_add(text, ":/", 2);
		text_harmless(text, object->name);
	}
}

static void add_hex(struct text *text, uint32_t number)
{
	char digits[16];

	text_add(text, digits, (size_t)snprintf(digits, sizeof digits, "0x%x", number));
}

void column_text(enum column column, const struct object *object, const struct column_view *view,
		 struct text *text)
{
	char octal[16];

	if (!column_applies(column, object)) {
		text_word(text, "-");
		return;
	}
	if (object->unseen &&
	    (column == COLUMN_OWNER || column == COLUMN_GROUP || column == COLUMN_MODE)) {
		text_word(text, "?");
		return;
	}
	switch (column) {
	case COLUMN_REF:
		add_ref(object, text);
		break;
	case COLUMN_KIND:
		text_word(text, kind_word(object->kind));
		break;
	case COLUMN_FAMILY:
		text_word(text, object->sysv ? "sysv" : "posix");
		break;
	case COLUMN_KEY:
		if (object->key == 0)
			text_word(text, "-");
		else
			add_hex(text, (uint32_t)object->key);
		break;
	case COLUMN_OWNER:
		text_harmless(text, names_user(object->owner));
		break;
	case COLUMN_GROUP:
		text_harmless(text, names_group(object->group));
		break;
	case COLUMN_MODE:
		text_add(text, octal,
			 (size_t)snprintf(octal, sizeof octal, "%04o", object->mode & 0777));
		break;
	case COLUMN_VALUES:
		add_values(object, text);
		break;
	case COLUMN_CREATOR:
		text_word(text, verdict_creator_word(object->creator_state));
		break;
	case COLUMN_VERDICT:
		text_word(text, verdict_word(object->verdict));
		break;
	case COLUMN_USED_AT:
		add_moment(object->used_at, text);
		break;
	case COLUMN_CHANGED_AT:
		add_moment(object->changed_at, text);
		break;
	case COLUMN_HOLDERS:
	case COLUMN_WAITERS:
		add_pids(column, object, view, text);
		break;
	default:
		add_number(column, object, view, text);
		break;
	}
}
