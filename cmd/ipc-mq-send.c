/* SPDX-License-Identifier: MIT */
/*
 * ipc-mq-send - send messages to a queue
 *
 * Each MESSAGE operand, or each record of standard input, becomes a message,
 * whole or not at all.  What was sent when it stops early is told by number,
 * and an input that can be positioned stands at the first record not sent.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli-queue.h"
#include "cli.h"
#include "progress.h"
#include "queue.h"
#include "say.h"
#include "source.h"
#include "status.h"
#include "stop.h"

struct request {
	struct ref ref;
	bool has_ref;
	struct patience patience;
	struct cli_frame frame;
	bool quiet, verbose, progress;
	bool has_priority, has_type;
	long priority, type;
	char **messages; /* NULL: standard input */
};

/* A request under way. */
struct job {
	const struct request *request;
	struct queue queue;
	struct stop stop;
	struct waker waker;
	struct progress progress;
	long label;
	unsigned long long sent;
	char text[REF_TEXT_MAX];
};

static void check_request(const struct request *request, struct argp_state *state)
{
	if (!request->has_ref)
		argp_error(state, "missing operand: the REF of the queue to send to");
	if (request->has_type && ref_is_posix(&request->ref))
		argp_error(state, "--type is for System V queues; a POSIX queue has a --priority");
	if (request->has_priority && !ref_is_posix(&request->ref))
		argp_error(state, "--priority is for POSIX queues; a System V queue has a --type");
	if (request->messages != NULL && request->frame.given)
		argp_error(state, "--frame is for standard input; MESSAGE is sent as it is");
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
	case 'p':
		request->priority = cli_number(state, "priority", text, 0, 32767);
		request->has_priority = true;
		return 0;
	case 'y':
		request->type = cli_number(state, "type", text, 1, LONG_MAX);
		request->has_type = true;
		return 0;
	case ARGP_KEY_ARG:
		cli_queue_ref(state, text, &request->ref);
		request->has_ref = true;
		request->messages = cli_free_words(state, "MESSAGE");
		return 0;
	case ARGP_KEY_END:
		check_request(request, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "priority", 'p', "PRIORITY", 0, "POSIX: 0 (the default) to 32767, the most urgent", 0 },
	{ "type", 'y', "TYPE", 0, "System V: 1 (the default) or more", 0 },
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
	.args_doc = "REF [MESSAGE ...]",
	.doc = "Send each MESSAGE, or each record of standard input, to a message queue."
	       "\vREF is mq:/NAME, mq:key:NUMBER, mq:id:NUMBER or mq:ftok:PATH[,PROJ].  "
	       "Exit status: 0 all sent, 1 failed, 3 no room in the time given, 4 no such queue.",
	.children = children,
};

/* How many were sent, where the status leaves that open. */
static void say_count(const struct job *job, bool finished)
{
	const struct request *request = job->request;

	if (request->quiet || (finished ? !request->verbose : job->sent == 0))
		return;
	say("%llu message%s sent to %s%s", job->sent, cli_plural((long long)job->sent), job->text,
	    finished ? "" : " before that");
}

/* A wait or a read was cut short by a signal: die of it. */
static int stopped(struct job *job)
{
	int signal = stop_signal(&job->stop, NULL);

	progress_end(&job->progress);
	if (!job->request->quiet)
		say("stopped by SIG%s: %llu message%s sent to %s", sigabbrev_np(signal), job->sent,
		    cli_plural((long long)job->sent), job->text);
	stop_die(signal);
}

static int failed(struct job *job)
{
	int error = errno;

	progress_end(&job->progress);
	if (error == EINTR)
		return stopped(job);
	if (error == EAGAIN || error == ETIMEDOUT) {
		if (job->request->verbose && !job->request->quiet)
			say("no room in %s", job->text);
	} else if (error == EIDRM) {
		if (!job->request->quiet)
			say("cannot send to %s: it has been removed", job->text);
	} else {
		cli_queue_failure("send to", &job->request->ref, NULL, error);
	}
	say_count(job, false);
	return cli_status_of(error);
}

static int send_one(struct job *job, const char *bytes, size_t length, long label)
{
	if (queue_send(&job->queue, bytes, length, label, &job->request->patience, &job->waker) < 0)
		return -1;
	job->sent++;
	if (job->progress.running)
		progress_add(&job->progress, (int64_t)length);
	return 0;
}

/* NUMBER is one for a message that is longer than the queue takes. */
static int too_long(struct job *job, unsigned long long number, const struct source *source)
{
	char hint[QUEUE_HINT_MAX];

	if (source != NULL)
		source_unread(source);
	progress_end(&job->progress);
	queue_hint(hint, &job->request->ref, NULL, EMSGSIZE);
	if (source == NULL)
		say("cannot send to %s: message %llu has %zu bytes, and it takes %zu%s", job->text,
		    number, strlen(job->request->messages[number - 1]), job->queue.message_max,
		    hint);
	else
		say("cannot send to %s: record %llu, at byte %llu, has %s%llu bytes, "
		    "and it takes %zu%s",
		    job->text, number, (unsigned long long)source->offset,
		    source->length_known ? "" : "more than ", (unsigned long long)source->length,
		    job->queue.message_max, hint);
	say_count(job, false);
	return cli_failure();
}

static int send_operands(struct job *job)
{
	char **messages = job->request->messages;

	for (size_t i = 0; messages[i] != NULL; i++) {
		size_t length = strlen(messages[i]);

		if (length > job->queue.message_max)
			return too_long(job, i + 1, NULL);
		if (send_one(job, messages[i], length, job->label) < 0)
			return failed(job);
	}
	return STATUS_OK;
}

/* The label for RECORD in LABEL.  Returns NULL or what is wrong with the record's own. */
static const char *choose_label(const struct job *job, const struct record *record, long *label)
{
	const struct request *request = job->request;
	bool posix = ref_is_posix(&request->ref);

	*label = job->label;
	if (record->label == RECORD_NO_LABEL || request->has_priority || request->has_type)
		return NULL;
	if (posix != (record->label == RECORD_PRIORITY))
		return posix ? "has a type, which a POSIX queue has not (--priority overrides it)"
			     : "has a priority, which a System V queue has not (--type overrides "
			       "it)";
	if (posix && (record->label_value < 0 || record->label_value > 32767))
		return "has a priority that is not 0 to 32767";
	if (!posix && record->label_value < 1)
		return "has a type that is not 1 or more";
	*label = record->label_value;
	return NULL;
}

static int broken(struct job *job, const struct source *source, const char *phrase, size_t at)
{
	source_unread(source);
	progress_end(&job->progress);
	say("cannot read standard input: record %llu, at byte %llu, %s",
	    (unsigned long long)source->number, (unsigned long long)source->offset + at, phrase);
	say_count(job, false);
	return cli_failure();
}

/* Every end but that of the input leaves it at the first record not sent. */
static int send_records(struct job *job, struct source *source)
{
	for (;;) {
		struct record record;
		const char *wrong;
		long label;

		switch (source_next(source, &record)) {
		case SOURCE_RECORD:
			break;
		case SOURCE_END:
			return STATUS_OK;
		case SOURCE_STOPPED:
			source_unread(source);
			return stopped(job);
		case SOURCE_FAILED:
			progress_end(&job->progress);
			say_errno("cannot read standard input");
			say_count(job, false);
			return cli_failure();
		case SOURCE_BROKEN:
			return broken(job, source, source->parser.phrase, source->parser.at);
		case SOURCE_TOO_LONG:
			return too_long(job, source->number, source);
		}
		wrong = choose_label(job, &record, &label);
		if (wrong != NULL)
			return broken(job, source, wrong, 0);
		if (send_one(job, record.data, record.length, label) < 0) {
			source_unread(source);
			return failed(job);
		}
	}
}

static int send_input(struct job *job)
{
	struct source source = {
		.descriptor = STDIN_FILENO,
		.stop = job->stop.descriptor,
		.limit = job->queue.message_max,
		.parser.frame = job->request->frame.frame,
	};
	struct stat status;
	int end;

	if (fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode))
		job->progress.total_bytes = status.st_size;
	end = send_records(job, &source);
	source_close(&source);
	return end;
}

static int send_all(const struct request *request, struct ref *ref)
{
	static struct job job;
	int status;

	job.request = request;
	ref_print(ref, job.text);
	job.label = ref_is_posix(ref) ? request->priority : request->has_type ? request->type : 1;
	status = cli_queue_open(&job.queue, ref, QUEUE_SEND, request->quiet);
	if (status != STATUS_OK)
		return status;
	if (stop_begin(&job.stop, 0) < 0) {
		say_errno("cannot watch for signals");
		return cli_failure();
	}
	job.waker = (struct waker){ .stop = job.stop.descriptor,
				    .output = -1,
				    .object = queue_watchable(&job.queue),
				    .limit = request->patience.limit };
	progress_begin(&job.progress, request->progress);
	status = request->messages != NULL ? send_operands(&job) : send_input(&job);
	progress_end(&job.progress);
	if (status == STATUS_OK)
		say_count(&job, true);
	return status;
}

int main(int argc, char **argv)
{
	static struct request request;

	cli_parse(&argp, argc, argv, &request);
	return send_all(&request, &request.ref);
}
