/* SPDX-License-Identifier: MIT */
#ifndef CENSUS_PARTS_H
#define CENSUS_PARTS_H

#include "census.h"

/* The two families, for census.c alone; as of census_walk() and census_one(). */
struct census_walker {
	const struct world *world;
	unsigned look;
	bool (*matters)(const struct object *object, const void *judge);
	const void *judge;
	census_visit *visit;
	void *context;
	struct gaps *gaps;
};

/* An object about which nothing is known yet. */
struct object census_blank(enum ref_kind kind, bool sysv);

int census_sysv_walk(struct census_walker *walker, enum ref_kind kind);
int census_sysv_one(const struct ref *ref, unsigned look, struct object *object, struct gaps *gaps);

/* Tell WALKER of OBJECT, with its values if they are wanted. */
int census_sysv_show(struct census_walker *walker, struct object *object);

/* Count OBJECT among those that may not be looked into, for ERROR. */
void census_note_hidden(const struct object *object, int error, struct gaps *gaps);

/* The same of one that WALKER has met, where that matters. */
void census_note_unreadable(const struct census_walker *walker, const struct object *object);

/* Seconds since 1970, or CENSUS_NONE for the 0 of "never". */
int64_t census_moment(time_t time);

/* The times of OBJECT: its last use is the later of two, or else the CHANGE. */
void census_take_times(struct object *object, int64_t first, int64_t second, int64_t changed);

/* The objects of KIND in /proc/sysvipc; OPENED tells whether it is there (errno). */
int census_table_walk(struct census_walker *walker, enum ref_kind kind, bool *opened);

int census_posix_walk_shm(struct census_walker *walker, unsigned kinds);
int census_posix_walk_queues(struct census_walker *walker);
int census_posix_one(const struct world *world, const struct ref *ref, unsigned look,
		     struct object *object, struct gaps *gaps);

#endif
