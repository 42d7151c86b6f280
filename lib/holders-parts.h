/* SPDX-License-Identifier: MIT */
#ifndef HOLDERS_PARTS_H
#define HOLDERS_PARTS_H

#include <dirent.h>

#include "holders.h"
#include "process.h"

/* A mapping of an object in the process that is being looked at. */
struct range {
	uint64_t start, end;
	size_t object;
};

/* The pass over /proc, for holders*.c alone: what one thread of it has. */
struct hunt {
	struct crew *crew;
	const struct world *world;
	struct census *census;
	struct holders *found;
	const struct holders_question *question;
	unsigned wanted;
	bool unlinked;
	bool any_posix, any_queue, any_segment, any_mapped; /* what there is to be found */
	bool failed;                                        /* no memory */
	struct gaps missed; /* processes, before it is known whether it matters */

	dev_t devices[16]; /* of hunt_has_segments() */
	size_t device_count;
	enum { DEVICES_NONE, DEVICES_USUAL, DEVICES_ALL } devices_found;

	/* Of the process at hand. */
	pid_t pid;
	int directory;
	int view; /* the same, or that of a thread of it which has its memory and files */
	struct process process;
	bool has_stat;
	bool any_line;       /* its mappings were there to be read */
	bool any_descriptor; /* it has a queue open */
	ino_t namespace;     /* its IPC namespace; 0: not looked up yet */
	struct range *ranges;
	size_t range_count, range_room;
	char *buffer; /* of HUNT_BUFFER bytes, for one file at a time */
};

enum { HUNT_BUFFER = 1 << 16 };

/* Look at all processes, on as many processors as there are.  Returns 0, or -1 with errno. */
int hunt_all(struct hunt *hunt);

/* Look at the process PID. */
void hunt_look(struct hunt *hunt);

/*
 * Between these two nobody else uses the census, so that an object can be added;
 * pointers to objects from before are not good any more.
 */
void hunt_census_begin(struct hunt *hunt);
void hunt_census_end(struct hunt *hunt);

/* The object that the descriptor NUMBER of the process at hand is, or NULL. */
struct object *hunt_descriptor(struct hunt *hunt, int number);

/*
 * The mappings of the process at hand.  Where its first thread has ended, VIEW is
 * that of another afterwards.  Returns 0, or -1 with errno.
 */
int hunt_mappings(struct hunt *hunt);

/* Whether System V segments lie on DEVICE, as /proc/PID/maps has it. */
bool hunt_has_segments(struct hunt *hunt, dev_t device);

/* Its descriptors. */
int hunt_descriptors(struct hunt *hunt);

/* Its threads that are blocked on an object. */
int hunt_waiters(struct hunt *hunt);

/* Whether the process at hand is in the world's IPC namespace. */
bool hunt_is_inside(struct hunt *hunt);

/* The facts of the process at hand, which are read once; NULL: it is gone. */
const struct process *hunt_process(struct hunt *hunt);

void hunt_add_holder(struct hunt *hunt, size_t object, bool is_mapping);
void hunt_add_waiter(struct hunt *hunt, const struct waiter *waiter);

/* The number of the object of DEVICE and INODE.  CENSUS_NONE as size_t: there is none. */
size_t hunt_file(const struct hunt *hunt, dev_t device, ino_t inode);

/*
 * The same of a file that is no object, at PATH below AT: when it has no name
 * any more (LINK ends in " (deleted)") it is added as one, if such are wanted.
 */
size_t hunt_unlinked(struct hunt *hunt, dev_t device, ino_t inode, const char *link, int at,
		     const char *path);

/* Sort what was found by object, and tell each object its part of it. */
void hunt_hand_out(struct hunt *hunt);

/*
 * Find out of each object whether the answer is whole, MISSED being the
 * processes that could not be looked into.
 */
void holders_judge(const struct world *world, struct census *census,
		   const struct holders_question *question, const struct holders *holders,
		   const struct gaps *missed, struct gaps *gaps);

#endif
