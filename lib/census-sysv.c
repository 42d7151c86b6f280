/* SPDX-License-Identifier: MIT */
/*
 * System V objects.  The kernel shows all of them to everybody: one by one
 * through *_STAT_ANY (Linux 4.17), which takes an index and tells the id, or
 * together in /proc/sysvipc, which alone knows rss and swap.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "census-parts.h"

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif
#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif
#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY 13
#endif

union any_status {
	struct shmid_ds shm;
	struct semid_ds sem;
	struct msqid_ds msg;
};

union sem_argument {
	struct semid_ds *status;
	struct seminfo *info;
	unsigned short *values;
};

enum stat_call { STAT_ID, STAT_INDEX };

/* By id for those who may read it, or by index for all.  Returns the id. */
static int stat_call(enum ref_kind kind, enum stat_call call, int number, union any_status *status)
{
	int id;

	switch (kind) {
	case REF_SHM:
		id = shmctl(number, call == STAT_ID ? IPC_STAT : SHM_STAT_ANY, &status->shm);
		break;
	case REF_SEM:
		id = semctl(number, 0, call == STAT_ID ? IPC_STAT : SEM_STAT_ANY,
			    (union sem_argument){ .status = &status->sem });
		break;
	default:
		id = msgctl(number, call == STAT_ID ? IPC_STAT : MSG_STAT_ANY, &status->msg);
		break;
	}
	return id >= 0 && call == STAT_ID ? number : id;
}

/* The highest index in use; USED is set to the number of objects. */
static int last_index(enum ref_kind kind, int *used)
{
	struct shm_info shm = { 0 };
	struct seminfo sem = { 0 };
	struct msginfo msg = { 0 };
	int last;

	switch (kind) {
	case REF_SHM:
		last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&shm);
		*used = shm.used_ids;
		break;
	case REF_SEM:
		last = semctl(0, 0, SEM_INFO, (union sem_argument){ .info = &sem });
		*used = sem.semusz;
		break;
	default:
		last = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&msg);
		*used = msg.msgpool;
		break;
	}
	return last;
}

struct object census_blank(enum ref_kind kind, bool sysv)
{
	return (struct object){
		.kind = kind,
		.sysv = sysv,
		.born = CENSUS_NONE,
		.size = CENSUS_NONE,
		.used = CENSUS_NONE,
		.messages = CENSUS_NONE,
		.max_messages = CENSUS_NONE,
		.message_size = CENSUS_NONE,
		.value = CENSUS_NONE,
		.nattch = CENSUS_NONE,
		.rss = CENSUS_NONE,
		.swap = CENSUS_NONE,
		.sem_waiters = CENSUS_NONE,
		.notify = CENSUS_NONE,
		.used_at = CENSUS_NONE,
		.changed_at = CENSUS_NONE,
		.times = { CENSUS_NONE, CENSUS_NONE },
	};
}

int64_t census_moment(time_t time)
{
	return time == 0 ? CENSUS_NONE : (int64_t)time;
}

/* The last use that is recorded; before the first, the making of it. */
void census_take_times(struct object *object, int64_t first, int64_t second, int64_t changed)
{
	object->times[0] = first;
	object->times[1] = second;
	object->changed_at = changed;
	object->used_at = first > second ? first : second;
	if (object->used_at == CENSUS_NONE)
		object->used_at = changed;
}

static void take_owner(struct object *object, const struct ipc_perm *perm)
{
	object->key = perm->__key;
	object->mode = perm->mode;
	object->owner = perm->uid;
	object->group = perm->gid;
	object->creator_owner = perm->cuid;
	object->creator_group = perm->cgid;
}

static void take_status(struct object *object, const union any_status *status)
{
	switch (object->kind) {
	case REF_SHM:
		take_owner(object, &status->shm.shm_perm);
		object->size = (int64_t)status->shm.shm_segsz;
		object->nattch = (int64_t)status->shm.shm_nattch;
		object->creator = status->shm.shm_cpid;
		object->last[0] = status->shm.shm_lpid;
		object->removed = object->mode & SHM_DEST;
		census_take_times(object, census_moment(status->shm.shm_atime),
				  census_moment(status->shm.shm_dtime),
				  census_moment(status->shm.shm_ctime));
		break;
	case REF_SEM:
		take_owner(object, &status->sem.sem_perm);
		object->size = (int64_t)status->sem.sem_nsems;
		census_take_times(object, census_moment(status->sem.sem_otime), CENSUS_NONE,
				  census_moment(status->sem.sem_ctime));
		break;
	default:
		take_owner(object, &status->msg.msg_perm);
		object->size = (int64_t)status->msg.msg_qbytes;
		object->used = (int64_t)status->msg.__msg_cbytes;
		object->messages = (int64_t)status->msg.msg_qnum;
		object->last[0] = status->msg.msg_lspid;
		object->last[1] = status->msg.msg_lrpid;
		census_take_times(object, census_moment(status->msg.msg_stime),
				  census_moment(status->msg.msg_rtime),
				  census_moment(status->msg.msg_ctime));
		break;
	}
}

/*
 * Room for the values of any set: the kernel writes all that the id has by now,
 * and it may be another set.  It is taken once.  NULL: no memory.
 */
static unsigned short *room_for_values(int64_t count)
{
	static unsigned short *values;
	static size_t room;
	struct seminfo info = { .semmsl = 1 << 16 };

	if (values == NULL) {
		semctl(0, 0, IPC_INFO, (union sem_argument){ .info = &info });
		room = info.semmsl > 1 << 16 ? (size_t)info.semmsl : 1 << 16;
		values = malloc(room * sizeof *values);
	}
	return count <= (int64_t)room ? values : NULL;
}

/* The values of a set.  Returns 0, or -1: there is no such set any more. */
static int take_values(struct object *object)
{
	unsigned short *values = room_for_values(object->size);

	object->values_hidden = true;
	if (values == NULL)
		return 0;
	if (semctl(object->id, 0, GETALL, (union sem_argument){ .values = values }) < 0)
		return errno == EIDRM || errno == EINVAL ? -1 : 0;
	object->values = malloc(((size_t)object->size + 1) * sizeof *object->values);
	if (object->values == NULL)
		return 0;
	for (int64_t i = 0; i < object->size; i++)
		object->values[i] = values[i];
	if (object->size == 1)
		object->value = values[0];
	object->values_hidden = false;
	return 0;
}

/* The one value of a set of one.  As take_values(). */
static int take_value(struct object *object)
{
	int value = semctl(object->id, 0, GETVAL);

	if (value < 0 && (errno == EIDRM || errno == EINVAL))
		return -1;
	object->value = value < 0 ? CENSUS_NONE : value;
	object->values_hidden = value < 0;
	return 0;
}

static int take_contents(struct object *object, unsigned look)
{
	if (object->kind != REF_SEM)
		return 0;
	if (look & CENSUS_VALUES)
		return take_values(object);
	if (look & CENSUS_VALUE && object->size == 1)
		return take_value(object);
	return 0;
}

/* Tell VISIT of OBJECT. */
int census_sysv_show(struct census_walker *walker, struct object *object)
{
	int result;

	if (take_contents(object, walker->look) < 0)
		return 0;
	if (object->values_hidden)
		census_note_unreadable(walker, object);
	result = walker->visit(object, walker->context);
	free(object->values);
	object->values = NULL;
	return result;
}

static int walk_indices(struct census_walker *walker, enum ref_kind kind, int last, int *seen)
{
	union any_status status = { 0 };
	int result = 0;

	for (int index = 0; index <= last && result == 0; index++) {
		int id = stat_call(kind, STAT_INDEX, index, &status);

		if (id >= 0) {
			struct object object = census_blank(kind, true);

			object.id = id;
			take_status(&object, &status);
			++*seen;
			result = census_sysv_show(walker, &object);
		} else if (errno != EINVAL && errno != EIDRM) {
			gaps_add(walker->gaps, GAP_OBJECT, errno, "a System V object");
		}
	}
	return result;
}

int census_sysv_walk(struct census_walker *walker, enum ref_kind kind)
{
	int used = 0, last, seen = 0, result;
	bool opened = false;

	if (walker->world->sysv_error != 0) {
		if (walker->gaps->of[GAP_SYSV].count == 0)
			gaps_add(walker->gaps, GAP_SYSV, walker->world->sysv_error,
				 " of that namespace");
		return 0;
	}
	last = last_index(kind, &used);
	if (last < 0 && errno == ENOSYS)
		return 0; /* a kernel without them */
	/* A call for each index: not where most are empty, nor for what only the table has. */
	if (last >= 0 && last / 4 <= used + 256 &&
	    !(kind == REF_SHM && walker->look & CENSUS_RSS)) {
		result = walk_indices(walker, kind, last, &seen);
		if (seen > 0 || used == 0)
			return result;
	}
	result = census_table_walk(walker, kind, &opened);
	if (!opened) {
		int error = errno;

		result = walk_indices(walker, kind, last, &seen);
		if (last < 0 || (seen == 0 && used > 0))
			gaps_add(walker->gaps, GAP_SYSV, error, "");
	}
	return result;
}

/* The id that REF names now, whatever it may do with it. */
static int find_id(const struct ref *ref)
{
	if (ref->form == REF_ID)
		return ref->id;
	switch (ref->kind) {
	case REF_SHM:
		return shmget(ref->key, 0, 0);
	case REF_SEM:
		return semget(ref->key, 0, 0);
	default:
		return msgget(ref->key, 0);
	}
}

/*
 * One that may not be read: the index is in the low bits of the id, though how
 * many depends on the kernel's command line (ipcmni_extend).
 */
static int stat_unreadable(enum ref_kind kind, int id, union any_status *status)
{
	int used, last;

	if (stat_call(kind, STAT_INDEX, id & 0x7fff, status) == id ||
	    stat_call(kind, STAT_INDEX, id & 0xffffff, status) == id)
		return 0;
	last = last_index(kind, &used);
	for (int index = 0; index <= last; index++)
		if (stat_call(kind, STAT_INDEX, index, status) == id)
			return 0;
	errno = EACCES;
	return -1;
}

struct rss_search {
	int id;
	struct object *object;
};

static int take_rss(const struct object *object, void *context)
{
	struct rss_search *search = context;

	if (object->id != search->id)
		return 0;
	search->object->rss = object->rss;
	search->object->swap = object->swap;
	return 1;
}

int census_sysv_one(const struct ref *ref, unsigned look, struct object *object, struct gaps *gaps)
{
	union any_status status = { 0 };
	int id = find_id(ref);
	bool opened;

	if (id >= 0 && stat_call(ref->kind, STAT_ID, id, &status) < 0 &&
	    (errno != EACCES || stat_unreadable(ref->kind, id, &status) < 0))
		id = -1;
	if (id < 0) {
		if (errno == EINVAL || errno == EIDRM)
			errno = ENOENT;
		return -1;
	}
	*object = census_blank(ref->kind, true);
	object->id = id;
	take_status(object, &status);
	if (take_contents(object, look) < 0) {
		errno = ENOENT;
		return -1;
	}
	if (object->values_hidden)
		census_note_hidden(object, EACCES, gaps);
	if (ref->kind == REF_SHM && look & CENSUS_RSS) {
		struct rss_search search = { .id = id, .object = object };
		struct census_walker walker = { .visit = take_rss,
						.context = &search,
						.gaps = gaps };

		census_table_walk(&walker, REF_SHM, &opened);
	}
	return 0;
}
