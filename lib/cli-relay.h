/* SPDX-License-Identifier: MIT */
#ifndef CLI_RELAY_H
#define CLI_RELAY_H

#include <stdbool.h>

#include "relay.h"

/* What a relay says on standard error, and its exit status. */
struct cli_relay {
	struct relay relay; /* first: tell() gets a pointer to it */
	struct progress progress;
	bool quiet, verbose, stats, json;
};

/* Open the ends.  Returns 0, or the exit status after saying why. */
int cli_relay_open(struct cli_relay *job);

/* Run, tell the losses and the summary, and return the exit status or die of a signal. */
int cli_relay_run(struct cli_relay *job);

#endif
