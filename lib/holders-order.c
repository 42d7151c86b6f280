/* SPDX-License-Identifier: MIT */
/* What was found process by process, put in the order of the objects. */
#include <stdlib.h>

#include "holders-parts.h"
#include "own.h"

static int by_object_and_tid(const void *one, const void *other)
{
	const struct waiter *a = one, *b = other;

	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	return a->tid < b->tid ? -1 : a->tid > b->tid;
}

/*
 * Put the holders of each object together, in the order in which they were
 * found: /proc lists processes by PID.  Returns 0, or -1 with errno ENOMEM.
 */
static int sort_holders(struct holders *found, size_t objects)
{
	OWN_MEM struct holder *sorted = calloc(found->holder_count + 1, sizeof *sorted);
	OWN_MEM size_t *places = calloc(objects + 1, sizeof *places);
	struct holder *unsorted = found->holders;

	if (sorted == NULL || places == NULL)
		return -1;
	for (size_t i = 0; i < found->holder_count; i++)
		places[unsorted[i].object + 1]++;
	for (size_t i = 1; i < objects; i++)
		places[i] += places[i - 1];
	for (size_t i = 0; i < found->holder_count; i++)
		sorted[places[unsorted[i].object]++] = unsorted[i];
	found->holders = sorted;
	found->holder_room = found->holder_count + 1;
	sorted = unsorted;
	return 0;
}

/* Holders of an object in a process that were not seen one after the other. */
static void merge_holders(struct holders *found)
{
	size_t kept = 0;

	for (size_t i = 0; i < found->holder_count; i++) {
		struct holder *holder = &found->holders[i],
			      *last = kept == 0 ? NULL : &found->holders[kept - 1];

		if (last != NULL && last->object == holder->object && last->pid == holder->pid) {
			last->mappings += holder->mappings;
			last->descriptors += holder->descriptors;
		} else {
			found->holders[kept++] = *holder;
		}
	}
	found->holder_count = kept;
}

/*
 * What is listed more than once (by several REFs; a file by all of its names) was
 * found the first time only.
 */
static void share_among_equals(struct census *census)
{
	for (size_t i = 0; i < census->count; i++) {
		struct object *object = &census->objects[i];
		const struct object *first =
			object->sysv ? census_find_id(census, object->kind, object->id)
				     : census_find_inode(census, object->device, object->inode);

		if (first == NULL || first == object)
			continue;
		object->holder_first = first->holder_first;
		object->holder_count = first->holder_count;
		object->waiter_first = first->waiter_first;
		object->waiter_count = first->waiter_count;
	}
}

void hunt_hand_out(struct hunt *hunt)
{
	struct holders *found = hunt->found;
	struct object *objects = hunt->census->objects;

	if (sort_holders(found, hunt->census->count) < 0)
		hunt->failed = true, found->holder_count = 0;
	merge_holders(found);
	if (found->waiter_count > 0)
		qsort(found->waiters, found->waiter_count, sizeof *found->waiters,
		      by_object_and_tid);
	for (size_t i = 0; i < hunt->census->count; i++)
		objects[i].holder_count = objects[i].waiter_count = 0;
	for (size_t i = 0; i < found->holder_count; i++)
		if (objects[found->holders[i].object].holder_count++ == 0)
			objects[found->holders[i].object].holder_first = i;
	for (size_t i = 0; i < found->waiter_count; i++)
		if (objects[found->waiters[i].object].waiter_count++ == 0)
			objects[found->waiters[i].object].waiter_first = i;
	share_among_equals(hunt->census);
}
