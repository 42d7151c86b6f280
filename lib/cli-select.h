/* SPDX-License-Identifier: MIT */
#ifndef CLI_SELECT_H
#define CLI_SELECT_H

#include <argp.h>
#include <stdbool.h>

#include "cli-object.h"
#include "select.h"

/* The options of a SELECTION; its input is a struct selection. */
extern const struct argp cli_select_argp;

/* REF operands, as many as there are. */
struct cli_refs {
	struct ref *refs;
	size_t count;
};

/* Add TEXT, or end with a usage error. */
void cli_add_ref(struct argp_state *state, const char *text, struct cli_refs *refs);

#endif
