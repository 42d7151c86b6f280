/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "scan.h"

/* -n and -t */

static error_t parse_patience(int key, char *text, struct argp_state *state)
{
	struct patience *patience = state->input;
	const char *wrong;

	switch (key) {
	case 'n':
		*patience = (struct patience){ .limited = true };
		return 0;
	case 't':
		wrong = scan_duration(text, &patience->limit);
		if (wrong != NULL)
			argp_error(state, "timeout '%s' %s", text, wrong);
		patience->limited = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option patience_options[] = {
	{ "nonblock", 'n', NULL, 0, "Do not wait; the same as --timeout=0", 0 },
	{ "timeout", 't', "DURATION", 0, "Bound each wait (1.5, 250ms, 2m)", 0 },
	{ 0 },
};

const struct argp cli_patience_argp = {
	.options = patience_options,
	.parser = parse_patience,
};

/* -F, -0 and -j */

static error_t parse_frame(int key, char *text, struct argp_state *state)
{
	struct cli_frame *frame = state->input;
	int found;

	switch (key) {
	case 'F':
		found = record_frame(text);
		if (found < 0)
			argp_error(state, "frame '%s' is not line, nul, netstring, json or whole",
				   text);
		frame->frame = (enum frame)found;
		break;
	case '0':
		frame->frame = FRAME_NUL;
		break;
	case 'j':
		frame->frame = FRAME_JSON;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	frame->given = true;
	return 0;
}

static const struct argp_option frame_options[] = {
	{ "frame", 'F', "FRAME", 0, "Records stand as line, nul, netstring, json or whole", 0 },
	{ "null", '0', NULL, 0, "The same as --frame=nul", 0 },
	{ "json", 'j', NULL, 0, "The same as --frame=json", 0 },
	{ 0 },
};

const struct argp cli_frame_argp = { .options = frame_options, .parser = parse_frame };

/* -q, -v and -P */

static error_t parse_switch(int key, char *text, struct argp_state *state)
{
	(void)text;
	if (key != 'q' && key != 'v' && key != 'P')
		return ARGP_ERR_UNKNOWN;
	*(bool *)state->input = true;
	return 0;
}

static const struct argp_option quiet_options[] = {
	{ "quiet", 'q', NULL, 0, "Do not say what statuses 3, 4 and 5 say already", 0 },
	{ 0 },
};

static const struct argp_option verbose_options[] = {
	{ "verbose", 'v', NULL, 0, "Say more, on standard error", 0 },
	{ 0 },
};

static const struct argp_option progress_options[] = {
	{ "progress", 'P', NULL, 0, "Draw amount, rate and time on the terminal", 0 },
	{ 0 },
};

const struct argp cli_quiet_argp = { .options = quiet_options, .parser = parse_switch };
const struct argp cli_verbose_argp = { .options = verbose_options, .parser = parse_switch };
const struct argp cli_progress_argp = { .options = progress_options, .parser = parse_switch };
