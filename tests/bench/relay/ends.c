/* SPDX-License-Identifier: MIT */
/*
 * What stands at the ends of a relay, and relays of bare system calls:
 *	ends write|vmsplice CHUNK TOTAL     to standard output; vmsplice: a pipe of 1 MiB
 *	ends read|splice CHUNK              from standard input; splice: to /dev/null
 *	ends bare PIPE                      splice(2) between pipes of PIPE bytes
 *	ends own                            splice(2) through a pipe of 512 KiB
 *	ends tee FILE ...                   tee(2) and splice(2), to standard output and FIFOs
 * Sizes are in KiB.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum { KIB = 1024, MOVE = 1 << 20 };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void size_pipe(int descriptor, int size)
{
	if (fcntl(descriptor, F_SETPIPE_SZ, size) < 0)
		fail("F_SETPIPE_SZ");
}

static void produce(int pages, size_t chunk, size_t total)
{
	char *bytes = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(bytes, 'y', chunk);
	if (pages)
		size_pipe(1, MOVE);
	while (total > 0) {
		struct iovec part = { bytes, chunk < total ? chunk : total };
		ssize_t went = pages ? vmsplice(1, &part, 1, 0) : write(1, bytes, part.iov_len);

		if (went <= 0)
			fail("write");
		total -= (size_t)went;
	}
}

static void consume(int pages, size_t chunk)
{
	char *bytes = malloc(chunk);
	int nowhere = open("/dev/null", O_WRONLY);
	ssize_t got;

	do
		got = pages ? splice(0, NULL, nowhere, NULL, chunk, 0) : read(0, bytes, chunk);
	while (got > 0);
	if (got < 0)
		fail("read");
}

static void own_pipe(void)
{
	int hold[2];
	ssize_t got;

	if (pipe(hold) < 0)
		fail("pipe");
	size_pipe(hold[1], 512 * KIB);
	while ((got = splice(0, NULL, hold[1], NULL, MOVE, 0)) > 0)
		for (ssize_t went; got > 0; got -= went)
			if ((went = splice(hold[0], NULL, 1, NULL, (size_t)got, 0)) <= 0)
				fail("splice");
}

static void bare(int size)
{
	size_pipe(0, size);
	size_pipe(1, size);
	while (splice(0, NULL, 1, NULL, MOVE, SPLICE_F_MOVE) > 0)
		;
}

static void tee_all(char **files)
{
	int sinks[8], count = 0;
	ssize_t got;

	size_pipe(0, MOVE);
	size_pipe(1, MOVE);
	for (; *files != NULL; files++, count++)
		size_pipe(sinks[count] = open(*files, O_WRONLY), MOVE);
	while ((got = tee(0, 1, MOVE, 0)) > 0)
		for (int i = 0; i < count; i++)
			for (ssize_t left = got, went; left > 0; left -= went) {
				went = i == count - 1 ? splice(0, NULL, sinks[i], NULL, (size_t)left, 0)
						      : tee(0, sinks[i], (size_t)left, 0);
				if (went <= 0 || (i < count - 1 && went < left))
					fail("tee");
			}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	size_t first = argc > 2 ? strtoul(argv[2], NULL, 10) * KIB : 0;

	if (strcmp(what, "write") == 0 || strcmp(what, "vmsplice") == 0)
		produce(*what == 'v', first, strtoul(argv[3], NULL, 10) * KIB);
	else if (strcmp(what, "read") == 0 || strcmp(what, "splice") == 0)
		consume(*what == 's', first);
	else if (strcmp(what, "bare") == 0)
		bare((int)first);
	else if (strcmp(what, "own") == 0)
		own_pipe();
	else
		tee_all(argv + 2);
	return 0;
}
