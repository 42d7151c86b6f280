/* SPDX-License-Identifier: MIT */
#include "creator.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "process.h"

static enum creator_fate look_now(pid_t pid, struct process *process)
{
	char path[32];

	process->start = -1;
	/* /proc may hide a process that lives; kill(2) does not. */
	if (kill(pid, 0) < 0 && errno == ESRCH)
		return CREATOR_ENDED;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (process_stat(AT_FDCWD, path, process) == 0 && process_is_over(process))
		return CREATOR_ENDED;
	return CREATOR_LIVES;
}

/* Many objects in a row have the same creator: for a moment it is remembered. */
static enum creator_fate look(pid_t pid, struct process *process)
{
	static struct process known;
	static enum creator_fate fate;
	static pid_t known_pid;
	static struct timespec known_at;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (pid != known_pid || now.tv_sec != known_at.tv_sec ||
	    now.tv_nsec - known_at.tv_nsec > 20000000) {
		fate = look_now(pid, &known);
		known_pid = pid;
		known_at = now;
	}
	*process = known;
	return fate;
}

enum creator_fate creator_look(pid_t pid, int64_t since)
{
	struct process process;
	enum creator_fate fate = look(pid, &process);
	int64_t started;

	if (fate != CREATOR_LIVES || process.start < 0 || since < 0)
		return fate;
	/* Nothing is older than the system: the date was set since, and tells nothing. */
	if (since + 1 < process_started(0))
		return CREATOR_LIVES;
	started = process_started(process.start);
	/* Both are cut to seconds. */
	return started > since + 1 ? CREATOR_REPLACED : CREATOR_LIVES;
}

enum creator_fate creator_look_exactly(pid_t pid, int64_t start)
{
	struct process process;
	enum creator_fate fate = look(pid, &process);

	if (fate == CREATOR_LIVES && process.start >= 0 && process.start != start)
		return CREATOR_REPLACED;
	return fate;
}
