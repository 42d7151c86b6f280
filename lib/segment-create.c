/* SPDX-License-Identifier: MIT */
/* Making segments: the POSIX ones. */
#include <errno.h>
#include <unistd.h>

#include "fdio.h"
#include "own.h"
#include "segment-family.h"
#include "shmfile.h"
#include "stop.h"

/* The size that is wanted where the input has LENGTH bytes, which are there. */
static int finish(int descriptor, const struct segment_plan *plan, int64_t length)
{
	int64_t size = plan->sized ? plan->size : length;

	if (ftruncate(descriptor, size) < 0)
		return -1;
	if (plan->sparse || size <= length)
		return 0;
	return fdio_reserve(descriptor, length, size - length);
}

static enum segment_outcome fill(struct segment_plan *plan, int descriptor)
{
	int64_t left = fdio_left(plan->input), length;
	enum segment_outcome outcome;

	if (plan->sized && left > plan->size)
		return SEGMENT_INPUT_TOO_LONG;
	outcome = segment_copy(plan, descriptor, &length);
	if (outcome != SEGMENT_MADE) {
		/* Where a plain file is the input, all of it was needed. */
		if (left > plan->needed)
			plan->needed = left;
		if (plan->sized)
			plan->needed = plan->size;
		return outcome;
	}
	if (plan->sized)
		plan->needed = plan->size;
	return finish(descriptor, plan, length) < 0 ? SEGMENT_FAILED : SEGMENT_MADE;
}

static enum segment_outcome posix_create(const struct ref *ref, struct segment_plan *plan,
					 struct segment_facts *made)
{
	bool fills = plan->input >= 0;
	OWN_FD int descriptor = -1;
	enum segment_outcome outcome = SEGMENT_MADE;
	const struct segment object = { .descriptor = -1 };
	struct segment new = object;

	plan->needed = fills ? 0 : plan->size;
	descriptor = shmfile_new(plan->mode, fills ? 0 : plan->size, !fills && !plan->sparse);
	if (descriptor < 0)
		return SEGMENT_FAILED;
	if (fills)
		outcome = fill(plan, descriptor);
	if (outcome != SEGMENT_MADE)
		return outcome;
	new.descriptor = descriptor;
	if (segment_look(&new, made) < 0)
		return SEGMENT_FAILED;
	stop_hold();
	if ((plan->replace ? shmfile_replace : shmfile_publish)(descriptor, ref) < 0)
		return SEGMENT_FAILED;
	return SEGMENT_MADE;
}

enum segment_outcome segment_create(struct ref *ref, struct segment_plan *plan,
				    struct segment_facts *made)
{
	struct segment_facts there;

	if (!ref_is_posix(ref))
		return segment_sysv_create(ref, plan, made);
	/* What could not be published anyway is not filled first. */
	if (!plan->replace && segment_look_by_ref(ref, &there) == 0) {
		errno = EEXIST;
		return SEGMENT_FAILED;
	}
	return posix_create(ref, plan, made);
}
