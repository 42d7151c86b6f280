/* SPDX-License-Identifier: MIT */
#ifndef CHILD_H
#define CHILD_H

#include <signal.h>
#include <sys/types.h>

/*
 * A COMMAND that a tool runs.  It starts in our process group, with the signal
 * mask MASK, and with the descriptor INPUT as its standard input, unless that
 * is -1.
 * Source: posix_spawn(3), pidfd_open(2).
 */
struct child {
	pid_t pid;
	int descriptor; /* a pidfd: readable (POLLIN) once the process has ended */
};

/*
 * Returns 0, or an errno: ENOENT there is no such command, others it cannot be
 * run.  WORDS ends with NULL; the first is looked for in PATH.
 */
int child_start(struct child *child, char *const *words, int input, const sigset_t *mask);

/*
 * Wait for the end and release what child_start() took.  Returns the exit
 * status, or 128 plus the number of the signal that ended it.
 */
int child_end(struct child *child);

/* The exit status of a tool whose COMMAND could not be started: 126 or 127. */
int child_unstarted_status(int error);

#endif
