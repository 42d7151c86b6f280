/* SPDX-License-Identifier: MIT */
/*
 * crowd SEGMENTS FILES SETS QUEUES HOLDERS WAITERS COMMAND ...: run COMMAND in a
 * world with so many System V segments, POSIX shared memory objects, System V
 * sets and queues, with so many processes that each attach all segments and map
 * all POSIX objects, and so many that wait for the first set.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEGMENTS, FILES, SETS, QUEUES, HOLDERS, WAITERS, NUMBERS, SIZE = 4096 };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int open_file(int number, int flags)
{
	char name[32];
	int file;

	snprintf(name, sizeof name, "/crowd.%d", number);
	file = shm_open(name, O_RDWR | flags, 0600);
	if (file < 0)
		fail("shm_open");
	return file;
}

static void attach_all(const int *segments, int count)
{
	for (int i = 0; i < count; i++)
		if (shmat(segments[i], NULL, 0) == (void *)-1)
			fail("shmat");
}

static void map_all(int count)
{
	for (int i = 0; i < count; i++) {
		int file = open_file(i, 0);

		if (mmap(NULL, SIZE, PROT_READ, MAP_SHARED, file, 0) == MAP_FAILED)
			fail("mmap");
		close(file);
	}
}

/* A process with so many of SEGMENTS and files; SET, unless -1, is what it waits for. */
static void begin(const int *segments, int count, int files, int set)
{
	struct sembuf operation = { 0, -1, 0 };
	int pipes[2];
	char byte;

	if (pipe(pipes) < 0)
		fail("pipe");
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		attach_all(segments, count);
		map_all(files);
		if (write(pipes[1], "", 1) != 1)
			_exit(1);
		if (set >= 0)
			semop(set, &operation, 1);
		for (;;)
			pause();
	}
	close(pipes[1]);
	if (read(pipes[0], &byte, 1) != 1)
		fail("a process");
	close(pipes[0]);
}

static int make_sets(int count)
{
	int first = -1;

	for (int i = 0; i < count; i++) {
		int id = semget(0x20000 + i, 1, IPC_CREAT | 0600);

		if (id < 0)
			fail("semget");
		if (i == 0)
			first = id;
	}
	return first;
}

static void make_queues(int count)
{
	struct {
		long type;
		char text[16];
	} message = { 1, "hello" };

	for (int i = 0; i < count; i++) {
		int id = msgget(0x30000 + i, IPC_CREAT | 0600);

		if (id < 0 || msgsnd(id, &message, sizeof message.text, IPC_NOWAIT) < 0)
			fail("msgget");
	}
}

int main(int argc, char **argv)
{
	int numbers[NUMBERS], *segments, set, status;
	char **command = argv + 1 + NUMBERS;
	pid_t child;

	if (argc < 2 + NUMBERS)
		return 2;
	for (int i = 0; i < NUMBERS; i++)
		numbers[i] = atoi(argv[i + 1]);
	segments = calloc((size_t)numbers[SEGMENTS] + 1, sizeof *segments);
	if (segments == NULL)
		fail("calloc");
	for (int i = 0; i < numbers[SEGMENTS]; i++)
		if ((segments[i] = shmget(0x10000 + i, SIZE, IPC_CREAT | 0600)) < 0)
			fail("shmget");
	for (int i = 0; i < numbers[FILES]; i++) {
		int file = open_file(i, O_CREAT | O_EXCL);

		if (ftruncate(file, SIZE) < 0)
			fail("ftruncate");
		close(file);
	}
	set = make_sets(numbers[SETS]);
	make_queues(numbers[QUEUES]);
	for (int i = 0; i < numbers[HOLDERS]; i++)
		begin(segments, numbers[SEGMENTS], numbers[FILES], -1);
	for (int i = 0; i < numbers[WAITERS]; i++)
		begin(segments, 0, 0, set);
	child = fork();
	if (child == 0) {
		execvp(*command, command);
		fail(*command);
	}
	/* The others die with us. */
	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
