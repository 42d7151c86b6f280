/* SPDX-License-Identifier: MIT */
/* System V semaphore sets, operated on; how a set gets its values: semaphore-set.c. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "own.h"
#include "semaphore-family.h"
#include "semaphore-set.h"

#define LIMITS "/proc/sys/kernel/sem"

static int find_id(const struct ref *ref)
{
	return ref->form == REF_ID ? ref->id : semget(ref->key, 0, 0);
}

static int sysv_open(struct semaphore *semaphore, struct ref *ref, enum semaphore_access access)
{
	struct semid_ds status;
	int id = find_id(ref), found;

	if (id < 0)
		return -1;
	/* Who may not read may be allowed to write. */
	found = access == SEMAPHORE_READ
			? semctl(id, 0, IPC_STAT, (union semun){ .status = &status })
			: semset_stat(id, &status);
	if (found < 0) {
		errno = semset_absent(errno);
		return -1;
	}
	ref->id = id;
	ref->form = REF_ID;
	semaphore->handle = id;
	semaphore->members = (int)status.sem_nsems;
	return 0;
}

static void sysv_close(struct semaphore *semaphore)
{
	semaphore->handle = -1;
}

static int sysv_remove(const struct ref *ref, const struct semaphore_facts *made)
{
	int id = find_id(ref);

	(void)made; /* an id is not given again soon */
	if (id >= 0 && semctl(id, 0, IPC_RMID) == 0)
		return 0;
	errno = semset_absent(errno);
	return -1;
}

static int sysv_look_by_ref(const struct ref *ref, struct semaphore_facts *facts)
{
	struct semid_ds status;
	int id = find_id(ref);

	if (id < 0 || semset_stat(id, &status) < 0)
		return -1;
	*facts = (struct semaphore_facts){
		.members = (int)status.sem_nsems,
		.initialised = status.sem_otime != 0,
		.mode = status.sem_perm.mode & 0777,
		.owner = status.sem_perm.uid,
		.creator = status.sem_perm.cuid,
		.used_at =
			status.sem_otime > status.sem_ctime ? status.sem_otime : status.sem_ctime,
	};
	return 0;
}

static int sysv_values(const struct semaphore *semaphore, int *values)
{
	OWN_MEM unsigned short *all = semset_get_all(semaphore);

	if (all == NULL)
		return -1;
	for (int i = 0; i < semaphore->members; i++)
		values[i] = all[i];
	return 0;
}

static int sysv_queue(const struct semaphore *semaphore, int index, struct semaphore_queue *queue)
{
	queue->for_more = semctl(semaphore->handle, index, GETNCNT);
	queue->for_zero = queue->for_more < 0 ? -1 : semctl(semaphore->handle, index, GETZCNT);
	queue->last = queue->for_zero < 0 ? -1 : semctl(semaphore->handle, index, GETPID);
	if (queue->last >= 0)
		return 0;
	errno = semset_failure(semaphore, errno);
	return -1;
}

static int sysv_take(struct semaphore *semaphore, struct sembuf *steps, size_t count, bool undo,
		     bool wait, int64_t end)
{
	struct timespec left = { 0, 0 };
	int64_t span = end == 0 ? 0 : end - patience_now();
	int taken;

	for (size_t i = 0; i < count; i++)
		steps[i].sem_flg = (short)((undo ? SEM_UNDO : 0) | (wait ? 0 : IPC_NOWAIT));
	if (span > 0)
		left = (struct timespec){ span / 1000000000, span % 1000000000 };
	taken = semtimedop(semaphore->handle, steps, count, wait && end != 0 ? &left : NULL);
	if (taken < 0 && errno == EAGAIN && wait)
		errno = ETIMEDOUT;
	else if (taken < 0)
		errno = semset_failure(semaphore, errno);
	return taken;
}

static int sysv_post(struct semaphore *semaphore, int index, int count)
{
	struct sembuf step = { .sem_num = (unsigned short)index, .sem_op = (short)count };

	if (count <= SEMSET_VALUE_MAX)
		return semaphore_take_now(semaphore, &step, 1, false);
	errno = ERANGE;
	return -1;
}

static int sysv_set(struct semaphore *semaphore, int first, const int *values, int count)
{
	int done = 0;

	if (!semset_can_have(values, count))
		return -1;
	if (semaphore->members >= 0 && first + count > semaphore->members) {
		errno = EFBIG;
		return -1;
	}
	if (count == semaphore->members && count > 1)
		done = semset_set_all(semaphore, values);
	else
		for (int i = 0; i < count && done == 0; i++)
			done = semctl(semaphore->handle, first + i, SETVAL,
				      (union semun){ .value = values[i] });
	if (done < 0)
		errno = semset_failure(semaphore, errno);
	return done;
}

/* The call itself tells of it. */
static int sysv_loss(const struct semaphore *semaphore)
{
	(void)semaphore;
	return EIDRM;
}

static void sysv_watch(const struct semaphore *semaphore, struct waker *waker)
{
	(void)semaphore;
	waker->object = -1;
}

/* Which of two limits forbids a set of WANTED members. */
static void hint_at_space(char *hint, size_t wanted)
{
	struct seminfo limit = semset_limits(), used = { 0 };

	semctl(0, 0, SEM_INFO, (union semun){ .info = &used });
	if (used.semusz >= limit.semmni)
		snprintf(hint, SEMAPHORE_HINT_MAX,
			 " (there are %d sets, and SEMMNI, the fourth number in %s, is %d)",
			 used.semusz, LIMITS, limit.semmni);
	else
		snprintf(hint, SEMAPHORE_HINT_MAX,
			 " (the set needs %zu semaphores, %d are in use, and SEMMNS, the second "
			 "number in %s, is %d)",
			 wanted, used.semaem, LIMITS, limit.semmns);
}

static void sysv_hint(char *hint, const struct ref *ref, size_t wanted, int error)
{
	struct semaphore_facts facts;

	if (error == ENOSPC && wanted > 0)
		hint_at_space(hint, wanted);
	else if (error == EINVAL && wanted > (size_t)semset_limits().semmsl)
		snprintf(hint, SEMAPHORE_HINT_MAX,
			 " (the set needs %zu semaphores, and SEMMSL, the first number in %s, "
			 "is %d)",
			 wanted, LIMITS, semset_limits().semmsl);
	else if (error == E2BIG)
		snprintf(hint, SEMAPHORE_HINT_MAX,
			 " (%zu steps at once, and SEMOPM, the third number in %s, is %d)", wanted,
			 LIMITS, semset_limits().semopm);
	else if (error == ERANGE)
		snprintf(hint, SEMAPHORE_HINT_MAX,
			 " (a value, and what a process is to have undone, is at most %d: SEMVMX, "
			 "which the kernel fixes)",
			 SEMSET_VALUE_MAX);
	else if (error == EBUSY)
		snprintf(hint, SEMAPHORE_HINT_MAX,
			 " (somebody keeps the claim under which a new set gets its values)");
	else if (error == EFBIG && semaphore_look_by_ref(ref, &facts) == 0)
		snprintf(hint, SEMAPHORE_HINT_MAX, " (the set has %d member%s, from 0 on)",
			 facts.members, facts.members == 1 ? "" : "s");
}

const struct semaphore_family semaphore_sysv = {
	.create = semset_create,
	.open = sysv_open,
	.adopt = semset_adopt,
	.settle = semset_settle,
	.close = sysv_close,
	.remove = sysv_remove,
	.look_by_ref = sysv_look_by_ref,
	.values = sysv_values,
	.queue = sysv_queue,
	.take = sysv_take,
	.post = sysv_post,
	.set = sysv_set,
	.loss = sysv_loss,
	.watch = sysv_watch,
	.hint = sysv_hint,
	.glance = 0, /* the kernel serves who came first */
	.can_undo = true,
};
