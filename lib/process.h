/* SPDX-License-Identifier: MIT */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What /proc tells of a process.
 * Source: proc(5).
 */
struct process {
	pid_t pid, parent;
	char state;           /* R, S, D, T, Z, ... */
	bool is_kernel;       /* a thread of the kernel: it has no memory of its own */
	int threads;          /* the first one is counted even when it has ended */
	int64_t start;        /* field 22: clock ticks since the machine started */
	char command[64 + 1]; /* its name, as it is */
};

/*
 * Read the file PATH below DIRECTORY into BUFFER of SIZE bytes, ended by NUL.
 * Returns its length, or -1 with errno.
 */
ssize_t process_read(int directory, const char *path, char *buffer, size_t size);

/*
 * Fill PROCESS from the stat file of DIRECTORY, that of a process or a thread
 * (PATH "stat"), or from the root of /proc (PATH "12/stat").  Returns 0, or -1
 * with errno: ENOENT or ESRCH it is gone.
 */
int process_stat(int directory, const char *path, struct process *process);

/* The same from the LINE that stands there. */
int process_parse(const char *line, struct process *process);

/*
 * Whether nothing of PROCESS runs any more.  One whose first thread has ended
 * looks like a zombie, and is none while others go on.
 */
bool process_is_over(const struct process *process);

/* Seconds since 1970 at which a process that has START started, or -1. */
int64_t process_started(int64_t start);

/* The next of the directory of numbers LIST that is one: a PID or TID; 0: the end. */
struct __dirstream;
pid_t process_next(struct __dirstream *list);

/* Its command line into TEXT of SIZE bytes, words apart by blanks; "" for none. */
void process_command_line(pid_t pid, char *text, size_t size);

/* Its control group (the last line of its cgroup file) into TEXT of SIZE bytes. */
void process_cgroup(pid_t pid, char *text, size_t size);

#endif
