/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include <errno.h>
#include <stddef.h>

#include "creator.h"
#include "members.h"

const char *verdict_word(enum verdict verdict)
{
	static const char *const words[] = {
		"", "live", "unheld", "orphan", "unlinked", "unknown"
	};

	return words[verdict];
}

const char *verdict_creator_word(enum creator creator)
{
	static const char *const words[] = { "", "alive", "dead", "recycled", "?" };

	return words[creator];
}

static enum creator creator_of_fate(enum creator_fate fate)
{
	return fate == CREATOR_LIVES   ? CREATOR_ALIVE
	       : fate == CREATOR_ENDED ? CREATOR_DEAD
				       : CREATOR_RECYCLED;
}

void verdict_creator(struct object *object)
{
	object->creator_state = CREATOR_NONE;
	if (object->kind == REF_RING && object->creator_start > 0)
		object->creator_state = creator_of_fate(
			creator_look_exactly(object->creator, object->creator_start));
	else if (object->kind == REF_MQ && object->creator > 0)
		object->creator_state =
			creator_of_fate(creator_look(object->creator, object->used_at));
	else if (!object->sysv || object->kind != REF_SHM)
		return;
	else if (object->creator == 0)
		object->creator_state = CREATOR_UNKNOWN; /* of another PID namespace */
	else
		object->creator_state =
			creator_of_fate(creator_look(object->creator, object->changed_at));
}

static bool creator_is_gone(const struct object *object)
{
	return object->creator_state == CREATOR_DEAD || object->creator_state == CREATOR_RECYCLED;
}

/* Whether who used a System V queue or set last still lives. */
static bool user_lives(const struct object *object)
{
	if (object->kind == REF_SEM)
		return members_living(object->id, (int)object->size, object->used_at) > 0;
	for (int i = 0; i < 2; i++)
		if (object->last[i] > 0 &&
		    creator_look(object->last[i], object->times[i]) == CREATOR_LIVES)
			return true;
	return false;
}

static enum verdict judge(const struct object *object)
{
	if (object->removed)
		return VERDICT_UNLINKED;
	if (object->nattch > 0 || object->holder_count > 0 || object->waiter_count > 0 ||
	    object->held_unseen || object->notify > 0)
		return VERDICT_LIVE;
	if (object->sysv && object->kind != REF_SHM)
		return user_lives(object) ? VERDICT_LIVE : VERDICT_UNKNOWN;
	if (!object->sysv && !object->holders_complete)
		return VERDICT_UNKNOWN;
	return creator_is_gone(object) && object->messages <= 0 ? VERDICT_ORPHAN : VERDICT_UNHELD;
}

void verdict_find(struct object *object, struct gaps *gaps)
{
	char text[REF_TEXT_MAX];
	struct ref ref;

	verdict_creator(object);
	object->verdict = judge(object);
	if (object->verdict != VERDICT_UNKNOWN)
		return;
	census_ref(object, &ref);
	if (object->sysv)
		gaps_add(gaps, GAP_USERS, 0, ref_print(&ref, text));
	else if (gaps->of[GAP_PROCESS].count + gaps->of[GAP_OUTSIDE].count == 0)
		gaps_add(gaps, GAP_OBJECT, EACCES, ref_print(&ref, text));
}
