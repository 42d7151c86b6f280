/* SPDX-License-Identifier: MIT */
/*
 * The system calls of a job and nothing else:
 *
 *	bare copy FILE      read(2) FILE and write(2) it to standard output, a large pipe
 *	bare memory ID      write(2) the System V segment ID to it
 *	bare lend ID        vmsplice(2) it
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PIPE = 1024 * 1024, BLOCK = 512 * 1024, WINDOW = 2 * 1024 * 1024 };

static void must(int holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(1);
}

static void write_out(const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t count = write(STDOUT_FILENO, bytes, length);

		must(count > 0, "write");
		bytes += count;
		length -= (size_t)count;
	}
}

static void copy(const char *path)
{
	char *block = aligned_alloc(4096, BLOCK);
	int file = open(path, O_RDONLY);
	ssize_t count;

	must(file >= 0 && block != NULL, path);
	while ((count = read(file, block, BLOCK)) > 0)
		write_out(block, (size_t)count);
}

static void from_memory(char *memory, size_t size)
{
	for (size_t at = 0; at < size; at += BLOCK) {
		size_t left = size - at;

		if (at % WINDOW == 0)
			madvise(memory + at, left < WINDOW ? left : WINDOW, MADV_POPULATE_READ);
		write_out(memory + at, left < BLOCK ? left : BLOCK);
	}
}

static void lend(char *memory, size_t size)
{
	for (size_t at = 0; at < size;) {
		struct iovec part = { memory + at, size - at < PIPE ? size - at : PIPE };
		ssize_t count = vmsplice(STDOUT_FILENO, &part, 1, 0);

		must(count > 0, "vmsplice");
		at += (size_t)count;
	}
}

int main(int argc, char **argv)
{
	struct shmid_ds at;
	char *memory;

	must(argc == 3 && fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE) > 0, "bare");
	if (strcmp(argv[1], "copy") == 0) {
		copy(argv[2]);
		return 0;
	}
	must(shmctl(atoi(argv[2]), IPC_STAT, &at) == 0, "shmctl");
	memory = shmat(atoi(argv[2]), NULL, SHM_RDONLY);
	must(memory != (void *)-1, "shmat");
	if (strcmp(argv[1], "memory") == 0)
		from_memory(memory, at.shm_segsz);
	else
		lend(memory, at.shm_segsz);
	return 0;
}
