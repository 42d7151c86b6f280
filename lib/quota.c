/* SPDX-License-Identifier: MIT */
#include "quota.h"

#include <errno.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "census.h"
#include "queue.h"
#include "setting.h"

#define KERNEL "/proc/sys/kernel/"
#define MQUEUE "/proc/sys/fs/mqueue/"

union sem_argument {
	struct seminfo *info;
};

struct list {
	struct limit *limits;
	size_t count;
};

static void add(struct list *list, const char *name, const char *about, const char *place,
		uint64_t limit, int64_t used)
{
	list->limits[list->count++] = (struct limit){
		.name = name,
		.about = about,
		.place = place,
		.limit = limit > INT64_MAX ? INT64_MAX : (int64_t)limit,
		.used = used,
	};
}

static void add_segments(struct list *list)
{
	struct shminfo most = { 0 };
	struct shm_info used = { 0 };

	if (shmctl(0, IPC_INFO, (struct shmid_ds *)(void *)&most) < 0 ||
	    shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&used) < 0)
		return;
	add(list, "shmmni", "System V segments", KERNEL "shmmni", most.shmmni, used.used_ids);
	add(list, "shmall", "pages of all segments", KERNEL "shmall", most.shmall,
	    (int64_t)used.shm_tot);
	add(list, "shmmax", "bytes of a segment", KERNEL "shmmax", most.shmmax, -1);
}

static void add_sets(struct list *list)
{
	struct seminfo most = { 0 }, used = { 0 };

	if (semctl(0, 0, IPC_INFO, (union sem_argument){ .info = &most }) < 0 ||
	    semctl(0, 0, SEM_INFO, (union sem_argument){ .info = &used }) < 0)
		return;
	add(list, "semmni", "System V semaphore sets", KERNEL "sem (4th)", (uint64_t)most.semmni,
	    used.semusz);
	add(list, "semmns", "members of all sets", KERNEL "sem (2nd)", (uint64_t)most.semmns,
	    used.semaem);
	add(list, "semmsl", "members of a set", KERNEL "sem (1st)", (uint64_t)most.semmsl, -1);
	add(list, "semopm", "operations of a semop call", KERNEL "sem (3rd)", (uint64_t)most.semopm,
	    -1);
	add(list, "semvmx", "value of a member", "the kernel", (uint64_t)most.semvmx, -1);
}

static void add_queues(struct list *list)
{
	struct msginfo most = { 0 }, used = { 0 };

	if (msgctl(0, IPC_INFO, (struct msqid_ds *)(void *)&most) < 0 ||
	    msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&used) < 0)
		return;
	add(list, "msgmni", "System V queues", KERNEL "msgmni", (uint64_t)most.msgmni,
	    used.msgpool);
	add(list, "msgmnb", "bytes of a queue", KERNEL "msgmnb", (uint64_t)most.msgmnb, -1);
	add(list, "msgmax", "bytes of a message", KERNEL "msgmax", (uint64_t)most.msgmax, -1);
}

struct sum {
	int64_t queues, charged;
	uid_t user;
};

static int count_queue(const struct object *object, void *context)
{
	struct sum *sum = context;

	sum->queues++;
	if (object->owner == sum->user && object->max_messages > 0)
		sum->charged += queue_charge(object->max_messages, object->message_size);
	return 0;
}

/* What others' queues hold is not charged to us. */
static bool is_charged(const struct object *object, const void *user)
{
	return object->owner == *(const uid_t *)user;
}

/* A queue that was removed and is still open counts, too, and cannot be seen. */
static void add_posix_queues(struct list *list, const struct world *world, struct gaps *gaps)
{
	struct sum sum = { .user = getuid() };
	const struct census_plan plan = { .kinds = REF_MQ,
					  .posix = true,
					  .look = CENSUS_CONTENT,
					  .matters = is_charged,
					  .judge = &sum.user };
	struct rlimit bytes;
	/* The settings are those of the namespace that we are in. */
	const bool inside = world->sysv_error == 0;
	int64_t most = inside ? setting_read(MQUEUE "queues_max") : -1;
	bool seen = world->queues >= 0;

	census_walk(world, &plan, count_queue, &sum, gaps);
	if (most >= 0)
		add(list, "queues_max", "POSIX queues", MQUEUE "queues_max", (uint64_t)most,
		    seen ? sum.queues : -1);
	most = inside ? setting_read(MQUEUE "msg_max") : -1;
	if (most >= 0)
		add(list, "msg_max", "messages of a POSIX queue", MQUEUE "msg_max", (uint64_t)most,
		    -1);
	most = inside ? setting_read(MQUEUE "msgsize_max") : -1;
	if (most >= 0)
		add(list, "msgsize_max", "bytes of its messages", MQUEUE "msgsize_max",
		    (uint64_t)most, -1);
	if (getrlimit(RLIMIT_MSGQUEUE, &bytes) == 0)
		add(list, "rlimit_msgqueue", "bytes of your POSIX queues", "ulimit -q",
		    bytes.rlim_cur == RLIM_INFINITY ? INT64_MAX : bytes.rlim_cur,
		    seen ? sum.charged : -1);
}

static void add_place(struct list *list, const struct world *world, struct gaps *gaps)
{
	struct statvfs place;

	if (world->shm < 0)
		return;
	if (fstatvfs(world->shm, &place) < 0) {
		gaps_add(gaps, GAP_SHM, errno, NULL);
		return;
	}
	if (place.f_blocks > 0)
		add(list, "dev_shm_bytes", "bytes in /dev/shm",
		    "mount -o remount,size=", (uint64_t)place.f_blocks * place.f_frsize,
		    (int64_t)((place.f_blocks - place.f_bfree) * place.f_frsize));
	if (place.f_files > 0)
		add(list, "dev_shm_inodes", "files in /dev/shm",
		    "mount -o remount,nr_inodes=", place.f_files,
		    (int64_t)(place.f_files - place.f_ffree));
}

size_t quota_read(const struct world *world, struct limit limits[QUOTA_MAX], struct gaps *gaps)
{
	struct list list = { .limits = limits };

	if (world->sysv_error == 0) {
		add_segments(&list);
		add_sets(&list);
		add_queues(&list);
	} else {
		gaps_add(gaps, GAP_SYSV, world->sysv_error, " of that namespace");
	}
	add_posix_queues(&list, world, gaps);
	add_place(&list, world, gaps);
	return list.count;
}

int quota_percent(const struct limit *limit)
{
	if (limit->used < 0 || limit->limit < 0 || limit->limit == INT64_MAX)
		return -1;
	if (limit->limit == 0)
		return 100;
	return (int)((__int128)limit->used * 100 / limit->limit);
}
