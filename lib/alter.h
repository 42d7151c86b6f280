/* SPDX-License-Identifier: MIT */
#ifndef ALTER_H
#define ALTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "census.h"
#include "ref.h"
#include "world.h"

/*
 * Changing what exists: who may use an object and who owns it; and taking it
 * away.
 */
struct alteration {
	bool set_mode, set_owner, set_group, set_capacity;
	mode_t mode; /* exact: the umask has no say */
	uid_t owner;
	gid_t group;
	int64_t capacity; /* bytes: System V queues only */
};

/*
 * Make ALTERATION on the object that REF names.  A System V object changes in
 * one step; of a POSIX one the owner first, then the mode.
 * Returns 0, or -1 with errno: ENOENT, EPERM, ENOTSUP no regular file, EINVAL
 * its file is none of that kind, EOVERFLOW the owner or the group has no number
 * in this user namespace.
 */
int alter_object(const struct world *world, const struct ref *ref,
		 const struct alteration *alteration);

/* Why an object was not removed. */
enum removal {
	REMOVAL_DONE,
	REMOVAL_GONE,    /* it was gone already */
	REMOVAL_PENDING, /* it was removed already, and is gone when its last user is */
	REMOVAL_CHANGED, /* it is not the one that was chosen any more */
	REMOVAL_IN_USE,
	REMOVAL_UNCERTAIN, /* it cannot be told whether it is in use */
	REMOVAL_FAILED,    /* errno says why */
};

/*
 * Remove OBJECT if it is still the same and, with GUARDED, still proven to be
 * nobody's: both are looked at once more, right before.  With DRY nothing is
 * removed after all.
 */
enum removal alter_remove(const struct world *world, const struct object *object, bool guarded,
			  bool dry);

#endif
