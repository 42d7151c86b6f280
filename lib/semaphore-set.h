/* SPDX-License-Identifier: MIT */
#ifndef SEMAPHORE_SET_H
#define SEMAPHORE_SET_H

#include <sys/sem.h>

#include "semaphore.h"

/*
 * System V sets for semaphore-sysv.c: what semctl(2) tells of one, and how one
 * gets its values.  Failures are -1, or NULL, with errno as in semaphore.h.
 */
enum { SEMSET_VALUE_MAX = 32767 }; /* SEMVMX */

/* As semctl(2) wants its callers to declare it. */
union semun {
	int value;
	struct semid_ds *status;
	unsigned short *values;
	struct seminfo *info;
};

/* A set that is not there is told by EINVAL or EIDRM, depending on when it went: ENOENT. */
int semset_absent(int error);

/* The errno for a call that failed with ERROR on a set that was there. */
int semset_failure(const struct semaphore *semaphore, int error);

/* Look at a set by id, with whatever permissions.  EACCES: it is shown to nobody. */
int semset_stat(int id, struct semid_ds *status);

/* Whether a set can have all of VALUES; false with errno ERANGE. */
bool semset_can_have(const int *values, int count);

/* The system's limits; -1 in place of one that cannot be seen. */
struct seminfo semset_limits(void);

/* All values in one step; get: into memory that the caller frees. */
unsigned short *semset_get_all(const struct semaphore *semaphore);
int semset_set_all(const struct semaphore *semaphore, const int *values);

/* As struct semaphore_family has them. */
int semset_create(struct semaphore *semaphore, struct ref *ref, const int *values, int count,
		  mode_t mode);
int semset_adopt(const struct semaphore *semaphore, const int *values, int count);
int semset_settle(const struct semaphore *semaphore);

#endif
