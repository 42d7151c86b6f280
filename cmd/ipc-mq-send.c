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
#include <string.h>

#include "cli-feed.h"
#include "cli-queue.h"
#include "cli.h"
#include "queue.h"
#include "status.h"

struct request {
	bool has_ref;
	struct cli_stream stream;
	bool has_priority, has_type;
	long priority, type;
	char **messages; /* NULL: standard input */
	struct ref ref;  /* last: only the first bytes of this page and a half are touched */
};

/* A request under way. */
struct job {
	struct cli_feed feed; /* first, so that it is found from there */
	const struct request *request;
	struct queue queue;
	long label;
	uint64_t read; /* bytes of the input, when the queue was last known to have its name */
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
	if (request->messages != NULL && request->stream.frame.given)
		argp_error(state, "--frame is for standard input; MESSAGE is sent as it is");
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->stream;
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

static const struct argp_child children[] = { { &cli_stream_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF [MESSAGE ...]",
	.doc = "Send each MESSAGE, or each record of standard input, to a message queue."
	       "\vREF is mq:/NAME, mq:key:NUMBER, mq:id:NUMBER or mq:ftok:PATH[,PROJ].  "
	       "Exit status: 0 all sent, 1 failed, 3 no room in the time given, 4 no such queue.",
	.children = children,
};

static void explain(struct cli_feed *feed, int error)
{
	cli_queue_failure(feed->action, feed->ref, NULL, error);
}

static int send_one(struct job *job, const char *bytes, size_t length, long label)
{
	if (queue_send(&job->queue, bytes, length, label, &job->request->stream.patience,
		       &job->feed.waker) < 0)
		return -1;
	job->feed.count++;
	cli_feed_progress(&job->feed, length);
	return 0;
}

static int send_operands(struct job *job)
{
	char **messages = job->request->messages, hint[QUEUE_HINT_MAX];
	size_t longest = job->queue.message_max;

	for (size_t i = 0; messages[i] != NULL; i++) {
		size_t length = strlen(messages[i]);

		if (length > longest) {
			queue_hint(hint, job->feed.ref, NULL, EMSGSIZE);
			return cli_feed_too_long_word(&job->feed, i + 1, messages[i], longest,
						      hint);
		}
		if (send_one(job, messages[i], length, job->label) < 0)
			return cli_feed_failed(&job->feed, errno);
	}
	return STATUS_OK;
}

/* The label for RECORD in LABEL.  Returns NULL or what is wrong with the record's own. */
static const char *choose_label(const struct job *job, const struct record *record, long *label)
{
	const struct request *request = job->request;
	bool posix = ref_is_posix(&request->ref);

	*label = job->label;
	if (record->label == RECORD_NO_LABEL)
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

/*
 * A POSIX queue that was removed while records were waited for would take them for
 * nobody.  Returns 0, or -1 with errno.
 */
static int check_name(struct job *job, const struct source *source)
{
	if (source->total == job->read)
		return 0;
	job->read = source->total;
	if (!queue_is_nameless(&job->queue))
		return 0;
	errno = EIDRM;
	return -1;
}

/* Every end but that of the input leaves it at the first record not sent. */
static int send_records(struct job *job, struct source *source)
{
	enum source_next found;
	char hint[QUEUE_HINT_MAX];
	struct record record;

	while ((found = source_next(source, &record)) == SOURCE_RECORD) {
		long label;
		const char *wrong = choose_label(job, &record, &label);

		if (wrong != NULL)
			return cli_feed_broken(&job->feed, source, wrong, 0);
		if (check_name(job, source) < 0 ||
		    send_one(job, record.data, record.length, label) < 0) {
			source_unread(source);
			return cli_feed_failed(&job->feed, errno);
		}
	}
	if (found == SOURCE_END)
		return STATUS_OK;
	if (found != SOURCE_TOO_LONG)
		return cli_feed_unread(&job->feed, source, found);
	queue_hint(hint, job->feed.ref, NULL, EMSGSIZE);
	return cli_feed_too_long(&job->feed, source, job->queue.message_max, hint);
}

static int send_input(struct job *job)
{
	struct source source = cli_feed_input(&job->feed, job->queue.message_max);
	int status;

	source.parser.unlabelled = job->request->has_priority || job->request->has_type;
	status = send_records(job, &source);
	source_close(&source);
	return status;
}

static int send_all(const struct request *request, struct ref *ref)
{
	static struct job job;
	int status;

	job.request = request;
	job.feed.noun = "message";
	job.feed.action = "send to";
	job.feed.done = "sent to";
	job.feed.explain = explain;
	job.feed.options = &request->stream;
	job.feed.ref = ref;
	job.feed.text = ref_print(ref, job.text);
	job.label = ref_is_posix(ref) ? request->priority : request->has_type ? request->type : 1;
	status = cli_queue_open(&job.queue, ref, QUEUE_SEND, request->stream.quiet);
	if (status == STATUS_OK)
		status = cli_feed_begin(&job.feed, queue_watchable(&job.queue));
	if (status != STATUS_OK)
		return status;
	progress_begin(&job.feed.progress, request->stream.progress);
	status = request->messages != NULL ? send_operands(&job) : send_input(&job);
	return cli_feed_end(&job.feed, status);
}

int main(int argc, char **argv)
{
	static struct request request;

	cli_parse(&argp, argc, argv, &request);
	return send_all(&request, &request.ref);
}
