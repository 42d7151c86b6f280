/* SPDX-License-Identifier: MIT */
/*
 * POSIX objects: files of /dev/shm, where anybody may have put anything, and of
 * the queues' file system.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "census-parts.h"
#include "own.h"
#include "procfs.h"
#include "queue.h"
#include "ring-layout.h"
#include "semfile.h"
#include "shmfile.h"

#define SEM_PREFIX "sem."
#define RING_PREFIX "ring."

static bool has_prefix(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(name, prefix, length) == 0 && name[length] != '\0';
}

static int stat_file(int directory, const char *name, struct statx *status)
{
	return statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		     STATX_BASIC_STATS | STATX_BTIME, status);
}

static int64_t later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

static void take_status(struct object *object, const struct statx *status)
{
	object->device = makedev(status->stx_dev_major, status->stx_dev_minor);
	object->inode = status->stx_ino;
	if (status->stx_mask & STATX_BTIME)
		object->born =
			status->stx_btime.tv_sec * INT64_C(1000000000) + status->stx_btime.tv_nsec;
	object->owner = object->creator_owner = status->stx_uid;
	object->group = object->creator_group = status->stx_gid;
	object->mode = status->stx_mode & 07777;
	object->used_at = status->stx_mtime.tv_sec;
	if (object->kind == REF_MQ)
		return; /* each look at its status line moves atime and ctime */
	object->used_at = later(object->used_at, status->stx_atime.tv_sec);
	object->changed_at = status->stx_ctime.tv_sec;
	object->size = (int64_t)status->stx_size;
	object->used = (int64_t)status->stx_blocks * 512;
}

/*
 * The facts of the semaphore NAME, or that it is none.  One that may not be
 * read is taken for one when its size is right.
 */
static void look_at_semaphore(int directory, const char *name, struct object *object)
{
	struct semfile facts;
	struct stat status;
	OWN_FD int descriptor = -1;

	if (!semfile_has_size(object->size))
		return;
	descriptor = shmfile_open_quietly(directory, name, &status);
	if (descriptor < 0) {
		object->kind = REF_SEM;
		object->hidden = true;
		return;
	}
	if (semfile_look(descriptor, &facts) < 0) {
		if (errno != EINVAL && errno != ENODATA) {
			object->kind = REF_SEM;
			object->hidden = true;
		}
		return;
	}
	object->kind = REF_SEM;
	object->value = facts.value;
	object->sem_waiters = facts.waiters;
}

/* The same of a ring. */
static void look_at_ring(int directory, const char *name, struct object *object)
{
	const uint64_t capacity = (uint64_t)object->size - RING_DATA_AT;
	struct ring_facts facts;
	struct stat status;
	OWN_FD int descriptor = -1;

	if (object->size < (int64_t)(RING_DATA_AT + RING_CAPACITY_LEAST))
		return;
	descriptor = shmfile_open_quietly(directory, name, &status);
	if (descriptor < 0) {
		if ((capacity & (capacity - 1)) != 0)
			return;
		object->kind = REF_RING;
		object->hidden = true;
		object->size = object->used = CENSUS_NONE;
		return;
	}
	if (ring_look(descriptor, &facts) != NULL) {
		if (errno == 0)
			return; /* it is none */
		object->kind = REF_RING;
		object->hidden = true;
		object->size = object->used = CENSUS_NONE;
		return;
	}
	object->kind = REF_RING;
	object->size = (int64_t)facts.capacity;
	object->used = (int64_t)facts.used;
	object->messages = (int64_t)facts.records;
	object->creator = (pid_t)facts.creator;
	object->creator_start = (int64_t)facts.creator_start;
}

/*
 * What the entry NAME of /dev/shm is.  Returns 0, or -1: it is no object (a
 * directory, a FIFO), or gone.
 */
static int read_entry(int directory, const char *name, struct object *object)
{
	struct statx status;

	*object = census_blank(REF_SHM, false);
	if (stat_file(directory, name, &status) < 0)
		return -1;
	if (!S_ISREG(status.stx_mode)) {
		errno = ENOTSUP;
		return -1;
	}
	take_status(object, &status);
	if (has_prefix(name, SEM_PREFIX))
		look_at_semaphore(directory, name, object);
	else if (has_prefix(name, RING_PREFIX))
		look_at_ring(directory, name, object);
	return 0;
}

/* The part of the file's NAME that is the object's. */
static const char *name_within(enum ref_kind kind, const char *name)
{
	if (kind == REF_SEM)
		return name + strlen(SEM_PREFIX);
	if (kind == REF_RING)
		return name + strlen(RING_PREFIX);
	return name;
}

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The next entry of LIST, or NULL with errno: 0 at its end. */
static struct dirent *next_entry(DIR *list)
{
	errno = 0;
	return readdir(list);
}

/* An entry of a directory that could not be looked at, unless it is gone or no object. */
static void note_unseen(struct census_walker *walker, enum gap gap)
{
	if (errno != 0 && errno != ENOENT && errno != ENOTSUP)
		gaps_add(walker->gaps, gap, errno, NULL);
}

int census_posix_walk_shm(struct census_walker *walker, unsigned kinds)
{
	const struct world *world = walker->world;
	DIR *list = world_list(world->shm);
	struct dirent *entry;
	int result = 0;

	if (list == NULL) {
		int error = world->shm < 0 ? world->shm_error : errno;

		if (error != 0)
			gaps_add(walker->gaps, GAP_SHM, error, NULL);
		return 0;
	}
	while (result == 0 && (entry = next_entry(list)) != NULL) {
		struct object object;

		if (is_dot(entry->d_name))
			continue;
		if (read_entry(world->shm, entry->d_name, &object) < 0) {
			note_unseen(walker, GAP_SHM);
			continue;
		}
		if (!(object.kind & kinds))
			continue;
		object.name = (char *)(uintptr_t)name_within(object.kind, entry->d_name);
		if (object.hidden && walker->look & CENSUS_CONTENT)
			census_note_unreadable(walker, &object);
		result = walker->visit(&object, walker->context);
	}
	if (result == 0)
		note_unseen(walker, GAP_SHM);
	closedir(list);
	return result;
}

/* Bytes and registration, from the status line. */
static void read_status_line(int descriptor, struct object *object)
{
	char line[160];
	ssize_t length = pread(descriptor, line, sizeof line - 1, 0);

	if (length <= 0)
		return;
	line[length] = '\0';
	procfs_queue(line, &object->used, &object->notify);
}

/* A queue's descriptor is a file's: one open is enough, whatever the namespace. */
static void look_at_queue(int directory, const char *name, unsigned look, struct object *object)
{
	OWN_FD int descriptor = openat(directory, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool readable = descriptor >= 0;
	struct mq_attr attributes;

	if (!readable && errno == EACCES)
		descriptor = openat(directory, name, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (descriptor < 0 || mq_getattr(descriptor, &attributes) < 0) {
		object->hidden = true;
		return;
	}
	object->messages = attributes.mq_curmsgs;
	object->max_messages = attributes.mq_maxmsg;
	object->message_size = attributes.mq_msgsize;
	object->size = (int64_t)attributes.mq_maxmsg * attributes.mq_msgsize;
	if (look & CENSUS_STATUS) {
		if (readable)
			read_status_line(descriptor, object);
		else
			object->hidden = true;
	}
}

static int read_queue(int directory, const char *name, unsigned look, struct object *object)
{
	struct statx status;

	*object = census_blank(REF_MQ, false);
	if (stat_file(directory, name, &status) < 0)
		return -1;
	take_status(object, &status);
	object->creator = queue_private_creator(name);
	if (look & (CENSUS_CONTENT | CENSUS_STATUS))
		look_at_queue(directory, name, look, object);
	return 0;
}

int census_posix_walk_queues(struct census_walker *walker)
{
	const struct world *world = walker->world;
	DIR *list = world_list(world->queues);
	struct dirent *entry;
	int result = 0;

	if (list == NULL) {
		int error = world->queues < 0 ? world->queues_error : errno;

		if (error != 0)
			gaps_add(walker->gaps, GAP_QUEUES, error, NULL);
		return 0;
	}
	while (result == 0 && (entry = next_entry(list)) != NULL) {
		struct object object;

		if (is_dot(entry->d_name))
			continue;
		if (read_queue(world->queues, entry->d_name, walker->look, &object) < 0) {
			note_unseen(walker, GAP_QUEUES);
			continue;
		}
		object.name = entry->d_name;
		if (object.hidden)
			census_note_unreadable(walker, &object);
		result = walker->visit(&object, walker->context);
	}
	if (result == 0)
		note_unseen(walker, GAP_QUEUES);
	closedir(list);
	return result;
}

/* A queue by its name alone, where their directory cannot be seen. */
static int open_by_name(const struct ref *ref, unsigned look, struct object *object)
{
	OWN_FD int descriptor = mq_open(ref->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct statx status;
	struct mq_attr attributes;

	if (descriptor < 0 && errno == EACCES)
		descriptor = mq_open(ref->name, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (descriptor < 0 || mq_getattr(descriptor, &attributes) < 0 ||
	    statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &status) < 0)
		return -1;
	*object = census_blank(REF_MQ, false);
	take_status(object, &status);
	object->messages = attributes.mq_curmsgs;
	object->max_messages = attributes.mq_maxmsg;
	object->message_size = attributes.mq_msgsize;
	object->size = (int64_t)attributes.mq_maxmsg * attributes.mq_msgsize;
	if (look & CENSUS_STATUS)
		read_status_line(descriptor, object);
	return 0;
}

int census_posix_one(const struct world *world, const struct ref *ref, unsigned look,
		     struct object *object, struct gaps *gaps)
{
	char file[REF_NAME_MAX + 1];
	const struct object wanted = { .kind = ref->kind,
				       .name = (char *)(uintptr_t)(ref->name + 1) };
	int directory = census_file(world, &wanted, file), result;

	if (directory < 0 && ref->kind == REF_MQ && world->sysv_error == 0)
		result = open_by_name(ref, look, object);
	else if (directory < 0) {
		errno = ref->kind == REF_MQ ? world->queues_error : world->shm_error;
		/* A queue is there without a mount, too, in a namespace that we may not enter. */
		if (ref->kind == REF_MQ && (errno == 0 || errno == ENOENT))
			errno = world->sysv_error;
		if (errno == 0)
			errno = ENOENT;
		return -1;
	} else if (ref->kind == REF_MQ)
		result = read_queue(directory, file, look, object);
	else
		result = read_entry(directory, file, object);
	if (result < 0)
		return -1;
	/* Something else lies there under the name that such an object would have. */
	if (object->kind != ref->kind && ref->kind != REF_SHM) {
		errno = EINVAL;
		return -1;
	}
	object->kind = ref->kind;
	object->name = strdup(ref->name + 1);
	if (object->name == NULL)
		return -1;
	if (object->hidden && look & CENSUS_CONTENT)
		census_note_hidden(object, EACCES, gaps);
	return 0;
}
