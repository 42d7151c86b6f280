/* SPDX-License-Identifier: MIT */
#ifndef GAPS_H
#define GAPS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What an answer lacks because it could not be seen: counted by reason, so that
 * it is said in one line each.  The zero value is a whole answer.
 */
enum gap {
	GAP_SYSV,    /* the System V objects of a namespace */
	GAP_SHM,     /* /dev/shm */
	GAP_QUEUES,  /* the POSIX queues */
	GAP_OBJECT,  /* an object that may not be read */
	GAP_PROCESS, /* a process that may not be looked into */
	GAP_OUTSIDE, /* processes that /proc does not show */
	GAP_USERS,   /* an object of a kind whose users nobody records */
	GAP_MEMORY,  /* no memory to remember it */
	GAPS,
};

struct gaps {
	struct {
		size_t count;
		int error;         /* of the first */
		char example[320]; /* the first, as it may be printed */
	} of[GAPS];
};

/* Count a GAP, with the errno ERROR; EXAMPLE (or NULL) names what it is about. */
void gaps_add(struct gaps *gaps, enum gap gap, int error, const char *example);

/* Count the gaps of MORE, too. */
void gaps_merge(struct gaps *gaps, const struct gaps *more);

bool gaps_any(const struct gaps *gaps);

/*
 * Say GAP in one phrase into TEXT, of GAPS_TEXT_MAX bytes: "cannot look into 3
 * processes (1, ...): Permission denied".  Returns TEXT, or NULL for no such gap.
 */
enum { GAPS_TEXT_MAX = 640 };
const char *gaps_text(const struct gaps *gaps, enum gap gap, char *text);

#endif
