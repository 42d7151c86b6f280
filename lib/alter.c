/* SPDX-License-Identifier: MIT */
#include "alter.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"

union sem_argument {
	struct semid_ds *status;
};

static void fill(struct ipc_perm *perm, const struct object *object,
		 const struct alteration *alteration)
{
	perm->uid = alteration->set_owner ? alteration->owner : object->owner;
	perm->gid = alteration->set_group ? alteration->group : object->group;
	perm->mode =
		(unsigned short)(alteration->set_mode ? alteration->mode : object->mode & 0777);
}

static bool sysv_is_gone(const struct object *object)
{
	struct shmid_ds shm;
	struct semid_ds sem;
	struct msqid_ds msg;
	int result;

	if (object->kind == REF_SHM)
		result = shmctl(object->id, IPC_STAT, &shm);
	else if (object->kind == REF_SEM)
		result = semctl(object->id, 0, IPC_STAT, (union sem_argument){ .status = &sem });
	else
		result = msgctl(object->id, IPC_STAT, &msg);
	return result < 0 && (errno == EINVAL || errno == EIDRM);
}

static int alter_sysv(const struct object *object, const struct alteration *alteration)
{
	struct shmid_ds shm = { 0 };
	struct semid_ds sem = { 0 };
	struct msqid_ds msg = { 0 };

	switch (object->kind) {
	case REF_SHM:
		fill(&shm.shm_perm, object, alteration);
		return shmctl(object->id, IPC_SET, &shm);
	case REF_SEM:
		fill(&sem.sem_perm, object, alteration);
		return semctl(object->id, 0, IPC_SET, (union sem_argument){ .status = &sem });
	default:
		fill(&msg.msg_perm, object, alteration);
		msg.msg_qbytes =
			(msglen_t)(alteration->set_capacity ? alteration->capacity : object->size);
		return msgctl(object->id, IPC_SET, &msg);
	}
}

/* A queue whose directory cannot be seen, by its name. */
static int open_queue(const struct ref *ref)
{
	int queue = mq_open(ref->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	return queue < 0 && errno == EACCES ? mq_open(ref->name, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
					    : queue;
}

static int change_owner(int file, const struct alteration *alteration)
{
	if (!alteration->set_owner && !alteration->set_group)
		return 0;
	return fchownat(file, "", alteration->set_owner ? alteration->owner : (uid_t)-1,
			alteration->set_group ? alteration->group : (gid_t)-1, AT_EMPTY_PATH);
}

static int alter_posix(const struct world *world, const struct ref *ref,
		       const struct object *object, const struct alteration *alteration)
{
	char name[REF_NAME_MAX + 1], way[32];
	int directory = census_file(world, object, name);
	OWN_FD int file = directory < 0 ? open_queue(ref)
					: openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	const struct alteration before = { .set_owner = alteration->set_owner,
					   .set_group = alteration->set_group,
					   .owner = object->owner,
					   .group = object->group };
	struct stat status;
	int kept;

	if (file < 0 || fstat(file, &status) < 0)
		return -1;
	if (status.st_ino != object->inode || status.st_dev != object->device) {
		errno = ENOENT; /* the one that was meant has gone */
		return -1;
	}
	if (change_owner(file, alteration) < 0)
		return -1;
	if (!alteration->set_mode)
		return 0;
	/* A file that is not opened for use has no fchmod(2). */
	snprintf(way, sizeof way, "/proc/self/fd/%d", file);
	if (chmod(way, alteration->mode) == 0)
		return 0;
	kept = errno;
	change_owner(file, &before); /* all of it, or nothing */
	errno = kept;
	return -1;
}

int alter_object(const struct world *world, const struct ref *ref,
		 const struct alteration *alteration)
{
	struct object object;
	struct gaps gaps = { 0 };
	int result, kept;

	if (census_one(world, ref, 0, &object, &gaps) < 0)
		return -1;
	result = object.sysv ? alter_sysv(&object, alteration)
			     : alter_posix(world, ref, &object, alteration);
	kept = result < 0 ? errno : 0;
	if (kept == EIDRM || (kept == EINVAL && object.sysv && sysv_is_gone(&object)))
		kept = ENOENT;
	else if (kept == EINVAL) /* of IPC_SET and chown(2): an owner without a number here */
		kept = EOVERFLOW;
	census_drop(&object);
	errno = kept;
	return result;
}

static enum removal remove_sysv(const struct object *object, bool guarded, bool dry)
{
	int result;

	if (object->removed)
		return REMOVAL_PENDING;
	/* Of sets and queues it is never proven that nobody uses them. */
	if (guarded && object->kind == REF_SHM && object->nattch > 0)
		return REMOVAL_IN_USE;
	if (dry)
		return REMOVAL_DONE;
	if (object->kind == REF_SHM)
		result = shmctl(object->id, IPC_RMID, NULL);
	else if (object->kind == REF_SEM)
		result = semctl(object->id, 0, IPC_RMID);
	else
		result = msgctl(object->id, IPC_RMID, NULL);
	if (result == 0)
		return REMOVAL_DONE;
	return errno == EINVAL || errno == EIDRM ? REMOVAL_GONE : REMOVAL_FAILED;
}

static enum removal remove_posix(const struct world *world, const struct object *object,
				 bool guarded, bool dry)
{
	char name[REF_NAME_MAX + 1], path[REF_NAME_MAX + 2];
	int directory = census_file(world, object, name), held = 0, result;

	if (guarded)
		held = directory < 0
			       ? -1
			       : world_is_held(directory, name, object->device, object->inode);
	if (held < 0 && directory >= 0 && errno == ESTALE)
		return REMOVAL_CHANGED;
	if (held < 0 && directory >= 0 && errno == ENOENT)
		return REMOVAL_GONE;
	if (held != 0)
		return held > 0 ? REMOVAL_IN_USE : REMOVAL_UNCERTAIN;
	if (dry)
		return REMOVAL_DONE;
	snprintf(path, sizeof path, "/%s", name);
	result = directory < 0 ? mq_unlink(path) : unlinkat(directory, name, 0);
	if (result == 0)
		return REMOVAL_DONE;
	return errno == ENOENT ? REMOVAL_GONE : REMOVAL_FAILED;
}

enum removal alter_remove(const struct world *world, const struct object *object, bool guarded,
			  bool dry)
{
	struct ref ref;
	struct object now;
	struct gaps gaps = { 0 };
	enum removal result;

	census_ref(object, &ref);
	if (census_one(world, &ref, 0, &now, &gaps) < 0) {
		if (errno == EINVAL || errno == ENOTSUP)
			return REMOVAL_CHANGED;
		return errno == ENOENT ? REMOVAL_GONE : REMOVAL_FAILED;
	}
	if (!census_is_same(object, &now))
		result = REMOVAL_CHANGED;
	else if (now.sysv)
		result = remove_sysv(&now, guarded, dry);
	else
		result = remove_posix(world, &now, guarded, dry);
	census_drop(&now);
	return result;
}
