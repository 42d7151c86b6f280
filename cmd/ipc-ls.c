/* SPDX-License-Identifier: MIT */
/*
 * ipc-ls - list the IPC objects there are, who has them, and who waits for them
 *
 * Nothing that is listed is changed by that.  What cannot be seen is never
 * taken for not being there: it is told, with a status of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli-list.h"
#include "cli.h"
#include "scan.h"
#include "status.h"

enum {
	KEY_RAW = 300,
	KEY_REFS,
	KEY_DOT,
	KEY_EXACT,
	KEY_HOLDERS,
	KEY_WAITERS,
	KEY_DEADLOCKS,
	KEY_LIMITS,
	KEY_WARN,
	KEY_WATCH,
	KEY_SORT,
	KEY_NO_HEADINGS,
};

/* A list that begins with + is appended to the columns that there would be without it. */
static void read_columns(struct listing *listing, struct argp_state *state)
{
	const char *text = listing->columns_text, *wrong;

	if (text == NULL || *text == '+')
		listing_choose_columns(listing);
	if (text == NULL)
		return;
	wrong = columns_read(text, &listing->columns);
	if (wrong != NULL)
		argp_error(state, "list '%s' %s", text, wrong);
	listing->columns_given = true;
}

/* Whether any System V set can be meant, of which alone it is known who took it. */
static bool can_deadlock(const struct listing *listing)
{
	const struct selection *selection = &listing->selection;

	for (size_t i = 0; i < listing->refs.count; i++)
		if (listing->refs.refs[i].kind != REF_SEM || ref_is_posix(&listing->refs.refs[i]))
			return false;
	return (selection->kinds == 0 || selection->kinds & REF_SEM) &&
	       (selection->sysv || !selection->posix);
}

static void check_request(struct listing *listing, struct argp_state *state)
{
	int forms = listing->json + listing->raw + listing->refs_only + listing->dot +
		    listing->deadlocks;

	if (forms > 1 && !(forms == 2 && listing->json && listing->deadlocks))
		argp_error(state,
			   "--json, --raw, --refs, --dot and --deadlocks are different forms: "
			   "choose one");
	if (listing->null && !listing->refs_only)
		argp_error(state, "--null goes with --refs");
	if (listing->warn != 0 && !listing->limits)
		argp_error(state, "--warn goes with --limits");
	if (listing->limits &&
	    (listing->raw || listing->refs_only || listing->dot || listing->deadlocks ||
	     listing->watch || listing->detail || listing->holders || listing->waiters ||
	     listing->sort >= 0 || listing->columns_text != NULL || listing->refs.count > 0 ||
	     select_is_narrow(&listing->selection) || listing->selection.kinds != 0 ||
	     listing->selection.posix || listing->selection.sysv))
		argp_error(state, "--limits goes with --warn, --json, --exact, --noheadings and "
				  "--ns only");
	if (listing->deadlocks && !can_deadlock(listing))
		argp_error(state, "--deadlocks looks at System V semaphore sets: who took "
				  "others is not recorded");
	if (listing->watch &&
	    (listing->refs_only || listing->dot || listing->deadlocks || listing->raw))
		argp_error(state, "--watch goes with the table and --json only");
	if (listing->interval != 0 && !listing->watch)
		argp_error(state, "--interval goes with --watch");
	if (listing->detail &&
	    (listing->raw || listing->refs_only || listing->columns_text != NULL))
		argp_error(state, "--long shows everything: it goes with --json only");
	/* All is shown of what was named, unless something else was asked for. */
	if (listing->refs.count > 0 && listing->columns_text == NULL && !listing->raw &&
	    !listing->refs_only && !listing->holders && !listing->waiters && !listing->watch)
		listing->detail = true;
	if (listing->interval == 0)
		listing->interval = INT64_C(2000000000);
	read_columns(listing, state);
}

static void read_sort(struct listing *listing, const char *text, struct argp_state *state)
{
	struct columns one = { 0 };
	const char *name = *text == '-' ? text + 1 : text;
	const char *wrong = *name == '+' ? "is no column" : columns_read(name, &one);

	if (wrong == NULL && one.count != 1)
		wrong = "is more than one column";
	if (wrong != NULL)
		argp_error(state, "sort key '%s' %s", text, wrong);
	listing->sort = one.list[0];
	listing->descending = name != text;
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct listing *listing = state->input;
	const char *wrong;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &listing->selection;
		return 0;
	case 'o':
		listing->columns_text = text;
		return 0;
	case KEY_SORT:
		read_sort(listing, text, state);
		return 0;
	case 'j':
		listing->json = true;
		return 0;
	case '0':
		listing->null = true;
		return 0;
	case 'l':
		listing->detail = true;
		return 0;
	case KEY_RAW:
		listing->raw = true;
		return 0;
	case KEY_REFS:
		listing->refs_only = true;
		return 0;
	case KEY_DOT:
		listing->dot = true;
		return 0;
	case KEY_EXACT:
		listing->exact = true;
		return 0;
	case KEY_NO_HEADINGS:
		listing->no_headings = true;
		return 0;
	case KEY_HOLDERS:
		listing->holders = true;
		return 0;
	case KEY_WAITERS:
		listing->waiters = true;
		return 0;
	case KEY_DEADLOCKS:
		listing->deadlocks = true;
		return 0;
	case KEY_LIMITS:
		listing->limits = true;
		return 0;
	case KEY_WARN:
		listing->warn = (int)cli_number(state, "percentage", text, 1, 100);
		return 0;
	case KEY_WATCH:
		listing->watch = true;
		return 0;
	case 'i':
		wrong = scan_duration(text, &listing->interval);
		if (wrong == NULL && listing->interval < 10000000)
			wrong = "is too short (10ms at least)";
		if (wrong != NULL)
			argp_error(state, "interval '%s' %s", text, wrong);
		return 0;
	case ARGP_KEY_ARG:
		cli_add_ref(state, text, &listing->refs);
		return 0;
	case ARGP_KEY_END:
		check_request(listing, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "output", 'o', "COLUMNS", 0, "Show these columns; a list with + in front appends", 0 },
	{ "sort", KEY_SORT, "COLUMN", 0, "Sort by this column; with - in front, downwards", 0 },
	{ "noheadings", KEY_NO_HEADINGS, NULL, 0, "Leave the line of headings out", 0 },
	{ "exact", KEY_EXACT, NULL, 0, "Sizes in bytes, ages in seconds, all processes", 0 },
	{ "json", 'j', NULL, 0, "Print a JSON document", 0 },
	{ "raw", KEY_RAW, NULL, 0, "Print exact values, columns apart by one blank", 0 },
	{ "refs", KEY_REFS, NULL, 0, "Print the REFs alone, one a line", 0 },
	{ "null", '0', NULL, 0, "With --refs: end each in NUL", 0 },
	{ "long", 'l', NULL, 0, "Print all that is known of each object", 0 },
	{ "holders", KEY_HOLDERS, NULL, 0, "Who has each object open or mapped", 0 },
	{ "waiters", KEY_WAITERS, NULL, 0, "Who is blocked on each object", 0 },
	{ "dot", KEY_DOT, NULL, 0, "Print processes and objects as a Graphviz graph", 0 },
	{ "deadlocks", KEY_DEADLOCKS, NULL, 0, "Print who waits for whom in a circle", 0 },
	{ "limits", KEY_LIMITS, NULL, 0, "Print each limit, its use and where it is set", 0 },
	{ "warn", KEY_WARN, "PERCENT", 0, "With --limits: only those used so far", 0 },
	{ "watch", KEY_WATCH, NULL, 0, "Show what changes, until stopped", 0 },
	{ "interval", 'i', "DURATION", 0, "With --watch: look so often (2s)", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_select_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "[REF ...]",
	.doc = "List the IPC objects of all kinds, who has them and who waits for them."
	       "\vREF is KIND:/NAME, KIND:id:NUMBER, KIND:key:NUMBER or KIND:ftok:PATH[,PROJ].  "
	       "Exit status: 0 listed, 3 nothing matched, 4 no such object, 6 something could "
	       "not be seen, 8 --warn or --deadlocks found something.",
	.children = children,
};

int main(int argc, char **argv)
{
	struct listing listing = { .sort = -1 };
	struct world world;
	int status;

	cli_parse(&argp, argc, argv, &listing);
	if (!cli_stdout_usable())
		return STATUS_FAILED;
	cli_patient_stdout();
	status = cli_open_world(&world, listing.selection.world);
	if (status != STATUS_OK)
		return status;
	if (listing.limits)
		status = cli_limits(&listing, &world);
	else if (listing.watch)
		status = cli_watch(&listing, &world);
	else if (listing.deadlocks)
		status = cli_deadlocks(&listing, &world);
	else if (listing.dot)
		status = cli_graph(&listing, &world);
	else
		status = listing_print(&listing, &world);
	world_close(&world);
	free(listing.refs.refs);
	free(listing.selection.globs);
	return status;
}
