/* SPDX-License-Identifier: MIT */
/* What fills new segments of both families. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "fdio.h"
#include "own.h"
#include "segment-family.h"

enum {
	BLOCK = 256 * 1024,
	STRETCH = 8 * 1024 * 1024, /* copied between two looks whether to stop */
	PAGE = 4096,
};

static bool is_zero(const char *bytes, size_t length)
{
	return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

/* Write LENGTH bytes at OFFSET; pages of zeros stay holes. */
static int write_sparsely(int descriptor, const void *from, size_t length, int64_t offset)
{
	const char *bytes = from;

	for (size_t at = 0; at < length; at += PAGE) {
		size_t part = length - at < PAGE ? length - at : PAGE;

		if (!is_zero(bytes + at, part) &&
		    fdio_write_all_at(descriptor, bytes + at, part, offset + (int64_t)at) < 0)
			return -1;
	}
	return 0;
}

/* What a file has for sure is copied by the kernel.  Returns how much that was. */
static int64_t copy_known(const struct segment_plan *plan, int to)
{
	int64_t left = fdio_left(plan->input), total = 0;

	if (plan->sparse)
		return 0;
	if (plan->sized && left > plan->size)
		left = plan->size;
	while (total < left && (plan->stop < 0 || fdio_await(plan->stop, POLLIN, -1, 0) == 0)) {
		size_t wanted = left - total < STRETCH ? (size_t)(left - total) : STRETCH;
		size_t count = fdio_copy(plan->input, to, wanted);

		total += (int64_t)count;
		if (count < wanted)
			break;
	}
	return total;
}

enum segment_outcome segment_copy(struct segment_plan *plan, int to, int64_t *length)
{
	OWN_MEM char *buffer = aligned_alloc(4096, BLOCK);
	int64_t total = copy_known(plan, to);

	if (buffer == NULL)
		return SEGMENT_FAILED;
	plan->needed = total;
	for (;;) {
		ssize_t count = fdio_read(plan->input, buffer, BLOCK, plan->stop);

		if (count < 0)
			return SEGMENT_INPUT_FAILED;
		if (count == 0)
			break;
		if (plan->sized && count > plan->size - total)
			return SEGMENT_INPUT_TOO_LONG;
		plan->needed = total + count;
		if ((plan->sparse ? write_sparsely : fdio_write_all_at)(to, buffer, (size_t)count,
									total) < 0)
			return SEGMENT_FAILED;
		total += count;
	}
	*length = total;
	return SEGMENT_MADE;
}
