/* SPDX-License-Identifier: MIT */
#ifndef PROCFS_H
#define PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The texts of /proc and of the queues' file system: in large reads, parsed by
 * hand, for there may be many lines.  What they hold is never trusted.
 * Source: proc(5), mq_overview(7).
 */

/* A file line by line. */
struct procfs_lines {
	int file;     /* the caller's */
	char *buffer; /* of SIZE bytes, the caller's; 0 to begin with: */
	size_t size, start, end;
};

/*
 * The next line, ended by NUL in place of its newline; good until the next call.
 * Returns NULL at the end with errno 0, or with errno: as of read(2), ESRCH the
 * process is gone, E2BIG a line is longer than the buffer.
 */
char *procfs_line(struct procfs_lines *lines);

/* A line of /proc/PID/maps. */
struct procfs_mapping {
	uint64_t start, end, inode;
	dev_t device;
	char *path; /* within the line; "" for none */
};

/* Returns whether LINE is one. */
bool procfs_mapping(char *line, struct procfs_mapping *mapping);

/* Undo what stands for a newline in a PATH there, "\012"; nothing else is escaped. */
void procfs_unescape(char *path);

/* The decimal numbers that LINE begins with, at most MOST; the one at OCTAL is octal. */
int procfs_numbers(const char *line, int octal, int64_t *numbers, int most);

/* A thread's line of syscall: the number of the call, its arguments, stack and program. */
enum { PROCFS_CALL_NUMBERS = 9 };

/* Returns whether the thread is in a call: "running" and "-1 ..." are not. */
bool procfs_call(const char *line, uint64_t numbers[PROCFS_CALL_NUMBERS]);

/* A line of the fdinfo of an epoll descriptor: the file that it watches.  Returns whether it is
 * one. */
bool procfs_watched(const char *line, dev_t *device, ino_t *inode);

/* The status line of a POSIX queue: its bytes, and who is to be notified (0: nobody). */
bool procfs_queue(const char *line, int64_t *bytes, pid_t *notify);

#endif
