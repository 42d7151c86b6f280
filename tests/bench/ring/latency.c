/* SPDX-License-Identifier: MIT */
/*
 * latency COUNT COMMAND ...: write a line to COMMAND's standard input, wait for it
 * on its standard output, COUNT times.  Prints the microseconds of all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void turn(int in, int out)
{
	char line[64], back[64];
	size_t got = 0;

	memset(line, 'x', sizeof line);
	line[63] = '\n';
	if (write(in, line, sizeof line) != sizeof line)
		_exit(1);
	while (got < sizeof back) {
		ssize_t length = read(out, back + got, sizeof back - got);

		if (length <= 0)
			_exit(1);
		got += (size_t)length;
	}
}

int main(int argc, char **argv)
{
	int in[2], out[2];
	double start;

	if (argc < 3 || pipe(in) < 0 || pipe(out) < 0)
		return 1;
	if (fork() == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	for (int i = 0; i < 100; i++)
		turn(in[1], out[0]);
	start = now();
	for (long i = atol(argv[1]); i > 0; i--)
		turn(in[1], out[0]);
	printf("%.0f\n", now() - start);
	close(in[1]);
	wait(NULL);
	return 0;
}
