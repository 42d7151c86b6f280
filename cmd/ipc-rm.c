/* SPDX-License-Identifier: MIT */
/*
 * ipc-rm - remove IPC objects, by name or by what they are
 *
 * What was only selected is removed when it is proven that nobody has it, and
 * is looked at once more right before; what was named is removed as it is.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alter.h"
#include "cli-select.h"
#include "cli.h"
#include "say.h"
#include "status.h"
#include "text.h"
#include "verdict.h"

struct request {
	struct selection selection;
	struct cli_refs refs;
	bool dry, force, verbose;
};

/* Whether objects are chosen by what they are: --ns alone only says where. */
static bool is_chosen(const struct selection *selection)
{
	return select_is_narrow(selection) || selection->kinds != 0 || selection->posix ||
	       selection->sysv;
}

static void check_request(const struct request *request, struct argp_state *state)
{
	if (request->refs.count > 0 || select_is_narrow(&request->selection))
		return;
	if (request->selection.given)
		argp_error(state, "--kind, --family and --ns alone would remove too much: "
				  "select by more, or name the objects");
	argp_error(state, "missing operand: a REF, or a SELECTION");
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->verbose;
		state->child_inputs[1] = &request->selection;
		return 0;
	case 'n':
		request->dry = true;
		return 0;
	case 'f':
		request->force = true;
		return 0;
	case ARGP_KEY_ARG:
		cli_add_ref(state, text, &request->refs);
		return 0;
	case ARGP_KEY_END:
		check_request(request, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "dry-run", 'n', NULL, 0, "Only print what would be removed", 0 },
	{ "force", 'f', NULL, 0, "Remove what is in use, too; nothing to remove is no failure", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_verbose_argp, 0, NULL, 0 },
					      { &cli_select_argp, 0, NULL, 0 },
					      { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF ...\nSELECTION [REF ...]",
	.doc = "Remove IPC objects and print the REF of each.  What is selected and not named "
	       "is left when it is in use."
	       "\vREF is KIND:/NAME, KIND:id:NUMBER, KIND:key:NUMBER or KIND:ftok:PATH[,PROJ].  "
	       "Exit status: 0 removed, 1 something was left or could not be removed, 3 nothing "
	       "matched, 4 no such object, 6 it could not be told whether something is in use.",
	.children = children,
};

/* "held by 12 (sleep), 15 (cat); waited for by 17 (cat)" */
static void tell_users(const struct object *object, const struct holders *holders,
		       struct text *text)
{
	for (size_t i = 0; i < object->holder_count; i++) {
		const struct holder *holder = &holders->holders[object->holder_first + i];

		text_word(text, i == 0 ? ": held by " : ", ");
		text_format(text, "%d (%s)", (int)holder->pid, holder->command);
	}
	for (size_t i = 0; i < object->waiter_count; i++) {
		const struct waiter *waiter = &holders->waiters[object->waiter_first + i];

		text_word(text, i > 0                      ? ", "
				: object->holder_count > 0 ? "; waited for by "
							   : ": waited for by ");
		text_format(text, "%d (%s)", (int)waiter->tid, waiter->command);
	}
	if (object->holder_count + object->waiter_count > 0)
		return;
	if (object->nattch > 0)
		text_format(text, ": attached %lld times", (long long)object->nattch);
	else if (object->held_unseen)
		text_word(text, ": somebody has it open or mapped");
	else if (object->notify > 0)
		text_format(text, ": process %d is to be notified", (int)object->notify);
	else if (object->sysv)
		text_word(text, ": who used it last lives");
}

static const char *printed(const struct object *object)
{
	static char text[REF_TEXT_MAX];
	struct ref ref;

	census_ref(object, &ref);
	return ref_print(&ref, text);
}

/* Say that OBJECT is left because it is in use. */
static int leave(const struct object *object, const struct holders *holders)
{
	struct text text = { 0 };

	text_clear(&text);
	tell_users(object, holders, &text);
	say("left %s, which is in use%s", printed(object), text.bytes);
	free(text.bytes);
	return STATUS_FAILED;
}

/* What to do with an object that was selected: 0 remove it, else the status of leaving it. */
static int judge(const struct request *request, const struct object *object,
		 const struct holders *holders)
{
	if (!select_is_meant(&request->selection, object, holders)) {
		say("left %s: its verdict is %s", printed(object), verdict_word(object->verdict));
		/* Only -v looks at these: no failure, unless without it there were one. */
		return select_maybe(&request->selection, object, time(NULL)) &&
				       select_is_unsure(&request->selection, object)
			       ? STATUS_INCOMPLETE
			       : -1;
	}
	switch (object->verdict) {
	case VERDICT_LIVE:
		return leave(object, holders);
	case VERDICT_UNKNOWN:
		say("left %s: cannot tell whether it is in use%s", printed(object),
		    object->sysv ? " (name it, or use --force)" : "");
		return STATUS_INCOMPLETE;
	default: /* what is removed already is not removed again, but no failure */
		return STATUS_OK;
	}
}

/*
 * Whether it matters of which objects it could not be told who has them: what
 * an ordinary user selects by --pid alone is rarely what he may not look at.
 */
static bool is_unsure(const struct request *request, const struct gather *gather)
{
	return gather->unsure > 0 &&
	       (gather->ref_count > 0 || request->selection.orphans || request->selection.unheld);
}

/* What is gone must be told: on standard error from where standard output has failed. */
static int tell_removed(const struct request *request, const struct object *object)
{
	static bool output_failed;
	struct ref ref;

	census_ref(object, &ref);
	if (!output_failed && cli_print_ref(&ref) == 0)
		return STATUS_OK;
	output_failed = true;
	if (!request->dry)
		say("removed %s", printed(object));
	return STATUS_FAILED;
}

static int remove_one(const struct request *request, const struct world *world,
		      const struct object *object, bool guarded)
{
	switch (alter_remove(world, object, guarded, request->dry)) {
	case REMOVAL_DONE:
		return tell_removed(request, object);
	case REMOVAL_GONE:
		if (request->verbose)
			say("%s is gone already", printed(object));
		return STATUS_OK;
	case REMOVAL_PENDING:
		if (request->verbose || request->refs.count > 0)
			say("%s is removed already, and gone when its last user is",
			    printed(object));
		return STATUS_OK;
	case REMOVAL_CHANGED:
		say("left %s: it is not the one that was chosen any more", printed(object));
		return STATUS_FAILED;
	case REMOVAL_IN_USE:
		say("left %s, which is in use by now", printed(object));
		return STATUS_FAILED;
	case REMOVAL_UNCERTAIN:
		say_errno("left %s: cannot tell whether it is in use", printed(object));
		return STATUS_INCOMPLETE;
	case REMOVAL_FAILED:
		break;
	}
	say_errno("cannot remove %s", printed(object));
	return STATUS_FAILED;
}

/* One of several REFs of the same object: it is removed once.  A file may have more names. */
static bool is_repeated(const struct census *census, const struct object *object)
{
	const struct object *first =
		object->sysv ? census_find_id(census, object->kind, object->id)
			     : census_find_inode(census, object->device, object->inode);

	return object != first && (object->sysv || strcmp(object->name, first->name) == 0);
}

static int remove_all(const struct request *request, const struct world *world,
		      struct gather *gather, bool guarded)
{
	const struct census *census = &gather->census;
	int status = STATUS_OK;
	size_t meant = 0;

	for (size_t i = 0; i < gather->ref_count; i++)
		if (gather->errors[i] != 0 && !(request->force && gather->errors[i] == ENOENT))
			status = cli_worse(status,
					   cli_say_missing(&gather->refs[i], gather->errors[i]));
	for (size_t i = 0; i < census->count; i++) {
		const struct object *object = &census->objects[i];
		int left = guarded ? judge(request, object, &gather->holders) : STATUS_OK;

		if (left == -1 || is_repeated(census, object))
			continue;
		meant++;
		status = cli_worse(status, left != STATUS_OK
						   ? left
						   : remove_one(request, world, object, guarded));
	}
	if (meant == 0 && status == STATUS_OK && !request->force)
		status = STATUS_NOT_NOW;
	return status;
}

int main(int argc, char **argv)
{
	struct request request = { 0 };
	struct selection wide;
	struct gather gather = { .selection = &request.selection };
	struct world world;
	bool guarded;
	int status;

	cli_parse(&argp, argc, argv, &request);
	if (!cli_stdout_usable())
		return STATUS_FAILED;
	/* A reader that goes away does not leave the rest there. */
	if (!request.dry)
		signal(SIGPIPE, SIG_IGN);
	status = cli_open_world(&world, request.selection.world);
	if (status != STATUS_OK)
		return status;
	guarded = is_chosen(&request.selection) && !request.force;
	gather.refs = request.refs.refs;
	gather.ref_count = request.refs.count;
	gather.verdicts = guarded;
	if (request.verbose && guarded) {
		/* To say why they are left, look at those, too, that are not meant. */
		wide = request.selection;
		wide.orphans = wide.unheld = false;
		gather.selection = &wide;
	}
	if (gather_objects(&world, &gather) < 0 || census_make_index(&gather.census) < 0) {
		say_errno("cannot look for the objects");
		return STATUS_FAILED;
	}
	status = remove_all(&request, &world, &gather, guarded);
	/* What was left because of a gap has been said; of the rest, what could not be seen. */
	if (is_unsure(&request, &gather)) {
		status = cli_worse(status, cli_tell_gaps(&gather.gaps));
	} else if (gather.ref_count == 0) {
		gather.gaps.of[GAP_USERS].count = 0;
		if (!request.selection.by_size) /* which is hidden, too */
			gather.gaps.of[GAP_OBJECT].count = 0;
		if (status == STATUS_OK || status == STATUS_NOT_NOW)
			gather.gaps.of[GAP_PROCESS].count = gather.gaps.of[GAP_OUTSIDE].count = 0;
		status = cli_worse(status, cli_tell_gaps(&gather.gaps));
	}
	gather_free(&gather);
	world_close(&world);
	free(request.refs.refs);
	free(request.selection.globs);
	return status;
}
