/* SPDX-License-Identifier: MIT */
#ifndef CLI_SEM_REQUEST_H
#define CLI_SEM_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "patience.h"
#include "ref.h"
#include "semaphore.h"

/* The command lines of ipc-sem. */

enum sem_verb { SEM_CREATE, SEM_POST, SEM_WAIT, SEM_VALUE, SEM_SET, SEM_OP, SEM_RUN };

struct sem_request {
	enum sem_verb verb;
	bool has_ref;
	int *values; /* --values (1 if left out), or the operands of set */
	int value_count;
	int created; /* --create, or -1 */
	mode_t mode;
	bool has_mode, exist_ok, allow_foreign;
	int count;
	int index; /* -1: not given */
	struct patience patience;
	int conflict_status; /* -1: not given */
	bool force, json, verbose, quiet;
	struct sembuf *steps; /* of wait, run and op */
	size_t step_count;
	struct sembuf step; /* of wait and run */
	char **command;     /* ended by NULL, or NULL */
	bool is_made;       /* by create; else it existed */
	struct semaphore_facts made;
	struct ref ref; /* last, for it is long */
};

/* Parse the command line into REQUEST, which is all zero, as cli_parse() does. */
void sem_request_parse(struct sem_request *request, int argc, char **argv);

/* The member that is meant: --index, or 0. */
int sem_request_member(const struct sem_request *request);

#endif
