/* SPDX-License-Identifier: MIT */
/*
 * ipc-mq-peek - show what waits in a queue, and leave it there
 *
 * One pass over the queue, in the order in which its messages would be taken.
 * Only System V has a way to do that (MSG_COPY).  For a POSIX queue, taking the
 * messages and sending them again would be no look: it would change their
 * order, wake others, and lose them with us.  So that is refused.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli-queue.h"
#include "cli-stream.h"
#include "cli.h"
#include "delivery.h"
#include "queue.h"
#include "say.h"
#include "status.h"
#include "stop.h"

struct request {
	bool has_ref;
	struct cli_frame frame;
	bool quiet, verbose;
	int64_t count;
	struct queue_choice choice;
	struct ref ref; /* last: only the first bytes of this page and a half are touched */
};

/* A request under way. */
struct job {
	const struct request *request;
	struct queue queue;
	struct stop stop;
	struct waker waker;
	struct delivery delivery;
	int64_t shown;
	int64_t hidden;     /* messages that are longer than can be copied */
	bool output_failed; /* the error is the output's, not the queue's */
	char text[REF_TEXT_MAX];
};

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->frame;
		state->child_inputs[1] = &request->quiet;
		state->child_inputs[2] = &request->verbose;
		return 0;
	case 'c':
		request->count = cli_number(state, "count", text, 1, INT64_MAX);
		return 0;
	case 'y':
		cli_queue_choice(state, text, &request->choice);
		return 0;
	case ARGP_KEY_ARG:
		if (request->has_ref)
			return ARGP_ERR_UNKNOWN;
		cli_queue_ref(state, text, &request->ref);
		request->has_ref = true;
		return 0;
	case ARGP_KEY_END:
		if (!request->has_ref)
			argp_error(state, "missing operand: the REF of the queue to look into");
		cli_queue_check_choice(state, &request->ref, &request->choice);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "count", 'c', "N", 0, "Show N messages at most (all)", 0 },
	{ "type", 'y', "TYPE", 0, "Of type N, of types up to N (-N), of any but N (not:N)", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_frame_argp, 0, NULL, 0 },
					      { &cli_quiet_argp, 0, NULL, 0 },
					      { &cli_verbose_argp, 0, NULL, 0 },
					      { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF",
	.doc = "Show the messages that wait in a System V queue, and leave them there."
	       "\vREF is mq:/NAME, mq:key:NUMBER, mq:id:NUMBER or mq:ftok:PATH[,PROJ].  "
	       "Exit status: 0 shown, 1 failed (POSIX queues cannot be looked into), 3 no message, "
	       "4 no such queue, 6 not all could be shown.",
	.children = children,
};

/* --verbose: what is known of the queue beside its messages. */
static void say_facts(const struct job *job)
{
	struct queue_facts facts;

	if (queue_look(&job->queue, &facts) < 0)
		say_errno("cannot inspect %s", job->text);
	else if (ref_is_posix(&job->request->ref))
		say("%s: messages %lld, used_bytes %lld, max_messages %lld, message_size %lld, "
		    "mode %04o, owner %ld",
		    job->text, (long long)facts.messages, (long long)facts.bytes,
		    (long long)facts.depth, (long long)facts.message_size, (unsigned)facts.mode,
		    (long)facts.owner);
	else
		say("%s: messages %lld, used_bytes %lld, size %lld, mode %04o, owner %ld",
		    job->text, (long long)facts.messages, (long long)facts.bytes,
		    (long long)facts.capacity, (unsigned)facts.mode, (long)facts.owner);
}

/* Copy the message at INDEX to delivery_place(); -1 with errno. */
static ssize_t copy_at(struct job *job, long index, long *label)
{
	ssize_t length;

	do {
		char *place = delivery_place(&job->delivery);

		if (place == NULL)
			return -1;
		length = queue_copy(&job->queue, index, place, job->queue.room, label);
	} while (length < 0 && errno == E2BIG);
	return length;
}

static bool is_full(const struct job *job)
{
	return job->request->count != 0 && job->shown == job->request->count;
}

static int show(struct job *job, ssize_t length, long label)
{
	job->shown++;
	job->output_failed = delivery_add(&job->delivery, (size_t)length, label) < 0;
	if (job->output_failed)
		return -1;
	errno = EINTR;
	return job->delivery.outlet.stop_seen ? -1 : 0;
}

/* In the order of the queue.  Returns 0 at its end, or -1 with errno. */
static int show_in_order(struct job *job)
{
	for (long index = 0; !is_full(job); index++) {
		long label;
		ssize_t length = copy_at(job, index, &label);

		if (length < 0 && errno == EINVAL)
			job->hidden++;
		else if (length < 0)
			return errno == ENOMSG ? 0 : -1;
		else if (queue_is_chosen(&job->request->choice, label) &&
			 show(job, length, label) < 0)
			return -1;
	}
	return 0;
}

/* What -y -N takes first is the lowest type, not the oldest message. */
struct entry {
	long label, index;
};

static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->label != b->label)
		return a->label < b->label ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

static int show_by_type(struct job *job)
{
	struct entry *entries = NULL;
	size_t count = 0, size = 0;
	int failed = 0;

	for (long index = 0;; index++) {
		long label;
		ssize_t length = copy_at(job, index, &label);

		if (length < 0 && errno != EINVAL)
			break;
		if (length < 0 || !queue_is_chosen(&job->request->choice, label)) {
			job->hidden += length < 0;
			continue;
		}
		if (count == size) {
			struct entry *larger;

			size = 2 * size + 64;
			larger = realloc(entries, size * sizeof *entries);
			if (larger == NULL)
				break;
			entries = larger;
		}
		entries[count++] = (struct entry){ label, index };
	}
	if (errno != ENOMSG)
		failed = -1;
	if (count > 1 && failed == 0)
		qsort(entries, count, sizeof *entries, compare);
	for (size_t i = 0; i < count && failed == 0 && !is_full(job); i++) {
		long label;
		ssize_t length = copy_at(job, entries[i].index, &label);

		/* One that is gone, or another in its place, was taken meanwhile. */
		if (length < 0 && errno != ENOMSG && errno != EINVAL)
			failed = -1;
		else if (length >= 0 && label == entries[i].label)
			failed = show(job, length, label);
	}
	free(entries);
	return failed;
}

/* Say why the queue's messages could not be looked at.  Returns the exit status. */
static int copy_failed(const struct job *job, int error)
{
	const struct ref *ref = &job->request->ref;

	if (error == ENOTSUP)
		say("cannot look into %s: %s", job->text,
		    ref_is_posix(ref)
			    ? "this kernel has no way to copy the messages of a POSIX queue"
			    : "this kernel has no MSG_COPY (CONFIG_CHECKPOINT_RESTORE)");
	else if (error != EIDRM)
		cli_queue_failure("show", ref, NULL, error);
	else if (!job->request->quiet)
		say("cannot show %s: it has been removed", job->text);
	return cli_status_of(error);
}

static int finish(struct job *job, int failed)
{
	int error = errno, signal;

	if (failed == 0) {
		failed = delivery_flush(&job->delivery);
		error = errno;
		job->output_failed = failed < 0;
	}
	signal = stop_signal(&job->stop, NULL);
	if (signal != 0)
		stop_die(signal);
	if (job->output_failed) {
		cli_say_output_failure(&job->delivery.outlet, "message", error);
		return STATUS_FAILED;
	}
	if (failed < 0)
		return copy_failed(job, error);
	if (job->hidden > 0) {
		say("%lld message%s of %s cannot be copied: longer than the limit in "
		    "/proc/sys/kernel/msgmax",
		    (long long)job->hidden, cli_plural(job->hidden), job->text);
		return STATUS_INCOMPLETE;
	}
	return job->shown == 0 ? STATUS_NOT_NOW : STATUS_OK;
}

static int peek(const struct request *request, struct ref *ref)
{
	static struct job job;
	int status;

	job.request = request;
	ref_print(ref, job.text);
	if (!cli_stdout_usable())
		return STATUS_FAILED;
	status = cli_queue_open(&job.queue, ref, QUEUE_RECEIVE, request->quiet);
	if (status != STATUS_OK)
		return status;
	if (stop_begin(&job.stop, 0) < 0) {
		say_errno("cannot watch for signals");
		return STATUS_FAILED;
	}
	stop_leave_pipe(&job.stop);
	job.delivery = (struct delivery){
		.queue = &job.queue,
		.ref = job.text,
		.label = RECORD_TYPE,
		.outlet = {
			.frame = request->frame.frame,
			.output = STDOUT_FILENO,
			.stop = &job.stop,
			.waker = &job.waker,
		},
	};
	delivery_begin(&job.delivery);
	if (request->verbose)
		say_facts(&job);
	status = finish(&job, request->choice.pick == QUEUE_LOWEST ? show_by_type(&job)
								   : show_in_order(&job));
	delivery_end(&job.delivery);
	return status;
}

int main(int argc, char **argv)
{
	static struct request request;

	cli_parse(&argp, argc, argv, &request);
	return peek(&request, &request.ref);
}
