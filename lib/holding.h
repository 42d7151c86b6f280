/* SPDX-License-Identifier: MIT */
#ifndef HOLDING_H
#define HOLDING_H

#include <stddef.h>

#include "patience.h"
#include "semaphore.h"

/*
 * A semaphore that is held while a COMMAND runs, and comes back when COMMAND
 * ends, whoever is killed.
 *
 * System V: the process that becomes COMMAND takes it, to be undone by the
 * kernel when it ends.  The tool only waits for that, so that nothing depends
 * on the tool's life, and nothing comes back while COMMAND runs.
 *
 * POSIX: nobody but processes gives it back.  The process that becomes COMMAND
 * takes it; when that has ended the tool, or in its place a guard process, posts
 * it.  Which of them does is settled by a word that they share (held, posting,
 * posted), so that it is posted once.  It is lost when both are killed, or when
 * one is between its claim and its post, or the process that takes it between
 * taking and writing that down: in those instants nobody can tell whether it was
 * done.
 */
struct holding {
	/* Settings. */
	struct semaphore *semaphore;
	struct sembuf *steps; /* what is taken, as of semaphore_take_now() */
	size_t count;
	const struct patience *patience;
	const char *ref; /* for messages */
	char **words;    /* COMMAND, ended by NULL */

	/* After EINTR: what ended us before COMMAND was started.  With a status: what killed
	 * COMMAND and came to us, too, or 0; see child_die_too(). */
	int signal;
};

/*
 * Take, run COMMAND, give back.  Returns COMMAND's exit status, 128 plus the
 * signal that killed it, or 126 or 127, after saying why, when it could not be
 * run.  Or -1 with errno, as of semaphore_take(), when it was not taken; ECHILD
 * after saying that the processes for it could not be made.
 */
int holding_run(struct holding *holding);

#endif
