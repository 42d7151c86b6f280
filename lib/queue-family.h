/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_FAMILY_H
#define QUEUE_FAMILY_H

#include "queue.h"

/*
 * What differs between the families, for queue.c alone.  SEND and RECEIVE
 * block where WAIT is set, until a signal handler has run (EINTR).
 */
struct queue_family {
	int (*create)(struct queue *queue, struct ref *ref, const struct queue_shape *shape);
	int (*open)(struct queue *queue, struct ref *ref, enum queue_access access);
	void (*close)(struct queue *queue);
	int (*remove)(const struct ref *ref);
	int (*look)(const struct queue *queue, struct queue_facts *facts);
	int (*look_by_ref)(const struct ref *ref, struct queue_facts *facts);
	int (*send)(struct queue *queue, const char *bytes, size_t length, long label, bool wait);
	ssize_t (*receive)(struct queue *queue, char *buffer, size_t size,
			   const struct queue_choice *choice, long *label, bool wait);
	ssize_t (*copy)(struct queue *queue, long index, char *buffer, size_t size, long *label);
	int (*open_service)(const struct queue *queue); /* the file to lock for serving */
	off_t (*service_byte)(const struct queue *queue);
	void (*hint)(char *hint, const struct ref *ref, const struct queue_shape *shape, int error);
	bool removal_is_silent; /* a removed queue does not wake who waits on it */
};

/* Of POSIX queues alone; see queue_adopt(). */
int queue_posix_adopt(struct queue *queue, int descriptor);

extern const struct queue_family queue_posix, queue_sysv;

#endif
