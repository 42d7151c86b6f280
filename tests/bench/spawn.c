/* SPDX-License-Identifier: MIT */
/*
 * spawn COUNT COMMAND [ARGUMENT ...]: run COMMAND COUNT times, one after the
 * other; print the microseconds and the minor page faults of all together.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

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
	struct rusage usage;
	pid_t child;

	if (count <= 0) {
		fputs("usage: spawn COUNT COMMAND [ARGUMENT ...]\n", stderr);
		return 2;
	}
	for (int i = 0; i < count; i++)
		if (posix_spawn(&child, argv[2], NULL, NULL, argv + 2, environ) != 0 ||
		    waitpid(child, &status, 0) != child || status != 0) {
			fprintf(stderr, "spawn: '%s' failed\n", argv[2]);
			return 1;
		}
	start = now() - start;
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("%lld %ld\n", start, usage.ru_minflt);
	return 0;
}
