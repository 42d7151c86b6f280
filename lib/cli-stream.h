/* SPDX-License-Identifier: MIT */
#ifndef CLI_STREAM_H
#define CLI_STREAM_H

#include <argp.h>
#include <stddef.h>

#include "cli.h"
#include "outlet.h"
#include "source.h"

/* What the commands that read or write records have in common. */

struct cli_stream {
	struct patience patience;
	struct cli_frame frame;
	bool quiet, verbose, progress;
};

/* -n -t, -F -0 -j, -q, -v and -P: struct cli_stream. */
extern const struct argp cli_stream_argp;

/* The record that was read last is none, or wrong: PHRASE says why, AT where in it. */
void cli_say_broken_record(const struct source *source, const char *phrase, size_t at);

/*
 * ERROR of the output, and what is torn.  A record that cannot stand in the
 * frame is called NOUN.
 */
void cli_say_output_failure(const struct outlet *outlet, const char *noun, int error);

#endif
