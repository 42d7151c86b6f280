/* SPDX-License-Identifier: MIT */
/*
 * ipc-ring-put - put records into a ring
 *
 * Each RECORD operand, or each record of standard input, goes into the ring
 * whole or not at all.  As many as have been read already go in one batch: one
 * taking of the role, one publish, one wake.  The role is never held while the
 * input is waited for, so that producers take turns.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "cli-feed.h"
#include "cli-ring.h"
#include "cli.h"
#include "ring.h"
#include "say.h"
#include "status.h"

struct request {
	struct ref ref;
	bool has_ref;
	struct cli_stream stream;
	bool end, reopen;
	char **records; /* NULL: standard input */
};

/* A request under way. */
struct job {
	struct cli_feed feed; /* first, so that it is found from there; counts what was published */
	const struct request *request;
	struct ring ring;
	struct timespec looked;   /* whether the ring has been removed, at this time */
	unsigned long long added; /* records, with those that the consumer may not see yet */
	char text[REF_TEXT_MAX];
};

enum { KEY_END = 300, KEY_REOPEN };

static void check_request(const struct request *request, struct argp_state *state)
{
	if (!request->has_ref)
		argp_error(state, "missing operand: the REF of the ring to put into");
	if (request->records != NULL && request->stream.frame.given)
		argp_error(state, "--frame is for standard input; RECORD is put as it is");
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->stream;
		return 0;
	case KEY_END:
		request->end = true;
		return 0;
	case KEY_REOPEN:
		request->reopen = true;
		return 0;
	case ARGP_KEY_ARG:
		cli_ring_ref(state, text, &request->ref);
		request->has_ref = true;
		request->records = cli_free_words(state, "RECORD");
		return 0;
	case ARGP_KEY_END:
		check_request(request, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "end", KEY_END, NULL, 0, "After the last record, mark that no more will come", 0 },
	{ "reopen", KEY_REOPEN, NULL, 0, "Take the mark of the end away first", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_stream_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF [RECORD ...]",
	.doc = "Put each RECORD, or each record of standard input, into a ring."
	       "\vREF is ring:/NAME.  "
	       "Exit status: 0 all put, 1 failed, or the ring's end has been marked, "
	       "3 no room in the time given, 4 no such ring.",
	.children = children,
};

static void explain(struct cli_feed *feed, int error)
{
	const struct job *job = (const struct job *)feed;

	if (error == ESHUTDOWN)
		say("cannot put into %s: its end has been marked (--reopen takes the mark away)",
		    feed->text);
	else
		cli_ring_failure(feed->action, feed->ref, &job->ring, 0, error);
}

static int failed(struct job *job)
{
	return cli_feed_failed(&job->feed, errno);
}

static int publish(struct job *job, bool end)
{
	if (ring_publish(&job->ring, end) < 0)
		return -1;
	job->feed.count = job->added;
	return 0;
}

/* Whether the ring has been removed: looked at once a tick of the clock, for it costs. */
static bool is_gone(struct job *job)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_nsec == job->looked.tv_nsec && now.tv_sec == job->looked.tv_sec)
		return false;
	job->looked = now;
	return ring_is_gone(&job->ring);
}

/*
 * Take the role; MARKED: the mark of the end does not matter.  Returns 0, or -1
 * with errno, not having it.
 */
static int begin_batch(struct job *job, bool marked)
{
	int result = ring_produce(&job->ring, &job->request->stream.patience, &job->feed.waker);

	if (result < 0 && errno == ESHUTDOWN && marked)
		result = 0;
	/* What is put into a ring without a name may never be read. */
	if (result == 0 && is_gone(job)) {
		errno = EIDRM;
		result = -1;
	}
	if (result < 0)
		ring_rest(&job->ring);
	return result;
}

static int add(struct job *job, const char *bytes, size_t length)
{
	while (ring_producer_add(&job->ring.producer, bytes, length) < 0) {
		job->ring.wrong = job->ring.producer.wrong;
		if (errno != EAGAIN || publish(job, false) < 0 ||
		    ring_await_room(&job->ring, length, &job->request->stream.patience,
				    &job->feed.waker) < 0)
			return -1;
	}
	job->added++;
	cli_feed_progress(&job->feed, length);
	return 0;
}

/* Give the role up, letting the consumer have what there is, even after an error. */
static int end_batch(struct job *job, int result, bool end)
{
	int error = errno;

	if (publish(job, end && result == 0) < 0 && result == 0) {
		result = -1;
		error = errno;
	}
	ring_rest(&job->ring);
	errno = error;
	return result;
}

/* Take the mark of the end away, or set it, where no record is at hand for that. */
static int mark(struct job *job, bool end)
{
	if (begin_batch(job, true) < 0)
		return -1;
	if (!end)
		ring_producer_reopen(&job->ring.producer);
	return end_batch(job, 0, end);
}

static int put_operands(struct job *job)
{
	char **records = job->request->records;
	int result = begin_batch(job, false);

	if (result < 0)
		return failed(job);
	for (size_t i = 0; records[i] != NULL && result == 0; i++)
		result = add(job, records[i], strlen(records[i]));
	result = end_batch(job, result, job->request->end);
	return result < 0 ? failed(job) : STATUS_OK;
}

/*
 * RECORD and those behind it that have been read already.  Returns 0, with
 * FOUND telling why there are no more, or -1 with errno.
 */
static int put_batch(struct job *job, struct source *source, struct record *record,
		     enum source_next *found)
{
	int result = begin_batch(job, false);

	if (result < 0)
		return -1;
	do {
		result = add(job, record->data, record->length);
		if (result == 0)
			*found = source_take(source, record);
	} while (result == 0 && *found == SOURCE_RECORD);
	return end_batch(job, result, false);
}

/* The input ended as FOUND says. */
static int finish_input(struct job *job, const struct source *source, enum source_next found)
{
	if (found == SOURCE_END)
		return job->request->end && mark(job, true) < 0 ? failed(job) : STATUS_OK;
	if (found == SOURCE_TOO_LONG)
		return cli_feed_too_long(&job->feed, source, job->ring.longest, "");
	return cli_feed_unread(&job->feed, source, found);
}

/* Every end but that of the input leaves it at the first record that was not put. */
static int put_records(struct job *job, struct source *source)
{
	enum source_next found = SOURCE_EMPTY;

	for (;;) {
		struct record record;

		if (found == SOURCE_EMPTY)
			found = source_next(source, &record);
		if (found != SOURCE_RECORD)
			return finish_input(job, source, found);
		if (put_batch(job, source, &record, &found) == 0)
			continue;
		source_unread(source);
		return failed(job);
	}
}

static int put_input(struct job *job)
{
	struct source source = cli_feed_input(&job->feed, job->ring.longest);
	int status;

	source.waker = &job->feed.waker;
	source.ends = WAKER_STOP;
	source.parser.unlabelled = true;
	status = put_records(job, &source);
	source_close(&source);
	return status;
}

/* Whether each operand fits; and no end is marked, before the input is read. */
static int check_first(struct job *job)
{
	char **records = job->request->records;
	size_t longest = job->ring.longest;

	for (size_t i = 0; records != NULL && records[i] != NULL; i++)
		if (strlen(records[i]) > longest)
			return cli_feed_too_long_word(&job->feed, i + 1, records[i], longest, "");
	if (job->request->reopen)
		return mark(job, false) < 0 ? failed(job) : STATUS_OK;
	if (job->request->end || !ring_is_ended(&job->ring))
		return STATUS_OK;
	return cli_feed_failed(&job->feed, ESHUTDOWN);
}

static int put_all(const struct request *request)
{
	static struct job job;
	int status;

	job.request = request;
	job.feed.noun = "record";
	job.feed.action = "put into";
	job.feed.done = "put into";
	job.feed.explain = explain;
	job.feed.options = &request->stream;
	job.feed.ref = &request->ref;
	job.feed.text = ref_print(&request->ref, job.text);
	status = cli_ring_open(&job.ring, &request->ref, RING_USE, request->stream.quiet);
	if (status == STATUS_OK)
		status = cli_feed_begin(&job.feed, job.ring.descriptor);
	if (status != STATUS_OK)
		return status;
	ring_attach(&job.ring);
	status = check_first(&job);
	if (status != STATUS_OK)
		return status;
	progress_begin(&job.feed.progress, request->stream.progress);
	status = request->records != NULL ? put_operands(&job) : put_input(&job);
	return cli_feed_end(&job.feed, status);
}

int main(int argc, char **argv)
{
	static struct request request;

	cli_parse(&argp, argc, argv, &request);
	return put_all(&request);
}
