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

#include "cli-queue.h"
#include "cli.h"
#include "queue.h"
#include "say.h"
#include "scope.h"
#include "status.h"

struct request {
	struct ref ref;
	bool has_ref;
	struct queue_shape shape;
	bool exist_ok, allow_foreign, quiet;
	char **command;
};

enum { KEY_ALLOW_FOREIGN = 300 };

static void check_request(const struct request *request, struct argp_state *state)
{
	const struct queue_shape *shape = &request->shape;

	if (!request->has_ref)
		argp_error(state, "missing operand: the REF of the queue to create");
	if (!ref_is_posix(&request->ref) && (shape->depth != 0 || shape->message_size != 0))
		argp_error(state, "--depth and --message-size are for POSIX queues; "
				  "a System V queue has a --capacity");
	if (ref_is_posix(&request->ref) && shape->capacity != 0)
		argp_error(state, "--capacity is for System V queues; "
				  "a POSIX queue has a --depth and a --message-size");
	if (request->allow_foreign && !request->exist_ok)
		argp_error(state, "--allow-foreign goes with --exist-ok");
	if (request->exist_ok && request->command != NULL)
		argp_error(state, "--exist-ok and COMMAND do not go together: "
				  "what is removed after COMMAND must be ours");
	if (cli_failure() != STATUS_FAILED && request->command == NULL)
		argp_error(state, "missing operand: a COMMAND after --");
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;
	const char *wrong;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->quiet;
		return 0;
	case 'd':
		request->shape.depth = cli_number(state, "depth", text, 1, LONG_MAX);
		return 0;
	case 's':
		request->shape.message_size = cli_size(state, "message size", text);
		return 0;
	case 'b':
		request->shape.capacity = cli_size(state, "capacity", text);
		return 0;
	case 'm':
		request->shape.mode = cli_mode(state, text);
		return 0;
	case 'e':
		request->exist_ok = true;
		return 0;
	case KEY_ALLOW_FOREIGN:
		request->allow_foreign = true;
		return 0;
	case ARGP_KEY_ARG:
		if (request->has_ref && !cli_is_quoted(state))
			return ARGP_ERR_UNKNOWN;
		if (request->has_ref) {
			request->command = cli_take_words(state);
			return 0;
		}
		cli_ref(state, text, REF_MQ, &request->ref);
		wrong = ref_unfit_for_new(&request->ref);
		if (wrong != NULL)
			argp_error(state, "reference '%s' %s", text, wrong);
		request->has_ref = true;
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
	{ "mode", 'm', "MODE", 0, "Permission bits, octal and exact (0600)", 0 },
	{ "exist-ok", 'e', NULL, 0, "Accept an existing queue of ours or root's that fits", 0 },
	{ "allow-foreign", KEY_ALLOW_FOREIGN, NULL, 0, "With -e: accept anybody's", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_quiet_argp, 0, NULL, 0 }, { 0 } };

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
	uid_t us = geteuid();

	if (!request->allow_foreign && facts->owner != us && facts->owner != 0)
		snprintf(phrase, size, "it belongs to uid %ld", (long)facts->owner);
	else if (!request->allow_foreign && facts->creator != us && facts->creator != 0)
		snprintf(phrase, size, "it was created by uid %ld", (long)facts->creator);
	else if (facts->mode & ~shape->mode)
		snprintf(phrase, size, "its mode is %04o, wider open than %04o",
			 (unsigned)facts->mode, (unsigned)shape->mode);
	else if (shape->depth > facts->depth && shape->depth != 0)
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

static int accept_existing(const struct request *request, struct queue *queue, struct ref *ref)
{
	char text[REF_TEXT_MAX], phrase[128];
	struct queue_facts facts;

	if (queue_open(queue, ref, QUEUE_RECEIVE) < 0 && errno == EACCES)
		queue_open(queue, ref, QUEUE_SEND);
	if (queue_look_by_ref(ref, &facts) < 0) {
		if (errno == ENOENT)
			return errno; /* it went in between: make it */
		cli_queue_failure("inspect", ref, NULL, errno);
		return -1;
	}
	if (is_unfit(request, &facts, phrase, sizeof phrase)) {
		say("cannot use %s, which exists: %s", ref_print(ref, text), phrase);
		return -1;
	}
	if (!ref_is_posix(ref))
		ref->form = REF_ID;
	return 0;
}

/* Make the queue; MADE tells whether it is new.  Returns an exit status. */
static int make(const struct request *request, struct ref *ref, struct queue *queue, bool *made)
{
	char text[REF_TEXT_MAX];
	int status = ENOENT, error = 0;

	*made = true;
	if (ref_resolve(ref) < 0) {
		say_errno("cannot make a key for %s", ref_print(ref, text));
		return cli_failure();
	}
	while (status == ENOENT) {
		if (queue_create(queue, ref, &request->shape) == 0)
			return STATUS_OK;
		error = errno;
		if (error != EEXIST || !request->exist_ok)
			break;
		*made = false;
		status = accept_existing(request, queue, ref);
		if (status <= 0)
			return status == 0 ? STATUS_OK : cli_failure();
	}
	if (error != EEXIST || !request->quiet)
		cli_queue_failure("create", ref, &request->shape, error);
	return cli_status_of(error);
}

static int create(struct request *request)
{
	char text[REF_TEXT_MAX];
	struct queue queue = { .handle = -1 };
	bool made;
	int status;

	if (!cli_stdout_usable())
		return STATUS_FAILED;
	status = make(request, &request->ref, &queue, &made);
	if (status != STATUS_OK || cli_print_ref(&request->ref) == 0)
		return status;
	if (made && queue_remove(&request->ref) < 0)
		say_errno("cannot remove %s", ref_print(&request->ref, text));
	return STATUS_FAILED;
}

/* The queue that a COMMAND has for its time. */
struct scoped {
	struct request request;
	struct queue_facts facts;
};

static int scoped_create(void *object, char *text)
{
	struct scoped *scoped = object;
	struct queue queue;
	bool made;
	int status = make(&scoped->request, &scoped->request.ref, &queue, &made);

	if (status != STATUS_OK)
		return status;
	if (queue_look(&queue, &scoped->facts) < 0) {
		say_errno("cannot inspect %s", ref_print(&scoped->request.ref, text));
		queue_remove(&scoped->request.ref);
		return STATUS_OWN_FAILURE;
	}
	ref_print(&scoped->request.ref, text);
	queue_close(&queue);
	return STATUS_OK;
}

static int scoped_remove(void *object)
{
	const struct scoped *scoped = object;
	const struct ref *ref = &scoped->request.ref;
	struct queue_facts facts;

	if (queue_look_by_ref(ref, &facts) < 0 && errno == ENOENT)
		return 0;
	/* Somebody may have removed it and made another one under its name. */
	if (facts.device != scoped->facts.device || facts.inode != scoped->facts.inode)
		return 0;
	return queue_remove(ref) < 0 && errno != ENOENT ? -1 : 0;
}

static const struct scope scope = {
	.create = scoped_create,
	.remove = scoped_remove,
	.variable = "IPC_MQ_REF",
	.size = sizeof(struct scoped),
};

int main(int argc, char **argv)
{
	static struct scoped scoped = { .request.shape.mode = 0600 };

	cli_expect_command(argc, argv);
	cli_parse(&argp, argc, argv, &scoped.request);
	if (scoped.request.command != NULL)
		return scope_run(&scope, &scoped, scoped.request.command);
	return create(&scoped.request);
}
