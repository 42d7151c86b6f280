/* SPDX-License-Identifier: MIT */
/*
 * Who is blocked on an object, from the number and the arguments of the system
 * call that a thread is in.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "holders-calls.h"
#include "holders-parts.h"
#include "own.h"
#include "procfs.h"

const char *waiter_call(enum waiting_in in)
{
	static const char *const names[] = { "semop", "msgsnd", "msgrcv", "mq_send", "mq_receive",
					     "futex", "poll",   "epoll",  "select" };

	return names[in];
}

/* LENGTH bytes at ADDRESS of the process at hand. */
static bool fetch(const struct hunt *hunt, uint64_t address, void *bytes, size_t length)
{
	struct iovec here = { bytes, length }, there = { (void *)(uintptr_t)address, length };

	return process_vm_readv(hunt->pid, &here, 1, &there, 1, 0) == (ssize_t)length;
}

/* Add a waiter for OBJECT, unless the thread has moved on. */
static void add(struct hunt *hunt, const struct thread *thread, const struct object *object,
		enum waiting_in in, int member)
{
	struct waiter waiter = { .object = (size_t)(object - hunt->census->objects),
				 .tid = thread->tid,
				 .in = in,
				 .member = member };
	struct process task;
	char path[48];

	snprintf(path, sizeof path, "task/%d/stat", (int)thread->tid);
	if (process_stat(hunt->directory, path, &task) < 0)
		return;
	waiter.stopped = task.state == 'T' || task.state == 't';
	hunt_add_waiter(hunt, &waiter);
}

/* The member that keeps a semop() of OPERATIONS from going on, or -1. */
static int blocking_member(const struct hunt *hunt, const struct thread *thread, int id)
{
	struct sembuf operations[64];
	uint64_t count = thread->arguments[2];

	if (count == 0 || count > 64 || thread->compat ||
	    !fetch(hunt, thread->arguments[1], operations, count * sizeof *operations))
		return -1;
	for (uint64_t i = 0; count > 1 && i < count; i++) {
		int value = semctl(id, operations[i].sem_num, GETVAL);

		if (value < 0)
			return -1;
		if (operations[i].sem_op == 0 ? value != 0 : value + operations[i].sem_op < 0)
			return operations[i].sem_num;
	}
	return operations[0].sem_num;
}

/* The namespace is a thread's own. */
static bool is_inside(struct hunt *hunt, const struct thread *thread)
{
	struct stat status;
	char path[48];

	snprintf(path, sizeof path, "task/%d/ns/ipc", (int)thread->tid);
	return fstatat(hunt->directory, path, &status, 0) == 0 &&
	       status.st_ino == hunt->world->namespace;
}

static void wait_for_id(struct hunt *hunt, const struct thread *thread, enum ref_kind kind,
			enum waiting_in in)
{
	int id = (int)thread->arguments[0];
	const struct object *object = census_find_id(hunt->census, kind, id);

	if (object != NULL && is_inside(hunt, thread))
		add(hunt, thread, object, in,
		    in == WAITING_SEMOP ? blocking_member(hunt, thread, id) : -1);
}

static void wait_for_descriptor(struct hunt *hunt, const struct thread *thread, int descriptor,
				enum waiting_in in)
{
	const struct object *object = hunt_descriptor(hunt, descriptor);

	if (object != NULL && object->kind == REF_MQ)
		add(hunt, thread, object, in, -1);
}

static void wait_at(struct hunt *hunt, const struct thread *thread, uint64_t address)
{
	size_t low = 0, high = hunt->range_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct range *range = &hunt->ranges[middle];

		if (address < range->start) {
			high = middle;
		} else if (address >= range->end) {
			low = middle + 1;
		} else {
			add(hunt, thread, &hunt->census->objects[range->object], WAITING_FUTEX, -1);
			return;
		}
	}
}

static void wait_for_futex(struct hunt *hunt, const struct thread *thread)
{
	switch (thread->arguments[1] & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_WAIT_REQUEUE_PI:
	case FUTEX_LOCK_PI:
	case 13: /* FUTEX_LOCK_PI2 */
		wait_at(hunt, thread, thread->arguments[0]);
	}
}

/* struct futex_waitv, which the C library's headers may not have. */
struct futex_entry {
	uint64_t value, address;
	uint32_t flags, unused;
};

static void wait_for_futexes(struct hunt *hunt, const struct thread *thread)
{
	struct futex_entry entries[128];
	uint64_t count = thread->arguments[1];

	if (count > 128 || !fetch(hunt, thread->arguments[0], entries, count * sizeof *entries))
		return;
	for (uint64_t i = 0; i < count; i++)
		wait_at(hunt, thread, entries[i].address);
}

static void wait_in_poll(struct hunt *hunt, const struct thread *thread)
{
	struct pollfd entries[256];
	uint64_t left = thread->arguments[1], at = thread->arguments[0];

	while (left > 0) {
		uint64_t count = left < 256 ? left : 256;

		if (!fetch(hunt, at, entries, count * sizeof *entries))
			return;
		for (uint64_t i = 0; i < count; i++)
			if (entries[i].fd >= 0 && entries[i].events & (POLLIN | POLLOUT))
				wait_for_descriptor(hunt, thread, entries[i].fd, WAITING_POLL);
		left -= count;
		at += count * sizeof *entries;
	}
}

static void wait_in_select(struct hunt *hunt, const struct thread *thread)
{
	uint64_t count = thread->arguments[0];
	fd_set set, both;

	FD_ZERO(&both);
	if (count > FD_SETSIZE)
		count = FD_SETSIZE;
	for (int which = 1; which <= 2; which++) {
		size_t bytes = ((size_t)count + NFDBITS - 1) / NFDBITS * sizeof(fd_mask);

		FD_ZERO(&set);
		if (thread->arguments[which] == 0 ||
		    !fetch(hunt, thread->arguments[which], &set, bytes))
			continue;
		for (int fd = 0; fd < (int)count; fd++)
			if (FD_ISSET(fd, &set))
				FD_SET(fd, &both);
	}
	for (int fd = 0; fd < (int)count; fd++)
		if (FD_ISSET(fd, &both))
			wait_for_descriptor(hunt, thread, fd, WAITING_SELECT);
}

/* What an epoll descriptor watches stands in its fdinfo, inodes included. */
static void wait_in_epoll(struct hunt *hunt, const struct thread *thread)
{
	struct procfs_lines lines = { .buffer = hunt->buffer, .size = HUNT_BUFFER };
	OWN_FD int file = -1;
	char path[48], *line;

	snprintf(path, sizeof path, "fdinfo/%d", (int)thread->arguments[0]);
	lines.file = file = openat(hunt->view, path, O_RDONLY | O_CLOEXEC);
	while (file >= 0 && (line = procfs_line(&lines)) != NULL) {
		const struct object *object;
		dev_t device;
		ino_t inode;

		if (!procfs_watched(line, &device, &inode))
			continue;
		object = census_find_inode(hunt->census, device, inode);
		if (object != NULL && object->kind == REF_MQ)
			add(hunt, thread, object, WAITING_EPOLL, -1);
	}
}

static void look_at_thread(struct hunt *hunt, struct thread *thread)
{
	switch (thread_call(hunt, thread)) {
	case CALL_SEMOP:
		wait_for_id(hunt, thread, REF_SEM, WAITING_SEMOP);
		break;
	case CALL_MSGSND:
		wait_for_id(hunt, thread, REF_MQ, WAITING_MSGSND);
		break;
	case CALL_MSGRCV:
		wait_for_id(hunt, thread, REF_MQ, WAITING_MSGRCV);
		break;
	case CALL_MQ_SEND:
		wait_for_descriptor(hunt, thread, (int)thread->arguments[0], WAITING_MQ_SEND);
		break;
	case CALL_MQ_RECEIVE:
		wait_for_descriptor(hunt, thread, (int)thread->arguments[0], WAITING_MQ_RECEIVE);
		break;
	case CALL_FUTEX:
		wait_for_futex(hunt, thread);
		break;
	case CALL_FUTEX_WAIT:
		wait_at(hunt, thread, thread->arguments[0]);
		break;
	case CALL_FUTEX_WAITV:
		wait_for_futexes(hunt, thread);
		break;
	case CALL_POLL:
		if (hunt->any_descriptor)
			wait_in_poll(hunt, thread);
		break;
	case CALL_SELECT:
		if (hunt->any_descriptor)
			wait_in_select(hunt, thread);
		break;
	case CALL_EPOLL:
		if (hunt->any_queue)
			wait_in_epoll(hunt, thread);
		break;
	case CALL_IPC:
	case CALL_RESTART:
	case CALL_OTHER:
		break;
	}
}

int hunt_waiters(struct hunt *hunt)
{
	int directory = openat(hunt->directory, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = directory < 0 ? NULL : fdopendir(directory);
	struct thread thread;
	int result = 0;

	if (list == NULL) {
		own_drop_fd(&directory);
		return -1;
	}
	while (result >= 0 && (thread.tid = process_next(list)) != 0) {
		result = thread_read(hunt, &thread);
		if (result > 0)
			look_at_thread(hunt, &thread);
	}
	if (result < 0) {
		int kept = errno;

		closedir(list);
		errno = kept;
		return -1;
	}
	closedir(list);
	return 0;
}
