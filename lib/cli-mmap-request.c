/* SPDX-License-Identifier: MIT */
#include "cli-mmap-request.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "say.h"
#include "scan.h"
#include "status.h"

enum { INTERVAL = 100 * 1000 * 1000 }; /* ns */

enum { KEY_HOLES = 300, KEY_ZERO_COPY, KEY_WATCH, KEY_UNTIL };

static void check_request(const struct mmap_request *request, struct argp_state *state)
{
	bool waits = request->watch || request->has_until;

	if (request->count == 0)
		argp_error(state, "missing operand: the TARGET to read, a REF or a file");
	if (request->hex && request->type.size != 0)
		argp_error(state, "--hex and --type do not go together");
	if (request->grow && !request->write)
		argp_error(state, "--grow goes with --write");
	if (request->write && request->hex)
		argp_error(state, "--write reads bytes or, with --type, numbers: no --hex");
	if (request->write && waits)
		argp_error(state, "--write does not go with --watch and --until");
	if (request->watch && request->has_until)
		argp_error(state, "--watch and --until do not go together");
	if (request->grow && request->range.length != 0)
		argp_error(state, "--grow and --length do not go together");
	if ((request->holes || request->zero_copy) &&
	    (request->write || request->watch || request->hex || request->type.size != 0))
		argp_error(state, "--holes and --zero-copy are for bytes that are read");
	if (request->holes && request->zero_copy)
		argp_error(state, "--holes and --zero-copy do not go together");
	if ((request->patience.limited || request->has_interval) && !waits)
		argp_error(state, "--timeout, --nonblock and --interval are for "
				  "--watch and --until");
	if ((request->write || waits) && request->count > 1)
		argp_error(state, "one TARGET at a time with --write, --watch and --until");
}

/* All operands are read before the first is opened. */
static void check_targets(const struct mmap_request *request, struct argp_state *state)
{
	struct cli_target target;

	for (char **word = request->targets; *word != NULL; word++) {
		cli_target(state, *word, &target);
		if (request->grow && target.path == NULL && !ref_is_posix(&target.ref))
			argp_error(state, "--grow is for files and POSIX objects; "
					  "a System V segment keeps its size");
	}
}

static const char *parse_range(int key, const char *text, struct mmap_request *request,
			       struct argp_state *state)
{
	if (key == 'l')
		request->range.length = cli_size(state, "length", text);
	else
		return scan_offset(text, &request->range.offset, &request->range.from_end);
	return NULL;
}

static const char *parse_interval(const char *text, struct mmap_request *request)
{
	const char *wrong = scan_duration(text, &request->interval);

	if (wrong == NULL && request->interval == 0)
		wrong = "is too short";
	request->has_interval = true;
	return wrong;
}

static error_t parse_switch(int key, struct mmap_request *request)
{
	switch (key) {
	case 'x':
		request->hex = true;
		return 0;
	case 'w':
		request->write = true;
		return 0;
	case 'g':
		request->grow = true;
		return 0;
	case KEY_HOLES:
		request->holes = true;
		return 0;
	case KEY_ZERO_COPY:
		request->zero_copy = true;
		return 0;
	case KEY_WATCH:
		request->watch = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct mmap_request *request = state->input;
	const char *wrong = NULL;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->patience;
		state->child_inputs[1] = &request->quiet;
		state->child_inputs[2] = &request->verbose;
		return 0;
	case 'o':
	case 'l':
		wrong = parse_range(key, text, request, state);
		break;
	case 'y':
		wrong = number_type_scan(text, strlen(text), &request->type);
		break;
	case 'i':
		wrong = parse_interval(text, request);
		break;
	case KEY_UNTIL:
		wrong = until_scan(text, &request->until);
		request->has_until = true;
		break;
	case ARGP_KEY_ARG:
		request->targets[request->count++] = text;
		return 0;
	case ARGP_KEY_END:
		request->targets[request->count] = NULL;
		request->form = request->hex              ? POUR_DUMP
				: request->type.size != 0 ? POUR_NUMBERS
							  : POUR_BYTES;
		check_request(request, state);
		check_targets(request, state);
		return 0;
	default:
		return parse_switch(key, request);
	}
	if (wrong != NULL)
		argp_error(state, "'%s' %s", text, wrong);
	return 0;
}

static const struct argp_option options[] = {
	{ "offset", 'o', "OFFSET", 0, "Begin there; -OFFSET counts from the end", 0 },
	{ "length", 'l', "SIZE", 0, "Take so many bytes; to the end if left out", 0 },
	{ "hex", 'x', NULL, 0, "A dump, as of hexdump -C", 0 },
	{ "type", 'y', "TYPE", 0, "Numbers, one a line: u8 to i64, f32, f64, with le or be", 0 },
	{ "write", 'w', NULL, 0, "Store standard input into TARGET, in place", 0 },
	{ "grow", 'g', NULL, 0, "With -w: extend TARGET where needed", 0 },
	{ "holes", KEY_HOLES, NULL, 0, "Let holes be holes in an output file", 0 },
	{ "zero-copy", KEY_ZERO_COPY, NULL, 0, "Give pages to the pipe; for data that stays", 0 },
	{ "watch", KEY_WATCH, NULL, 0, "Print each range that changes, with the time", 0 },
	{ "until", KEY_UNTIL, "EXPR", 0, "Wait for OFFSET:TYPE:OP:VALUE, then write", 0 },
	{ "interval", 'i', "DURATION", 0, "Look so often (100ms)", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_patience_argp, 0, NULL, 0 },
					      { &cli_quiet_argp, 0, NULL, 0 },
					      { &cli_verbose_argp, 0, NULL, 0 },
					      { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "TARGET ...",
	.doc = "Write what shared memory or a file holds to standard output, or store "
	       "standard input there."
	       "\vTARGET is shm:/NAME, shm:key:NUMBER, shm:id:NUMBER, shm:ftok:PATH[,PROJ] or a "
	       "file.  Exit status: 0 done, 1 failed, 3 not in the time given, 4 no such object.",
	.children = children,
};

void mmap_request_parse(struct mmap_request *request, int argc, char **argv)
{
	request->interval = INTERVAL;
	/* They are moved to the front, over words that have been read by then. */
	request->targets = argv + (argc > 0);
	cli_parse(&argp, argc, argv, request);
}
