/* SPDX-License-Identifier: MIT */
/*
 * sem-inside FILE MILLISECONDS: what runs while a semaphore of value 1 is held.
 * It locks FILE for that time, and when somebody has it locked who is not about to
 * end, two are inside: status 1, and FILE is not empty any more.  The kernel gives
 * back the semaphores of a process that ends before its locks; so who is killed
 * has his lock for a moment.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PF_EXITING = 4 }; /* proc(5): field 9 of stat, include/linux/sched.h */

static int is_ending(int pid)
{
	char path[32], line[512], *end;
	unsigned flags;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file == NULL)
		return 1;
	end = fgets(line, sizeof line, file);
	fclose(file);
	for (char *c = end; c != NULL && *c != '\0'; c++)
		if (*c == ')')
			end = c;
	if (end == NULL || sscanf(end, ") %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		return 1;
	return (flags & PF_EXITING) != 0;
}

int main(int argc, char **argv)
{
	int file = argc == 3 ? open(argv[1], O_RDWR | O_CREAT, 0600) : -1;
	struct timespec span = { .tv_nsec = argc == 3 ? 1000000L * atoi(argv[2]) : 0 };
	struct flock mine = { .l_type = F_WRLCK }, other, none = { .l_type = F_UNLCK };

	if (file < 0)
		return 2;
	while (fcntl(file, F_SETLK, &mine) < 0) {
		other = mine;
		if (fcntl(file, F_GETLK, &other) == 0 && other.l_type != F_UNLCK &&
		    !is_ending(other.l_pid))
			return write(file, "two\n", 4) < 0 ? 2 : 1;
	}
	nanosleep(&span, NULL);
	return fcntl(file, F_SETLK, &none) < 0 ? 2 : 0;
}
