/* SPDX-License-Identifier: MIT */
#ifndef SELECT_H
#define SELECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "census.h"
#include "holders.h"

/*
 * Which objects are meant: the same in each tool that takes a SELECTION.  A
 * criterion with several values means any of them; several criteria mean all
 * of them.  The zero value means everything.
 */
enum { SELECT_LIST_MAX = 256 };

struct selection {
	unsigned kinds;   /* a set of enum ref_kind; 0: all */
	bool posix, sysv; /* the families; neither: both */
	uid_t owners[SELECT_LIST_MAX];
	size_t owner_count;
	char **globs; /* over the printed REF without its kind, as of fnmatch(3) */
	size_t glob_count;
	pid_t pids[SELECT_LIST_MAX]; /* held or made by one of them */
	size_t pid_count;
	bool orphans, unheld;
	bool by_age, by_size;
	int64_t older_than; /* seconds since the last recorded use */
	int64_t min_size;   /* bytes: not of semaphores, which have none */
	pid_t world;        /* whose; 0: ours */
	bool given;         /* there is a selection at all */
};

/* Whether anything selects beyond kind, family and world. */
bool select_is_narrow(const struct selection *selection);

/* Whether it takes a look into other processes. */
bool select_needs_holders(const struct selection *selection);

/* Where to look for what may be meant; LOOK is of enum census_look. */
struct census_plan select_plan(const struct selection *selection, unsigned look);

/* Whether OBJECT can be meant, by what comes for nothing; NOW is in seconds since 1970. */
bool select_maybe(const struct selection *selection, const struct object *object, int64_t now);

/* Whether it is, once holders and its verdict are known. */
bool select_is_meant(const struct selection *selection, const struct object *object,
		     const struct holders *holders);

/* Whether it is not because it could not be told who has OBJECT. */
bool select_is_unsure(const struct selection *selection, const struct object *object);

/*
 * Objects as a SELECTION and REFs mean them, with what is asked about them.
 */
struct gather {
	const struct selection *selection;
	struct ref *refs;
	size_t ref_count;
	unsigned look;   /* of enum census_look */
	unsigned wanted; /* of HOLDERS_*: for those that are shown */
	bool verdicts;   /* they are wanted, and creators with them */
	bool creators;
	bool unlinked; /* add what is removed and still held */

	/* The answer. */
	struct census census;
	struct holders holders;
	struct gaps gaps;
	size_t unsure; /* how many are left out of which it could not be told */
	int *errors;   /* for each of REFS: 0, why it is not there, or -errno: it gives no key */
};

/* Returns 0, or -1 with errno (no memory, no /proc). */
int gather_objects(const struct world *world, struct gather *gather);
void gather_free(struct gather *gather);

#endif
