/* SPDX-License-Identifier: MIT */
/*
 * ipc-mq-create - create a message queue and print its reference
 *
 * What is created is complete or is not there: a queue whose reference could
 * not be printed is removed again, because nobody would know of it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli-create.h"
#include "cli-queue.h"
#include "cli.h"
#include "queue.h"
#include "say.h"
#include "scope.h"
#include "status.h"

/* The command line, and what came of it. */
struct request {
	struct cli_create create;
	struct queue_shape shape;
	bool made; /* else it existed */
	struct queue_facts facts;
};

static void check_request(struct request *request, struct argp_state *state)
{
	const struct cli_create *create = &request->create;
	struct queue_shape *shape = &request->shape;
	bool posix = ref_is_posix(&create->ref);

	if (!posix && (shape->depth != 0 || shape->message_size != 0))
		argp_error(state, "--depth and --message-size are for POSIX queues; "
				  "a System V queue has a --capacity");
	if (posix && shape->capacity != 0)
		argp_error(state, "--capacity is for System V queues; "
				  "a POSIX queue has a --depth and a --message-size");
	cli_check_exist_ok(state, create->exist_ok, create->allow_foreign, create->command);
	shape->mode = create->mode;
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->create;
		return 0;
	case 'd':
		request->shape.depth = cli_number(state, "depth", text, 1, LONG_MAX);
		return 0;
	case 's':
		request->shape.message_size = cli_size(state, "message size", text);
		return 0;
	case 'b':
		request->shape.capacity = cli_queue_capacity(state, text);
		return 0;
	case ARGP_KEY_END:
		check_request(request, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "depth", 'd', "DEPTH", 0, "POSIX: how many messages it holds", 0 },
	{ "message-size", 's', "SIZE", 0, "POSIX: bytes of the longest message", 0 },
	{ "capacity", 'b', "SIZE", 0, "System V: bytes of all messages together", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_create_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF\nREF -- COMMAND [ARGUMENT ...]",
	.doc = "Create a message queue and print its reference, "
	       "or have it while COMMAND runs."
	       "\vREF is mq:/NAME, mq:key:NUMBER, mq:ftok:PATH[,PROJ] or mq:private.  "
	       "Exit status: 0 created, 1 failed, 5 exists already; with COMMAND, its own.",
	.children = children,
};

/* What is wrong with an existing queue, in PHRASE, for the one that was asked for. */
static bool is_unfit(const struct request *request, const struct queue_facts *facts, char *phrase,
		     size_t size)
{
	const struct queue_shape *shape = &request->shape;
	const struct cli_existing existing = { facts->owner, facts->creator, facts->mode };

	if (cli_is_unfit(&existing, shape->mode, request->create.allow_foreign, phrase, size))
		return true;
	if (shape->depth > facts->depth && shape->depth != 0)
		snprintf(phrase, size, "its depth is %lld, less than %lld", (long long)facts->depth,
			 (long long)shape->depth);
	else if (shape->message_size > facts->message_size && shape->message_size != 0)
		snprintf(phrase, size, "its messages have up to %lld bytes, less than %lld",
			 (long long)facts->message_size, (long long)shape->message_size);
	else if (shape->capacity > facts->capacity && shape->capacity != 0)
		snprintf(phrase, size, "its capacity is %lld bytes, less than %lld",
			 (long long)facts->capacity, (long long)shape->capacity);
	else
		return false;
	return true;
}

/* Returns 0, ENOENT when it went in between, or -1 after saying what is wrong. */
static int accept_existing(struct request *request, struct queue *queue)
{
	struct ref *ref = &request->create.ref;
	struct queue_facts facts;
	char phrase[128];

	/* One that can be neither read nor written is of no use. */
	if ((queue_open(queue, ref, QUEUE_RECEIVE) < 0 &&
	     (errno != EACCES || queue_open(queue, ref, QUEUE_SEND) < 0)) ||
	    queue_look(queue, &facts) < 0) {
		if (errno == ENOENT)
			return errno;
		cli_queue_failure("use", ref, NULL, errno);
		return -1;
	}
	queue_close(queue);
	if (is_unfit(request, &facts, phrase, sizeof phrase))
		return cli_say_unfit(ref, phrase);
	if (!ref_is_posix(ref))
		ref->form = REF_ID;
	return 0;
}

/* Make the queue, or have one that exists.  Returns an exit status. */
static int make(struct request *request, struct queue *queue)
{
	const struct cli_create *create = &request->create;
	struct ref *ref = &request->create.ref;
	char text[REF_TEXT_MAX];
	int status = ENOENT, error = 0;

	if (ref_resolve(ref) < 0) {
		say_errno("cannot make a key for %s", ref_print(ref, text));
		return cli_failure();
	}
	while (status == ENOENT) {
		request->made = queue_create(queue, ref, &request->shape) == 0;
		if (request->made)
			return STATUS_OK;
		error = errno;
		if (error != EEXIST || !create->exist_ok)
			break;
		status = accept_existing(request, queue);
		if (status <= 0)
			return status == 0 ? STATUS_OK : cli_failure();
	}
	status = cli_status_of(error);
	if (!cli_is_said(create->quiet, status))
		cli_queue_failure("create", ref, &request->shape, error);
	return status;
}

static int make_known(void *object, char *text)
{
	struct request *request = object;
	const struct ref *ref = &request->create.ref;
	struct queue queue = { .handle = -1 };
	int status = make(request, &queue);

	ref_print(ref, text);
	if (status != STATUS_OK || !request->made)
		return status;
	if (queue_look(&queue, &request->facts) < 0) {
		say_errno("cannot inspect %s", text);
		queue_remove(ref);
		return cli_failure();
	}
	queue_close(&queue);
	return STATUS_OK;
}

static int remove_made(void *object)
{
	const struct request *request = object;
	const struct ref *ref = &request->create.ref;
	struct queue_facts facts;

	if (!request->made)
		return 0;
	if (queue_look_by_ref(ref, &facts) < 0)
		return errno == ENOENT ? 0 : -1;
	/* Somebody may have removed it and made another one under its name. */
	if (facts.device != request->facts.device || facts.inode != request->facts.inode)
		return 0;
	return queue_remove(ref) < 0 && errno != ENOENT ? -1 : 0;
}

int main(int argc, char **argv)
{
	static const struct scope scope = {
		.create = make_known,
		.remove = remove_made,
		.variable = "IPC_MQ_REF",
		.size = sizeof(struct request),
		.quick = true,
	};
	static struct request request = {
		.create = { .kinds = REF_MQ, .noun = "queue", .mode = 0600 },
	};

	cli_expect_command(argc, argv);
	cli_parse(&argp, argc, argv, &request);
	return cli_create(&scope, &request, request.create.command);
}
