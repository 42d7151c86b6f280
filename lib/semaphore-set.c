/* SPDX-License-Identifier: MIT */
/*
 * A set comes into being with all its values 0, and whoever makes it gives it
 * its values by an operation, which sets sem_otime, too: so a set whose
 * sem_otime is 0 has not got them yet.  Whoever gives them holds a claim on the
 * set, looks at sem_otime once more and then does it in one step; so one does
 * it, whoever is killed.
 */
#include "semaphore-set.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "claim.h"
#include "own.h"

#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif

enum { MILLISECONDS_OF_A_CLAIM = 1000, SECONDS_OF_YOUTH = 2 };

int semset_absent(int error)
{
	return error == EINVAL || error == EIDRM ? ENOENT : error;
}

/*
 * Look at a set that we may not read: the kernel shows every set to everybody,
 * though by an index of its own.
 */
static int stat_unreadable(int id, struct semid_ds *status)
{
	struct seminfo info;
	int last = semctl(0, 0, SEM_INFO, (union semun){ .info = &info });

	for (int index = 0; index <= last; index++)
		if (semctl(index, 0, SEM_STAT_ANY, (union semun){ .status = status }) == id)
			return 0;
	errno = EACCES;
	return -1;
}

int semset_stat(int id, struct semid_ds *status)
{
	if (semctl(id, 0, IPC_STAT, (union semun){ .status = status }) == 0)
		return 0;
	if (errno == EACCES)
		return stat_unreadable(id, status);
	errno = semset_absent(errno);
	return -1;
}

int semset_failure(const struct semaphore *semaphore, int error)
{
	struct semid_ds status;

	if (error == EINVAL && semset_stat(semaphore->handle, &status) < 0 && errno == ENOENT)
		return EIDRM;
	return error;
}

bool semset_can_have(const int *values, int count)
{
	errno = ERANGE;
	for (int i = 0; i < count; i++)
		if (values[i] > SEMSET_VALUE_MAX)
			return false;
	return true;
}

struct seminfo semset_limits(void)
{
	struct seminfo info = { .semmsl = -1, .semmns = -1, .semopm = -1, .semmni = -1 };

	semctl(0, 0, IPC_INFO, (union semun){ .info = &info });
	return info;
}

unsigned short *semset_get_all(const struct semaphore *semaphore)
{
	OWN_MEM unsigned short *all = NULL;
	unsigned short *given;

	if (semaphore->members < 0) {
		errno = EACCES;
		return NULL;
	}
	all = malloc(sizeof *all * (size_t)semaphore->members);
	if (all == NULL)
		return NULL;
	if (semctl(semaphore->handle, 0, GETALL, (union semun){ .values = all }) < 0) {
		errno = semset_failure(semaphore, errno);
		return NULL;
	}
	given = all;
	all = NULL;
	return given;
}

int semset_set_all(const struct semaphore *semaphore, const int *values)
{
	OWN_MEM unsigned short *all = malloc(sizeof *all * (size_t)semaphore->members);

	if (all == NULL)
		return -1;
	for (int i = 0; i < semaphore->members; i++)
		all[i] = (unsigned short)values[i];
	return semctl(semaphore->handle, 0, SETALL, (union semun){ .values = all });
}

/*
 * Give a set that nobody has operated on its values.  One step for all of them
 * where the system allows so many operations; else the values first, and then a
 * step that changes nothing.
 */
static int initialise(const struct semaphore *semaphore, const int *values, int count)
{
	struct sembuf nothing[] = { { 0, values[0] < SEMSET_VALUE_MAX ? 1 : -1, IPC_NOWAIT },
				    { 0, values[0] < SEMSET_VALUE_MAX ? -1 : 1, IPC_NOWAIT } };
	OWN_MEM struct sembuf *steps = NULL;

	if (count > semset_limits().semopm)
		return semset_set_all(semaphore, values) < 0 ? -1
							     : semop(semaphore->handle, nothing, 2);
	steps = malloc(sizeof *steps * (size_t)count);
	if (steps == NULL)
		return -1;
	for (int i = 0; i < count; i++)
		steps[i] = (struct sembuf){ (unsigned short)i, (short)values[i], IPC_NOWAIT };
	return semop(semaphore->handle, steps, (size_t)count);
}

/* Whether a member has another value than that of a new set; false where we may not see. */
static bool has_values(const struct semaphore *semaphore)
{
	OWN_MEM unsigned short *all = semset_get_all(semaphore);
	bool found = false;

	for (int i = 0; all != NULL && i < semaphore->members; i++)
		found |= all[i] != 0;
	return found;
}

/*
 * The claim that giving values takes, waiting for whoever has it.  EBUSY:
 * somebody keeps it.  Without /proc there are no claims, and none is held.
 */
static int claim(int id, int *held)
{
	for (int waited = 0; waited < MILLISECONDS_OF_A_CLAIM; waited++) {
		*held = claim_number((int64_t)1 << 33 | id);
		if (*held >= 0 || errno != EAGAIN)
			return 0;
		/* Not all at the same time, or each goes on finding the others. */
		poll(NULL, 0, 1 + (getpid() + waited) % 3);
	}
	errno = EBUSY;
	return -1;
}

static int adopt(const struct semaphore *semaphore, const int *values, int count, bool ours)
{
	OWN_FD int held = -1;
	struct semid_ds status;
	int done;

	if (claim(semaphore->handle, &held) < 0 || semset_stat(semaphore->handle, &status) < 0)
		return -1;
	if (status.sem_otime != 0)
		return 0;
	/* Others give values by SETVAL, which leaves sem_otime as it is. */
	if (!ours && has_values(semaphore))
		return 0;
	do
		done = initialise(semaphore, values, count);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		errno = semset_failure(semaphore, errno);
	return done;
}

int semset_settle(const struct semaphore *semaphore)
{
	for (int waited = 0; waited < SECONDS_OF_YOUTH * 1000; waited++) {
		struct semid_ds status;
		union semun into = { .status = &status };
		time_t age;

		if (semctl(semaphore->handle, 0, IPC_STAT, into) < 0) {
			errno = semset_absent(errno);
			return errno == EACCES ? 0 : -1;
		}
		age = time(NULL) - status.sem_ctime;
		if (status.sem_otime != 0 || age < 0 || age >= SECONDS_OF_YOUTH ||
		    has_values(semaphore))
			return 0;
		poll(NULL, 0, 1);
	}
	return 0;
}

int semset_adopt(const struct semaphore *semaphore, const int *values, int count)
{
	struct semid_ds status;

	if (semset_stat(semaphore->handle, &status) < 0)
		return -1;
	if (status.sem_otime != 0)
		return 0;
	/* Whoever makes sets in another way than we do may just be about to give it values. */
	if (semset_settle(semaphore) < 0)
		return -1;
	if (status.sem_nsems != (unsigned long)count)
		return 0; /* it is not for us to say what it is for */
	return adopt(semaphore, values, count, false);
}

/* Exactly MODE, which may forbid what giving values took. */
static int restrict_mode(int id, mode_t mode)
{
	struct semid_ds status;

	if ((mode & 0600) == 0600)
		return 0;
	if (semset_stat(id, &status) < 0)
		return -1;
	status.sem_perm.mode = (unsigned short)mode;
	return semctl(id, 0, IPC_SET, (union semun){ .status = &status });
}

int semset_create(struct semaphore *semaphore, struct ref *ref, const int *values, int count,
		  mode_t mode)
{
	int id;

	if (!semset_can_have(values, count))
		return -1;
	id = semget(ref->key, count, IPC_CREAT | IPC_EXCL | 0600 | (int)mode);
	if (id < 0)
		return -1;
	semaphore->handle = id;
	semaphore->members = count;
	if (adopt(semaphore, values, count, true) < 0 || restrict_mode(id, mode) < 0) {
		int kept = errno;

		semctl(id, 0, IPC_RMID);
		errno = kept;
		return -1;
	}
	ref->form = REF_ID;
	ref->id = id;
	return 0;
}
