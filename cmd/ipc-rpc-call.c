/* SPDX-License-Identifier: MIT */
/*
 * ipc-rpc-call - send a request to a server and write its reply
 *
 * It holds nothing that could be left behind: whatever kills it, the server
 * learns of it, and a request that waits in the queue is not run any more.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "call-client.h"
#include "cli-queue.h"
#include "cli.h"
#include "say.h"
#include "scan.h"
#include "status.h"

struct request {
	struct ref ref;
	bool has_ref;
	struct patience patience;
	int conflict;
	char **arguments; /* NULL: standard input */
};

/* How long between two looks for a server. */
static const struct timespec pause_between = { .tv_nsec = 20000000 };

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;
	const char *wrong;

	switch (key) {
	case 't':
		wrong = scan_duration(text, &request->patience.limit);
		if (wrong != NULL)
			argp_error(state, "timeout '%s' %s", text, wrong);
		request->patience.limited = true;
		return 0;
	case 'E':
		request->conflict = (int)cli_number(state, "conflict status", text, 0, 255);
		return 0;
	case ARGP_KEY_ARG:
		cli_queue_ref(state, text, &request->ref);
		request->has_ref = true;
		request->arguments = cli_free_words(state, "ARGUMENT");
		return 0;
	case ARGP_KEY_END:
		if (!request->has_ref)
			argp_error(state, "missing operand: the REF of the queue to call");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "timeout", 't', "DURATION", 0, "Bound each call, and wait so long for a server", 0 },
	{ "conflict-status", 'E', "STATUS", 0, "The status when the time is up (124)", 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF [ARGUMENT ...]",
	.doc = "Send standard input, or each ARGUMENT, as a request to the ipc-rpc-serve of a "
	       "message queue, and write the reply."
	       "\vREF is mq:/NAME, mq:key:NUMBER, mq:id:NUMBER or mq:ftok:PATH[,PROJ].  "
	       "Exit status: that of the server's COMMAND; 124 the time is up, 125 failed.",
};

struct job {
	const struct request *request;
	struct ref ref;
	struct queue queue;
	struct call_client client;
	char text[REF_TEXT_MAX];
	bool open, ready;
};

/* Not a status yet: a failure that ends the calls even where -E makes it 0. */
enum { TIME_UP = -1 };

static int nobody(const struct job *job, int error)
{
	if (error == ENOENT)
		say("nobody serves %s: there is no such queue", job->text);
	else if (error == ESRCH)
		say("nobody serves %s", job->text);
	else if (error == EPERM && job->client.server_uid != 0 &&
		 job->client.server_uid != geteuid())
		say("cannot call %s: its server runs as uid %ld; it must be ours or root's",
		    job->text, (long)job->client.server_uid);
	else if (error == EPERM)
		say("cannot call %s: its server may not look at our process (CAP_SYS_PTRACE)",
		    job->text);
	else if (error == EACCES)
		say("cannot call %s: its server is in another PID namespace", job->text);
	return STATUS_OWN_FAILURE;
}

/* Open the queue and get ready, unless that is done.  Returns 0, or an errno. */
static int open_queue(struct job *job)
{
	if (!job->open && queue_open(&job->queue, &job->ref, QUEUE_SEND) < 0)
		return errno;
	job->open = true;
	if (call_client_find(&job->client) < 0) {
		int error = errno;

		/* It may be made anew under the same name. */
		if (error == ESRCH) {
			queue_close(&job->queue);
			job->open = false;
		}
		return error;
	}
	if (!job->ready && call_client_begin(&job->client) < 0)
		return errno;
	job->ready = true;
	return 0;
}

/* Find a server, waiting for one as --timeout allows.  Returns 0, the status or TIME_UP. */
static int find_server(struct job *job, int64_t end)
{
	for (;;) {
		int error = open_queue(job);

		if (error == 0)
			return 0;
		if (job->client.unmade != NULL) {
			cli_queue_failure("make a queue for replies from", &job->ref,
					  job->client.unmade, error);
			return STATUS_OWN_FAILURE;
		}
		if (error != ENOENT && error != ESRCH && error != EPERM && error != EACCES) {
			cli_queue_failure("call", &job->ref, NULL, error);
			return STATUS_OWN_FAILURE;
		}
		if (error == EACCES && !job->open) {
			cli_queue_failure("open", &job->ref, NULL, error);
			return STATUS_OWN_FAILURE;
		}
		if (end == 0 || error == EPERM || error == EACCES)
			return nobody(job, error);
		if (patience_now() >= end) {
			nobody(job, error);
			return TIME_UP;
		}
		nanosleep(&pause_between, NULL);
	}
}

/* What the server says of how it went: the status, or TIME_UP. */
static int status_of(const struct job *job, const struct call_header *reply)
{
	int status = (int)reply->status;

	switch ((enum call_error)reply->error) {
	case CALL_OK:
		return status;
	case CALL_TIMED_OUT:
		say("the server of %s has ended its command, which took too long", job->text);
		return TIME_UP;
	case CALL_NOT_RUN:
		say("the server of %s cannot run its command: %s", job->text, strerror(status));
		return status == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
	case CALL_ENDED:
		if (status > STATUS_SIGNAL)
			say("the command of %s was ended by signal %d before it had answered",
			    job->text, status - STATUS_SIGNAL);
		else
			say("the command of %s ended with status %d before it had answered",
			    job->text, status);
		break;
	case CALL_UNFIT:
		say("cannot call %s: the request holds a \\%c, "
		    "which ends records in its server's --frame=%s",
		    job->text, status == '\n' ? 'n' : '0', status == '\n' ? "line" : "nul");
		break;
	case CALL_TOO_LONG:
		say("cannot call %s: the request has more than %d KiB, the most that its command "
		    "is given",
		    job->text, status);
		break;
	case CALL_BROKEN:
		say("the command of %s has written what is no record", job->text);
		break;
	case CALL_FAILED:
	case CALL_ERRORS:
		say("the server of %s failed: %s", job->text, strerror(status));
		break;
	}
	return STATUS_OWN_FAILURE;
}

/* What is known of the request when it failed. */
static const char *fate(const struct job *job)
{
	return job->client.taken ? "the request may have been run" : "the request was not run";
}

static void no_way(const struct job *job, int error)
{
	char hint[QUEUE_HINT_MAX];

	queue_hint(hint, &job->ref, NULL, error);
	say("cannot call %s: %s%s: %s", job->text, strerror(error), hint, fate(job));
}

static int ask(struct job *job, const char *bytes, int64_t end)
{
	struct call_header reply;
	enum call_outcome outcome;
	int status = find_server(job, end);

	if (status != 0)
		return status;
	outcome = call_client_ask(&job->client, bytes, bytes == NULL ? 0 : strlen(bytes),
				  STDIN_FILENO, end, &reply);
	switch (outcome) {
	case CALL_ANSWERED:
		return status_of(job, &reply);
	case CALL_LATE:
		say("no reply from %s in time: %s", job->text, fate(job));
		return TIME_UP;
	case CALL_ORPHANED:
		say("the server of %s has ended before it had answered: %s", job->text, fate(job));
		break;
	case CALL_REMOVED:
		say("cannot call %s: it has been removed: %s", job->text, fate(job));
		break;
	case CALL_NO_INPUT:
		say("cannot read standard input: %s: %s", strerror(errno), fate(job));
		break;
	case CALL_NO_OUTPUT:
		say("cannot write to standard output: %s: %s", strerror(errno), fate(job));
		break;
	case CALL_NO_WAY:
		no_way(job, errno);
		break;
	}
	return STATUS_OWN_FAILURE;
}

static int call(const struct request *request)
{
	static struct job job;
	char *const *argument = request->arguments;
	int status;

	job.request = request;
	job.ref = request->ref;
	job.client.queue = &job.queue;
	job.client.posix = ref_is_posix(&job.ref);
	job.client.output = STDOUT_FILENO;
	ref_print(&job.ref, job.text);
	if (ref_resolve(&job.ref) < 0) {
		say_errno("cannot make a key for %s", job.text);
		return STATUS_OWN_FAILURE;
	}
	if (!cli_stdout_usable())
		return STATUS_OWN_FAILURE;
	do {
		status = ask(&job, argument == NULL ? NULL : *argument,
			     patience_end(&request->patience));
	} while (status == 0 && argument != NULL && *++argument != NULL);
	return status == TIME_UP ? request->conflict : status;
}

int main(int argc, char **argv)
{
	static struct request request = { .conflict = STATUS_CONFLICT };

	cli_require_command();
	cli_parse(&argp, argc, argv, &request);
	return call(&request);
}
