/* SPDX-License-Identifier: MIT */
#include "ancestry.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "process.h"
#include "procfs.h"

static int read_stat(pid_t pid, struct process *process)
{
	char path[48];

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	return process_stat(AT_FDCWD, path, process);
}

static bool is_only_child(pid_t parent, pid_t child)
{
	char path[64], line[256], *end;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
	return process_read(AT_FDCWD, path, line, sizeof line) > 0 &&
	       strtol(line, &end, 10) == child && strcmp(end, " ") == 0;
}

/* The tools that wait for their COMMAND and for nothing else meanwhile. */
static bool is_tool(const char *command)
{
	static const char *const tools[] = { "ipc-sem", "ipc-shm-create", "ipc-mq-create",
					     "ipc-ring-create", "ipc-mq-recv" };

	for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
		if (strcmp(command, tools[i]) == 0)
			return true;
	return false;
}

/* Whether the tool is in a call in which it waits for its COMMAND. */
static bool is_waiting_call(uint64_t number)
{
#ifdef SYS_poll
	if (number == SYS_poll)
		return true;
#endif
	return number == SYS_ppoll || number == SYS_read || number == SYS_restart_syscall;
}

static bool waits_for(const struct process *parent, pid_t child)
{
	uint64_t values[PROCFS_CALL_NUMBERS];
	char path[48], line[256];

	snprintf(path, sizeof path, "/proc/%d/syscall", (int)parent->pid);
	if (parent->threads != 1 || parent->state != 'S' ||
	    process_read(AT_FDCWD, path, line, sizeof line) < 0 || !procfs_call(line, values))
		return false;
	if (values[7] <= UINT32_MAX) /* of 32 bits: its calls have other numbers */
		return false;
	switch (values[0]) {
	case SYS_wait4:
		return (pid_t)values[1] == child || is_only_child(parent->pid, child);
	case SYS_waitid:
		return (values[1] == P_PID && (pid_t)values[2] == child) ||
		       is_only_child(parent->pid, child);
	default:
		return is_tool(parent->command) && is_waiting_call(values[0]);
	}
}

size_t ancestry_waiting(pid_t pid, pid_t *list, size_t room)
{
	struct process process, parent;
	size_t count = 0;

	if (read_stat(pid, &process) < 0)
		return 0;
	while (count < room && process.parent > 0 && read_stat(process.parent, &parent) == 0 &&
	       waits_for(&parent, process.pid)) {
		list[count++] = parent.pid;
		process = parent;
	}
	return count;
}
