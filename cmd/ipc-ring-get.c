/* SPDX-License-Identifier: MIT */
/*
 * ipc-ring-get - take records out of a ring
 *
 * A record is written out first and taken afterwards, so that whoever is killed
 * in between leaves it in the ring, to be written once more.  What the output
 * does not take stays in the ring, too.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli-drain.h"
#include "cli-ring.h"
#include "cli.h"
#include "ring.h"
#include "say.h"
#include "status.h"

struct request {
	struct ref ref;
	bool has_ref;
	struct cli_drain_options drain;
	bool peek, at_most_once;
};

/* A request under way. */
struct job {
	struct cli_drain drain; /* first, so that it is found from there; counts what was written */
	const struct request *request;
	struct ring ring;
	struct outlet outlet;
	int64_t read;         /* records */
	struct record record; /* that was read last */
	char text[REF_TEXT_MAX];
	uint64_t positions[OUTLET_KEPT_MOST]; /* where the records that the outlet keeps end */
};

enum { KEY_PEEK = 300, KEY_AT_MOST_ONCE };

static void check_request(struct request *request, struct argp_state *state)
{
	struct cli_drain_options *drain = &request->drain;
	struct patience *patience = &drain->stream.patience;

	if (!request->has_ref)
		argp_error(state, "missing operand: the REF of the ring to get from");
	if (request->peek && (drain->follow || request->at_most_once))
		argp_error(state, "--peek takes nothing and does not wait: "
				  "it goes with neither --follow nor --at-most-once");
	if (request->peek && patience->limited && patience->limit > 0)
		argp_error(state, "--peek does not wait");
	if (request->peek && drain->count == 0)
		drain->all = true;
	if (request->peek)
		*patience = (struct patience){ .limited = true };
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->drain;
		return 0;
	case KEY_PEEK:
		request->peek = true;
		return 0;
	case KEY_AT_MOST_ONCE:
		request->at_most_once = true;
		return 0;
	case ARGP_KEY_ARG:
		if (request->has_ref)
			return ARGP_ERR_UNKNOWN;
		cli_ring_ref(state, text, &request->ref);
		request->has_ref = true;
		return 0;
	case ARGP_KEY_END:
		check_request(request, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "peek", KEY_PEEK, NULL, 0, "Show what is there now, and leave it there", 0 },
	{ "at-most-once", KEY_AT_MOST_ONCE, NULL, 0,
	  "Take, then write: nothing comes twice, and what is in hand can be lost", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_drain_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF",
	.doc = "Take records out of a ring and write them to standard output."
	       "\vREF is ring:/NAME.  --follow ends where the ring's end is marked.  "
	       "Exit status: 0 taken, 1 failed, 3 nothing (or less than N) came, or another "
	       "consumer is there, 4 no such ring.",
	.children = children,
};

static void explain(struct cli_drain *drain, int error)
{
	const struct job *job = (const struct job *)drain;

	cli_ring_failure(drain->action, &job->request->ref, &job->ring, 0, error);
}

/* The end, because of ERROR (0: all is done): die of a signal or find the status. */
static int finish(struct job *job, int error)
{
	struct cli_drain *drain = &job->drain;
	int status, signal;

	if (!drain->output_failed && outlet_flush(&job->outlet) < 0) {
		drain->output_failed = errno != EBADMSG;
		error = errno;
	}
	ring_settle(&job->ring);
	progress_end(&drain->progress);
	signal = stop_signal(&drain->stop, NULL);
	if (!drain->output_failed && error == ESHUTDOWN)
		error = drain->options->follow ? 0 : ETIMEDOUT;
	status = cli_drain_failed(drain, &job->outlet, error, signal);
	if (job->request->at_most_once && job->outlet.kept > 0)
		say("%zu record%s taken from %s and not written", job->outlet.kept,
		    cli_plural((long long)job->outlet.kept), drain->text);
	if (signal != 0)
		stop_die(signal);
	return cli_drain_end(drain, status);
}

/* The first COUNT records that the outlet keeps are out: take them. */
static int settle(void *context, size_t count)
{
	struct job *job = context;
	uint64_t end = job->positions[count - 1];

	job->drain.count += (int64_t)count;
	memmove(job->positions, job->positions + count, job->outlet.kept * sizeof *job->positions);
	if (job->request->peek || job->request->at_most_once)
		return 0;
	return ring_release(&job->ring, end, count);
}

/* What was written, and whether a signal came on the way. */
static int checked(struct job *job, int result)
{
	if (result < 0) {
		job->drain.output_failed = errno != EBADMSG;
	} else if (job->outlet.stop_seen) {
		errno = EINTR;
		result = -1;
	}
	return result;
}

/* The next record.  Before a wait, what is kept is written. */
static ssize_t next_record(struct job *job, const char **bytes)
{
	for (;;) {
		ssize_t length = ring_next(&job->ring, bytes);

		if (length >= 0 || errno != EAGAIN)
			return length;
		if (checked(job, outlet_flush(&job->outlet)) < 0)
			return -1;
		ring_settle(&job->ring);
		if (ring_await_record(&job->ring, &job->request->drain.stream.patience,
				      &job->drain.waker) < 0)
			return -1;
	}
}

/* For --at-most-once: take the record before it is written, unless it cannot be. */
static int take_first(struct job *job)
{
	char none;

	if (record_write(job->outlet.frame, &job->record, &none, 0) < 0)
		return 0; /* it stays; outlet_put() says why */
	return ring_release(&job->ring, job->ring.consumer.at, 1);
}

static int deliver(struct job *job, const char *bytes, size_t length)
{
	job->record.data = bytes;
	job->record.length = length;
	if (job->request->at_most_once && take_first(job) < 0)
		return -1;
	job->positions[job->outlet.kept] = job->ring.consumer.at;
	job->read++;
	cli_drain_progress(&job->drain, (size_t)length);
	return checked(job, outlet_put(&job->outlet, &job->record));
}

static int take_records(struct job *job)
{
	while (job->read < job->drain.limit) {
		const char *bytes;
		ssize_t length = next_record(job, &bytes);

		if (length < 0 || deliver(job, bytes, (size_t)length) < 0)
			return finish(job, errno);
	}
	return finish(job, 0);
}

/* Say that another has the role, and who that is. */
static void say_busy(const struct job *job, bool waiting)
{
	struct ring_facts facts;
	char who[32] = "another process";

	if (job->request->drain.stream.quiet)
		return;
	if (ring_look(job->ring.descriptor, &facts) == NULL && facts.consumer.pid != 0)
		snprintf(who, sizeof who, "process %u", facts.consumer.pid);
	say("%s has a consumer: %s%s", job->drain.text, who,
	    waiting ? "; waiting for its end" : "");
}

/* Take the role.  Returns 0, or the exit status after saying why not. */
static int begin(struct job *job)
{
	const struct patience none = { .limited = true },
			      *patience = &job->request->drain.stream.patience;
	int result = ring_consume(&job->ring, &none, &job->drain.waker);

	if (result < 0 && errno == EAGAIN) {
		say_busy(job, !patience_none(patience));
		if (patience_none(patience))
			return STATUS_NOT_NOW;
		result = ring_consume(&job->ring, patience, &job->drain.waker);
		if (result < 0 && errno == ETIMEDOUT)
			return STATUS_NOT_NOW;
	}
	return result < 0 ? finish(job, errno) : STATUS_OK;
}

static int get(const struct request *request)
{
	static struct job job;
	int status;

	job.request = request;
	job.drain.text = ref_print(&request->ref, job.text);
	job.drain.noun = "record";
	job.drain.action = "get from";
	job.drain.done = "taken from";
	job.drain.explain = explain;
	job.drain.options = &request->drain;
	if (request->peek)
		job.drain.done = "shown of";
	if (!cli_stdout_usable())
		return cli_failure();
	status = cli_ring_open(&job.ring, &request->ref, request->peek ? RING_PEEK : RING_USE,
			       request->drain.stream.quiet);
	if (status == STATUS_OK)
		status = cli_drain_begin(&job.drain);
	if (status != STATUS_OK)
		return status;
	if (request->peek)
		stop_leave_pipe(&job.drain.stop);
	job.outlet = cli_drain_outlet(&job.drain);
	job.outlet.settle = settle;
	job.outlet.context = &job;
	outlet_begin(&job.outlet);
	status = cli_drain_watch(&job.drain, request->peek ? NULL : &job.outlet,
				 job.ring.descriptor);
	if (status == STATUS_OK)
		status = begin(&job);
	if (status != STATUS_OK)
		return status;
	cli_drain_show(&job.drain);
	status = take_records(&job);
	outlet_end(&job.outlet);
	ring_close(&job.ring);
	return status;
}

int main(int argc, char **argv)
{
	static struct request request;

	cli_parse(&argp, argc, argv, &request);
	return get(&request);
}
