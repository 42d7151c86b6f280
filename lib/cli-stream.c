/* SPDX-License-Identifier: MIT */
#include "cli-stream.h"

#include <errno.h>

#include "say.h"

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct cli_stream *stream = state->input;

	(void)text;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = &stream->patience;
	state->child_inputs[1] = &stream->frame;
	state->child_inputs[2] = &stream->quiet;
	state->child_inputs[3] = &stream->verbose;
	state->child_inputs[4] = &stream->progress;
	return 0;
}

static const struct argp_child children[] = {
	{ &cli_patience_argp, 0, NULL, 0 }, { &cli_frame_argp, 0, NULL, 0 },
	{ &cli_quiet_argp, 0, NULL, 0 },    { &cli_verbose_argp, 0, NULL, 0 },
	{ &cli_progress_argp, 0, NULL, 0 }, { 0 },
};

const struct argp cli_stream_argp = { .parser = parse, .children = children };

void cli_say_broken_record(const struct source *source, const char *phrase, size_t at)
{
	say("cannot read standard input: record %llu, at byte %llu, %s",
	    (unsigned long long)source->number, (unsigned long long)source->offset + at, phrase);
}

void cli_say_output_failure(const struct outlet *outlet, const char *noun, int error)
{
	char end = outlet->frame == FRAME_NUL ? '0' : 'n';

	errno = error;
	if (error == EILSEQ)
		say("cannot write the %s to standard output: it holds a \\%c, "
		    "which ends records in this --frame",
		    noun, end);
	else if (error != EINTR)
		say_errno("cannot write to standard output");
	if (outlet->torn > 0)
		say("the output ends with %zu byte%s of a record that is not whole", outlet->torn,
		    cli_plural((long long)outlet->torn));
}
