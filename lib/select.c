/* SPDX-License-Identifier: MIT */
#include "select.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "verdict.h"

bool select_is_narrow(const struct selection *selection)
{
	return selection->owner_count > 0 || selection->glob_count > 0 ||
	       selection->pid_count > 0 || selection->orphans || selection->unheld ||
	       selection->by_age || selection->by_size;
}

bool select_needs_holders(const struct selection *selection)
{
	return selection->pid_count > 0 || selection->orphans || selection->unheld;
}

static bool has_owner(const struct selection *selection, uid_t owner)
{
	for (size_t i = 0; i < selection->owner_count; i++)
		if (selection->owners[i] == owner)
			return true;
	return selection->owner_count == 0;
}

/* Out of line: most selections have no glob, and a REF takes five pages of the stack. */
__attribute__((noinline)) static bool matches(const struct selection *selection,
					      const struct object *object)
{
	char text[REF_TEXT_MAX];
	struct ref ref;
	const char *name;

	census_ref(object, &ref);
	name = strchr(ref_print(&ref, text), ':') + 1;
	/* A backslash begins an \xHH, which is how the REF has it, too. */
	for (size_t i = 0; i < selection->glob_count; i++)
		if (fnmatch(selection->globs[i], name, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

/* What has a recorded creator, without which nothing is an orphan. */
static bool records_creator(const struct object *object)
{
	return object->kind == REF_RING || (object->sysv && object->kind == REF_SHM) ||
	       (object->kind == REF_MQ && object->creator > 0);
}

/* What somebody can be proven not to have. */
static bool records_holders(const struct object *object)
{
	return !object->sysv || object->kind == REF_SHM;
}

/* What cannot be meant may hide what it likes; what hides its size may be meant by that. */
static bool matters(const struct object *object, const void *selection)
{
	struct object guess = *object;

	if (guess.size == CENSUS_NONE)
		guess.size = INT64_MAX;
	return select_maybe(selection, &guess, time(NULL));
}

/* LOOK, and what it takes to tell who is meant. */
static unsigned needed_look(const struct selection *selection, unsigned look)
{
	return selection->by_size ? look | CENSUS_CONTENT : look;
}

struct census_plan select_plan(const struct selection *selection, unsigned look)
{
	return (struct census_plan){
		.kinds = selection->kinds != 0 ? selection->kinds : ~0U,
		.posix = selection->posix || !selection->sysv,
		.sysv = selection->sysv || !selection->posix,
		.look = needed_look(selection, look),
		.matters = matters,
		.judge = selection,
	};
}

bool select_maybe(const struct selection *selection, const struct object *object, int64_t now)
{
	if (selection->kinds != 0 && !(selection->kinds & (unsigned)object->kind))
		return false;
	if (selection->posix != selection->sysv && selection->sysv != object->sysv)
		return false;
	if (!has_owner(selection, object->owner))
		return false;
	if (selection->by_age &&
	    (object->used_at == CENSUS_NONE || now - object->used_at <= selection->older_than))
		return false;
	if (selection->by_size && (object->kind == REF_SEM || object->size < selection->min_size))
		return false;
	if ((selection->orphans || selection->unheld) &&
	    (object->nattch > 0 || !records_holders(object)))
		return false;
	if (selection->orphans && !records_creator(object))
		return false;
	return selection->glob_count == 0 || matches(selection, object);
}

static bool has_pid(const struct selection *selection, const struct object *object,
		    const struct holders *holders)
{
	if (selection->pid_count == 0)
		return true;
	for (size_t i = 0; i < selection->pid_count; i++) {
		pid_t pid = selection->pids[i];

		if (records_creator(object) && object->creator == pid &&
		    object->creator_state != CREATOR_RECYCLED)
			return true;
		for (size_t k = 0; k < object->holder_count; k++)
			if (holders->holders[object->holder_first + k].pid == pid)
				return true;
	}
	return false;
}

bool select_is_meant(const struct selection *selection, const struct object *object,
		     const struct holders *holders)
{
	if (selection->orphans && object->verdict != VERDICT_ORPHAN)
		return false;
	if (selection->unheld && object->verdict != VERDICT_ORPHAN &&
	    object->verdict != VERDICT_UNHELD)
		return false;
	return has_pid(selection, object, holders);
}

bool select_is_unsure(const struct selection *selection, const struct object *object)
{
	if (selection->orphans || selection->unheld)
		return object->verdict == VERDICT_UNKNOWN;
	return selection->pid_count > 0 && !object->holders_complete;
}

struct walk {
	struct gather *gather;
	int64_t now;
};

static int take(const struct object *object, void *context)
{
	const struct walk *walk = context;

	if (!select_maybe(walk->gather->selection, object, walk->now))
		return 0;
	return census_add(&walk->gather->census, object);
}

static int take_all(const struct world *world, struct gather *gather, struct walk *walk)
{
	const struct census_plan plan = select_plan(gather->selection, gather->look);

	return census_walk(world, &plan, take, walk, &gather->gaps);
}

/* Whether REF is there cannot be seen, for errno. */
static void note_unseen(struct gather *gather, const struct ref *ref)
{
	char text[REF_TEXT_MAX];

	gaps_add(&gather->gaps, GAP_OBJECT, errno, ref_print(ref, text));
}

static int take_named(const struct world *world, struct gather *gather, struct walk *walk)
{
	const unsigned look = needed_look(gather->selection, gather->look);

	gather->errors = calloc(gather->ref_count, sizeof *gather->errors);
	if (gather->errors == NULL)
		return -1;
	for (size_t i = 0; i < gather->ref_count; i++) {
		struct object object;
		int result;

		if (ref_resolve(&gather->refs[i]) < 0) {
			gather->errors[i] = -errno;
			continue;
		}
		if (census_one(world, &gather->refs[i], look, &object, &gather->gaps) < 0) {
			gather->errors[i] = errno;
			if (census_is_unseen(errno))
				note_unseen(gather, &gather->refs[i]);
			continue;
		}
		result = take(&object, walk);
		census_drop(&object);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* Leave only what is meant. */
static void sift(struct gather *gather)
{
	struct census *census = &gather->census;
	size_t kept = 0;

	for (size_t i = 0; i < census->count; i++) {
		struct object *object = &census->objects[i];

		if (select_is_meant(gather->selection, object, &gather->holders)) {
			census->objects[kept++] = *object;
			continue;
		}
		gather->unsure += select_is_unsure(gather->selection, object);
		census_drop(object);
	}
	census->count = kept;
}

/* Holders know objects by their number, which is another by now. */
static void renumber(struct gather *gather)
{
	for (size_t i = 0; i < gather->census.count; i++) {
		const struct object *object = &gather->census.objects[i];

		for (size_t k = 0; k < object->holder_count; k++)
			gather->holders.holders[object->holder_first + k].object = i;
		for (size_t k = 0; k < object->waiter_count; k++)
			gather->holders.waiters[object->waiter_first + k].object = i;
	}
}

/* A segment tells by itself whether somebody has it. */
static bool only_segments(const struct census *census)
{
	for (size_t i = 0; i < census->count; i++)
		if (!census->objects[i].sysv || census->objects[i].kind != REF_SHM)
			return false;
	return true;
}

int gather_objects(const struct world *world, struct gather *gather)
{
	const struct selection *selection = gather->selection;
	struct walk walk = { .gather = gather, .now = time(NULL) };
	struct census *census = &gather->census;
	struct holders_question question = { .wanted = gather->wanted,
					     .unlinked =
						     gather->unlinked && gather->ref_count == 0 };
	bool verdicts = gather->verdicts || selection->orphans || selection->unheld;

	if (gather->ref_count > 0 ? take_named(world, gather, &walk) < 0
				  : take_all(world, gather, &walk) < 0)
		return -1;
	if (verdicts && (gather->unlinked || !only_segments(census)))
		question.wanted |= HOLDERS_HOLDERS | HOLDERS_WAITERS;
	if (selection->pid_count > 0 && question.wanted == 0) {
		question.pids = selection->pids;
		question.pid_count = selection->pid_count;
	}
	if (selection->pid_count > 0)
		question.wanted |= HOLDERS_HOLDERS;
	if (question.wanted != 0 && (census->count > 0 || gather->unlinked) &&
	    holders_find(world, census, &question, &gather->holders, &gather->gaps) < 0)
		return -1;
	for (size_t i = 0; i < census->count; i++) {
		if (verdicts)
			verdict_find(&census->objects[i], &gather->gaps);
		else if (gather->creators || selection->pid_count > 0)
			verdict_creator(&census->objects[i]);
	}
	/* What the look has added must be meant, too. */
	for (size_t i = 0; i < census->count; i++) {
		struct object *object = &census->objects[i];

		if (object->removed && !object->sysv &&
		    !select_maybe(selection, object, walk.now)) {
			census_drop(object);
			memmove(object, object + 1, (--census->count - i) * sizeof *object);
			i--;
		}
	}
	sift(gather);
	renumber(gather);
	return 0;
}

void gather_free(struct gather *gather)
{
	census_free(&gather->census);
	holders_free(&gather->holders);
	free(gather->errors);
	gather->errors = NULL;
	gather->gaps = (struct gaps){ 0 };
}
