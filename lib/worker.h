/* SPDX-License-Identifier: MIT */
#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "stop.h"
#include "waker.h"

/*
 * A COMMAND that gets a record on its standard input, as a file without a name:
 * of any length, and whether COMMAND reads it or not.
 */
struct worker {
	/* Settings. */
	char **words;            /* COMMAND, ended by NULL */
	const struct stop *stop; /* the first signal lets COMMAND finish, the second is passed on */
	struct waker *waker;
	int kept; /* a descriptor that COMMAND inherits, or 0 */

	int signal;     /* that came; COMMAND has ended nevertheless */
	bool unstarted; /* COMMAND could not be run */
};

/*
 * Run COMMAND for LENGTH bytes.  Returns its exit status, 128 plus the signal
 * that killed it, 126 or 127 when it cannot be run, or 125; the last three
 * after saying why.
 */
int worker_run(struct worker *worker, const char *bytes, size_t length);

#endif
