/* SPDX-License-Identifier: MIT */
/*
 * spawn COUNT COMMAND [ARGUMENT ...]: run COMMAND COUNT times, one after the
 * other, its output to /dev/null; print the microseconds and the minor page
 * faults of all together.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[1]) : 0, status;
	long long start = now();
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	pid_t child;

	if (count <= 0) {
		fputs("usage: spawn COUNT COMMAND [ARGUMENT ...]\n", stderr);
		return 2;
	}
	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) !=
		    0)
		return 1;
	for (int i = 0; i < count; i++)
		if (posix_spawn(&child, argv[2], &actions, NULL, argv + 2, environ) != 0 ||
		    waitpid(child, &status, 0) != child || status != 0) {
			fprintf(stderr, "spawn: '%s' failed\n", argv[2]);
			return 1;
		}
	start = now() - start;
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("%lld %ld\n", start, usage.ru_minflt);
	return 0;
}
