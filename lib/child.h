/* SPDX-License-Identifier: MIT */
#ifndef CHILD_H
#define CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "stop.h"

/*
 * A COMMAND that a tool runs.
 * Source: pidfd_open(2).
 */
struct child {
	pid_t pid;
	int descriptor; /* a pidfd: readable (POLLIN) once the process has ended */
	int signal;     /* after child_supervise(): INT, TERM, HUP or QUIT ended it and came
			 * to us, too; or 0 */
};

/*
 * How it starts.  INPUT and OUTPUT are -1 where it has ours, WORDS and
 * ENVIRONMENT end with NULL (ENVIRONMENT is NULL: ours); the first of WORDS is
 * looked for in PATH.  ALONE: it leads a process group of its own, else it is in
 * ours, and is killed when the thread that starts it ends.
 * Source: vfork(2), prctl(2) on PR_SET_PDEATHSIG.
 */
struct child_plan {
	char *const *words;
	char *const *environment;
	int input, output;
	int kept; /* one more descriptor that it inherits, under some number; 0: none */
	const sigset_t *mask;
	const struct rlimit *descriptors; /* its RLIMIT_NOFILE; NULL: ours */
	bool alone;
};

/*
 * Returns 0, or an errno: ENOENT there is no such command, others it cannot be
 * run.
 */
int child_start(struct child *child, const struct child_plan *plan);

/*
 * Wait for the end and release what child_start() took.  Returns the exit
 * status, or 128 plus the number of the signal that ended it.
 */
int child_end(struct child *child);

/*
 * Wait for the end of CHILD, which is in our process group, and pass on what we
 * are sent meanwhile, unless a terminal has sent it to the whole group already.
 * When a terminal's job control stops CHILD, as by Ctrl-Z, we stop with it, unless
 * nobody is left who could continue us (an orphaned process group); SIGSTOP to it
 * alone is not our concern.  STOP is of stop_begin_for_command().  Returns as
 * child_end() does.
 */
int child_supervise(struct child *child, const struct stop *stop);

/*
 * Die of SIGNAL as a child has that both got, once all is put away: so that a shell
 * sees that its script was interrupted, and not a mere status.  The core file, if
 * there is one, is the child's.
 * Source: prctl(2) on PR_SET_DUMPABLE.
 */
_Noreturn void child_die_too(int signal);

/* The exit status of a tool whose COMMAND could not be started: 126 or 127. */
int child_unstarted_status(int error);

#endif
