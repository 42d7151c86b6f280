/* SPDX-License-Identifier: MIT */
#ifndef STOP_H
#define STOP_H

#include <signal.h>
#include <stdbool.h>

/*
 * The signals that ask a tool to stop: INT, TERM, HUP and QUIT.  They are blocked
 * from stop_begin() on and read from a descriptor, so that a tool is stopped
 * between two steps and never inside one.  A signal that was ignored when the
 * tool started (nohup, a background job) stays ignored.
 *
 * SIGPIPE is blocked, too, but not read: a reader that has gone away is told by
 * EPIPE, while there is still time to put back what it did not get.
 * Source: signalfd(2).
 */
struct stop {
	int descriptor;  /* readable (POLLIN) once a signal has come */
	sigset_t before; /* the mask that the tool started with: a COMMAND gets it */
};

/*
 * ALSO is one more signal that is treated so, or 0.
 * Returns 0, or -1 with errno.  The descriptor is the process's until it ends.
 */
int stop_begin(struct stop *stop, int also);

/*
 * From here on SIGPIPE does what it does without us, as a rule it kills: for one
 * that has taken nothing which could be lost.
 */
void stop_leave_pipe(const struct stop *stop);

/*
 * From here on a write beyond RLIMIT_FSIZE fails with EFBIG, and does not kill us
 * with what we hold.  A COMMAND has the default again.
 */
void stop_survive_file_limit(void);

/*
 * To be called before a child is made: who starts us with SIGCHLD ignored would
 * keep its status from us, see wait(2).  Returns 0, or -1 with errno.
 */
int stop_notice_children(void);

/*
 * The same for a tool that runs a COMMAND and has nothing else to do: it reads
 * all signals that COMMAND is to get, too (USR1, USR2, CONT), those of the
 * terminal's job control (TSTP), and CHLD; see child_supervise().
 */
int stop_begin_for_command(struct stop *stop);

/*
 * From here on INT, TERM, HUP and QUIT wait: something is about to be made that only
 * we know of.  For one who had them from a struct stop before, and reads it afterwards.
 */
void stop_hold(void);

/*
 * The next of the signals that have come, or 0.  Never waits.  FROM_TERMINAL
 * (unless NULL) tells whether the kernel sent it, to the whole process group:
 * a COMMAND has got it already.
 */
int stop_signal(const struct stop *stop, bool *from_terminal);

/*
 * Die of SIGNAL as if it had never been caught.  What the tool held must be
 * put away before.
 */
_Noreturn void stop_die(int signal);

#endif
