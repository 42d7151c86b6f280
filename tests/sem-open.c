/* SPDX-License-Identifier: MIT */
/* A stranger that uses named semaphores as POSIX has them. */
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	sem_t *semaphore;
	int value;

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "create") == 0)
		return sem_open(argv[2], O_CREAT | O_EXCL, 0600, atoi(argv[3])) == SEM_FAILED;
	semaphore = sem_open(argv[2], 0);
	if (semaphore == SEM_FAILED)
		return 1;
	if (strcmp(argv[1], "post") == 0)
		return sem_post(semaphore) != 0;
	if (strcmp(argv[1], "wait") == 0)
		return sem_wait(semaphore) != 0;
	if (sem_getvalue(semaphore, &value) != 0)
		return 1;
	printf("%d\n", value);
	return 0;
}
