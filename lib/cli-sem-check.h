/* SPDX-License-Identifier: MIT */
#ifndef CLI_SEM_CHECK_H
#define CLI_SEM_CHECK_H

#include <argp.h>

#include "cli-sem-request.h"

/*
 * What the subcommands ask of their operands and options together: fill in what
 * follows from them (a value that was left out, the step of wait and run), or
 * end with a usage error.  When all of the command line has been read.
 */
void sem_request_check(struct sem_request *request, struct argp_state *state);

#endif
