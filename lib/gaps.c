/* SPDX-License-Identifier: MIT */
#include "gaps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void gaps_add(struct gaps *gaps, enum gap gap, int error, const char *example)
{
	if (gaps->of[gap].count++ > 0)
		return;
	gaps->of[gap].error = error;
	snprintf(gaps->of[gap].example, sizeof gaps->of[gap].example, "%s",
		 example != NULL ? example : "");
}

void gaps_merge(struct gaps *gaps, const struct gaps *more)
{
	for (int gap = 0; gap < GAPS; gap++) {
		if (more->of[gap].count == 0)
			continue;
		gaps_add(gaps, gap, more->of[gap].error, more->of[gap].example);
		gaps->of[gap].count += more->of[gap].count - 1;
	}
}

bool gaps_any(const struct gaps *gaps)
{
	for (int gap = 0; gap < GAPS; gap++)
		if (gaps->of[gap].count > 0)
			return true;
	return false;
}

static const char *queue_reason(int error)
{
	if (error == ENOENT)
		return "/dev/mqueue is not mounted (mount -t mqueue none /dev/mqueue), and without "
		       "CAP_SYS_ADMIN it takes a mount to see them";
	if (error == EXDEV)
		return "/dev/mqueue shows those of another IPC namespace";
	return strerror(error);
}

const char *gaps_text(const struct gaps *gaps, enum gap gap, char *text)
{
	size_t count = gaps->of[gap].count;
	int error = gaps->of[gap].error;
	const char *example = gaps->of[gap].example, *more = count > 1 ? ", ..." : "";

	if (count == 0)
		return NULL;
	switch (gap) {
	case GAP_SYSV:
		snprintf(text, GAPS_TEXT_MAX, "cannot see the System V objects%s: %s", example,
			 strerror(error));
		break;
	case GAP_SHM:
		snprintf(text, GAPS_TEXT_MAX, "cannot see the objects in /dev/shm: %s",
			 strerror(error));
		break;
	case GAP_QUEUES:
		snprintf(text, GAPS_TEXT_MAX, "cannot see the POSIX queues: %s",
			 queue_reason(error));
		break;
	case GAP_OBJECT:
		snprintf(text, GAPS_TEXT_MAX, "cannot look into %zu object%s (%s%s): %s", count,
			 count == 1 ? "" : "s", example, more, strerror(error));
		break;
	case GAP_PROCESS:
		snprintf(text, GAPS_TEXT_MAX, "cannot look into %zu process%s (%s%s): %s", count,
			 count == 1 ? "" : "es", example, more, strerror(error));
		break;
	case GAP_OUTSIDE:
		snprintf(text, GAPS_TEXT_MAX,
			 "cannot see all processes: /proc hides some, or there are more outside "
			 "this PID namespace");
		break;
	case GAP_USERS:
		snprintf(text, GAPS_TEXT_MAX,
			 "cannot tell whether anybody uses %zu System V set%s or queue%s (%s%s): "
			 "nobody waits, who used it last has ended, and more is not recorded",
			 count, count == 1 ? "" : "s", count == 1 ? "" : "s", example, more);
		break;
	case GAP_MEMORY:
	case GAPS:
		snprintf(text, GAPS_TEXT_MAX, "cannot remember all of it: %s", strerror(ENOMEM));
		break;
	}
	return text;
}
