/* SPDX-License-Identifier: MIT */
/*
 * ipc-mq-recv - take messages out of a queue
 *
 * Taking a message removes it.  Everything that can fail without the message
 * (the name, a closed stdout, the file for dead letters) is therefore tried
 * before; signals wait until what is in hand has been written or put back; and
 * a reader that has gone away is noticed before the next message is taken.
 *
 * With --at-least-once a message is copied, delivered, and only then taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "child.h"
#include "cli-drain.h"
#include "cli-queue.h"
#include "cli.h"
#include "intake.h"
#include "queue.h"
#include "say.h"
#include "status.h"
#include "worker.h"

struct request {
	bool has_ref;
	struct cli_drain_options drain;
	bool at_least_once;
	struct queue_choice choice;
	const char *dead_letter;
	bool has_conflict_status;
	int conflict_status;
	char **command;
	struct ref ref; /* last: only the first bytes of this page and a half are touched */
};

/* A request under way. */
struct job {
	struct cli_drain drain; /* first, so that it is found from there; counts what was taken */
	const struct request *request;
	struct queue queue;
	struct delivery delivery;
	struct intake intake;
	struct copier copier; /* --at-least-once */
	struct worker worker; /* COMMAND */
	int command_status;   /* of the first COMMAND that failed */
	char text[REF_TEXT_MAX];
};

enum { KEY_AT_LEAST_ONCE = 300, KEY_DEAD_LETTER };

static void check_request(struct request *request, struct argp_state *state)
{
	if (!request->has_ref)
		argp_error(state, "missing operand: the REF of the queue to receive from");
	cli_queue_check_choice(state, &request->ref, &request->choice);
	if (ref_is_posix(&request->ref) && request->at_least_once)
		argp_error(state, "--at-least-once is for System V queues: "
				  "the messages of a POSIX queue cannot be copied");
	if (cli_failure() != STATUS_FAILED && request->command == NULL)
		argp_error(state, "missing operand: a COMMAND after --");
	if (request->command == NULL && request->has_conflict_status)
		argp_error(state, "--conflict-status goes with a COMMAND");
	if (request->command != NULL && request->drain.stream.frame.given)
		argp_error(state,
			   "--frame is for standard output; COMMAND gets a message as it is");
	if (!request->has_conflict_status)
		request->conflict_status = STATUS_CONFLICT;
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->drain;
		return 0;
	case 'y':
		cli_queue_choice(state, text, &request->choice);
		return 0;
	case 'E':
		request->conflict_status = (int)cli_number(state, "status", text, 0, 255);
		request->has_conflict_status = true;
		return 0;
	case KEY_AT_LEAST_ONCE:
		request->at_least_once = true;
		return 0;
	case KEY_DEAD_LETTER:
		request->dead_letter = text;
		return 0;
	case ARGP_KEY_ARG:
		if (request->has_ref)
			request->command = cli_take_command(state);
		else
			cli_queue_ref(state, text, &request->ref);
		request->has_ref = true;
		return 0;
	case ARGP_KEY_END:
		check_request(request, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "type", 'y', "TYPE", 0, "System V: type N, the lowest up to N (-N), any but N (not:N)",
	  0 },
	{ "at-least-once", KEY_AT_LEAST_ONCE, NULL, 0,
	  "System V: copy, deliver, then take; nothing is lost, even to SIGKILL", 0 },
	{ "dead-letter", KEY_DEAD_LETTER, "FILE", 0,
	  "Append to FILE what can be neither delivered nor put back", 0 },
	{ "conflict-status", 'E', "STATUS", 0, "With COMMAND: when no message came (124)", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_drain_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF\nREF -- COMMAND [ARGUMENT ...]",
	.doc = "Take messages out of a queue and write them to standard output, "
	       "or run COMMAND for each, with the message on its standard input."
	       "\vREF is mq:/NAME, mq:key:NUMBER, mq:id:NUMBER or mq:ftok:PATH[,PROJ].  "
	       "Exit status: 0 taken, 1 failed, 3 nothing (or less than N) came, 4 no such queue, "
	       "7 taken, but neither delivered nor put back; with COMMAND, its own.",
	.children = children,
};

static void explain(struct cli_drain *drain, int error)
{
	const struct job *job = (const struct job *)drain;

	if (error == ENOTSUP)
		say("cannot copy from %s: this kernel has no MSG_COPY "
		    "(CONFIG_CHECKPOINT_RESTORE)",
		    drain->text);
	else
		cli_queue_failure(drain->action, &job->request->ref, NULL, error);
}

/*
 * The end, because of ERROR (0: all is done): put away what is in hand, say
 * what there is to say, and die of a signal or find the status.
 */
static int finish(struct job *job, int error)
{
	struct cli_drain *drain = &job->drain;
	struct delivery_return count;
	int status, signal;

	if (!job->intake.output_failed && error != ECANCELED &&
	    intake_checked(&job->intake, delivery_flush(&job->delivery)) < 0)
		error = errno;
	count = delivery_put_back(&job->delivery);
	progress_end(&drain->progress);
	signal = job->worker.signal != 0 ? job->worker.signal : stop_signal(&drain->stop, NULL);
	drain->output_failed = job->intake.output_failed;
	status = cli_drain_failed(drain, &job->delivery.outlet, error == ECANCELED ? 0 : error,
				  signal);
	cli_queue_say_returned(&count, drain->text, job->request->dead_letter);
	if (job->copier.raced)
		say("somebody else takes messages from %s beside --at-least-once: "
		    "some may have been delivered twice",
		    drain->text);
	copier_end(&job->copier);
	if (signal != 0 && job->request->command != NULL)
		child_die_too(signal);
	if (signal != 0)
		stop_die(signal);
	if (status == STATUS_NOT_NOW && job->request->command != NULL)
		return job->request->conflict_status;
	if (status == STATUS_OK && job->command_status != 0)
		return job->command_status;
	if (count.dead + count.shown + count.lost > 0 && job->request->command == NULL)
		return STATUS_UNDELIVERED;
	if (status == STATUS_OK && job->copier.raced)
		return cli_failure();
	return cli_drain_end(drain, status);
}

/*
 * Have COMMAND deliver a message.  Returns 0 to go on; or -1 with errno, which is
 * ECANCELED when COMMAND failed and no file of dead letters has the message.
 */
static int deliver_to_command(struct job *job, size_t length, long label)
{
	const char *variable = ref_is_posix(&job->request->ref) ? "IPC_MQ_PRIORITY" : "IPC_MQ_TYPE";
	const char *dead_letter = job->request->dead_letter;
	char text[32];
	int status;

	delivery_hold(&job->delivery, length, label);
	snprintf(text, sizeof text, "%ld", label);
	if (setenv(variable, text, 1) < 0)
		return -1;
	status = worker_run(&job->worker, delivery_last(&job->delivery), length);
	if (status == 0)
		return delivery_done(&job->delivery);
	if (job->command_status == 0)
		job->command_status = status;
	/* That COMMAND cannot be run is no message's fault. */
	if (dead_letter != NULL && !job->worker.unstarted) {
		if (delivery_bury(&job->delivery) == 0)
			return 0;
		if (job->delivery.in_hand == 0)
			return -1;
		say_errno("cannot write to %s", dead_letter);
	}
	errno = ECANCELED;
	return -1;
}

static int take_messages(struct job *job)
{
	while (job->drain.count < job->drain.limit) {
		long label;
		ssize_t length = intake_next(&job->intake, &label);
		int failed;

		if (length < 0)
			return finish(job, errno);
		job->drain.count++;
		cli_drain_progress(&job->drain, (size_t)length);
		if (job->request->command != NULL)
			failed = deliver_to_command(job, (size_t)length, label);
		else
			failed = intake_checked(
				&job->intake, delivery_add(&job->delivery, (size_t)length, label));
		if (failed < 0 || job->worker.signal != 0)
			return finish(job, failed < 0 ? errno : 0);
	}
	return finish(job, 0);
}

/* Where dead letters go, or -1 after saying why not. */
static int open_dead_letters(const char *file)
{
	int descriptor = STDERR_FILENO;

	if (file != NULL)
		descriptor = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (descriptor < 0)
		say_errno("cannot open %s", file);
	return descriptor;
}

/* Open what the delivery needs.  Returns 0, or the exit status after saying why. */
static int prepare_delivery(struct job *job, int dead_letter)
{
	const struct request *request = job->request;
	const struct patience *patience = &request->drain.stream.patience;
	struct waker *waker = &job->drain.waker;
	int status;

	job->delivery = (struct delivery){
		.queue = &job->queue,
		.ref = job->drain.text,
		.label = ref_is_posix(&request->ref) ? RECORD_PRIORITY : RECORD_TYPE,
		.dead_letter = dead_letter,
		.outlet = cli_drain_outlet(&job->drain),
	};
	delivery_begin(&job->delivery);
	status = cli_drain_watch(&job->drain,
				 request->command != NULL ? NULL : &job->delivery.outlet,
				 queue_watchable(&job->queue));
	job->worker = (struct worker){
		.words = request->command,
		.stop = &job->drain.stop,
		.waker = waker,
	};
	job->copier = (struct copier){
		.queue = &job->queue,
		.delivery = &job->delivery,
		.choice = &request->choice,
		.patience = patience,
		.output = waker->output,
		.claim = -1,
	};
	job->intake = (struct intake){
		.queue = &job->queue,
		.delivery = &job->delivery,
		.copier = request->at_least_once ? &job->copier : NULL,
		.choice = &request->choice,
		.patience = patience,
		.waker = waker,
	};
	return status;
}

static int receive(const struct request *request, struct ref *ref)
{
	static struct job job;
	int status, dead_letter = STDERR_FILENO;

	job.request = request;
	job.drain.text = ref_print(ref, job.text);
	job.drain.noun = "message";
	job.drain.action = "receive from";
	job.drain.done = "taken from";
	job.drain.explain = explain;
	job.drain.options = &request->drain;
	if (request->command == NULL && !cli_stdout_usable())
		return cli_failure();
	status = cli_queue_open(&job.queue, ref, QUEUE_RECEIVE, request->drain.stream.quiet);
	/* Opening a FIFO waits for its reader, and signals still end that. */
	if (status == STATUS_OK && (dead_letter = open_dead_letters(request->dead_letter)) < 0)
		status = cli_failure();
	if (status == STATUS_OK)
		status = cli_drain_begin(&job.drain);
	if (status != STATUS_OK)
		return status;
	if (request->command != NULL && setenv("IPC_MQ_REF", job.drain.text, 1) < 0) {
		say_errno("cannot get ready to receive from %s", job.drain.text);
		return cli_failure();
	}
	status = prepare_delivery(&job, dead_letter);
	if (status != STATUS_OK)
		return status;
	if (request->at_least_once) {
		if (copier_begin(&job.copier) < 0)
			return finish(&job, errno);
		/* Who comes after us waits for COMMAND even if we are killed. */
		job.worker.kept = job.copier.claim;
	}
	cli_drain_show(&job.drain);
	status = take_messages(&job);
	delivery_end(&job.delivery);
	return status;
}

int main(int argc, char **argv)
{
	static struct request request;

	cli_expect_command(argc, argv);
	cli_parse(&argp, argc, argv, &request);
	return receive(&request, &request.ref);
}
