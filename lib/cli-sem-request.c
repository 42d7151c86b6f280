/* SPDX-License-Identifier: MIT */
#include "cli-sem-request.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli-create.h"
#include "cli-sem-check.h"
#include "cli-semaphore.h"
#include "cli-verbs.h"
#include "cli.h"
#include "status.h"

#ifndef __clang__
/* GCC 12 does not see that the request, behind argp_state, keeps what it is given. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* What stands behind REF. */
enum operands {
	NOTHING,
	QUOTED_COMMAND, /* -- COMMAND */
	NUMBERS,
	STEPS,   /* INDEX:DELTA ..., and perhaps -- COMMAND */
	COMMAND, /* all of it */
};

struct verb {
	const char *operands_text, *text;
	enum operands operands;
	bool for_new; /* REF is of a semaphore to be made */
};
static const struct verb verbs[SEM_RUN + 1];

/* Sets of subcommands. */
#define ONLY(verb) (1 << (verb))
enum { WAITING = ONLY(SEM_WAIT) | ONLY(SEM_OP) | ONLY(SEM_RUN) };

static bool is_among(int set, enum sem_verb verb)
{
	return set & ONLY(verb);
}

enum { KEY_ALLOW_FOREIGN = 300, KEY_VALUES, KEY_FORCE, KEY_CREATE };

/* The command line */

static void *room_for(struct argp_state *state, size_t count, size_t size)
{
	void *room = calloc(count, size);

	if (room == NULL)
		argp_failure(state, cli_failure(), errno, "cannot read the command line");
	return room;
}

static int value_of(struct argp_state *state, const char *text)
{
	return (int)cli_number(state, "value", text, 0, SEMAPHORE_VALUE_MAX);
}

static void take_values(struct sem_request *request, struct argp_state *state, char *list)
{
	free(request->values);
	request->values = room_for(state, strlen(list) + 1, sizeof *request->values);
	request->value_count = 0;
	for (char *value; (value = strsep(&list, ",")) != NULL;)
		request->values[request->value_count++] = value_of(state, value);
}

static void take_numbers(struct sem_request *request, struct argp_state *state)
{
	char **words = cli_free_words(state, "value");
	int count = 0;
	int *values;

	while (words != NULL && words[count] != NULL)
		count++;
	values = room_for(state, (size_t)count + 1, sizeof *values);
	for (int i = 0; i < count; i++)
		values[i] = value_of(state, words[i]);
	free(request->values);
	request->values = values;
	request->value_count = count;
}

/* The words behind REF up to a "--" are steps, and what is behind that is COMMAND. */
static void take_steps(struct sem_request *request, struct argp_state *state)
{
	char **words = state->argv + state->next;
	struct sembuf *steps =
		room_for(state, (size_t)(state->argc - state->next) + 1, sizeof *steps);
	size_t count = 0;

	for (; *words != NULL && strcmp(*words, "--") != 0; words++) {
		const char *wrong = semaphore_scan_step(*words, &steps[count++]);

		if (**words == '-')
			argp_error(state, "'%s' begins with a dash: options stand before REF",
				   *words);
		if (wrong != NULL)
			argp_error(state, "step '%s' %s", *words, wrong);
	}
	free(request->steps);
	request->steps = steps;
	request->step_count = count;
	request->command = *words != NULL && words[1] != NULL ? words + 1 : NULL;
	state->next = state->argc;
}

static error_t take_operand(struct sem_request *request, struct argp_state *state, const char *text)
{
	if (request->has_ref) {
		if (verbs[request->verb].operands != QUOTED_COMMAND)
			return ARGP_ERR_UNKNOWN;
		request->command = cli_take_command(state);
		return 0;
	}
	if (verbs[request->verb].for_new)
		cli_new_ref(state, text, REF_SEM, &request->ref);
	else
		cli_semaphore_ref(state, text, &request->ref);
	request->has_ref = true;
	if (verbs[request->verb].operands == NUMBERS)
		take_numbers(request, state);
	else if (verbs[request->verb].operands == STEPS)
		take_steps(request, state);
	else if (verbs[request->verb].operands == COMMAND)
		request->command = cli_rest_of_words(state);
	return 0;
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct sem_request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->quiet;
		if (is_among(WAITING, request->verb)) {
			state->child_inputs[1] = &request->patience;
			state->child_inputs[2] = &request->verbose;
		}
		return 0;
	case KEY_VALUES:
		take_values(request, state, text);
		return 0;
	case 'm':
		request->mode = cli_mode(state, text);
		request->has_mode = true;
		return 0;
	case 'e':
		request->exist_ok = true;
		return 0;
	case KEY_ALLOW_FOREIGN:
		request->allow_foreign = true;
		return 0;
	case 'c':
		request->count = (int)cli_number(state, "count", text, 1, SEMAPHORE_VALUE_MAX);
		return 0;
	case 'i':
		request->index = (int)cli_number(state, "index", text, 0, USHRT_MAX);
		return 0;
	case 'E':
		request->conflict_status = (int)cli_number(state, "status", text, 0, 255);
		return 0;
	case KEY_CREATE:
		request->created = (int)cli_number(state, "value", text, 0, SEMAPHORE_VALUE_MAX);
		return 0;
	case KEY_FORCE:
		request->force = true;
		return 0;
	case 'j':
		request->json = true;
		return 0;
	case 'v':
		request->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		return take_operand(request, state, text);
	case ARGP_KEY_END:
		sem_request_check(request, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* The texts and the options */

static const struct cli_verb names[SEM_RUN + 1] = {
	[SEM_CREATE] = { "create", "make a semaphore and print its reference" },
	[SEM_POST] = { "post", "add to it" },
	[SEM_WAIT] = { "wait", "take from it, waiting until that can be done" },
	[SEM_VALUE] = { "value", "print its value, and who waits" },
	[SEM_SET] = { "set", "give it another value" },
	[SEM_OP] = { "op", "several steps on a System V set, all or none" },
	[SEM_RUN] = { "run", "hold it while a command runs" },
};

#define REFS "REF is sem:/NAME, sem:key:NUMBER, sem:id:NUMBER or sem:ftok:PATH[,PROJ].  "

static const struct verb verbs[SEM_RUN + 1] = {
	[SEM_CREATE] = { "REF\nREF -- COMMAND [ARGUMENT ...]",
			 "Create a semaphore and print its reference, or have it while COMMAND "
			 "runs."
			 "\vREF is sem:/NAME, sem:key:NUMBER, sem:ftok:PATH[,PROJ] or sem:private. "
			 " "
			 "Exit status: 0 created, 1 failed, 5 exists already; with COMMAND, its "
			 "own.",
			 QUOTED_COMMAND, true },
	[SEM_POST] = { "REF",
		       "Add 1 to a semaphore, or N, and wake who waits for that."
		       "\v" REFS "Exit status: 0 done, 1 failed, 4 no such semaphore.",
		       NOTHING, false },
	[SEM_WAIT] = { "REF",
		       "Take 1 from a semaphore, or N, and wait until that can be done."
		       "\v" REFS "Exit status: 0 taken, 1 failed, 3 not in the time given, "
		       "4 no such semaphore, or it was removed.",
		       NOTHING, false },
	[SEM_VALUE] = { "REF",
			"Print the value of a semaphore, or of each member of a set, one a line."
			"\v" REFS "A value that cannot be seen is '?'.  "
			"Exit status: 0 done, 1 failed, 4 no such semaphore, 6 a value is '?'.",
			NOTHING, false },
	[SEM_SET] = { "REF N [N ...]",
		      "Set a semaphore to N, or members of a set, one N each."
		      "\v" REFS "Exit status: 0 done, 1 failed or in use, 4 no such semaphore.",
		      NUMBERS, false },
	[SEM_OP] = { "REF INDEX:DELTA ...\nREF INDEX:DELTA ... -- COMMAND [ARGUMENT ...]",
		     "Add DELTA to member INDEX of a System V set, all at once or none; a DELTA of "
		     "0 "
		     "waits until the member is 0.  With COMMAND, it is undone when that ends."
		     "\v" REFS "Exit status: 0 done, 1 failed, 3 not in the time given, "
		     "4 no such set, or it was removed; with COMMAND, its own.",
		     STEPS, false },
	[SEM_RUN] = { "REF COMMAND [ARGUMENT ...]",
		      "Hold a semaphore while COMMAND runs.  On System V the kernel gives it back "
		      "when "
		      "COMMAND ends, whatever is killed; on POSIX this process or its guard does, "
		      "and it "
		      "is lost when both are killed."
		      "\v" REFS "Exit status: COMMAND's; 124 not in the time given, 125 failed, "
		      "126 COMMAND cannot be run, 127 it is not found.",
		      COMMAND, false },
};

/* What is in one word of each option: few tables are few pages to relocate at the start. */
struct line {
	const char *name, *argument, *text;
	short key;
	short verbs; /* the subcommands that have it */
};

static const struct line lines[] = {
	{ "values", "N,N,...", "One value (1), or one a member (System V)", KEY_VALUES,
	  ONLY(SEM_CREATE) },
	{ "mode", "MODE", "Permission bits, octal and exact (0600)", 'm',
	  ONLY(SEM_CREATE) | ONLY(SEM_RUN) },
	{ "exist-ok", NULL, "Accept an existing one of ours or root's that fits", 'e',
	  ONLY(SEM_CREATE) },
	{ "allow-foreign", NULL, "An existing one may be anybody's", KEY_ALLOW_FOREIGN,
	  ONLY(SEM_CREATE) },
	{ "count", "N", "Add N (1)", 'c', ONLY(SEM_POST) },
	{ "count", "N", "System V: take N at once (1)", 'c', ONLY(SEM_WAIT) | ONLY(SEM_RUN) },
	{ "index", "INDEX", "System V: the member of the set (0)", 'i',
	  ONLY(SEM_POST) | ONLY(SEM_WAIT) | ONLY(SEM_RUN) },
	{ "index", "INDEX", "System V: this member of the set only", 'i', ONLY(SEM_VALUE) },
	{ "index", "INDEX", "System V: the first member to set (0)", 'i', ONLY(SEM_SET) },
	{ "verbose", NULL, "INDEX, VALUE, waiting for more, for zero, last PID, alive or dead", 'v',
	  ONLY(SEM_VALUE) },
	{ "json", NULL, "The same as a JSON object a line", 'j', ONLY(SEM_VALUE) },
	{ "force", NULL, "System V: even while it may be in use", KEY_FORCE, ONLY(SEM_SET) },
	{ "conflict-status", "STATUS", "With COMMAND: when it is busy (124)", 'E',
	  ONLY(SEM_OP) | ONLY(SEM_RUN) },
	{ "create", "N", "Make it with value N if it is missing", KEY_CREATE, ONLY(SEM_RUN) },
};

enum { LINES = sizeof lines / sizeof *lines };

int sem_request_member(const struct sem_request *request)
{
	return request->index < 0 ? 0 : request->index;
}

static void parse_verb(struct sem_request *request, int argc, char **argv)
{
	const struct verb *verb = &verbs[request->verb];
	struct argp_option options[LINES + 1] = { 0 }, *option = options;
	struct argp_child children[] = { { &cli_quiet_argp, 0, NULL, 0 },
					 { &cli_patience_argp, 0, NULL, 0 },
					 { &cli_verbose_argp, 0, NULL, 0 },
					 { 0 } };
	const struct argp argp = { .options = options,
				   .parser = parse_request,
				   .args_doc = verb->operands_text,
				   .doc = verb->text,
				   .children = children };

	for (const struct line *line = lines; line < lines + LINES; line++)
		if (is_among(line->verbs, request->verb))
			*option++ = (struct argp_option){ line->name, line->key,  line->argument,
							  0,          line->text, 0 };
	if (!is_among(WAITING, request->verb))
		children[1] = (struct argp_child){ 0 };
	cli_parse(&argp, argc, argv, request);
}

void sem_request_parse(struct sem_request *request, int argc, char **argv)
{
	enum operands operands;

	request->mode = 0600;
	request->created = -1;
	request->count = 1;
	request->index = -1;
	request->conflict_status = -1;
	request->verb = (enum sem_verb)cli_verb(
		names, sizeof names / sizeof *names,
		"Semaphores of both families, for scripts: what is held around a command comes "
		"back, whoever is killed.",
		&argc, &argv);
	operands = verbs[request->verb].operands;
	if (operands == COMMAND)
		cli_require_command();
	else if (operands == QUOTED_COMMAND || operands == STEPS)
		cli_expect_command(argc, argv);
	parse_verb(request, argc, argv);
}
