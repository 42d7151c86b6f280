/* SPDX-License-Identifier: MIT */
#ifndef CREATOR_H
#define CREATOR_H

#include <stdint.h>
#include <sys/types.h>

/* What has become of a process of which only the PID was recorded. */
enum creator_fate {
	CREATOR_LIVES,
	CREATOR_ENDED,
	CREATOR_REPLACED, /* the PID belongs to a process that started later */
};

/*
 * PID did something at or before SINCE (seconds since 1970, or -1: unknown).
 * A zombie has ended, once its last thread has.  What cannot be told apart
 * counts as living, as where the date was set since.
 */
enum creator_fate creator_look(pid_t pid, int64_t since);

/* The same where its start time was recorded: field 22 of /proc/PID/stat. */
enum creator_fate creator_look_exactly(pid_t pid, int64_t start);

#endif
