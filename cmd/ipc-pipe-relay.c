/* SPDX-License-Identifier: MIT */
/*
 * ipc-pipe-relay - move bytes between pipes, FIFOs, sockets and files
 *
 * Every end is opened before the first byte is taken, without waiting for
 * anybody.  What was taken is delivered or told as lost, by the byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli-relay.h"
#include "cli.h"
#include "fdio.h"
#include "own.h"
#include "record.h"
#include "say.h"
#include "scan.h"
#include "status.h"

#ifndef __clang__
/* GCC 12 does not see that the request, behind argp_state, keeps what it is given. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

struct request {
	struct cli_relay job;
	struct relay_end *ends; /* room for each word; sources from the start, sinks behind */
	size_t source_count, sink_count, room;
	bool to, frame_given, mode_given, progress;
	const char *spill;
};

enum {
	KEY_TO = 300,
	KEY_SPILL,
	KEY_SLOW,
	KEY_MKFIFO,
	KEY_APPEND,
	KEY_TRUNCATE,
	KEY_STATS,
	KEY_DRAIN,
};

static const int64_t drain_default = 5000000000;

/* Room for the ends: each word is one at most, and one more at each side if there is none. */
static void make_room(struct argp_state *state, struct request *request)
{
	if (request->ends != NULL)
		return;
	request->ends = calloc((size_t)state->argc + 2, sizeof *request->ends);
	if (request->ends == NULL)
		argp_failure(state, STATUS_FAILED, ENOMEM, "cannot read the command line");
}

static void add_end(struct argp_state *state, struct request *request, const char *text)
{
	const char *wrong;

	make_room(state, request);
	wrong = relay_end_scan(text, request->to,
			       &request->ends[request->source_count + request->sink_count]);
	if (wrong != NULL)
		argp_error(state, "%s '%s' %s", request->to ? "sink" : "source", text, wrong);
	if (request->to)
		request->sink_count++;
	else
		request->source_count++;
}

static void read_buffer(struct argp_state *state, struct relay *relay, const char *text)
{
	const char *wrong;

	if (strcmp(text, "unlimited") == 0) {
		relay->capacity = INT64_MAX;
		return;
	}
	wrong = scan_size(text, &relay->capacity);
	if (wrong != NULL)
		argp_error(state, "buffer '%s' %s", text, wrong);
}

static void read_slow(struct argp_state *state, struct relay *relay, const char *text)
{
	static const char *const policies[] = { "block", "drop", "cut" };

	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
		if (strcmp(text, policies[i]) == 0) {
			relay->slow = (enum relay_slow)i;
			return;
		}
	argp_error(state, "policy '%s' is not block, drop or cut", text);
}

static void read_frame(struct argp_state *state, struct request *request, const char *text)
{
	int frame = record_frame(text);

	if (frame != FRAME_LINE && frame != FRAME_NUL)
		argp_error(state, "frame '%s' is not line or nul", text);
	request->job.relay.terminator = frame == FRAME_NUL ? '\0' : '\n';
	request->frame_given = true;
}

/* No file may be at both ends, nor twice among the sinks, nor a stream twice among the sources. */
static void check_ends(struct argp_state *state, const struct request *request)
{
	const struct relay *relay = &request->job.relay;

	for (size_t i = 0; i < relay->source_count; i++)
		for (size_t j = 0; j < i; j++)
			if (relay_end_same_source(&relay->sources[j], &relay->sources[i]))
				argp_error(state, "'%s' and '%s' are the same source",
					   relay->sources[j].text, relay->sources[i].text);
	for (size_t i = 0; i < relay->sink_count; i++) {
		for (size_t j = 0; j < relay->source_count; j++)
			if (relay_end_same(&relay->sources[j], &relay->sinks[i]))
				argp_error(state, "'%s' and '%s' are the same file at both ends",
					   relay->sources[j].text, relay->sinks[i].text);
		for (size_t j = 0; j < i; j++)
			if (relay_end_same(&relay->sinks[j], &relay->sinks[i]))
				argp_error(state, "'%s' and '%s' are the same sink",
					   relay->sinks[j].text, relay->sinks[i].text);
	}
}

static void check_request(struct argp_state *state, struct request *request)
{
	struct relay *relay = &request->job.relay;
	const struct relay_opening *opening = &relay->opening;

	if (opening->append && opening->truncate)
		argp_error(state, "--append and --truncate do not go together");
	if (request->mode_given && !opening->make_fifo && !opening->append && !opening->truncate)
		argp_error(state, "--mode goes with --mkfifo, --append or --truncate");
	if (relay->capacity == INT64_MAX && request->spill == NULL)
		argp_error(state, "--buffer=unlimited needs --spill=DIR to put it");
	if (request->spill != NULL && relay->capacity <= 0)
		argp_error(state, "--spill goes with a --buffer of some size, or unlimited");
	if (relay->slow != RELAY_BLOCK && relay->capacity == 0)
		argp_error(state, "--slow=drop and --slow=cut need a --buffer of some size");
	if (request->job.progress.total_bytes > 0 && !request->progress)
		argp_error(state, "--size goes with --progress");
	make_room(state, request);
	if (request->source_count == 0) {
		memmove(request->ends + 1, request->ends,
			request->sink_count * sizeof *request->ends);
		relay_end_scan("-", false, request->ends);
		request->source_count = 1;
	}
	if (request->sink_count == 0) {
		relay_end_scan("-", true, request->ends + request->source_count);
		request->sink_count = 1;
	}
	relay->sources = request->ends;
	relay->source_count = request->source_count;
	relay->sinks = request->ends + request->source_count;
	relay->sink_count = request->sink_count;
	relay->ends_records = opening->keep && request->frame_given;
	relay->whole_records = relay->ends_records && opening->make_fifo;
	relay->opening.fifo_each = relay->whole_records;
	check_ends(state, request);
}

static void start(struct argp_state *state, struct request *request)
{
	state->child_inputs[0] = &request->job.relay.patience;
	state->child_inputs[1] = &request->job.quiet;
	state->child_inputs[2] = &request->job.verbose;
	state->child_inputs[3] = &request->progress;
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;
	struct relay *relay = &request->job.relay;
	const char *wrong;

	switch (key) {
	case ARGP_KEY_INIT:
		start(state, request);
		return 0;
	case KEY_TO:
		request->to = true;
		return 0;
	case 'b':
		read_buffer(state, relay, text);
		return 0;
	case KEY_SPILL:
		request->spill = text;
		return 0;
	case 'F':
		read_frame(state, request, text);
		return 0;
	case '0':
		read_frame(state, request, "nul");
		return 0;
	case KEY_SLOW:
		read_slow(state, relay, text);
		return 0;
	case 'k':
		relay->opening.keep = true;
		return 0;
	case KEY_MKFIFO:
		relay->opening.make_fifo = true;
		return 0;
	case 'm':
		relay->opening.mode = cli_mode(state, text);
		request->mode_given = true;
		return 0;
	case KEY_APPEND:
		relay->opening.append = true;
		return 0;
	case KEY_TRUNCATE:
		relay->opening.truncate = true;
		return 0;
	case 'R':
		relay->rate = cli_size(state, "rate", text);
		return 0;
	case 's':
		request->job.progress.total_bytes = cli_size(state, "size", text);
		return 0;
	case 'j':
		request->job.json = true;
		/* fall through */
	case KEY_STATS:
		request->job.stats = true;
		return 0;
	case KEY_DRAIN:
		wrong = scan_duration(text, &relay->drain);
		if (wrong != NULL)
			argp_error(state, "drain timeout '%s' %s", text, wrong);
		return 0;
	case ARGP_KEY_ARG:
		add_end(state, request, text);
		return 0;
	case ARGP_KEY_END:
		check_request(state, request);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "to", KEY_TO, NULL, 0, "The operands from here on are SINKs", 0 },
	{ "buffer", 'b', "SIZE", 0, "Hold up to SIZE between the ends; 0, or unlimited", 0 },
	{ "spill", KEY_SPILL, "DIR", 0, "Hold what is more than memory in a file in DIR", 0 },
	{ "frame", 'F', "FRAME", 0, "Records are line (the default) or nul", 0 },
	{ "null", '0', NULL, 0, "The same as --frame=nul", 0 },
	{ "slow", KEY_SLOW, "POLICY", 0, "A slow sink: block all, drop its records, or cut it off",
	  0 },
	{ "keep-open", 'k', NULL, 0, "Outlive the last writer and the last reader of a FIFO", 0 },
	{ "mkfifo", KEY_MKFIFO, NULL, 0, "Make a FIFO of a missing path, for this run", 0 },
	{ "mode", 'm', "MODE", 0, "Permission bits of what is made, octal and exact (0600)", 0 },
	{ "append", KEY_APPEND, NULL, 0, "Append to a SINK that is a regular file, or make it", 0 },
	{ "truncate", KEY_TRUNCATE, NULL, 0, "Overwrite a SINK that is a regular file, or make it",
	  0 },
	{ "rate", 'R', "SIZE", 0, "At most SIZE bytes a second to each sink", 0 },
	{ "size", 's', "SIZE", 0, "Bytes that will come, for the progress", 0 },
	{ "stats", KEY_STATS, NULL, 0, "Print a summary at the end; SIGUSR1 prints it at once", 0 },
	{ "json", 'j', NULL, 0, "The summary as JSON", 0 },
	{ "drain-timeout", KEY_DRAIN, "DURATION", 0, "After a signal, time to deliver (5s)", 0 },
	{ 0 },
};

static const struct argp_child children[] = {
	{ &cli_patience_argp, 0, NULL, 0 },
	{ &cli_quiet_argp, 0, NULL, 0 },
	{ &cli_verbose_argp, 0, NULL, 0 },
	{ &cli_progress_argp, 0, NULL, 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "[SOURCE ...] [--to SINK ...]",
	.doc = "Move bytes from SOURCEs to every SINK."
	       "\vAn end is - (standard input or output, the defaults), a path, fd:NUMBER, "
	       "unix:PATH or unix-listen:PATH.  Exit status: 0 all delivered, 1 failed, or a sink "
	       "died, 3 nobody opened the other side in the time given, 4 no such path, "
	       "5 somebody listens already.",
	.children = children,
};

/* A file without a name in DIRECTORY.  Returns a descriptor, or -1 after saying why. */
static int open_spill(const char *directory)
{
	OWN_MEM char *path = NULL;
	int spill = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	/* A file system that has no such files: one that has its name for an instant. */
	if (spill < 0 && (errno == EOPNOTSUPP || errno == EISDIR) &&
	    asprintf(&path, "%s/ipc-pipe-relay.XXXXXX", directory) > 0) {
		spill = mkostemp(path, O_CLOEXEC);
		if (spill >= 0)
			unlink(path);
	}
	if (spill < 0)
		say_errno("cannot make a spill file in %s", directory);
	return spill;
}

static int relay_all(struct request *request)
{
	struct cli_relay *job = &request->job;
	struct relay *relay = &job->relay;
	struct stop stop;
	int opened;

	relay->stop = &stop;
	if (stop_begin(&stop, SIGUSR1) < 0) {
		say_errno("cannot watch for signals");
		return STATUS_FAILED;
	}
	if (request->spill != NULL) {
		relay->spill = open_spill(request->spill);
		if (relay->spill < 0)
			return STATUS_FAILED;
	}
	opened = cli_relay_open(job);
	if (opened != STATUS_OK)
		return opened;
	job->progress.stream = true;
	if (job->progress.total_bytes == 0 && relay->source_count == 1 &&
	    fdio_left(relay->sources[0].descriptor) > 0)
		job->progress.total_bytes = fdio_left(relay->sources[0].descriptor);
	progress_begin(&job->progress, request->progress);
	return cli_relay_run(job);
}

int main(int argc, char **argv)
{
	static struct request request = {
		.job.relay = { .capacity = -1,
			       .spill = -1,
			       .terminator = '\n',
			       .drain = drain_default,
			       .opening.mode = 0600 },
	};
	int status;

	cli_parse(&argp, argc, argv, &request);
	status = relay_all(&request);
	free(request.ends);
	return status;
}
