/* SPDX-License-Identifier: MIT */
#include "census.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "census-parts.h"

int census_walk(const struct world *world, const struct census_plan *plan, census_visit *visit,
		void *context, struct gaps *gaps)
{
	struct census_walker walker = { .world = world,
					.look = plan->look,
					.matters = plan->matters,
					.judge = plan->judge,
					.visit = visit,
					.context = context,
					.gaps = gaps };
	const enum ref_kind sysv[] = { REF_SHM, REF_SEM, REF_MQ };
	int result = 0;

	for (size_t i = 0; result == 0 && plan->sysv && i < sizeof sysv / sizeof *sysv; i++)
		if (plan->kinds & sysv[i])
			result = census_sysv_walk(&walker, sysv[i]);
	if (result == 0 && plan->posix && plan->kinds & (REF_SHM | REF_SEM | REF_RING))
		result = census_posix_walk_shm(&walker, plan->kinds);
	if (result == 0 && plan->posix && plan->kinds & REF_MQ)
		result = census_posix_walk_queues(&walker);
	return result;
}

int census_one(const struct world *world, const struct ref *ref, unsigned look,
	       struct object *object, struct gaps *gaps)
{
	if (ref_is_posix(ref))
		return census_posix_one(world, ref, look, object, gaps);
	if (world->sysv_error != 0) {
		errno = world->sysv_error;
		return -1;
	}
	return census_sysv_one(ref, look, object, gaps);
}

bool census_is_unseen(int error)
{
	return error == EACCES || error == EPERM || error == EXDEV;
}

void census_drop(struct object *object)
{
	free(object->name);
	free(object->values);
	object->name = NULL;
	object->values = NULL;
}

void census_ref(const struct object *object, struct ref *ref)
{
	ref->kind = object->kind;
	ref->form = object->sysv ? REF_ID : REF_POSIX;
	ref->id = object->id;
	if (!object->sysv) {
		ref->name[0] = '/';
		strcpy(ref->name + 1, object->name);
	}
}

int census_file(const struct world *world, const struct object *object, char *name)
{
	const char *prefix = "";

	if (object->kind == REF_SEM)
		prefix = "sem.";
	else if (object->kind == REF_RING)
		prefix = "ring.";
	snprintf(name, REF_NAME_MAX + 1, "%s%s", prefix, object->name);
	return object->kind == REF_MQ ? world->queues : world->shm;
}

int census_order(const struct object *one, const struct object *other)
{
	int order;

	if (one->kind != other->kind)
		return one->kind < other->kind ? -1 : 1;
	if (one->sysv != other->sysv)
		return one->sysv ? -1 : 1;
	if (one->sysv)
		return one->id < other->id ? -1 : one->id > other->id;
	order = strcmp(one->name, other->name);
	if (order != 0)
		return order;
	return one->inode < other->inode ? -1 : one->inode > other->inode;
}

void census_note_hidden(const struct object *object, int error, struct gaps *gaps)
{
	char text[REF_TEXT_MAX];
	struct ref ref;

	census_ref(object, &ref);
	gaps_add(gaps, GAP_OBJECT, error, ref_print(&ref, text));
}

void census_note_unreadable(const struct census_walker *walker, const struct object *object)
{
	if (walker->matters == NULL || walker->matters(object, walker->judge))
		census_note_hidden(object, EACCES, walker->gaps);
}

bool census_is_same(const struct object *one, const struct object *other)
{
	if (one->sysv != other->sysv)
		return false;
	if (one->sysv)
		return one->kind == other->kind && one->id == other->id && one->key == other->key &&
		       one->changed_at == other->changed_at && one->owner == other->owner &&
		       one->creator_owner == other->creator_owner && one->creator == other->creator;
	return one->device == other->device && one->inode == other->inode &&
	       one->born == other->born && one->owner == other->owner;
}

/* Room for one more. */
static int make_room(struct census *census)
{
	size_t room = census->room == 0 ? 256 : 2 * census->room;
	struct object *objects;

	if (census->count < census->room)
		return 0;
	objects = reallocarray(census->objects, room, sizeof *objects);
	if (objects == NULL)
		return -1;
	census->objects = objects;
	census->room = room;
	return 0;
}

int census_add(struct census *census, const struct object *object)
{
	size_t size = object->values == NULL ? 0 : (size_t)object->size * sizeof *object->values;
	char *name = object->name == NULL ? NULL : strdup(object->name);
	int *values = object->values == NULL ? NULL : malloc(size + 1);
	struct object *copy;

	if ((object->name != NULL && name == NULL) || (object->values != NULL && values == NULL) ||
	    make_room(census) < 0) {
		free(name);
		free(values);
		return -1;
	}
	if (values != NULL)
		memcpy(values, object->values, size);
	copy = &census->objects[census->count];
	*copy = *object;
	copy->name = name;
	copy->values = values;
	census->count++;
	return 0;
}

void census_free(struct census *census)
{
	for (size_t i = 0; i < census->count; i++)
		census_drop(&census->objects[i]);
	free(census->objects);
	free(census->index.slots);
	*census = (struct census){ 0 };
}

/* What an object is found by stands here itself: a look takes one line of the cache. */
struct census_slot {
	uint64_t place;  /* the device of a file, or SYSV and the kind */
	uint64_t number; /* its inode, or the id */
	size_t object;   /* its number and one; 0: the slot is free */
};

#define SYSV (UINT64_C(1) << 63)

static struct census_slot slot_of(const struct object *object)
{
	if (object->sysv)
		return (struct census_slot){ .place = SYSV | (unsigned)object->kind,
					     .number = (unsigned)object->id };
	return (struct census_slot){ .place = object->device, .number = object->inode };
}

/* The slot of the object at PLACE with NUMBER, or the free one where it would be. */
static struct census_slot *find_slot(const struct census *census, uint64_t place, uint64_t number)
{
	const uint64_t hash = place * 0x9e3779b97f4a7c15U ^ number * 0xc2b2ae3d27d4eb4fU;
	const size_t mask = census->index.size - 1;
	size_t at = (size_t)(hash ^ hash >> 29) & mask;

	for (;; at = (at + 1) & mask) {
		struct census_slot *slot = &census->index.slots[at];

		if (slot->object == 0 || (slot->number == number && slot->place == place))
			return slot;
	}
}

static struct object *find(const struct census *census, uint64_t place, uint64_t number)
{
	size_t object = find_slot(census, place, number)->object;

	return object == 0 ? NULL : &census->objects[object - 1];
}

/* The first of several names of one object is found. */
static void index_object(struct census *census, size_t number)
{
	struct census_slot wanted = slot_of(&census->objects[number]);
	struct census_slot *slot = find_slot(census, wanted.place, wanted.number);

	if (slot->object != 0)
		return;
	wanted.object = number + 1;
	*slot = wanted;
}

int census_make_index(struct census *census)
{
	size_t size = 16;

	free(census->index.slots);
	while (size < 3 * census->count)
		size *= 2;
	census->index.size = size;
	census->index.slots = calloc(size, sizeof *census->index.slots);
	if (census->index.slots == NULL)
		return -1;
	for (size_t i = 0; i < census->count; i++)
		index_object(census, i);
	return 0;
}

int census_add_indexed(struct census *census, const struct object *object)
{
	if (census_add(census, object) < 0)
		return -1;
	if (census->index.size < 2 * census->count)
		return census_make_index(census);
	index_object(census, census->count - 1);
	return 0;
}

struct object *census_find_id(const struct census *census, enum ref_kind kind, int id)
{
	return find(census, SYSV | (unsigned)kind, (unsigned)id);
}

struct object *census_find_inode(const struct census *census, dev_t device, ino_t inode)
{
	return find(census, device, inode);
}
