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
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli-queue.h"
#include "cli.h"
#include "copier.h"
#include "delivery.h"
#include "fdio.h"
#include "progress.h"
#include "queue.h"
#include "say.h"
#include "status.h"
#include "stop.h"
#include "worker.h"

struct request {
	struct ref ref;
	bool has_ref;
	struct patience patience;
	struct cli_frame frame;
	bool quiet, verbose, progress;
	int64_t count; /* 0: not said */
	bool all, follow, at_least_once;
	struct queue_choice choice;
	const char *dead_letter;
	int conflict_status; /* 0: not said */
	char **command;
};

/* A request under way. */
struct job {
	const struct request *request;
	int64_t limit; /* messages, or INT64_MAX */
	struct queue queue;
	struct stop stop;
	struct waker waker;
	struct progress progress;
	struct delivery delivery;
	int64_t taken;
	struct copier copier; /* --at-least-once */
	struct worker worker; /* COMMAND */
	bool output_failed;   /* the error is the output's, not the queue's */
	int command_status;   /* of the first COMMAND that failed */
	char text[REF_TEXT_MAX];
};

enum { KEY_AT_LEAST_ONCE = 300, KEY_DEAD_LETTER };

static void check_request(struct request *request, struct argp_state *state)
{
	if (!request->has_ref)
		argp_error(state, "missing operand: the REF of the queue to receive from");
	if (request->all + request->follow + (request->count != 0) > 1)
		argp_error(state, "only one of --count, --all and --follow can be");
	if (request->all && request->patience.limited && request->patience.limit > 0)
		argp_error(state, "--all does not wait; --follow --timeout does");
	cli_queue_check_choice(state, &request->ref, &request->choice);
	if (ref_is_posix(&request->ref) && request->at_least_once)
		argp_error(state, "--at-least-once is for System V queues: "
				  "the messages of a POSIX queue cannot be copied");
	if (cli_failure() != STATUS_FAILED && request->command == NULL)
		argp_error(state, "missing operand: a COMMAND after --");
	if (request->command == NULL && request->conflict_status != 0)
		argp_error(state, "--conflict-status goes with a COMMAND");
	if (request->command != NULL && request->frame.given)
		argp_error(state,
			   "--frame is for standard output; COMMAND gets a message as it is");
	if (request->all)
		request->patience = (struct patience){ .limited = true };
	if (request->conflict_status == 0)
		request->conflict_status = STATUS_CONFLICT;
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->patience;
		state->child_inputs[1] = &request->frame;
		state->child_inputs[2] = &request->quiet;
		state->child_inputs[3] = &request->verbose;
		state->child_inputs[4] = &request->progress;
		return 0;
	case 'c':
		request->count = cli_number(state, "count", text, 1, INT64_MAX);
		return 0;
	case 'a':
		request->all = true;
		return 0;
	case 'f':
		request->follow = true;
		return 0;
	case 'y':
		cli_queue_choice(state, text, &request->choice);
		return 0;
	case 'E':
		request->conflict_status = (int)cli_number(state, "status", text, 1, 255);
		return 0;
	case KEY_AT_LEAST_ONCE:
		request->at_least_once = true;
		return 0;
	case KEY_DEAD_LETTER:
		request->dead_letter = text;
		return 0;
	case ARGP_KEY_ARG:
		if (request->has_ref && !cli_is_quoted(state))
			return ARGP_ERR_UNKNOWN;
		if (request->has_ref)
			request->command = cli_take_words(state);
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
	{ "count", 'c', "N", 0, "Take N messages (1)", 0 },
	{ "all", 'a', NULL, 0, "Take all that are there now", 0 },
	{ "follow", 'f', NULL, 0, "Take every one from now on; with -t, until none comes", 0 },
	{ "type", 'y', "TYPE", 0, "System V: type N, the lowest up to N (-N), any but N (not:N)",
	  0 },
	{ "at-least-once", KEY_AT_LEAST_ONCE, NULL, 0,
	  "System V: copy, deliver, then take; nothing is lost, even to SIGKILL", 0 },
	{ "dead-letter", KEY_DEAD_LETTER, "FILE", 0,
	  "Append to FILE what can be neither delivered nor put back", 0 },
	{ "conflict-status", 'E', "STATUS", 0, "With COMMAND: when no message came (124)", 0 },
	{ 0 },
};

static const struct argp_child children[] = {
	{ &cli_patience_argp, 0, NULL, 0 }, { &cli_frame_argp, 0, NULL, 0 },
	{ &cli_quiet_argp, 0, NULL, 0 },    { &cli_verbose_argp, 0, NULL, 0 },
	{ &cli_progress_argp, 0, NULL, 0 }, { 0 },
};

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

static void say_returned(const struct job *job, const struct delivery_return *count)
{
	const char *file = job->request->dead_letter;

	if (count->put_back > 0)
		say("%zu message%s put back into %s", count->put_back,
		    cli_plural((long long)count->put_back), job->text);
	if (count->dead > 0)
		say("%zu message%s neither delivered nor put back: see %s", count->dead,
		    cli_plural((long long)count->dead),
		    file != NULL ? file : "the line above, in JSON");
	if (count->lost > 0)
		say("%zu message%s lost: no place to write to was left", count->lost,
		    cli_plural((long long)count->lost));
}

static void say_output_failure(const struct job *job, int error)
{
	char end = job->request->frame.frame == FRAME_NUL ? '0' : 'n';

	errno = error;
	if (error == EILSEQ)
		say("cannot write the message to standard output: it holds a \\%c, "
		    "which ends records in this --frame",
		    end);
	else if (error != EINTR)
		say_errno("cannot write to standard output");
	if (job->delivery.torn > 0)
		say("the output ends with %zu byte%s of a record that is not whole",
		    job->delivery.torn, cli_plural((long long)job->delivery.torn));
}

/* Nothing came in time: say how far it got, and find the status. */
static int not_now(const struct job *job)
{
	const struct request *request = job->request;

	if (job->taken > 0 && job->limit == INT64_MAX)
		return STATUS_OK;
	if (!request->quiet && job->taken > 0)
		say("%lld of %lld messages taken from %s", (long long)job->taken,
		    (long long)job->limit, job->text);
	else if (!request->quiet && request->verbose)
		say("no message in %s", job->text);
	return request->command != NULL ? request->conflict_status : STATUS_NOT_NOW;
}

/* Say why no more messages come, and find the status. */
static int say_queue_failure(const struct job *job, int error)
{
	switch (error) {
	case 0:
	case EINTR:
	case ECANCELED:
		return STATUS_OK;
	case EAGAIN:
	case ETIMEDOUT:
		return not_now(job);
	case EIDRM:
		if (!job->request->quiet)
			say("cannot receive from %s: it has been removed", job->text);
		break;
	case ENOTSUP:
		say("cannot copy from %s: this kernel has no MSG_COPY "
		    "(CONFIG_CHECKPOINT_RESTORE)",
		    job->text);
		break;
	default:
		cli_queue_failure("receive from", &job->request->ref, NULL, error);
	}
	return cli_status_of(error);
}

/*
 * The end, because of ERROR (0: all is done): put away what is in hand, say
 * what there is to say, and die of a signal or find the status.
 */
static int finish(struct job *job, int error)
{
	struct delivery_return count;
	int status, signal;

	if (!job->output_failed && error != ECANCELED && delivery_flush(&job->delivery) < 0) {
		job->output_failed = true;
		error = errno;
	}
	count = delivery_put_back(&job->delivery);
	progress_end(&job->progress);
	signal = job->worker.signal != 0 ? job->worker.signal : stop_signal(&job->stop, NULL);
	if (error == EINTR && signal == 0) {
		/* It was the reader's death that ended a wait. */
		job->output_failed = true;
		error = EPIPE;
	}
	if (job->output_failed)
		say_output_failure(job, error);
	status = job->output_failed ? cli_failure() : say_queue_failure(job, error);
	say_returned(job, &count);
	if (job->copier.raced)
		say("somebody else takes messages from %s beside --at-least-once: "
		    "some may have been delivered twice",
		    job->text);
	if (signal != 0)
		stop_die(signal);
	if (status == STATUS_OK && job->command_status != 0)
		return job->command_status;
	if (count.dead + count.lost > 0 && job->request->command == NULL)
		return STATUS_UNDELIVERED;
	if (status == STATUS_OK && job->copier.raced)
		return cli_failure();
	if (status == STATUS_OK && job->request->verbose && !job->request->quiet)
		say("%lld message%s taken from %s", (long long)job->taken,
		    cli_plural((long long)job->taken), job->text);
	return status;
}

static void count_taken(struct job *job, ssize_t length)
{
	job->taken++;
	if (job->progress.running)
		progress_add(&job->progress, length);
}

/* What was written, and whether a signal came on the way. */
static int checked(struct job *job, int result)
{
	if (result < 0)
		job->output_failed = true;
	else if (job->delivery.stop_seen) {
		errno = EINTR;
		result = -1;
	}
	return result;
}

/* Take a message, or copy it, to delivery_place(). */
static ssize_t get_now(struct job *job, long *label)
{
	char *place;

	if (job->request->at_least_once)
		return copier_next(&job->copier, label);
	place = delivery_place(&job->delivery);
	return place == NULL ? -1
			     : queue_receive_now(&job->queue, place, job->queue.room,
						 &job->request->choice, label);
}

static ssize_t get(struct job *job, long *label)
{
	const struct request *request = job->request;
	char *place;

	if (request->at_least_once)
		return copier_wait(&job->copier, label);
	place = delivery_place(&job->delivery);
	return place == NULL ? -1
			     : queue_receive(&job->queue, place, job->queue.room, &request->choice,
					     label, &request->patience, &job->waker);
}

/*
 * The next message.  Before a wait, what is in hand is written; where nothing
 * is, the wait comes first, since it takes a message that is there just as well.
 */
static ssize_t next_message(struct job *job, long *label)
{
	bool look = job->delivery.in_hand > 0 || !job->waker.running;

	for (;;) {
		ssize_t length = look ? get_now(job, label) : get(job, label);

		if (length >= 0 || (errno != E2BIG && (errno != EAGAIN || !look)))
			return length;
		if (errno == E2BIG)
			continue;
		if (checked(job, delivery_flush(&job->delivery)) < 0)
			return -1;
		look = false;
	}
}

/*
 * Have COMMAND deliver a message.  Returns 0 to go on; or -1 with errno, which
 * is ECANCELED when COMMAND failed and there is no file for dead letters.
 */
static int deliver_to_command(struct job *job, size_t length, long label)
{
	const char *variable = ref_is_posix(&job->request->ref) ? "IPC_MQ_PRIORITY" : "IPC_MQ_TYPE";
	struct delivery_return count;
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
	if (job->request->dead_letter == NULL) {
		errno = ECANCELED;
		return -1;
	}
	if (delivery_take(&job->delivery) < 0)
		return -1;
	count = delivery_give_up(&job->delivery);
	if (count.lost > 0)
		say_returned(job, &count);
	return 0;
}

static int take_messages(struct job *job)
{
	while (job->taken < job->limit) {
		long label;
		ssize_t length = next_message(job, &label);
		int failed;

		if (length < 0)
			return finish(job, errno);
		count_taken(job, length);
		if (job->request->command != NULL)
			failed = deliver_to_command(job, (size_t)length, label);
		else
			failed = checked(job, delivery_add(&job->delivery, (size_t)length, label));
		if (failed < 0 || job->worker.signal != 0)
			return finish(job, failed < 0 ? errno : 0);
	}
	return finish(job, 0);
}

/* Open what the delivery needs.  Returns 0, or the exit status after saying why. */
static int prepare_delivery(struct job *job)
{
	const struct request *request = job->request;
	bool command = request->command != NULL;
	int dead_letter = STDERR_FILENO;

	if (request->dead_letter != NULL)
		dead_letter =
			open(request->dead_letter, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (dead_letter < 0) {
		say_errno("cannot open %s", request->dead_letter);
		return cli_failure();
	}
	job->delivery = (struct delivery){
		.queue = &job->queue,
		.ref = job->text,
		.frame = request->frame.frame,
		.label = ref_is_posix(&request->ref) ? RECORD_PRIORITY : RECORD_TYPE,
		.output = STDOUT_FILENO,
		.dead_letter = dead_letter,
		.stop = &job->stop,
		.waker = &job->waker,
	};
	delivery_begin(&job->delivery);
	job->waker = (struct waker){
		.stop = job->stop.descriptor,
		.output = command || job->delivery.sort == FDIO_FILE ? -1 : STDOUT_FILENO,
		.object = queue_watchable(&job->queue),
		.limit = request->patience.limit,
	};
	job->worker = (struct worker){
		.words = request->command,
		.stop = &job->stop,
		.waker = &job->waker,
	};
	job->copier = (struct copier){
		.queue = &job->queue,
		.delivery = &job->delivery,
		.choice = &request->choice,
		.patience = &request->patience,
		.output = job->waker.output,
		.claim = -1,
	};
	if (command || delivery_has_reader(&job->delivery))
		return STATUS_OK;
	say_errno("cannot write to standard output");
	return cli_failure();
}

static int receive(const struct request *request, struct ref *ref)
{
	static struct job job;
	int status;

	job.request = request;
	job.limit = request->all || request->follow ? INT64_MAX
		    : request->count != 0           ? request->count
						    : 1;
	ref_print(ref, job.text);
	if (request->command == NULL && !cli_stdout_usable())
		return cli_failure();
	status = cli_queue_open(&job.queue, ref, QUEUE_RECEIVE, request->quiet);
	if (status != STATUS_OK)
		return status;
	if (stop_begin(&job.stop, 0) < 0 ||
	    (request->command != NULL && setenv("IPC_MQ_REF", job.text, 1) < 0)) {
		say_errno("cannot get ready to receive from %s", job.text);
		return cli_failure();
	}
	status = prepare_delivery(&job);
	if (status != STATUS_OK)
		return status;
	if (request->at_least_once && copier_begin(&job.copier) < 0)
		return finish(&job, errno);
	progress_begin(&job.progress, request->progress);
	if (job.limit != INT64_MAX)
		job.progress.total_records = job.limit;
	status = take_messages(&job);
	if (request->at_least_once)
		copier_end(&job.copier);
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
