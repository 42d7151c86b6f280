/* SPDX-License-Identifier: MIT */
#include "cli-drain.h"

#include <errno.h>
#include <unistd.h>

#include "cli.h"
#include "say.h"
#include "status.h"

static void check(struct cli_drain_options *options, struct argp_state *state)
{
	struct patience *patience = &options->stream.patience;

	if (options->all + options->follow + (options->count != 0) > 1)
		argp_error(state, "only one of --count, --all and --follow can be");
	if (options->all && patience->limited && patience->limit > 0)
		argp_error(state, "--all does not wait; --follow --timeout does");
	if (options->all)
		*patience = (struct patience){ .limited = true };
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct cli_drain_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->stream;
		return 0;
	case 'c':
		options->count = cli_number(state, "count", text, 1, INT64_MAX - 1);
		return 0;
	case 'a':
		options->all = true;
		return 0;
	case 'f':
		options->follow = true;
		return 0;
	case ARGP_KEY_END:
		check(options, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "count", 'c', "N", 0, "Take N (1)", 0 },
	{ "all", 'a', NULL, 0, "Take all that are there now", 0 },
	{ "follow", 'f', NULL, 0, "Take every one from now on; with -t, until none comes", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_stream_argp, 0, NULL, 0 }, { 0 } };

const struct argp cli_drain_argp = { .options = options, .parser = parse, .children = children };

int cli_drain_begin(struct cli_drain *drain)
{
	const struct cli_drain_options *wanted = drain->options;

	drain->limit = wanted->all || wanted->follow ? INT64_MAX
		       : wanted->count != 0          ? wanted->count
						     : 1;
	if (stop_begin(&drain->stop, 0) == 0)
		return STATUS_OK;
	say_errno("cannot watch for signals");
	return cli_failure();
}

struct outlet cli_drain_outlet(struct cli_drain *drain)
{
	return (struct outlet){
		.frame = drain->options->stream.frame.frame,
		.output = STDOUT_FILENO,
		.stop = &drain->stop,
		.waker = &drain->waker,
	};
}

int cli_drain_watch(struct cli_drain *drain, const struct outlet *outlet, int object)
{
	drain->waker = (struct waker){
		.stop = drain->stop.descriptor,
		.output = outlet == NULL || outlet->sort == FDIO_FILE ? -1 : outlet->output,
		.object = object,
		.limit = drain->options->stream.patience.limit,
	};
	if (outlet == NULL || outlet_has_reader(outlet))
		return STATUS_OK;
	say_errno("cannot write to standard output");
	return cli_failure();
}

void cli_drain_show(struct cli_drain *drain)
{
	progress_begin(&drain->progress, drain->options->stream.progress);
	if (drain->limit != INT64_MAX)
		drain->progress.total_records = drain->limit;
}

/* Nothing came in time: say how far it got, and find the status. */
static int not_now(const struct cli_drain *drain)
{
	const struct cli_stream *stream = &drain->options->stream;

	if (drain->count > 0 && drain->limit == INT64_MAX)
		return STATUS_OK;
	if (!stream->quiet && drain->count > 0)
		say("%lld of %lld %ss %s %s", (long long)drain->count, (long long)drain->limit,
		    drain->noun, drain->done, drain->text);
	else if (!stream->quiet && stream->verbose)
		say("no %s in %s", drain->noun, drain->text);
	return STATUS_NOT_NOW;
}

int cli_drain_failed(struct cli_drain *drain, const struct outlet *outlet, int error, int signal)
{
	if (error == EINTR && signal == 0) {
		/* It was the reader's death that ended a wait. */
		drain->output_failed = true;
		error = EPIPE;
	}
	if (drain->output_failed) {
		cli_say_output_failure(outlet, drain->noun, error);
		return cli_failure();
	}
	if (error == 0 || error == EINTR)
		return STATUS_OK;
	if (error == EAGAIN || error == ETIMEDOUT)
		return not_now(drain);
	if (error != EIDRM)
		drain->explain(drain, error);
	else if (!drain->options->stream.quiet)
		say("cannot %s %s: it has been removed", drain->action, drain->text);
	return cli_status_of(error);
}

int cli_drain_end(const struct cli_drain *drain, int status)
{
	const struct cli_stream *stream = &drain->options->stream;

	if (status == STATUS_OK && stream->verbose && !stream->quiet)
		say("%lld %s%s %s %s", (long long)drain->count, drain->noun,
		    cli_plural((long long)drain->count), drain->done, drain->text);
	return status;
}
