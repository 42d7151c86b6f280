/* SPDX-License-Identifier: MIT */
/*
 * ipc-rpc-serve - have a command answer the requests that come into a queue
 *
 * One process serves a queue at a time; the kernel tells callers which one, and
 * that it has ended.  A queue that this made is gone when it ends.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call-server.h"
#include "call.h"
#include "cli-queue.h"
#include "cli.h"
#include "say.h"
#include "scan.h"
#include "status.h"
#include "stop.h"

struct request {
	struct ref ref;
	bool has_ref;
	struct cli_frame frame;
	bool coprocess, create, has_mode, verbose;
	mode_t mode;
	int workers;
	int64_t command_limit;
	char **words;
};

enum { KEY_COPROCESS = 300, KEY_COMMAND_TIMEOUT, KEY_CREATE, WORKERS_MOST = 1024 };

static void check_request(const struct request *request, struct argp_state *state)
{
	if (!request->has_ref)
		argp_error(state, "missing operand: the REF of the queue to serve");
	if (request->words == NULL)
		argp_error(state, "missing operand: the COMMAND that answers");
	if (request->frame.given && !request->coprocess)
		argp_error(state, "--frame goes with --coprocess");
	if (request->coprocess && request->frame.frame == FRAME_WHOLE)
		argp_error(state, "a coprocess cannot have frame 'whole': it answers many records");
	if (request->has_mode && !request->create)
		argp_error(state, "--mode goes with --create");
}

static void take_ref(struct request *request, const char *text, struct argp_state *state)
{
	const char *wrong;

	cli_ref(state, text, REF_MQ, &request->ref);
	wrong = request->create ? ref_unfit_for_new(&request->ref) : NULL;
	if (wrong != NULL && request->ref.form != REF_ID)
		argp_error(state, "reference '%s' %s", text, wrong);
	if (request->create && request->ref.form == REF_ID)
		argp_error(state, "reference '%s' is one that the system chooses", text);
	request->has_ref = true;
	if (request->create || request->ref.form != REF_PRIVATE)
		return;
	argp_error(state, "reference '%s' %s", text, ref_unfit_for_old(&request->ref));
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;
	const char *wrong;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->frame;
		state->child_inputs[1] = &request->verbose;
		return 0;
	case 'w':
		request->workers = (int)cli_number(state, "workers", text, 1, WORKERS_MOST);
		return 0;
	case 'm':
		request->mode = cli_mode(state, text);
		request->has_mode = true;
		return 0;
	case KEY_COPROCESS:
		request->coprocess = true;
		return 0;
	case KEY_COMMAND_TIMEOUT:
		wrong = scan_duration(text, &request->command_limit);
		if (wrong == NULL && request->command_limit == 0)
			wrong = "is too short";
		if (wrong != NULL)
			argp_error(state, "command timeout '%s' %s", text, wrong);
		return 0;
	case KEY_CREATE:
		request->create = true;
		return 0;
	case ARGP_KEY_ARG:
		take_ref(request, text, state);
		request->words = cli_rest_of_words(state);
		return 0;
	case ARGP_KEY_END:
		check_request(request, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "workers", 'w', "N", 0, "Run N commands at a time (1)", 0 },
	{ "coprocess", KEY_COPROCESS, NULL, 0, "One running COMMAND answers record by record", 0 },
	{ "command-timeout", KEY_COMMAND_TIMEOUT, "DURATION", 0, "End a COMMAND that takes longer",
	  0 },
	{ "create", KEY_CREATE, NULL, 0, "Make the queue, print its REF, remove it at the end", 0 },
	{ "mode", 'm', "MODE", 0, "With --create: permission bits, octal and exact (0600)", 0 },
	{ 0 },
};

static const struct argp_child children[] = {
	{ &cli_frame_argp, 0, NULL, 0 },
	{ &cli_verbose_argp, 0, NULL, 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF COMMAND [ARGUMENT ...]",
	.doc = "Run COMMAND for each request that ipc-rpc-call sends to a message queue: its "
	       "standard input is the request, its standard output the reply."
	       "\vREF is mq:/NAME, mq:key:NUMBER, mq:id:NUMBER, mq:ftok:PATH[,PROJ] or, with "
	       "--create, mq:private.  FRAME cannot be whole.  "
	       "Exit status: 1 failed, 4 no such queue, 5 exists already.",
	.children = children,
};

/* The queue that is served. */
struct service {
	const struct request *request;
	struct ref ref;
	struct queue queue;
	bool ours; /* it is to be removed */
	char text[REF_TEXT_MAX];
};

static void remove_queue(const struct service *service)
{
	struct stat status;

	if (!service->ours)
		return;
	/* It has lost its name already, and another may have that. */
	if (ref_is_posix(&service->ref) && fstat(service->queue.handle, &status) == 0 &&
	    status.st_nlink == 0)
		return;
	if (queue_remove(&service->ref) < 0 && errno != ENOENT)
		say_errno("cannot remove %s", service->text);
}

/* Returns 0, or the errno of it, which nobody has been told. */
static int claim(struct service *service)
{
	if (ref_is_posix(&service->ref))
		queue_sweep();
	return queue_serve(&service->queue) < 0 ? errno : 0;
}

/* The end of a claim that gave ERROR, as a status. */
static int claimed(struct service *service, int error, int status)
{
	pid_t server = error == EAGAIN ? queue_server(&service->queue) : 0;

	if (error == 0)
		return STATUS_OK;
	errno = error;
	if (server > 0)
		say("cannot serve %s: process %d serves it", service->text, server);
	else
		say_errno("cannot serve %s", service->text);
	return status;
}

/* Look at the queue; ENOENT: it has been removed. */
static int inspect(const struct service *service, struct queue_facts *facts)
{
	if (queue_look(&service->queue, facts) < 0)
		return errno;
	return queue_is_nameless(&service->queue) ? ENOENT : 0;
}

/* Whether we may take over a queue with these FACTS; says why not. */
static bool is_fit(const struct service *service, const struct queue_facts *facts)
{
	uid_t us = geteuid();
	mode_t mode = service->request->mode;

	if ((facts->owner != us && facts->owner != 0) ||
	    (facts->creator != us && facts->creator != 0))
		say("cannot use %s, which exists: it belongs to uid %ld", service->text,
		    (long)(facts->owner != us ? facts->owner : facts->creator));
	else if (facts->mode & ~mode)
		say("cannot use %s, which exists: its mode is %04o, wider open than %04o",
		    service->text, (unsigned)facts->mode, (unsigned)mode);
	else
		return true;
	return false;
}

static int take_over_open(struct service *service)
{
	struct queue_facts facts;
	int error = inspect(service, &facts);

	if (error == ENOENT)
		return ENOENT;
	if (error != 0) {
		cli_queue_failure("inspect", &service->ref, NULL, error);
		return STATUS_FAILED;
	}
	if (!is_fit(service, &facts))
		return STATUS_EXISTS;
	error = claim(service);
	/* A server that ends removes its queue first, then lets go of it. */
	if (inspect(service, &facts) == ENOENT)
		return ENOENT;
	return claimed(service, error, STATUS_EXISTS);
}

/*
 * One that was left behind by a server that was killed, or made for us.
 * ENOENT: it has been removed meanwhile, and nothing of it is held.
 */
static int take_over(struct service *service)
{
	struct ref named = service->ref;
	int status;

	if (queue_open(&service->queue, &service->ref, QUEUE_RECEIVE) < 0) {
		if (errno == ENOENT)
			return ENOENT;
		cli_queue_failure("open", &service->ref, NULL, errno);
		return STATUS_EXISTS;
	}
	if (!ref_is_posix(&service->ref)) {
		service->ref.form = REF_ID;
		ref_print(&service->ref, service->text);
	}
	status = take_over_open(service);
	if (status == ENOENT) {
		queue_close(&service->queue); /* with the lock */
		service->ref = named;
		ref_print(&service->ref, service->text);
	}
	return status;
}

static int create(struct service *service)
{
	const struct queue_shape shape = { .mode = service->request->mode };
	int status = ENOENT;

	if (!cli_stdout_usable())
		return STATUS_FAILED;
	while (status == ENOENT) {
		if (queue_create(&service->queue, &service->ref, &shape) == 0) {
			service->ours = true;
			ref_print(&service->ref, service->text);
			status = claimed(service, claim(service), STATUS_FAILED);
		} else if (errno == EEXIST) {
			status = take_over(service);
			service->ours = status == STATUS_OK;
		} else {
			cli_queue_failure("create", &service->ref, &shape, errno);
			status = STATUS_FAILED;
		}
	}
	if (status == STATUS_OK && cli_print_ref(&service->ref) < 0)
		status = STATUS_FAILED;
	if (status != STATUS_OK)
		remove_queue(service);
	return status;
}

static int open_service(struct service *service)
{
	int status;

	if (ref_resolve(&service->ref) < 0) {
		say_errno("cannot make a key for %s", service->text);
		return STATUS_FAILED;
	}
	if (service->request->create)
		return create(service);
	status = cli_queue_open(&service->queue, &service->ref, QUEUE_RECEIVE, false);
	if (status == STATUS_OK)
		status = claimed(service, claim(service), STATUS_FAILED);
	return status;
}

static int run(struct service *service, const struct stop *stop)
{
	const struct request *request = service->request;
	static struct call_server server;

	server = (struct call_server){
		.queue = &service->queue,
		.posix = ref_is_posix(&service->ref),
		.ref = service->text,
		.words = request->words,
		.workers = request->workers,
		.coprocess = request->coprocess,
		.frame = request->frame.frame,
		.command_limit = request->command_limit,
		.stop = stop,
	};
	if (service->queue.message_max < CALL_HEADER_SIZE) {
		say("cannot serve %s: it takes messages of %zu bytes, and a request has at least "
		    "%d",
		    service->text, service->queue.message_max, CALL_HEADER_SIZE);
		return STATUS_FAILED;
	}
	if (request->verbose)
		say("serving %s", service->text);
	if (call_server_run(&server) < 0) {
		say_errno("cannot serve %s", service->text);
		return STATUS_FAILED;
	}
	if (server.signal != 0) {
		remove_queue(service);
		if (request->verbose)
			say("stopped by SIG%s", sigabbrev_np(server.signal));
		stop_die(server.signal);
	}
	if (server.error == EIDRM) {
		service->ours = false;
		say("cannot go on serving %s: it has been removed", service->text);
		return STATUS_ABSENT;
	}
	errno = server.error;
	say_errno("cannot receive from %s", service->text);
	return STATUS_FAILED;
}

int main(int argc, char **argv)
{
	static struct request request = { .workers = 1, .mode = 0600 };
	static struct service service;
	struct stop stop;
	int status;

	cli_parse(&argp, argc, argv, &request);
	service.request = &request;
	service.ref = request.ref;
	ref_print(&service.ref, service.text);
	if (stop_begin(&stop, 0) < 0) {
		say_errno("cannot watch for signals");
		return STATUS_FAILED;
	}
	status = open_service(&service);
	if (status != STATUS_OK)
		return status;
	status = run(&service, &stop);
	remove_queue(&service);
	return status;
}
