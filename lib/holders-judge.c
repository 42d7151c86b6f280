/* SPDX-License-Identifier: MIT */
/*
 * How far the answer can be trusted.  Not even root may look into every
 * process, so that "nobody" needs another witness than /proc.
 */
#include <sys/sem.h>
#include <sys/shm.h>

#include "holders-parts.h"
#include "members.h"

struct judge {
	const struct world *world;
	const struct holders *holders;
	bool all_seen; /* each process that could have to do with an object was looked into */
};

static uint64_t mappings_of(const struct judge *judge, const struct object *object)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < object->holder_count; i++)
		sum += judge->holders->holders[object->holder_first + i].mappings;
	return sum;
}

/* A segment counts its mappings: as many as it has now were seen, or not. */
static void judge_segment(const struct judge *judge, struct object *object)
{
	uint64_t seen = mappings_of(judge, object);
	struct shmid_ds status;

	if (seen < (uint64_t)object->nattch && shmctl(object->id, IPC_STAT, &status) == 0)
		object->nattch = (int64_t)status.shm_nattch;
	object->holders_complete = seen >= (uint64_t)object->nattch;
	/* Who waits in a segment has it mapped. */
	object->waiters_complete =
		judge->all_seen || object->nattch == 0 || object->holders_complete;
}

static void judge_set(const struct judge *judge, struct object *object)
{
	object->holders_complete = true; /* it is not opened by anybody */
	object->waiters_complete = judge->all_seen;
	if (!judge->all_seen) {
		int64_t waiting = members_waiting(object->id, (int)object->size);

		object->waiters_complete = waiting >= 0 && (int64_t)object->waiter_count >= waiting;
	}
}

/* The lease is asked only where /proc has not shown all, and nobody in it. */
static void judge_file(const struct judge *judge, struct object *object)
{
	char name[REF_NAME_MAX + 1];
	int directory, held;

	object->holders_complete = object->waiters_complete = judge->all_seen;
	if (judge->all_seen || object->removed || object->holder_count + object->waiter_count > 0)
		return;
	directory = census_file(judge->world, object, name);
	held = directory < 0 ? -1 : world_is_held(directory, name, object->device, object->inode);
	object->held_unseen = held == 1;
	object->holders_complete = object->waiters_complete = held == 0;
}

/* Of some processes only: nobody else matters. */
static bool judge_some(struct census *census, bool all_seen)
{
	for (size_t i = 0; i < census->count; i++)
		census->objects[i].holders_complete = census->objects[i].waiters_complete =
			all_seen;
	return all_seen;
}

static bool judge_all(const struct judge *judge, struct census *census, unsigned wanted)
{
	bool lacking = false;

	for (size_t i = 0; i < census->count; i++) {
		struct object *object = &census->objects[i];

		if (!object->sysv) {
			judge_file(judge, object);
		} else if (object->kind == REF_SHM) {
			judge_segment(judge, object);
		} else if (object->kind == REF_SEM) {
			if (wanted & HOLDERS_WAITERS)
				judge_set(judge, object);
			object->holders_complete = true;
		} else {
			object->holders_complete = true;
			object->waiters_complete = judge->all_seen;
		}
		lacking |= (wanted & HOLDERS_HOLDERS && !object->holders_complete) ||
			   (wanted & HOLDERS_WAITERS && !object->waiters_complete);
	}
	return !lacking;
}

void holders_judge(const struct world *world, struct census *census,
		   const struct holders_question *question, const struct holders *holders,
		   const struct gaps *missed, struct gaps *gaps)
{
	bool some = question->pids != NULL;
	struct judge judge = { .world = world,
			       .holders = holders,
			       .all_seen = (some || world->all_processes) &&
					   missed->of[GAP_PROCESS].count == 0 };

	if (some ? judge_some(census, judge.all_seen) : judge_all(&judge, census, question->wanted))
		return;
	if (missed->of[GAP_PROCESS].count > 0)
		gaps->of[GAP_PROCESS] = missed->of[GAP_PROCESS];
	if (!some && !world->all_processes)
		gaps_add(gaps, GAP_OUTSIDE, 0, NULL);
}
