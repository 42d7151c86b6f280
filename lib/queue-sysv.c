/* SPDX-License-Identifier: MIT */
/*
 * System V message queues.  A message that is received or sent stands in
 * memory behind its type, a long.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <unistd.h>

#include "queue-family.h"
#include "setting.h"

#define SETTINGS "/proc/sys/kernel/"

#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY 13
#endif

/* A queue that is not there is told by EINVAL or EIDRM, depending on when it went. */
static int absent(int error)
{
	return error == EINVAL || error == EIDRM ? ENOENT : error;
}

/*
 * Look at a queue that we may not read: the kernel shows every queue to
 * everybody, though by an index of its own.
 */
static int stat_unreadable(int id, struct msqid_ds *status)
{
	struct msginfo info;
	int last = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&info);

	for (int index = 0; index <= last; index++)
		if (msgctl(index, MSG_STAT_ANY, status) == id)
			return 0;
	errno = EACCES;
	return -1;
}

static int stat_id(int id, struct msqid_ds *status)
{
	if (msgctl(id, IPC_STAT, status) == 0)
		return 0;
	if (errno == EACCES)
		return stat_unreadable(id, status);
	errno = absent(errno);
	return -1;
}

/* The id of the queue that REF names; where it is a key, PERMISSIONS must be ours. */
static int find_id(const struct ref *ref, int permissions)
{
	return ref->form == REF_ID ? ref->id : msgget(ref->key, permissions);
}

static size_t system_message_max(void)
{
	struct msginfo info;

	return msgctl(0, IPC_INFO, (struct msqid_ds *)(void *)&info) < 0 ? 8192
									 : (size_t)info.msgmax;
}

static void take_limits(struct queue *queue, const struct msqid_ds *status)
{
	size_t longest = system_message_max();

	queue->message_max = status->msg_qbytes < longest ? status->msg_qbytes : longest;
	queue->room = queue->message_max;
	if (queue->room < status->__msg_cbytes)
		queue->room = status->__msg_cbytes;
}

static int set_capacity(int id, int64_t capacity)
{
	struct msqid_ds status;

	if (stat_id(id, &status) < 0)
		return -1;
	status.msg_qbytes = (msglen_t)capacity;
	return msgctl(id, IPC_SET, &status);
}

static int sysv_create(struct queue *queue, struct ref *ref, const struct queue_shape *shape)
{
	struct msqid_ds status;
	int id = msgget(ref->key, IPC_CREAT | IPC_EXCL | (int)shape->mode);

	if (id < 0)
		return -1;
	if ((shape->capacity != 0 && set_capacity(id, shape->capacity) < 0) ||
	    stat_id(id, &status) < 0) {
		int kept = errno;

		msgctl(id, IPC_RMID, NULL);
		errno = kept;
		return -1;
	}
	ref->form = REF_ID;
	ref->id = id;
	queue->handle = id;
	queue->can_send = true;
	take_limits(queue, &status);
	return 0;
}

static int sysv_open(struct queue *queue, struct ref *ref, enum queue_access access)
{
	struct msqid_ds status;
	int id = find_id(ref, access == QUEUE_SEND ? 0200 : 0);

	if (id < 0)
		return -1;
	if (msgctl(id, IPC_STAT, &status) < 0 &&
	    (errno != EACCES || access == QUEUE_RECEIVE || stat_unreadable(id, &status) < 0)) {
		errno = absent(errno);
		return -1;
	}
	ref->id = id;
	queue->handle = id;
	queue->can_send = true;
	take_limits(queue, &status);
	return 0;
}

static void sysv_close(struct queue *queue)
{
	queue->handle = -1;
}

static int sysv_remove(const struct ref *ref)
{
	int id = find_id(ref, 0);

	if (id >= 0 && msgctl(id, IPC_RMID, NULL) == 0)
		return 0;
	errno = absent(errno);
	return -1;
}

static int look_at(int id, struct queue_facts *facts)
{
	struct msqid_ds status;

	if (stat_id(id, &status) < 0)
		return -1;
	*facts = (struct queue_facts){
		.messages = (int64_t)status.msg_qnum,
		.bytes = (int64_t)status.__msg_cbytes,
		.depth = -1,
		.message_size = (int64_t)system_message_max(),
		.capacity = (int64_t)status.msg_qbytes,
		.mode = status.msg_perm.mode & 0777,
		.owner = status.msg_perm.uid,
		.creator = status.msg_perm.cuid,
		.group = status.msg_perm.gid,
		.creator_group = status.msg_perm.cgid,
	};
	return 0;
}

static int sysv_look(const struct queue *queue, struct queue_facts *facts)
{
	return look_at(queue->handle, facts);
}

static int sysv_look_by_ref(const struct ref *ref, struct queue_facts *facts)
{
	int id = find_id(ref, 0);

	return id < 0 ? -1 : look_at(id, facts);
}

/* The errno of a failed msgsnd(2) or msgrcv(2) on a queue that was there. */
static int failure(const struct queue *queue, int error)
{
	struct msqid_ds status;

	if (error == ENOMSG)
		return EAGAIN;
	if (error == EINVAL && msgctl(queue->handle, IPC_STAT, &status) < 0 && errno != EACCES)
		return EIDRM;
	return error;
}

/* Whether a message of LENGTH bytes would find no room even in the empty queue. */
static bool never_fits(const struct queue *queue, size_t length)
{
	struct msqid_ds status;

	return msgctl(queue->handle, IPC_STAT, &status) == 0 && length > status.msg_qbytes;
}

static int sysv_send(struct queue *queue, const char *bytes, size_t length, long label, bool wait)
{
	if (length > queue->message_max) {
		errno = EMSGSIZE;
		return -1;
	}
	if (queue->staging == NULL) {
		queue->staging = malloc(sizeof label + queue->message_max);
		if (queue->staging == NULL)
			return -1;
	}
	memcpy(queue->staging, &label, sizeof label);
	memcpy(queue->staging + sizeof label, bytes, length);
	if (msgsnd(queue->handle, queue->staging, length, wait ? 0 : IPC_NOWAIT) == 0)
		return 0;
	if (errno == EINVAL || errno == ENOMSG)
		errno = failure(queue, errno);
	else if (errno == EAGAIN)
		errno = never_fits(queue, length) ? EMSGSIZE : EAGAIN;
	return -1;
}

/* The message did not fit: find out how much room the longest one can need. */
static void raise_room(struct queue *queue, size_t size)
{
	struct msqid_ds status;

	if (msgctl(queue->handle, IPC_STAT, &status) == 0)
		take_limits(queue, &status);
	if (queue->room <= size)
		queue->room = 2 * size + 64;
}

static ssize_t take(struct queue *queue, char *buffer, size_t size, long type, int flags,
		    long *label)
{
	char *message = buffer - QUEUE_HEADROOM;
	ssize_t length = msgrcv(queue->handle, message, size, type, flags);

	if (length >= 0) {
		memcpy(label, message, sizeof *label);
		return length;
	}
	if (errno == E2BIG) {
		raise_room(queue, size);
		errno = E2BIG;
	}
	return -1;
}

static ssize_t sysv_receive(struct queue *queue, char *buffer, size_t size,
			    const struct queue_choice *choice, long *label, bool wait)
{
	long type = choice->pick == QUEUE_LOWEST ? -choice->type : choice->type;
	int flags = (wait ? 0 : IPC_NOWAIT) | (choice->pick == QUEUE_NOT ? MSG_EXCEPT : 0);
	ssize_t length = take(queue, buffer, size, type, flags, label);

	if (length < 0)
		errno = failure(queue, errno);
	return length;
}

static ssize_t sysv_copy(struct queue *queue, long index, char *buffer, size_t size, long *label)
{
	ssize_t length = take(queue, buffer, size, index, MSG_COPY | IPC_NOWAIT, label);

	if (length < 0 && errno == ENOSYS)
		errno = ENOTSUP;
	else if (length < 0 && errno != ENOMSG)
		errno = failure(queue, errno);
	return length;
}

static void sysv_hint(char *hint, const struct ref *ref, const struct queue_shape *shape, int error)
{
	struct queue_facts facts;
	int64_t limit;

	if (error == ENOSPC && shape != NULL) {
		snprintf(hint, QUEUE_HINT_MAX, " (the limit of queues in %s is %lld)",
			 SETTINGS "msgmni", (long long)setting_read(SETTINGS "msgmni"));
	} else if (error == EPERM && shape != NULL && shape->capacity != 0) {
		limit = setting_read(SETTINGS "msgmnb");
		snprintf(hint, QUEUE_HINT_MAX,
			 " (a capacity of %lld bytes was asked for, and the limit in %s is %lld)",
			 (long long)shape->capacity, SETTINGS "msgmnb", (long long)limit);
	} else if (error == EINVAL && shape == NULL) {
		snprintf(hint, QUEUE_HINT_MAX,
			 " (a message is longer than the limit in %s, %lld bytes)",
			 SETTINGS "msgmax", (long long)system_message_max());
	} else if (error == EMSGSIZE && queue_look_by_ref(ref, &facts) == 0) {
		if (facts.capacity < facts.message_size)
			snprintf(hint, QUEUE_HINT_MAX, " (the queue's capacity is %lld bytes)",
				 (long long)facts.capacity);
		else
			snprintf(hint, QUEUE_HINT_MAX, " (the limit in %s is %lld bytes)",
				 SETTINGS "msgmax", (long long)facts.message_size);
	}
}

/* All have a byte each in the file of the IPC namespace, apart from those of claim.h. */
static int sysv_open_service(const struct queue *queue)
{
	return queue->service > 0 ? queue->service
				  : open("/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC);
}

static off_t sysv_service_byte(const struct queue *queue)
{
	return ((off_t)1 << 32) + queue->handle;
}

const struct queue_family queue_sysv = {
	.create = sysv_create,
	.open = sysv_open,
	.close = sysv_close,
	.remove = sysv_remove,
	.look = sysv_look,
	.look_by_ref = sysv_look_by_ref,
	.send = sysv_send,
	.receive = sysv_receive,
	.copy = sysv_copy,
	.open_service = sysv_open_service,
	.service_byte = sysv_service_byte,
	.hint = sysv_hint,
	.removal_is_silent = false,
};
