/* SPDX-License-Identifier: MIT */
/*
 * ipc-sem - semaphores: create, post, wait, value, set, op, run
 *
 * What is taken around a COMMAND (run, op) comes back when that ends, however
 * it ends.  What wait takes stays taken, as sem_wait(3) has it: so the signals
 * that stop a tool are held off from before it is taken until the tool ends,
 * and who is told 0 has it, and who is not has not.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "cli-create.h"
#include "cli-sem-request.h"
#include "cli-sem-value.h"
#include "cli-semaphore.h"
#include "cli.h"
#include "holding.h"
#include "own.h"
#include "say.h"
#include "scope.h"
#include "semaphore.h"
#include "status.h"
#include "stop.h"

#define VARIABLE "IPC_SEM_REF"

/* What ends a wait without success: say it, and find the status. */
static int not_taken(const struct sem_request *request, int error)
{
	const char *action = request->verb == SEM_OP ? "operate on" : "take";
	char text[REF_TEXT_MAX];

	if (error != EAGAIN && error != ETIMEDOUT)
		return cli_semaphore_failure(action, &request->ref, request->step_count, error,
					     request->quiet);
	if (request->verbose && !request->quiet)
		say("cannot %s %s: %s", action, ref_print(&request->ref, text),
		    error == EAGAIN ? "it would have to wait" : "the time is up");
	if (request->command == NULL)
		return STATUS_NOT_NOW;
	return request->conflict_status >= 0 ? request->conflict_status : STATUS_CONFLICT;
}

/* create */

/* What is wrong with an existing semaphore for the one that was asked for. */
static bool is_unfit(const struct sem_request *request, const struct semaphore_facts *facts,
		     char *phrase, size_t size)
{
	const struct cli_existing existing = { facts->owner, facts->creator, facts->mode };

	if (cli_is_unfit(&existing, request->mode, request->allow_foreign, phrase, size))
		return true;
	if (facts->members >= request->value_count)
		return false;
	snprintf(phrase, size, "it has %d member%s, fewer than %d", facts->members,
		 facts->members == 1 ? "" : "s", request->value_count);
	return true;
}

/* Returns 0, ENOENT when it went in between, or -1 after saying what is wrong. */
static int accept_existing(const struct sem_request *request, struct ref *ref)
{
	struct semaphore_facts facts;
	struct semaphore semaphore;
	char phrase[128];
	int error = semaphore_look_by_ref(ref, &facts) < 0 ? errno : 0;

	if (error == 0 && is_unfit(request, &facts, phrase, sizeof phrase))
		return cli_say_unfit(ref, phrase);
	/* Whoever made it may not have given it its values, and never will. */
	if (error == 0 &&
	    (facts.initialised ? semaphore_open(&semaphore, ref, SEMAPHORE_CHANGE)
			       : semaphore_ensure(&semaphore, ref, request->values,
						  request->value_count, request->mode, NULL)) < 0)
		error = errno;
	if (error != 0 && error != ENOENT)
		cli_semaphore_failure("use", ref, 0, error, false);
	return error == 0 || error == ENOENT ? error : -1;
}

/* Make it, or have one that exists.  Returns an exit status. */
static int make(struct sem_request *request)
{
	struct ref *ref = &request->ref;
	struct semaphore semaphore;
	int status = cli_semaphore_key(ref), error = 0;

	if (status != STATUS_OK)
		return status;
	do {
		request->is_made = semaphore_create(&semaphore, ref, request->values,
						    request->value_count, request->mode) == 0;
		if (request->is_made)
			return STATUS_OK;
		error = errno;
		if (error != EEXIST || !request->exist_ok)
			return cli_semaphore_failure("create", ref, (size_t)request->value_count,
						     error, request->quiet);
		error = accept_existing(request, ref);
	} while (error == ENOENT);
	return error == 0 ? STATUS_OK : cli_failure();
}

static int make_known(void *object, char *text)
{
	struct sem_request *request = object;
	int status = make(request);

	ref_print(&request->ref, text);
	if (status != STATUS_OK || !request->is_made ||
	    semaphore_look_by_ref(&request->ref, &request->made) == 0)
		return status;
	say_errno("cannot inspect %s", text);
	semaphore_remove(&request->ref, NULL);
	return cli_failure();
}

static int remove_made(void *object)
{
	const struct sem_request *request = object;

	/* Somebody may have removed it and made another one under its name. */
	if (!request->is_made || semaphore_remove(&request->ref, &request->made) == 0 ||
	    errno == ENOENT || errno == ESTALE)
		return 0;
	return -1;
}

static int create(struct sem_request *request)
{
	static const struct scope scope = {
		make_known, remove_made, VARIABLE, sizeof *request, .quick = true,
	};

	return cli_create(&scope, request, request->command);
}

/* post */

static int post(struct sem_request *request)
{
	struct semaphore semaphore;
	int status =
		cli_semaphore_open(&semaphore, &request->ref, SEMAPHORE_CHANGE, request->quiet);

	if (status != STATUS_OK ||
	    semaphore_post(&semaphore, sem_request_member(request), request->count) == 0)
		return status;
	return cli_semaphore_failure("post", &request->ref, 1, errno, request->quiet);
}

/* wait */

/* Take STEPS for good. */
static int take(struct sem_request *request)
{
	struct semaphore semaphore;
	struct waker waker = { .output = -1 };
	struct stop stop;
	int status =
		cli_semaphore_open(&semaphore, &request->ref, SEMAPHORE_CHANGE, request->quiet);
	int error = 0, signal;

	if (status != STATUS_OK)
		return status;
	if (stop_begin(&stop, 0) < 0) {
		say_errno("cannot get ready to wait");
		return cli_failure();
	}
	waker.stop = stop.descriptor;
	semaphore_watch(&semaphore, &waker);
	if (semaphore_take(&semaphore, request->steps, request->step_count, &request->patience,
			   &waker) < 0)
		error = errno;
	waker_close(&waker);
	if (error == 0)
		return STATUS_OK;
	signal = error == EINTR ? stop_signal(&stop, NULL) : 0;
	if (signal != 0)
		stop_die(signal);
	return not_taken(request, error);
}

/* value */

static int value(struct sem_request *request)
{
	struct semaphore semaphore;
	OWN_MEM int *values = NULL;
	int status = cli_semaphore_open(&semaphore, &request->ref, SEMAPHORE_READ, request->quiet);

	if (status != STATUS_OK)
		return status;
	if (request->index >= semaphore.members)
		return cli_semaphore_failure("inspect", &request->ref, 0, EFBIG, request->quiet);
	values = calloc((size_t)semaphore.members, sizeof *values);
	if (values == NULL || semaphore_values(&semaphore, values) < 0)
		return cli_semaphore_failure("inspect", &request->ref, 0, errno, request->quiet);
	cli_patient_stdout();
	return sem_print_values(request, &semaphore, values);
}

/* set */

static int set(struct sem_request *request)
{
	struct semaphore semaphore;
	int first = sem_request_member(request);
	int status =
		cli_semaphore_open(&semaphore, &request->ref, SEMAPHORE_CHANGE, request->quiet);

	if (status != STATUS_OK)
		return status;
	if (first + request->value_count > semaphore.members)
		return cli_semaphore_failure("set", &request->ref, 0, EFBIG, request->quiet);
	if (semaphore_can_undo(&semaphore) && !request->force)
		for (int i = 0; i < request->value_count; i++)
			if (sem_is_in_use(request, &semaphore, first + i))
				return STATUS_FAILED;
	if (semaphore_set(&semaphore, first, request->values, request->value_count) == 0)
		return STATUS_OK;
	return cli_semaphore_failure("set", &request->ref, 0, errno, request->quiet);
}

/* op and run */

static int hold(struct sem_request *request, struct semaphore *semaphore)
{
	char text[REF_TEXT_MAX];
	struct holding holding = { .semaphore = semaphore,
				   .steps = request->steps,
				   .count = request->step_count,
				   .patience = &request->patience,
				   .ref = ref_print(&request->ref, text),
				   .words = request->command };
	int status, error;

	if (setenv(VARIABLE, text, 1) < 0) {
		say_errno("cannot get ready to run %s", request->command[0]);
		return cli_failure();
	}
	status = holding_run(&holding);
	if (status >= 0 && holding.signal > 0)
		child_die_too(holding.signal);
	if (status >= 0)
		return status;
	error = errno;
	if (error == EINTR && holding.signal > 0)
		stop_die(holding.signal);
	return error == ECHILD ? cli_failure() : not_taken(request, error);
}

static int op(struct sem_request *request)
{
	struct semaphore semaphore;
	int status;

	if (request->command == NULL)
		return take(request);
	status = cli_semaphore_open(&semaphore, &request->ref, SEMAPHORE_CHANGE, request->quiet);
	return status != STATUS_OK ? status : hold(request, &semaphore);
}

static int run(struct sem_request *request)
{
	struct semaphore semaphore;
	int status;

	if (request->created < 0) {
		status = cli_semaphore_open(&semaphore, &request->ref, SEMAPHORE_CHANGE,
					    request->quiet);
	} else {
		status = cli_semaphore_key(&request->ref);
		if (status == STATUS_OK &&
		    semaphore_ensure(&semaphore, &request->ref, &request->created, 1, request->mode,
				     NULL) < 0)
			status = cli_semaphore_failure("make", &request->ref, 1, errno, false);
	}
	return status != STATUS_OK ? status : hold(request, &semaphore);
}

int main(int argc, char **argv)
{
	static int (*const work[])(struct sem_request *) = {
		[SEM_CREATE] = create, [SEM_POST] = post, [SEM_WAIT] = take, [SEM_VALUE] = value,
		[SEM_SET] = set,       [SEM_OP] = op,     [SEM_RUN] = run,
	};
	static struct sem_request request;

	sem_request_parse(&request, argc, argv);
	return work[request.verb](&request);
}
