/* SPDX-License-Identifier: MIT */
#ifndef DEADLOCK_H
#define DEADLOCK_H

#include "holders.h"

/*
 * Who waits for whom: from a thread that waits for a member of a System V
 * semaphore set to the process that was the last to take it.  That one waits
 * itself, or does nothing but wait for a child that does, or for a child that
 * waits for such a child.  A circle of such steps through at least two processes
 * is a deadlock, unless somebody outside of it gives a semaphore that he did not
 * take.
 */
enum { WAIT_ANCESTORS = 32 };

struct wait_step {
	size_t waiter; /* its index in the holders */
	int member;
	pid_t last;                      /* the process that took the member last */
	pid_t ancestors[WAIT_ANCESTORS]; /* of the waiter, that do nothing but wait for it */
	size_t ancestor_count;
	bool in_circle;
};

struct wait_circle {
	size_t *steps; /* one after the other */
	size_t length;
};

struct wait_graph {
	struct wait_step *steps;
	size_t count, room;
	struct wait_circle *circles;
	size_t circle_count, circle_room;
};

/* Build the graph of those who wait.  Returns 0, or -1 with errno ENOMEM. */
int wait_graph_build(const struct census *census, const struct holders *holders,
		     struct wait_graph *graph);
/* The process that waits at the step of CIRCLE after its NUMBERth. */
pid_t wait_circle_next(const struct wait_graph *graph, const struct wait_circle *circle,
		       size_t number, const struct holders *holders);
void wait_graph_free(struct wait_graph *graph);

#endif
