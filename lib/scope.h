/* SPDX-License-Identifier: MIT */
#ifndef SCOPE_H
#define SCOPE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * An object that lives as long as a COMMAND does.
 *
 * A guard process makes the object, waits for the end of COMMAND and removes
 * the object: so it is gone afterwards whoever was killed, the tool included.
 * The guard has a session and no descriptors of its own, so that neither a
 * terminal's signals nor a reader of our output has to do with it.  When the
 * guard itself was killed, the tool removes the object in its place.
 */
struct scope {
	/* Make the object; print its REF into TEXT, of REF_TEXT_MAX bytes.
	 * Returns 0, or the exit status after saying what failed. */
	int (*create)(void *object, char *text);
	/* Remove the object, if it is still the one that was made.  Returns 0, or -1
	 * with errno; an object that is gone already, or was never made, is no failure. */
	int (*remove)(void *object);
	const char *variable; /* COMMAND finds the REF in it */
	size_t size;          /* of *OBJECT, which holds no pointers */
	/* Where in *OBJECT an int stands, for a create() that may have to wait; or 0.  It
	 * gets a descriptor that becomes readable when create() is to give up, silently:
	 * the tool was told to stop, or has died. */
	size_t stop;
	/* create() is done in no time: a signal that is to stop the tool waits for it. */
	bool quick;
};

/*
 * Make OBJECT, run WORDS (ended by NULL), remove OBJECT.  INT, TERM, HUP and
 * QUIT are passed on to COMMAND, unless a terminal has sent them to it already.
 *
 * Returns the exit status: COMMAND's, 128 plus the signal that killed it, 126
 * or 127 when it could not be run, 125 or create()'s own when nothing was made.
 * One of the signals that comes before COMMAND runs, or that has killed COMMAND,
 * ends this process by it.
 * Failures are said, with the REF; one to remove does not change the status.
 */
int scope_run(const struct scope *scope, const void *object, char **words);

#endif
