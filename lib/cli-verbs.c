/* SPDX-License-Identifier: MIT */
#include "cli-verbs.h"

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { NAME_MAX_LENGTH = 31, TEXT_MAX = 2048 };

struct choice {
	const struct cli_verb *verbs;
	size_t count;
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters to insert, remove, replace or swap with the next (Damerau, Levenshtein). */
static size_t distance(const char *a, const char *b)
{
	size_t cost[NAME_MAX_LENGTH + 1][NAME_MAX_LENGTH + 1];
	size_t rows = least(strlen(a), NAME_MAX_LENGTH),
	       columns = least(strlen(b), NAME_MAX_LENGTH);

	for (size_t i = 0; i <= rows; i++)
		for (size_t k = 0; k <= columns; k++) {
			if (i == 0 || k == 0) {
				cost[i][k] = i + k;
				continue;
			}
			cost[i][k] = least(least(cost[i - 1][k], cost[i][k - 1]) + 1,
					   cost[i - 1][k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				cost[i][k] = least(cost[i][k], cost[i - 2][k - 2] + 1);
		}
	return cost[rows][columns];
}

static const char *closest(const struct choice *choice, const char *text)
{
	size_t best = 0;

	for (size_t i = 1; i < choice->count; i++)
		if (distance(text, choice->verbs[i].name) <
		    distance(text, choice->verbs[best].name))
			best = i;
	return choice->verbs[best].name;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	const struct choice *choice = state->input;
	char names[TEXT_MAX];
	size_t used = 0;

	switch (key) {
	case ARGP_KEY_ARG:
		argp_error(state, "there is no subcommand '%s'; the closest is '%s'", text,
			   closest(choice, text));
		return 0;
	case ARGP_KEY_NO_ARGS:
		for (size_t i = 0; i < choice->count && used < sizeof names; i++)
			used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
						 i == 0                   ? ""
						 : i == choice->count - 1 ? " or "
									  : ", ",
						 choice->verbs[i].name);
		argp_error(state, "missing operand: a subcommand: %s", names);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Ends the process. */
static void parse_without_verb(const struct choice *choice, const char *doc, int argc, char **argv)
{
	char text[TEXT_MAX];
	const struct argp argp = { .parser = parse,
				   .args_doc = "SUBCOMMAND [OPTION...] REF ...",
				   .doc = text };
	size_t used = (size_t)snprintf(text, sizeof text, "%s\vSubcommands:\n", doc);

	for (size_t i = 0; i < choice->count && used < sizeof text; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "  %-8s %s\n",
					 choice->verbs[i].name, choice->verbs[i].summary);
	if (used < sizeof text)
		snprintf(text + used, sizeof text - used,
			 "\nEach has a --help of its own: '%s %s --help'.",
			 program_invocation_short_name, choice->verbs[0].name);
	cli_parse(&argp, argc, argv, (void *)(uintptr_t)choice);
}

/* "ipc-sem post", without printf(3), which would cost more than all else here. */
static void call_ourselves(const char *verb)
{
	const char *command = program_invocation_short_name;
	char *name = malloc(strlen(command) + strlen(verb) + 2);

	if (name == NULL)
		return;
	stpcpy(stpcpy(stpcpy(name, command), " "), verb);
	program_invocation_short_name = name;
}

size_t cli_verb(const struct cli_verb *verbs, size_t count, const char *doc, int *argc,
		char ***argv)
{
	const struct choice choice = { verbs, count };

	for (size_t i = 0; *argc > 1 && i < count; i++) {
		if (strcmp((*argv)[1], verbs[i].name) != 0)
			continue;
		call_ourselves(verbs[i].name);
		(*argc)--;
		(*argv)++;
		return i;
	}
	parse_without_verb(&choice, doc, *argc, *argv);
	abort(); /* it has ended the process */
}
