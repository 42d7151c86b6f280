/* SPDX-License-Identifier: MIT */
#ifndef CENSUS_H
#define CENSUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "gaps.h"
#include "ref.h"
#include "world.h"

/*
 * All IPC objects of a world: System V segments, semaphore sets and queues, and
 * POSIX objects, named semaphores, queues and rings.  Nothing is created,
 * attached, notified or changed, and nothing that can block is opened.
 *
 * An object that may not be read is there with what can be seen from outside.
 * Sources: sysvipc(7), shmctl(2), mq_overview(7), proc(5) on /proc/sysvipc.
 */

/* In place of a number: it is not known, or the kind has none. */
enum { CENSUS_NONE = -1 };

enum verdict {
	VERDICT_NONE, /* nobody has asked */
	VERDICT_LIVE,
	VERDICT_UNHELD,
	VERDICT_ORPHAN,
	VERDICT_UNLINKED,
	VERDICT_UNKNOWN,
};

enum creator {
	CREATOR_NONE, /* it is not recorded */
	CREATOR_ALIVE,
	CREATOR_DEAD,
	CREATOR_RECYCLED, /* its PID belongs to a younger process */
	CREATOR_UNKNOWN,
};

struct object {
	enum ref_kind kind;
	bool sysv;
	bool hidden;        /* its contents may not be read */
	bool removed;       /* it has no name any more, and somebody still has it */
	bool values_hidden; /* the values of a set may not be read */
	bool unseen;        /* REMOVED, and its file may not be looked at: whose it is, and what */

	int id;       /* System V */
	key_t key;    /* System V; 0: none */
	char *name;   /* POSIX: after the slash, as it is; NULL else */
	dev_t device; /* POSIX: with INODE, which file it is */
	ino_t inode;
	int64_t born; /* POSIX: nanoseconds since 1970, or CENSUS_NONE */

	uid_t owner, creator_owner; /* POSIX: the same */
	gid_t group, creator_group;
	mode_t mode; /* permissions; System V segments: and SHM_DEST, SHM_LOCKED, ... */

	int64_t size;              /* bytes; of a queue the most it takes; of a set its members */
	int64_t used;              /* bytes in memory, or in messages */
	int64_t messages;          /* queues and rings */
	int64_t max_messages;      /* POSIX queues */
	int64_t message_size;      /* POSIX queues: the longest, in bytes */
	int64_t value;             /* semaphores, and sets of one */
	int64_t nattch, rss, swap; /* System V segments */
	int64_t sem_waiters;       /* POSIX semaphores: what is written in it */
	int *values;               /* sets: SIZE of them, or NULL */

	pid_t creator;         /* segments, rings and private queues; 0: unknown */
	int64_t creator_start; /* rings: field 22 of /proc/PID/stat; 0: unknown */
	pid_t last[2]; /* segments: the last to attach or detach; queues: to send, to receive */
	pid_t notify;  /* POSIX queues: who is registered; 0: nobody; CENSUS_NONE */
	int64_t used_at, changed_at; /* seconds since 1970, or CENSUS_NONE: never */
	int64_t times[2];            /* segments: attach, detach; queues: send, receive */

	/* Of holders.h and verdict.h, once they were asked. */
	size_t holder_first, holder_count, waiter_first, waiter_count;
	bool holders_complete, waiters_complete;
	bool held_unseen; /* the lease was refused: by whom is not known */
	enum creator creator_state;
	enum verdict verdict;
};

/* What to list, and what to look at beside what comes for nothing. */
enum census_look {
	CENSUS_VALUE = 16,  /* the value of System V sets of one: a call each */
	CENSUS_VALUES = 1,  /* the values of all members of System V sets: a call a set */
	CENSUS_RSS = 2,     /* rss and swap of System V segments: another pass */
	CENSUS_STATUS = 4,  /* POSIX queues: bytes and registration; moves their atime and ctime */
	CENSUS_CONTENT = 8, /* the facts of semaphores, rings and POSIX queues: a few calls each */
};

struct census_plan {
	unsigned kinds;   /* a set of enum ref_kind */
	bool posix, sysv; /* the families */
	unsigned look;    /* a set of enum census_look */
	/* Whether it matters that OBJECT may not be looked into; NULL: it does of each. */
	bool (*matters)(const struct object *object, const void *judge);
	const void *judge;
};

/*
 * Call VISIT for each object; NAME and VALUES are its own for that call only.
 * A VISIT that returns other than 0 ends it.  Memory does not grow with the
 * number of objects.  What could not be seen goes to GAPS.
 * Returns what the last VISIT returned.
 */
typedef int census_visit(const struct object *object, void *context);
int census_walk(const struct world *world, const struct census_plan *plan, census_visit *visit,
		void *context, struct gaps *gaps);

/*
 * Fill OBJECT with the one that REF names, in the time of one.  Its name and
 * values are the caller's, for census_drop().
 * Returns 0, or -1 with errno: ENOENT; EXDEV, EACCES and others: cannot be seen.
 */
int census_one(const struct world *world, const struct ref *ref, unsigned look,
	       struct object *object, struct gaps *gaps);
void census_drop(struct object *object);

/* Whether ERROR of census_one() says that nobody can tell us whether it is there. */
bool census_is_unseen(int error);

/* The REF of OBJECT.  A ring's or semaphore's has its kind, not its file's name. */
void census_ref(const struct object *object, struct ref *ref);

/* The name of OBJECT's file in its directory of WORLD, into NAME of 256 bytes. */
int census_file(const struct world *world, const struct object *object, char *name);

/* Whether both are the same object, whatever it looks like by now. */
bool census_is_same(const struct object *one, const struct object *other);

/*
 * Below, at or above 0: the order of lists, by kind, family, and id or name; of
 * two under the same name, by inode.
 */
int census_order(const struct object *one, const struct object *other);

/* A list of objects, in memory; its index tells them by what the kernel knows them by. */
struct census {
	struct object *objects;
	size_t count, room;
	struct census_index {
		struct census_slot *slots;
		size_t size;
	} index;
};

/* Copy OBJECT to the end.  Returns 0, or -1 with errno ENOMEM. */
int census_add(struct census *census, const struct object *object);
void census_free(struct census *census);

/*
 * Get ready for census_find_*(); to be called again after objects were added.
 * Returns 0, or -1 with errno ENOMEM.  The finders return NULL for none.
 */
int census_make_index(struct census *census);

/* Add OBJECT to a census that has its index.  As census_add(). */
int census_add_indexed(struct census *census, const struct object *object);
struct object *census_find_id(const struct census *census, enum ref_kind kind, int id);
struct object *census_find_inode(const struct census *census, dev_t device, ino_t inode);

#endif
