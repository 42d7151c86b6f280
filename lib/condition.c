/* SPDX-License-Identifier: MIT */
#include "condition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "holders.h"
#include "ring-layout.h"
#include "scan.h"

static const struct {
	const char *word;
	enum condition_kind kind;
	bool has_number;
} words[] = {
	{ "exists", CONDITION_EXISTS, false },
	{ "gone", CONDITION_GONE, false },
	{ "empty", CONDITION_EMPTY, false },
	{ "nonempty", CONDITION_NONEMPTY, false },
	{ "full", CONDITION_FULL, false },
	{ "room", CONDITION_ROOM, false },
	{ "unheld", CONDITION_UNHELD, false },
	{ "held", CONDITION_HELD, false },
	{ "value-ge", CONDITION_VALUE_GE, true },
	{ "value-le", CONDITION_VALUE_LE, true },
	{ "messages-ge", CONDITION_MESSAGES_GE, true },
	{ "messages-le", CONDITION_MESSAGES_LE, true },
};

const char *condition_scan(const char *text, struct condition *condition)
{
	size_t length = strcspn(text, "=");

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strlen(words[i].word) != length || strncmp(words[i].word, text, length) != 0)
			continue;
		condition->kind = words[i].kind;
		if (words[i].has_number != (text[length] == '='))
			return words[i].has_number ? "needs a number (=N)" : "takes no number";
		return words[i].has_number
			       ? scan_number(text + length + 1, 0, INT64_MAX, &condition->number)
			       : NULL;
	}
	return "is none: exists, gone, empty, nonempty, full, room, unheld, held, value-ge=N, "
	       "value-le=N, messages-ge=N or messages-le=N";
}

const char *condition_unfit(const struct condition *condition, const struct ref *ref)
{
	switch (condition->kind) {
	case CONDITION_EXISTS:
	case CONDITION_GONE:
		return NULL;
	case CONDITION_EMPTY:
	case CONDITION_NONEMPTY:
	case CONDITION_FULL:
	case CONDITION_ROOM:
	case CONDITION_MESSAGES_GE:
	case CONDITION_MESSAGES_LE:
		return ref->kind == REF_MQ || ref->kind == REF_RING ? NULL
								    : "is for queues and rings";
	case CONDITION_UNHELD:
	case CONDITION_HELD:
		return ref_is_posix(ref) || ref->kind == REF_SHM
			       ? NULL
			       : "is for what is opened or attached, as System V sets and queues "
				 "are not";
	case CONDITION_VALUE_GE:
	case CONDITION_VALUE_LE:
		break;
	}
	return ref->kind == REF_SEM ? NULL : "is for semaphores";
}

unsigned condition_look(const struct condition *condition)
{
	switch (condition->kind) {
	case CONDITION_EXISTS:
	case CONDITION_GONE:
	case CONDITION_UNHELD:
	case CONDITION_HELD:
		return 0;
	default:
		return CENSUS_CONTENT | CENSUS_VALUES;
	}
}

/*
 * Whether not one more of one byte fits.  Bytes count, too: of a System V queue
 * those of messages, of a ring those around a record as well.
 */
static int is_full(const struct object *object)
{
	if (object->messages == CENSUS_NONE)
		return -1;
	if (object->kind == REF_RING)
		return object->size - object->used < (int64_t)ring_record_size(1);
	if (object->max_messages != CENSUS_NONE)
		return object->messages >= object->max_messages;
	return object->used >= object->size || object->messages >= object->size;
}

/* The least, or the largest, value of a set; a semaphore has one. */
static int64_t value_of(const struct object *object, bool least)
{
	int64_t found = object->value;

	for (int64_t i = 0; object->values != NULL && i < object->size; i++)
		if (i == 0 || (least ? object->values[i] < found : object->values[i] > found))
			found = object->values[i];
	return found;
}

/* By the kernel's own count, a lease, or a look into all processes. */
static int is_held(const struct world *world, const struct object *object)
{
	const struct holders_question question = { .wanted = HOLDERS_HOLDERS };
	struct census census = { 0 };
	struct holders holders = { 0 };
	struct gaps gaps = { 0 };
	char name[REF_NAME_MAX + 1];
	int directory, held;
	const struct object *seen;

	if (object->sysv)
		return object->nattch > 0;
	directory = census_file(world, object, name);
	held = directory < 0 ? -1 : world_is_held(directory, name, object->device, object->inode);
	if (held >= 0)
		return held;
	if (census_add(&census, object) < 0 ||
	    holders_find(world, &census, &question, &holders, &gaps) < 0) {
		census_free(&census);
		return -1;
	}
	seen = &census.objects[0];
	held = seen->holder_count > 0 ? 1 : seen->holders_complete ? 0 : -1;
	census_free(&census);
	holders_free(&holders);
	errno = EACCES;
	return held;
}

static int when_known(int64_t number, bool holds)
{
	errno = EACCES;
	return number == CENSUS_NONE ? -1 : holds;
}

int condition_holds(const struct condition *condition, const struct world *world,
		    const struct object *object)
{
	int64_t messages = object->messages, value;
	int full;

	switch (condition->kind) {
	case CONDITION_EXISTS:
		return 1;
	case CONDITION_GONE:
		return 0;
	case CONDITION_EMPTY:
		return when_known(messages, messages == 0);
	case CONDITION_NONEMPTY:
		return when_known(messages, messages > 0);
	case CONDITION_MESSAGES_GE:
		return when_known(messages, messages >= condition->number);
	case CONDITION_MESSAGES_LE:
		return when_known(messages, messages <= condition->number);
	case CONDITION_FULL:
		return when_known(messages, is_full(object) == 1);
	case CONDITION_ROOM:
		full = is_full(object);
		return when_known(messages, full == 0);
	case CONDITION_VALUE_GE:
		value = value_of(object, true);
		return when_known(value, value >= condition->number);
	case CONDITION_VALUE_LE:
		value = value_of(object, false);
		return when_known(value, value <= condition->number);
	case CONDITION_UNHELD:
	case CONDITION_HELD:
		break;
	}
	full = is_held(world, object);
	if (full < 0)
		return -1;
	return condition->kind == CONDITION_HELD ? full : !full;
}
