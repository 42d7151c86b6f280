/* SPDX-License-Identifier: MIT */
#include "cli-sem-check.h"

#include <limits.h>

#include "cli-create.h"
#include "cli.h"
#include "status.h"

static void check_create(struct sem_request *request, struct argp_state *state)
{
	static int one = 1;

	if (request->values == NULL) {
		request->values = &one;
		request->value_count = 1;
	}
	if (ref_is_posix(&request->ref) && request->value_count > 1)
		argp_error(state, "several --values are for System V sets; "
				  "a POSIX semaphore has one value");
	cli_check_exist_ok(state, request->exist_ok, request->allow_foreign, request->command);
}

/* Of wait and run, which take one step. */
static void check_count(struct sem_request *request, struct argp_state *state)
{
	if (ref_is_posix(&request->ref) && request->count > 1)
		argp_error(state, "a --count above 1 is for System V sets: "
				  "a POSIX semaphore cannot be taken twice at once");
	if (request->count > SHRT_MAX)
		argp_error(state, "--count is more than a semaphore can have (1 to %d)", SHRT_MAX);
	request->step.sem_num = (unsigned short)sem_request_member(request);
	request->step.sem_op = (short)-request->count;
	request->steps = &request->step;
	request->step_count = 1;
}

static void check_set(const struct sem_request *request, struct argp_state *state)
{
	if (request->value_count == 0)
		argp_error(state, "missing operand: the value N");
	if (ref_is_posix(&request->ref) && request->value_count > 1)
		argp_error(state, "several values are for System V sets; "
				  "a POSIX semaphore has one value");
}

static void check_op(const struct sem_request *request, struct argp_state *state)
{
	if (ref_is_posix(&request->ref))
		argp_error(state, "op is for System V sets; for a POSIX semaphore: post and wait");
	if (request->step_count == 0)
		argp_error(state, "missing operand: INDEX:DELTA");
}

static void check_run(struct sem_request *request, struct argp_state *state)
{
	check_count(request, state);
	if (request->has_mode && request->created < 0)
		argp_error(state, "--mode goes with --create");
	if (request->created >= 0 && request->ref.form == REF_ID)
		argp_error(state, "--create cannot make a set with an id: the system chooses it");
	if (request->created >= 0 && request->index > 0)
		argp_error(state, "--create makes a set of one member, and its --index is 0");
}

void sem_request_check(struct sem_request *request, struct argp_state *state)
{
	bool posix = ref_is_posix(&request->ref);

	if (!request->has_ref)
		argp_error(state, "missing operand: the REF of the semaphore");
	if (posix && request->index > 0)
		argp_error(state, "--index is for System V sets; a POSIX semaphore has one value");
	if (request->conflict_status >= 0 && request->command == NULL)
		argp_error(state, "--conflict-status goes with a COMMAND");
	if (cli_failure() != STATUS_FAILED && request->command == NULL)
		argp_error(state, request->verb == SEM_RUN ? "missing operand: the COMMAND to run"
							   : "missing operand: a COMMAND after --");
	switch (request->verb) {
	case SEM_CREATE:
		check_create(request, state);
		break;
	case SEM_WAIT:
		check_count(request, state);
		break;
	case SEM_SET:
		check_set(request, state);
		break;
	case SEM_OP:
		check_op(request, state);
		break;
	case SEM_RUN:
		check_run(request, state);
		break;
	case SEM_POST:
	case SEM_VALUE:
		break;
	}
}
