/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "own.h"

#define KERNEL_THREAD 0x00200000 /* PF_KTHREAD in the kernel's sched.h */

ssize_t process_read(int directory, const char *path, char *buffer, size_t size)
{
	OWN_FD int file = openat(directory, path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;

	if (file < 0)
		return -1;
	while (used + 1 < size) {
		ssize_t length = read(file, buffer + used, size - 1 - used);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -1;
		if (length == 0)
			break;
		used += (size_t)length;
	}
	buffer[used] = '\0';
	return (ssize_t)used;
}

int process_parse(const char *line, struct process *process)
{
	const char *open, *close;
	unsigned flags;
	long long start;
	int parent, threads;
	size_t length;

	/* The name may hold anything, a ")" included; what follows holds none. */
	open = strchr(line, '(');
	close = strrchr(line, ')');
	if (open == NULL || close < open ||
	    sscanf(close,
		   ") %c %d %*d %*d %*d %*d %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d %*s "
		   "%lld",
		   &process->state, &parent, &flags, &threads, &start) != 5) {
		errno = ESRCH;
		return -1;
	}
	length = (size_t)(close - open - 1);
	if (length >= sizeof process->command)
		length = sizeof process->command - 1;
	memcpy(process->command, open + 1, length);
	process->command[length] = '\0';
	process->pid = (pid_t)strtol(line, NULL, 10);
	process->parent = parent;
	process->is_kernel = flags & KERNEL_THREAD;
	process->threads = threads;
	process->start = start;
	return 0;
}

int process_stat(int directory, const char *path, struct process *process)
{
	char line[1024];

	return process_read(directory, path, line, sizeof line) < 0 ? -1
								    : process_parse(line, process);
}

bool process_is_over(const struct process *process)
{
	return (process->state == 'Z' || process->state == 'X') && process->threads <= 1;
}

int64_t process_started(int64_t start)
{
	struct timespec now, up;
	long ticks = sysconf(_SC_CLK_TCK);

	if (ticks <= 0 || clock_gettime(CLOCK_REALTIME, &now) < 0 ||
	    clock_gettime(CLOCK_BOOTTIME, &up) < 0)
		return -1;
	return now.tv_sec - up.tv_sec + (now.tv_nsec < up.tv_nsec ? -1 : 0) + start / ticks;
}

pid_t process_next(DIR *list)
{
	const struct dirent *entry;

	while ((entry = readdir(list)) != NULL) {
		char *end;
		long number;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		number = strtol(entry->d_name, &end, 10);
		if (*end == '\0')
			return (pid_t)number;
	}
	return 0;
}

void process_command_line(pid_t pid, char *text, size_t size)
{
	char path[48];
	ssize_t length;

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	length = process_read(AT_FDCWD, path, text, size);
	if (length < 0)
		length = 0;
	while (length > 0 && text[length - 1] == '\0')
		length--;
	for (ssize_t i = 0; i < length; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	text[length] = '\0';
}

void process_cgroup(pid_t pid, char *text, size_t size)
{
	char path[48], *line;

	snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
	if (process_read(AT_FDCWD, path, text, size) < 0)
		*text = '\0';
	text[strcspn(text, "\n")] = '\0';
	line = strrchr(text, ':');
	if (line != NULL)
		memmove(text, line + 1, strlen(line));
}
