/* SPDX-License-Identifier: MIT */
#ifndef CLI_OBJECT_H
#define CLI_OBJECT_H

#include <argp.h>
#include <sys/types.h>

#include "gaps.h"
#include "ref.h"
#include "world.h"

/* As cli_ref(), of any kind, for an object that exists. */
void cli_any_ref(struct argp_state *state, const char *text, struct ref *ref);

/*
 * Open our world, or that of process PID (not 0).  For another IPC namespace
 * the rest of the program goes on in a child, with whose status this one ends.
 * Returns 0, or the exit status after saying why.
 */
int cli_open_world(struct world *world, pid_t pid);

/* Say that REF cannot be found, for ERROR as of struct gather.  Returns the status. */
int cli_say_missing(const struct ref *ref, int error);

/* Say each of GAPS.  Returns STATUS_INCOMPLETE when there is one, else STATUS_OK. */
int cli_tell_gaps(const struct gaps *gaps);

/* The status that wins: of 8, 6 and 3 the higher, of others the first. */
int cli_worse(int status, int other);

#endif
