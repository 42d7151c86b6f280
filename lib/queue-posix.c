/* SPDX-License-Identifier: MIT */
/*
 * POSIX message queues.  On Linux a queue descriptor is a file descriptor, and
 * a queue is a file of a file system that need not be mounted.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mqdir.h"
#include "own.h"
#include "queue-family.h"
#include "setting.h"

#define SETTINGS "/proc/sys/fs/mqueue/"

_Static_assert(_Generic((mqd_t)0, int : 1, default : 0), "a Linux mqd_t is a file descriptor");

/* A time-out in the past: try, and do not wait. */
static const struct timespec past = { 0, 0 };

static int posix_adopt(struct queue *queue, int descriptor, bool can_send)
{
	struct mq_attr attributes;

	if (mq_getattr(descriptor, &attributes) < 0) {
		int kept = errno;

		close(descriptor);
		errno = kept;
		return -1;
	}
	queue->handle = descriptor;
	queue->can_send = can_send;
	queue->message_max = (size_t)attributes.mq_msgsize;
	queue->room = (size_t)attributes.mq_msgsize;
	return 0;
}

/* What the system gives where nothing is asked for: its default, up to its limit. */
static long default_of(const char *preset, const char *limit)
{
	int64_t value = setting_read(preset), most = setting_read(limit);

	return (long)(most >= 0 && most < value ? most : value);
}

static void fill_attributes(const struct queue_shape *shape, struct mq_attr *attributes)
{
	*attributes = (struct mq_attr){ .mq_maxmsg = (long)shape->depth,
					.mq_msgsize = (long)shape->message_size };
	if (shape->depth == 0)
		attributes->mq_maxmsg = default_of(SETTINGS "msg_default", SETTINGS "msg_max");
	if (shape->message_size == 0)
		attributes->mq_msgsize =
			default_of(SETTINGS "msgsize_default", SETTINGS "msgsize_max");
}

static int posix_create(struct queue *queue, struct ref *ref, const struct queue_shape *shape)
{
	struct mq_attr attributes;
	bool plain = shape->depth == 0 && shape->message_size == 0;
	mode_t kept;
	int descriptor;

	if (!plain)
		fill_attributes(shape, &attributes);
	/* So that the queue never has another mode than the one asked for. */
	kept = umask(0);
	descriptor = mq_open(ref->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, shape->mode,
			     plain ? NULL : &attributes);
	umask(kept);
	if (descriptor < 0)
		return -1;
	if (posix_adopt(queue, descriptor, true) == 0)
		return 0;
	mq_unlink(ref->name);
	return -1;
}

static int posix_open(struct queue *queue, struct ref *ref, enum queue_access access)
{
	bool can_send = true;
	int descriptor;

	if (access == QUEUE_SEND) {
		descriptor = mq_open(ref->name, O_WRONLY | O_CLOEXEC);
	} else {
		descriptor = mq_open(ref->name, O_RDWR | O_CLOEXEC);
		if (descriptor < 0 && errno == EACCES) {
			can_send = false;
			descriptor = mq_open(ref->name, O_RDONLY | O_CLOEXEC);
		}
	}
	return descriptor < 0 ? -1 : posix_adopt(queue, descriptor, can_send);
}

static void posix_close(struct queue *queue)
{
	own_drop_fd(&queue->handle);
	queue->handle = -1;
}

static int posix_remove(const struct ref *ref)
{
	return mq_unlink(ref->name);
}

static void take_status(const struct stat *status, struct queue_facts *facts)
{
	facts->mode = status->st_mode & 0777;
	facts->owner = status->st_uid;
	facts->creator = status->st_uid;
	facts->group = facts->creator_group = status->st_gid;
	facts->device = status->st_dev;
	facts->inode = status->st_ino;
}

/* The bytes of all messages, which only the status line of a readable descriptor tells. */
static int64_t bytes_queued(int descriptor)
{
	char line[128];
	ssize_t length = pread(descriptor, line, sizeof line - 1, 0);
	long long bytes;

	if (length <= 0)
		return -1;
	line[length] = '\0';
	return sscanf(line, "QSIZE:%lld", &bytes) == 1 ? bytes : -1;
}

static int look_at(int descriptor, struct queue_facts *facts)
{
	struct mq_attr attributes;
	struct stat status;

	*facts = (struct queue_facts){ .capacity = -1 };
	if (mq_getattr(descriptor, &attributes) < 0 || fstat(descriptor, &status) < 0)
		return -1;
	take_status(&status, facts);
	facts->messages = attributes.mq_curmsgs;
	facts->depth = attributes.mq_maxmsg;
	facts->message_size = attributes.mq_msgsize;
	facts->bytes = bytes_queued(descriptor);
	return 0;
}

static int posix_look(const struct queue *queue, struct queue_facts *facts)
{
	return look_at(queue->handle, facts);
}

static int posix_look_by_ref(const struct ref *ref, struct queue_facts *facts)
{
	OWN_FD int descriptor = mq_open(ref->name, O_RDONLY | O_CLOEXEC), directory = -1;
	struct stat status;

	if (descriptor < 0 && errno == EACCES)
		descriptor = mq_open(ref->name, O_WRONLY | O_CLOEXEC);
	if (descriptor >= 0)
		return look_at(descriptor, facts);
	if (errno != EACCES)
		return -1;
	directory = mqdir_open("/dev/mqueue");
	if (directory < 0 || fstatat(directory, ref->name + 1, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		errno = EACCES;
		return -1;
	}
	*facts = (struct queue_facts){
		.messages = -1, .bytes = -1, .depth = -1, .message_size = -1, .capacity = -1
	};
	take_status(&status, facts);
	return 0;
}

static int posix_send(struct queue *queue, const char *bytes, size_t length, long label, bool wait)
{
	int sent = wait ? mq_send(queue->handle, bytes, length, (unsigned)label)
			: mq_timedsend(queue->handle, bytes, length, (unsigned)label, &past);

	if (sent < 0 && errno == ETIMEDOUT)
		errno = EAGAIN;
	return sent;
}

static ssize_t posix_receive(struct queue *queue, char *buffer, size_t size,
			     const struct queue_choice *choice, long *label, bool wait)
{
	unsigned priority;
	ssize_t length = wait ? mq_receive(queue->handle, buffer, size, &priority)
			      : mq_timedreceive(queue->handle, buffer, size, &priority, &past);

	(void)choice;
	if (length < 0 && errno == ETIMEDOUT)
		errno = EAGAIN;
	if (length >= 0)
		*label = (long)priority;
	return length;
}

static ssize_t posix_copy(struct queue *queue, long index, char *buffer, size_t size, long *label)
{
	(void)queue, (void)index, (void)buffer, (void)size, (void)label;
	errno = ENOTSUP;
	return -1;
}

int64_t queue_charge(int64_t depth, int64_t message_size)
{
	int64_t nodes = depth < 32768 ? depth : 32768;

	return depth * (message_size + 48) + nodes * 48;
}

static int64_t charge(const struct mq_attr *attributes)
{
	return queue_charge(attributes->mq_maxmsg, attributes->mq_msgsize);
}

/* What our queues cost together, as far as they can be seen; -1: not at all. */
static int64_t charged(void)
{
	int64_t sum = 0;
	int descriptor = mqdir_open("/dev/mqueue");
	DIR *directory = descriptor < 0 ? NULL : fdopendir(descriptor);
	const struct dirent *entry;

	if (directory == NULL) {
		own_drop_fd(&descriptor);
		return -1;
	}
	while ((entry = readdir(directory)) != NULL) {
		OWN_FD int queue = -1;
		struct mq_attr attributes;
		struct stat status;

		if (entry->d_name[0] == '.')
			continue;
		queue = openat(descriptor, entry->d_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (queue >= 0 && fstat(queue, &status) == 0 && status.st_uid == getuid() &&
		    mq_getattr(queue, &attributes) == 0)
			sum += charge(&attributes);
	}
	closedir(directory);
	return sum;
}

static void hint_at_memory(char *hint, const struct queue_shape *shape)
{
	struct mq_attr attributes;
	struct rlimit limit = { 0 };
	int64_t used = charged();
	char used_text[64] = "what is in use cannot be seen";
	int spare = dup(STDERR_FILENO);

	if (spare < 0 && errno == EMFILE) {
		snprintf(hint, QUEUE_HINT_MAX, " (this process has no descriptor left: ulimit -n)");
		return;
	}
	own_drop_fd(&spare);
	fill_attributes(shape, &attributes);
	getrlimit(RLIMIT_MSGQUEUE, &limit);
	if (used >= 0)
		snprintf(used_text, sizeof used_text, "at least %lld are in use", (long long)used);
	snprintf(hint, QUEUE_HINT_MAX,
		 " (the queue needs %lld bytes, %s, and the user's limit RLIMIT_MSGQUEUE is %llu: "
		 "ulimit -q, or a smaller depth or message size)",
		 (long long)charge(&attributes), used_text, (unsigned long long)limit.rlim_cur);
}

static void hint_at_attributes(char *hint, const struct queue_shape *shape)
{
	int64_t msg_max = setting_read(SETTINGS "msg_max");
	int64_t msgsize_max = setting_read(SETTINGS "msgsize_max");

	if (msg_max >= 0 && shape->depth > msg_max)
		snprintf(hint, QUEUE_HINT_MAX,
			 " (a depth of %lld was asked for, and the limit in %s is %lld)",
			 (long long)shape->depth, SETTINGS "msg_max", (long long)msg_max);
	else if (msgsize_max >= 0 && shape->message_size > msgsize_max)
		snprintf(hint, QUEUE_HINT_MAX,
			 " (messages of %lld bytes were asked for, and the limit in %s is %lld)",
			 (long long)shape->message_size, SETTINGS "msgsize_max",
			 (long long)msgsize_max);
}

static void posix_hint(char *hint, const struct ref *ref, const struct queue_shape *shape,
		       int error)
{
	struct queue_facts facts;

	if (error == EMFILE && shape != NULL)
		hint_at_memory(hint, shape);
	else if (error == EINVAL && shape != NULL)
		hint_at_attributes(hint, shape);
	else if (error == ENOSPC && shape != NULL)
		snprintf(hint, QUEUE_HINT_MAX, " (the limit of queues in %s is %lld)",
			 SETTINGS "queues_max", (long long)setting_read(SETTINGS "queues_max"));
	else if (error == EMSGSIZE && queue_look_by_ref(ref, &facts) == 0)
		snprintf(hint, QUEUE_HINT_MAX,
			 " (the queue was created for messages of up to %lld bytes)",
			 (long long)facts.message_size);
}

int queue_posix_adopt(struct queue *queue, int descriptor)
{
	return posix_adopt(queue, descriptor, true);
}

/* A queue is a file of its own, and its server locks the first byte. */
static int posix_open_service(const struct queue *queue)
{
	return queue->handle;
}

static off_t posix_service_byte(const struct queue *queue)
{
	(void)queue;
	return 0;
}

const struct queue_family queue_posix = {
	.create = posix_create,
	.open = posix_open,
	.close = posix_close,
	.remove = posix_remove,
	.look = posix_look,
	.look_by_ref = posix_look_by_ref,
	.send = posix_send,
	.receive = posix_receive,
	.copy = posix_copy,
	.open_service = posix_open_service,
	.service_byte = posix_service_byte,
	.hint = posix_hint,
	.removal_is_silent = true,
};
