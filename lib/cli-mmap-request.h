/* SPDX-License-Identifier: MIT */
#ifndef CLI_MMAP_REQUEST_H
#define CLI_MMAP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli-segment.h"
#include "number.h"
#include "patience.h"
#include "pour.h"
#include "until.h"

/* The command line of ipc-mmap-cat. */

struct mmap_request {
	struct cli_range range;
	enum pour_form form;
	struct number_type type; /* of POUR_NUMBERS */
	bool hex, write, grow, holes, zero_copy;
	bool watch, has_until, has_interval;
	struct until until;
	int64_t interval;
	struct patience patience;
	bool quiet, verbose;
	char **targets; /* ended by NULL */
	size_t count;
};

/*
 * Parse the command line into REQUEST, which is all zero, as cli_parse() does.
 * All targets are read before the first is opened; they stand in ARGV.
 */
void mmap_request_parse(struct mmap_request *request, int argc, char **argv);

#endif
